//! A formation on a raw socket, whose answers a test writes byte for byte.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

pub mod tls;

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// The time for anything that must not hang: more than any busy machine needs.
pub const GUARD: Duration = Duration::from_secs(60);

/// The head of a stream that lasts as long as its connection.
pub const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/// An event that ends a chat.
pub const DONE: &str = "event: done\ndata: {}\n\n";

/// A slice of an answer; `text` is written as JSON has it.
pub fn slice(text: &str) -> String {
    format!("data: {{\"token\":{{\"type\":\"content\",\"content\":\"{text}\"}}}}\n\n")
}

/// The event with the whole answer.
pub fn completed(text: &str) -> String {
    format!("data: {{\"token\":{{\"type\":\"completed\",\"content\":\"{text}\",\"status\":\"completed\"}}}}\n\n")
}

/// Reads a request; `None` when the other side has closed.
pub fn request(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length =
                lower.split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Ok(Some(text.into_owned()));
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece)? {
            0 => return Ok(None),
            read => bytes.extend(&piece[..read]),
        }
    }
}

/// A formation that answers the first request on each connection with `answer`; the test has its end of the connection.
pub fn formation(answer: impl Into<String>) -> (String, Receiver<TcpStream>) {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, connections) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            if matches!(request(&mut stream), Ok(Some(_))) {
                stream.write_all(answer.as_bytes()).unwrap();
            }
            if sender.send(stream).is_err() {
                return;
            }
        }
    });
    (url, connections)
}

/// Waits until the other side has closed the connection.
pub fn wait_for_close(mut stream: &TcpStream) {
    stream.set_read_timeout(Some(GUARD)).unwrap();
    // A reset is a close, too.
    match stream.read(&mut [0; 64]) {
        Ok(read) => assert_eq!(read, 0),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
    }
}

/// Runs what blocks on a thread of its own, and fails when it hangs.
pub fn within_guard<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, outcome) = channel();
    let thread = thread::spawn(move || {
        let _ = sender.send(body());
    });
    match outcome.recv_timeout(GUARD) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(_) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}
