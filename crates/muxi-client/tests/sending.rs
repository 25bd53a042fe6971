//! How often a request is executed, counted by a peer that breaks off at any byte of a request or of an answer.
//!
//! With `max_retries` 0 nothing that changes something may run twice, whatever happens to the connection.
#![allow(clippy::unwrap_used)]

use muxi_client::FormationClient;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const RUNS: u64 = 10_000;
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// The way in which the peer breaks off.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    Reset,
    Garbage,
    Early,
}

/// The exchange that goes wrong.
#[derive(Clone, Copy, Debug)]
struct Fault {
    /// Bytes of the request that are read.
    read: usize,
    /// Bytes of the answer that are sent, when all of the request was read.
    answered: usize,
    end: End,
}

#[derive(Debug)]
struct Run {
    method: &'static str,
    /// Whether the connection serves another request before.
    reused: bool,
    fault: Fault,
}

impl Run {
    fn of(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let end = [End::Close, End::Reset, End::Garbage, End::Early][random.usize(..4)];
        let read = if random.bool() { usize::MAX } else { random.usize(..400) };
        let fault = Fault { read, answered: random.usize(..=ANSWER.len()), end };
        Self { method: METHODS[random.usize(..METHODS.len())], reused: random.u8(..4) > 0, fault }
    }

    fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }
}

struct Peer {
    executed: AtomicUsize,
    requests: AtomicUsize,
    faulty: usize,
    fault: Fault,
}

impl Peer {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().connection(stream));
        }
    }

    async fn connection(self: Arc<Self>, mut stream: TcpStream) {
        loop {
            let is_faulty = self.requests.load(Ordering::SeqCst) == self.faulty;
            if is_faulty && self.fault.read == 0 {
                self.requests.fetch_add(1, Ordering::SeqCst);
                return self.end(stream).await;
            }
            let limit = if is_faulty { self.fault.read } else { usize::MAX };
            let Some(request) = request(&mut stream, limit).await else { return };
            self.requests.fetch_add(1, Ordering::SeqCst);
            let answer = if request.is_head { ANSWER.strip_suffix("{}").unwrap() } else { ANSWER };
            let sent = if is_faulty { self.fault.answered.min(answer.len()) } else { answer.len() };
            if request.is_whole {
                self.executed.fetch_add(1, Ordering::SeqCst);
                if stream.write_all(&answer.as_bytes()[..sent]).await.is_err() {
                    return;
                }
            }
            if is_faulty && (!request.is_whole || sent < answer.len()) {
                return self.end(stream).await;
            }
        }
    }

    async fn end(&self, mut stream: TcpStream) {
        match self.fault.end {
            End::Close => {}
            End::Reset => drop(socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))),
            End::Garbage => drop(stream.write_all(b"\0garbage\r\n\r\n").await),
            End::Early => drop(stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await),
        }
    }
}

struct Received {
    is_head: bool,
    is_whole: bool,
}

/// Reads a request, or its first `limit` bytes.
async fn request(stream: &mut TcpStream, limit: usize) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let length = head.map(|head| {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let length = text.split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
            head + length.unwrap_or(0)
        });
        let is_whole = length.is_some_and(|length| bytes.len() >= length);
        if is_whole || bytes.len() >= limit {
            return Some(Received { is_head: bytes.starts_with(b"HEAD"), is_whole });
        }
        let mut piece = vec![0; limit.saturating_sub(bytes.len()).min(4096)];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend(&piece[..read]),
        }
    }
}

async fn run(seed: u64) -> Result<(), String> {
    let run = Run::of(seed);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let peer = Arc::new(Peer {
        executed: AtomicUsize::new(0),
        requests: AtomicUsize::new(0),
        faulty: usize::from(run.reused),
        fault: run.fault,
    });
    let serving = tokio::spawn(peer.clone().serve(listener));
    let client =
        FormationClient::builder().base_url(url).client_key("k").timeout(Duration::from_secs(30)).build().unwrap();
    if run.reused {
        client.request("GET", "/before").await.map_err(|e| e.to_string())?;
    }
    let before = peer.executed.load(Ordering::SeqCst);
    let call = client.request(run.method, "/pay");
    let outcome = if run.is_safe() { call.await } else { call.json(serde_json::json!({"amount": 100})).await };
    let executed = peer.executed.load(Ordering::SeqCst) - before;
    serving.abort();
    let wrong = |what: &str| Err(format!("seed {seed}: {run:?}: {what}; executed {executed} times, {outcome:?}"));
    if executed > if run.is_safe() { 2 } else { 1 } {
        return wrong("too often");
    }
    match &outcome {
        Ok(_) if executed == 0 => wrong("an answer to nothing"),
        Err(error) if error.attempts() != 1 => wrong("more than one attempt"),
        // The answer had begun, or the connection was quiet, and the request had left.
        Err(error)
            if executed == 1 && !run.is_safe() && error.status() == 0 && !error.to_string().contains("may have") =>
        {
            wrong("the error does not say that it may have been executed")
        }
        _ => Ok(()),
    }
}

#[tokio::test]
async fn nothing_is_executed_twice() {
    let mut wrong = Vec::new();
    for seed in 0..RUNS {
        wrong.extend(run(seed).await.err());
    }
    assert!(wrong.is_empty(), "{} of {RUNS}:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
}
