//! A peer that stops at any phase of a call, and the limit that ends it.
//!
//! The making of a TCP connection itself is not among them: no address is sure not to answer, and how many connections a
//! full backlog turns away is the system's affair.
#![allow(clippy::unwrap_used)]

mod peer;

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http_body_util::StreamBody;
use hyper::body::Frame;
use muxi_client::{
    Error, ErrorKind, FormationClient,
    blocking::FormationClient as BlockingClient,
    client::{Builder, Formation},
    http_service::{Body, BoxError},
};
use peer::{GUARD, STREAM, request, slice, within_guard};
use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};
use tokio::{runtime, time::timeout};

/// The limit under test. The others are longer than any test.
const LIMIT: Duration = Duration::from_millis(200);
const NEVER: Duration = Duration::from_secs(600);

/// The phase at which the peer stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    TlsHandshake,
    ProxyConnect,
    ProxyConnectInTheMiddle,
    SocksGreeting,
    SocksReply,
    Head,
    HalfAHead,
    EndlessHead,
    Body,
    TrickledBody,
    StreamHead,
    HalfAStreamHead,
    StreamBegins,
    HalfAnEvent,
    EndlessEvent,
    Keepalives,
    Events,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    ConnectTimeout,
    Timeout,
    StreamIdleTimeout,
    Deadline,
}

use Limit::{ConnectTimeout, Deadline, StreamIdleTimeout, Timeout};
use Phase::{
    Body as BodyNever, EndlessEvent, EndlessHead, Events, HalfAHead, HalfAStreamHead, HalfAnEvent, Head, Keepalives,
    ProxyConnect, ProxyConnectInTheMiddle, SocksGreeting, SocksReply, StreamBegins, StreamHead, TlsHandshake,
    TrickledBody,
};

/// The phases, whether a stream is asked for, and the limits that end each.
const CASES: &[(Phase, bool, &[Limit])] = &[
    (TlsHandshake, false, &[ConnectTimeout, Timeout, Deadline]),
    (TlsHandshake, true, &[ConnectTimeout, Timeout, Deadline]),
    (ProxyConnect, false, &[ConnectTimeout, Timeout, Deadline]),
    (ProxyConnect, true, &[ConnectTimeout, Timeout, Deadline]),
    (ProxyConnectInTheMiddle, false, &[ConnectTimeout, Timeout, Deadline]),
    (SocksGreeting, false, &[ConnectTimeout, Timeout, Deadline]),
    (SocksGreeting, true, &[ConnectTimeout, Timeout, Deadline]),
    (SocksReply, false, &[ConnectTimeout, Timeout, Deadline]),
    (Head, false, &[Timeout, Deadline]),
    (HalfAHead, false, &[Timeout, Deadline]),
    (EndlessHead, false, &[Timeout, Deadline]),
    (BodyNever, false, &[Timeout, Deadline]),
    (TrickledBody, false, &[Timeout, Deadline]),
    (StreamHead, true, &[Timeout, StreamIdleTimeout, Deadline]),
    (HalfAStreamHead, true, &[Timeout, StreamIdleTimeout, Deadline]),
    (StreamBegins, true, &[StreamIdleTimeout, Deadline]),
    (HalfAnEvent, true, &[StreamIdleTimeout, Deadline]),
    (EndlessEvent, true, &[Deadline]),
    (Keepalives, true, &[Deadline]),
    (Events, true, &[Deadline]),
];

impl Phase {
    fn is_of_tls(self) -> bool {
        matches!(self, TlsHandshake | ProxyConnect | ProxyConnectInTheMiddle)
    }

    fn proxy(self) -> Option<&'static str> {
        match self {
            ProxyConnect | ProxyConnectInTheMiddle => Some("http"),
            SocksGreeting | SocksReply => Some("socks5h"),
            _ => None,
        }
    }

    /// The bytes before the peer stops, and those that it repeats from then on.
    fn written(self) -> (String, &'static str) {
        let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
        match self {
            HalfAHead => ("HTTP/1.1 200 OK\r\ncontent-ty".into(), ""),
            EndlessHead => ("HTTP/1.1 200 OK\r\nx: ".into(), "y"),
            BodyNever => (json.into(), ""),
            TrickledBody => (json.into(), " "),
            HalfAStreamHead => ("HTTP/1.1 200 OK\r\ncontent-type: text/ev".into(), ""),
            StreamBegins => (STREAM.into(), ""),
            HalfAnEvent => (format!("{STREAM}data: {{\"token\""), ""),
            EndlessEvent => (format!("{STREAM}data: "), "x"),
            Keepalives => (STREAM.into(), ": keepalive\n\n"),
            Events => (STREAM.into(), "data: {}\n\n"),
            _ => (String::new(), ""),
        }
    }

    fn serve(self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        match self {
            TlsHandshake | ProxyConnect | SocksGreeting => {}
            ProxyConnectInTheMiddle => {
                request(&mut stream)?;
                stream.write_all(b"HTTP/1.1 200 Conn")?;
            }
            SocksReply => {
                stream.read_exact(&mut [0; 3])?;
                stream.write_all(&[5, 0])?;
            }
            _ => {
                request(&mut stream)?;
                let (once, again) = self.written();
                stream.write_all(once.as_bytes())?;
                while !again.is_empty() {
                    thread::sleep(Duration::from_millis(2));
                    stream.write_all(again.as_bytes())?;
                }
            }
        }
        // Until the client closes.
        io::copy(&mut stream, &mut io::sink()).map(drop)
    }

    /// The peer's address.
    fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                thread::spawn(move || drop(self.serve(stream)));
            }
        });
        address
    }
}

fn limited<M>(builder: Builder<Formation, M>, phase: Phase, limit: Limit) -> Builder<Formation, M> {
    let address = phase.start();
    let scheme = if phase.is_of_tls() { "https" } else { "http" };
    let (host, proxy) = match phase.proxy() {
        Some(kind) => ("muxi.invalid:81", Some(format!("{kind}://{address}"))),
        None => (&*address, None),
    };
    let of = |one: Limit| if one == limit { LIMIT } else { NEVER };
    let builder = builder
        .url(format!("{scheme}://{host}"))
        .client_key("k")
        .max_retries(0)
        .connect_timeout(of(ConnectTimeout))
        .timeout(of(Timeout))
        .stream_idle_timeout(of(StreamIdleTimeout))
        .deadline(of(Deadline));
    match proxy {
        Some(proxy) => builder.proxy(proxy),
        None => builder.no_proxy(),
    }
}

fn of_call(limit: Limit) -> Duration {
    if limit == Timeout { LIMIT } else { NEVER }
}

async fn called(phase: Phase, is_stream: bool, limit: Limit) -> Error {
    let client = limited(FormationClient::builder(), phase, limit).build().unwrap();
    if !is_stream {
        return client.chat("x").await.unwrap_err();
    }
    let mut stream = match client.chat_stream("x").timeout(of_call(limit)).await {
        Ok(stream) => stream,
        Err(error) => return error,
    };
    loop {
        if let Err(error) = stream.next().await.unwrap() {
            assert!(stream.next().await.is_none());
            assert_eq!(stream.final_text().await.unwrap_err().message(), error.message());
            return error;
        }
    }
}

fn called_blocking(phase: Phase, is_stream: bool, limit: Limit) -> Error {
    let client = limited(BlockingClient::builder(), phase, limit).build().unwrap();
    if !is_stream {
        return client.chat("x").send().unwrap_err();
    }
    let mut stream = match client.chat_stream("x").timeout(of_call(limit)).send() {
        Ok(stream) => stream,
        Err(error) => return error,
    };
    let error = stream.find_map(|event| event.err()).unwrap();
    assert!(stream.next().is_none());
    assert_eq!(stream.final_text().unwrap_err().message(), error.message());
    error
}

fn check(case: (Phase, bool, Limit, &str), error: &Error, elapsed: Duration) {
    assert_eq!(error.kind(), ErrorKind::Timeout, "{case:?}: {error}");
    assert!(error.message().contains("0.2 s"), "{case:?}: {error}");
    assert_eq!(error.message().contains("deadline"), case.2 == Deadline, "{case:?}: {error}");
    assert!(elapsed >= LIMIT, "{case:?}: {error} after {elapsed:?}");
}

#[test]
fn each_phase_ends_by_each_of_its_limits() {
    let mut tests = Vec::new();
    for &(phase, is_stream, limits) in CASES {
        for &limit in limits {
            tests.push(thread::spawn(move || {
                within_guard(move || {
                    let began = Instant::now();
                    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    let error = runtime.block_on(called(phase, is_stream, limit));
                    check((phase, is_stream, limit, "async"), &error, began.elapsed());
                });
            }));
            tests.push(thread::spawn(move || {
                within_guard(move || {
                    let began = Instant::now();
                    let error = called_blocking(phase, is_stream, limit);
                    check((phase, is_stream, limit, "blocking"), &error, began.elapsed());
                });
            }));
        }
    }
    let wrong: Vec<_> = tests.into_iter().filter_map(|test| test.join().err()).collect();
    assert!(wrong.is_empty(), "{} wrong: see above", wrong.len());
}

#[tokio::test]
async fn a_deadline_ends_all_attempts() {
    let address = Head.start();
    let builder = FormationClient::builder().url(format!("http://{address}")).client_key("k").max_retries(1000);
    let client = builder.timeout(Duration::from_millis(20)).deadline(LIMIT).build().unwrap();
    let began = Instant::now();
    let error = timeout(GUARD, async { client.chat("x").await }).await.unwrap().unwrap_err();
    // The last attempt, or the wait for another one, which would come too late.
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.attempts() < 1000 && began.elapsed() >= Duration::from_millis(20), "{error}");
    // That of a call counts instead of the client's.
    let client = client.chat("x").timeout(NEVER).deadline(LIMIT / 2);
    let error = timeout(GUARD, async { client.await }).await.unwrap().unwrap_err();
    assert!(error.message().contains("deadline of 0.1 s"), "{error}");
}

#[tokio::test]
async fn the_clients_timeout_does_not_end_streams() {
    let (url, streams) = peer::formation("");
    let client =
        FormationClient::builder().url(url).client_key("k").timeout(Duration::from_millis(20)).build().unwrap();
    let answering = thread::spawn(move || {
        let mut server = streams.recv().unwrap();
        thread::sleep(LIMIT);
        server.write_all(STREAM.as_bytes()).unwrap();
        thread::sleep(LIMIT);
        server.write_all(slice("late").as_bytes()).unwrap();
        server.write_all(peer::DONE.as_bytes()).unwrap();
        server
    });
    let text = timeout(GUARD, async { client.chat_stream("x").await?.final_text().await }).await.unwrap();
    assert_eq!(text.unwrap(), "late");
    drop(answering.join().unwrap());
}

/// The time is not the machine's here: a keepalive each second, and an answer after so many of them.
fn keepalives(seconds: u64) -> impl Fn(http::Request<Body>) -> std::future::Ready<Result<Response<Body>, BoxError>> {
    move |_| {
        let frames = stream::unfold(0, move |second| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let last = format!("{}{}", slice("a"), peer::DONE);
            let text = if second < seconds { ": keepalive\n\n" } else { &last };
            Some((Ok::<_, BoxError>(Frame::data(Bytes::from(text.to_owned()))), second + 1))
        });
        let reply = Response::builder().header("content-type", "text/event-stream");
        std::future::ready(Ok(reply.body(Body::new(StreamBody::new(frames))).unwrap()))
    }
}

#[tokio::test(start_paused = true)]
async fn keepalives_are_no_silence() {
    let builder = || FormationClient::builder().url("http://in-memory").client_key("k");
    let client = |idle: f64| {
        let idle = Duration::from_secs_f64(idle);
        builder().stream_idle_timeout(idle).http_service(keepalives(1000)).build().unwrap()
    };
    assert_eq!(client(1.5).chat_stream("x").await.unwrap().final_text().await.unwrap(), "a");
    let error = client(0.5).chat_stream("x").await.unwrap().final_text().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().contains("0.5 s"), "{error}");
    let client = builder().deadline(Duration::from_secs(500)).http_service(keepalives(1000)).build().unwrap();
    let error = client.chat_stream("x").await.unwrap().final_text().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Timeout && error.message().contains("deadline of 500 s"), "{error}");
}

/// A service whose answers have this status and type, and a body that never comes.
fn silent(
    status: u16,
    kind: &'static str,
) -> impl Fn(http::Request<Body>) -> std::future::Ready<Result<Response<Body>, BoxError>> {
    move |_| {
        let body = Body::new(StreamBody::new(stream::pending::<Result<Frame<Bytes>, BoxError>>()));
        let answer = Response::builder().status(status).header("content-type", kind).body(body);
        std::future::ready(answer.map_err(BoxError::from))
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_silence_ends_the_body_of_an_error_too() {
    for (status, kind) in [(500, "application/json"), (404, "text/event-stream"), (200, "application/json")] {
        let client = FormationClient::builder().url("http://h").client_key("k").http_service(silent(status, kind));
        let client = client.stream_idle_timeout(Duration::from_secs(2)).build().unwrap();
        let began = tokio::time::Instant::now();
        let error = client.chat_stream("x").await.unwrap_err();
        assert_eq!((error.status().unwrap_or(0), began.elapsed().as_secs()), (status, 2), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_has_begun_says_that_the_request_may_have_been_executed() {
    let client = FormationClient::builder().url("http://h").client_key("k").admin_key("k");
    let client = client.http_service(silent(200, "application/json")).build().unwrap();
    let error = client.chat("x").await.unwrap_err().to_string();
    assert!(error.contains("no whole reply") && error.contains("may have been executed"), "{error}");
    let error = client.get_config().await.unwrap_err().to_string();
    assert!(error.contains("no whole reply") && !error.contains("may have"), "{error}");
}
