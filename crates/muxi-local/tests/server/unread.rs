//! Requests that are refused before their bodies have been read.

use crate::client::start;
use muxi_local::Server;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

/// A connection with a request that is refused for its head, and whose body is still to come.
fn refused(server: &Server, headers: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "POST /rpc/formations HTTP/1.1\r\nHost: x\r\nContent-Type: application/gzip\r\n{headers}\r\n")
        .unwrap();
    BufReader::new(stream)
}

/// The head of the next answer, without its body.
fn head(stream: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "closed after {head:?}");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    stream.read_exact(&mut vec![0; length]).unwrap();
    head
}

#[test]
fn what_comes_of_the_body_is_read_and_the_connection_lives_on() {
    let server = start();
    let chunks = "3e8\r\n".to_owned() + &"x".repeat(1000) + "\r\n0\r\n\r\n";
    for (headers, body) in [("Content-Length: 1000\r\n", "x".repeat(1000)), ("Transfer-Encoding: chunked\r\n", chunks)]
    {
        for at in [0, 10, 999, body.len() - 1] {
            let mut stream = refused(&server, headers);
            stream.get_mut().write_all(&body.as_bytes()[..at]).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
            stream.get_mut().write_all(&body.as_bytes()[at..]).unwrap();
            let first = head(&mut stream);
            assert!(
                first.starts_with("HTTP/1.1 401") && !first.contains("connection: close"),
                "{headers}{at}: {first}"
            );
            stream.get_mut().write_all(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let second = head(&mut stream);
            assert!(second.starts_with("HTTP/1.1 200"), "{headers}{at}: {second}");
        }
    }
}

/// One that is too long to be read for nothing, one that waits to be asked for, and one that does not come.
#[test]
fn a_body_that_stays_away_ends_the_connection_and_the_answer_says_so() {
    let server = start();
    for headers in
        ["Content-Length: 1000000\r\n", "Content-Length: 9\r\nExpect: 100-continue\r\n", "Content-Length: 9\r\n"]
    {
        let answer = head(&mut refused(&server, headers));
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("connection: close"), "{headers}: {answer}");
    }
}
