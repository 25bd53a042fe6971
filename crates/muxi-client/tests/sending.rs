//! The number of times that a request is executed, by a peer that breaks off at any byte of a request or of an answer.
//!
//! With `max_retries` 0 nothing that changes something may run twice, whatever happens to the connection.
#![allow(clippy::unwrap_used)]

mod peer;

use futures_util::future::join_all;
use muxi_client::{
    ErrorKind, FormationClient, Response, Result as Outcome, blocking,
    client::{Builder, Formation},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::spawn_blocking,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

static TLS: LazyLock<TlsAcceptor> = LazyLock::new(|| peer::tls::acceptor(&["http/1.1"]));

// On Windows each run takes longer: a port of `::1`, the first address of `localhost`, is slow to refuse.
const RUNS: u64 = if cfg!(windows) { 500 } else { 10_000 };
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// The way in which the peer breaks off.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    /// With TLS's own end, where there is TLS.
    Goodbye,
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
    /// True if the connection serves another request before.
    reused: bool,
    /// True if the calls block.
    blocks: bool,
    /// True if they go over TLS: then the peer counts the bytes that it has decrypted.
    secure: bool,
    fault: Fault,
}

impl Run {
    fn of(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let end = [End::Close, End::Goodbye, End::Reset, End::Garbage, End::Early][random.usize(..5)];
        let read = if random.bool() { usize::MAX } else { random.usize(..400) };
        let fault = Fault { read, answered: random.usize(..=ANSWER.len()), end };
        let (method, reused) = (METHODS[random.usize(..METHODS.len())], random.u8(..4) > 0);
        Self { method, reused, blocks: seed.is_multiple_of(8), secure: seed % 12 < 2, fault }
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
    async fn serve(self: Arc<Self>, listener: TcpListener, secure: bool) {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let peer = self.clone();
            tokio::spawn(async move {
                if !secure {
                    peer.connection(stream).await;
                } else if let Ok(stream) = TLS.accept(stream).await {
                    peer.connection(stream).await;
                }
            });
        }
    }

    async fn connection(self: Arc<Self>, mut stream: impl Wire) {
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

    async fn end(&self, mut stream: impl Wire) {
        match self.fault.end {
            End::Close => {}
            End::Goodbye => drop(stream.shutdown().await),
            End::Reset => drop(socket2::SockRef::from(stream.socket()).set_linger(Some(Duration::ZERO))),
            End::Garbage => drop(stream.write_all(b"\0garbage\r\n\r\n").await),
            End::Early => drop(stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await),
        }
    }
}

/// A connection, with or without TLS.
trait Wire: AsyncRead + AsyncWrite + Unpin {
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

struct Received {
    is_head: bool,
    is_whole: bool,
}

/// Reads a request, or its first `limit` bytes.
async fn request(stream: &mut impl Wire, limit: usize) -> Option<Received> {
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

/// A client of either kind.
#[derive(Clone)]
enum Client {
    Async(FormationClient),
    Blocking(blocking::FormationClient),
}

impl Client {
    fn new(url: &str, blocks: bool) -> Self {
        fn given<M>(builder: Builder<Formation, M>, url: &str) -> Builder<Formation, M> {
            builder.base_url(url).client_key("k").timeout(peer::GUARD).danger_accept_any_certificate()
        }
        if blocks {
            Self::Blocking(given(blocking::FormationClient::builder(), url).build().unwrap())
        } else {
            Self::Async(given(FormationClient::builder(), url).build().unwrap())
        }
    }

    async fn call(
        &self,
        method: &'static str,
        path: &'static str,
        body: Option<serde_json::Value>,
    ) -> Outcome<Response<serde_json::Value>> {
        match self.clone() {
            Self::Async(client) => {
                let call = client.request(method, path);
                if let Some(body) = body { call.json(body).await } else { call.await }
            }
            Self::Blocking(client) => {
                let call = move || {
                    let call = client.request(method, path);
                    if let Some(body) = body { call.json(body).send() } else { call.send() }
                };
                spawn_blocking(call).await.unwrap()
            }
        }
    }
}

async fn run(seed: u64) -> Result<(), String> {
    let run = Run::of(seed);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let scheme = if run.secure { "https" } else { "http" };
    let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
    let peer = Arc::new(Peer {
        executed: AtomicUsize::new(0),
        requests: AtomicUsize::new(0),
        faulty: usize::from(run.reused),
        fault: run.fault,
    });
    let serving = tokio::spawn(peer.clone().serve(listener, run.secure));
    let client = Client::new(&url, run.blocks);
    if run.reused {
        client.call("GET", "/before", None).await.map_err(|e| e.to_string())?;
    }
    let before = peer.executed.load(Ordering::SeqCst);
    let body = (!run.is_safe()).then(|| serde_json::json!({"amount": 100}));
    let outcome = client.call(run.method, "/pay", body).await;
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
            if executed == 1
                && !run.is_safe()
                && error.status().is_none()
                && !error.to_string().contains("may have") =>
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

/// The way in which a peer treats a request that came over HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It is executed and answered.
    Reply,
    /// It is refused, so that it may be sent again.
    Refuse,
    /// It is executed, and its stream is reset with that code, which says nothing of it.
    Reset(u8),
    /// It is executed, and its reply is reset before the end, with the code of no error.
    Cut,
    /// It is executed, and its connection closes.
    Close,
    /// The connection takes no more requests. This one is executed and answered.
    LastOne,
    /// The connection takes no more requests, and has not taken this one.
    OneTooMany,
}

/// A peer that speaks as much HTTP/2 as it needs, frame by frame.
struct Http2Peer {
    /// True if connections last: then each refusal arrives.
    lasts: bool,
    random: Mutex<fastrand::Rng>,
    /// The treatments of each request, in order, by the number in its body.
    done: Mutex<HashMap<u64, Vec<Answer>>>,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

impl Http2Peer {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const GO_AWAY: u8 = 7;
    const END_STREAM: u8 = 1;
    const ACKNOWLEDGED: u8 = 1;
    const END_HEADERS: u8 = 4;
    const REFUSED_STREAM: u8 = 7;

    async fn serve(self: Arc<Self>, listener: TcpListener, tls: TlsAcceptor) {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let (peer, tls) = (self.clone(), tls.clone());
            tokio::spawn(async move {
                if let Ok(stream) = tls.accept(stream).await {
                    let _ = peer.connection(stream).await;
                }
            });
        }
    }

    async fn connection(&self, mut stream: TlsStream<TcpStream>) -> std::io::Result<()> {
        stream.read_exact(&mut [0; 24]).await?;
        stream.write_all(&frame(Self::SETTINGS, 0, 0, &[])).await?;
        let mut last = u32::MAX;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await?;
            let [a, b, c, kind, flags, id @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            stream.read_exact(&mut payload).await?;
            let id = u32::from_be_bytes(id);
            match kind {
                Self::SETTINGS | Self::PING if flags & Self::ACKNOWLEDGED == 0 => {
                    let answer = if kind == Self::PING { &payload[..] } else { &[] };
                    stream.write_all(&frame(kind, Self::ACKNOWLEDGED, 0, answer)).await?;
                }
                Self::DATA if !payload.is_empty() && id <= last => {
                    let body: serde_json::Value = serde_json::from_slice(&payload)?;
                    let (answer, bytes) = self.answer(body["number"].as_u64().unwrap(), id);
                    stream.write_all(&bytes).await?;
                    match answer {
                        Answer::Close => return stream.shutdown().await,
                        Answer::LastOne => last = id,
                        Answer::OneTooMany => last = id.saturating_sub(2),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    fn answer(&self, number: u64, stream: u32) -> (Answer, Vec<u8>) {
        let answer = {
            let mut random = self.random.lock().unwrap();
            match random.u8(..if self.lasts { 10 } else { 13 }) {
                0..=2 => Answer::Refuse,
                3 => Answer::Reset([0, 1, 2, 3, 8, 11][random.usize(..6)]),
                4..=8 => Answer::Reply,
                9 => Answer::Cut,
                10 => Answer::Close,
                11 => Answer::LastOne,
                _ => Answer::OneTooMany,
            }
        };
        self.done.lock().unwrap().entry(number).or_default().push(answer);
        let answered = |flags| {
            // The header `:status: 200`, which has a number of its own.
            let head = frame(Self::HEADERS, Self::END_HEADERS, stream, &[0x88]);
            [head, frame(Self::DATA, flags, stream, format!("{{\"number\":{number}}}").as_bytes())].concat()
        };
        let reply = || answered(Self::END_STREAM);
        let reset = |code| frame(Self::RESET, 0, stream, &[0, 0, 0, code]);
        let go_away = |last: u32| frame(Self::GO_AWAY, 0, 0, &[last.to_be_bytes(), [0; 4]].concat());
        let bytes = match answer {
            Answer::Reply => reply(),
            Answer::Refuse => reset(Self::REFUSED_STREAM),
            Answer::Reset(code) => reset(code),
            // No error, and no end.
            Answer::Cut => [answered(0), reset(0)].concat(),
            Answer::Close => Vec::new(),
            Answer::LastOne => [go_away(stream), reply()].concat(),
            Answer::OneTooMany => go_away(stream.saturating_sub(2)),
        };
        (answer, bytes)
    }
}

/// The error in the outcome of a request that was treated in these ways.
fn wrong_http2(
    peer: &Http2Peer,
    done: &[Answer],
    outcome: &Outcome<Response<serde_json::Value>>,
    number: u64,
) -> Option<&'static str> {
    let is_unseen = |answer: &Answer| matches!(answer, Answer::Refuse | Answer::OneTooMany);
    let executed = done.iter().filter(|answer| !is_unseen(answer)).count();
    match (done, outcome) {
        _ if executed > 1 => Some("executed twice"),
        _ if done.len() > 2 => Some("sent more than twice"),
        _ if !is_unseen(&done[0]) && done.len() > 1 => Some("sent again, though it may have been executed"),
        ([Answer::Refuse], _) if peer.lasts => Some("not sent again"),
        ([Answer::Cut], Ok(_)) => Some("cut, and taken for whole"),
        (_, Ok(reply)) if reply["number"] != number => Some("the answer to another request"),
        (_, Ok(_)) if executed == 0 => Some("an answer to nothing"),
        (_, Err(error)) if error.kind() != ErrorKind::Connection || error.attempts() != 1 => Some("another error"),
        (_, Err(error)) if executed == 1 && !error.to_string().contains("may have") => {
            Some("an error that is too sure")
        }
        (_, Err(error)) if executed == 0 && peer.lasts && error.to_string().contains("may have") => Some("too unsure"),
        _ => None,
    }
}

#[tokio::test]
async fn only_refused_requests_are_sent_again_over_http2() {
    const CLIENTS: u64 = 150;
    const AT_ONCE: u64 = 4;
    const TURNS: u64 = 4;
    let tls = peer::tls::acceptor(&["h2"]);
    let mut wrong = Vec::new();
    let mut seen = [0; 2];
    for seed in 0..CLIENTS {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        let peer = Arc::new(Http2Peer { lasts: seed.is_multiple_of(2), random, done: Mutex::default() });
        let serving = tokio::spawn(peer.clone().serve(listener, tls.clone()));
        let builder = FormationClient::builder().base_url(url).client_key("k").timeout(peer::GUARD).http2(true);
        let client = builder.danger_accept_any_certificate().build().unwrap();
        for turn in 0..TURNS {
            let calls = (turn * AT_ONCE..(turn + 1) * AT_ONCE).map(|number| {
                let call = client.request("POST", "/pay").json(serde_json::json!({"number": number}));
                async move { (number, call.await) }
            });
            for (number, outcome) in join_all(calls).await {
                let done = peer.done.lock().unwrap().get(&number).cloned().unwrap_or_default();
                seen[usize::from(outcome.is_ok())] += 1;
                let what = if done.is_empty() {
                    // It was to go over a connection that had ended.
                    outcome.is_ok().then_some("an answer to nothing")
                } else {
                    wrong_http2(&peer, &done, &outcome, number)
                };
                wrong.extend(what.map(|what| format!("seed {seed}: {done:?}: {what}; {outcome:?}")));
            }
        }
        serving.abort();
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}
