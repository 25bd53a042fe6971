//! Faults on request, seen from a bare socket: a client library would hide what really comes.

use crate::client::{Answer, Headers, open, send, signed, start};
use muxi_local::{Fault, Moment, Server};
use serde_json::json;
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

const CHAT: &[u8] = br#"{"message":"one two three"}"#;
pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The text that came over a connection, and the connection's end.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) text: String,
    end: Result<(), ErrorKind>,
}

impl Seen {
    fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {self:?}")).1
    }

    fn is_reset(&self) -> bool {
        self.end == Err(ErrorKind::ConnectionReset)
    }
}

pub(crate) fn read(mut stream: TcpStream) -> Seen {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).map(drop).map_err(|error| error.kind());
    Seen { text: String::from_utf8_lossy(&bytes).into_owned(), end }
}

/// A request with the client key, and the fault that it asks for.
fn raw(server: &Server, method: &str, path: &str, fault: &str, body: &[u8]) -> TcpStream {
    let headers =
        [JSON, ("X-Muxi-Client-Key", server.client_key()), ("X-Muxi-User-ID", "a"), ("X-Muxi-Local-Fault", fault)];
    open(server, method, path, &headers, body)
}

fn get(server: &Server, fault: &str) -> Seen {
    read(raw(server, "GET", "/v1/triggers", fault, b""))
}

fn chat(server: &Server, fault: &str) -> Seen {
    read(raw(server, "POST", "/api/demo/v1/chat", fault, CHAT))
}

fn health(server: &Server, headers: Headers<'_>) -> Answer {
    send(server, "GET", "/v1/health", headers, b"")
}

fn with(fault: &str) -> [(&str, &str); 1] {
    [("X-Muxi-Local-Fault", fault)]
}

#[test]
fn a_status_in_the_words_of_each_api() {
    let server = start();
    let formation = health(&server, &with("status=503; retry-after=2; retry_after_ms=2500"));
    assert_eq!((formation.status, formation.header("retry-after")), (503, Some("2")));
    assert_eq!(formation.header("retry-after-ms"), Some("2500"));
    let body = formation.json();
    assert_eq!(body["error"]["code"], "SERVICE_UNAVAILABLE");
    assert_eq!((&body["success"], &body["object"]), (&false.into(), &"error".into()));

    let control = send(&server, "GET", "/rpc/formations", &with("status=429; retry_after=date+30"), b"");
    assert_eq!((control.status, &control.json()["error"]), (429, &"Too Many Requests".into()));
    let date = httpdate::parse_http_date(control.header("retry-after").unwrap()).unwrap();
    let ahead = date.duration_since(std::time::SystemTime::now()).unwrap();
    assert!((Duration::from_secs(25)..=Duration::from_secs(30)).contains(&ahead), "{ahead:?}");

    assert_eq!(health(&server, &with("status=204")).text(), "");
    let own = health(&server, &with(r#"body={"a": ["x; y"]}; headers={"X-A": "b"}"#));
    assert_eq!((own.status, own.text(), own.header("x-a")), (200, r#"{"a":["x; y"]}"#, Some("b")));
    let text = health(&server, &with("status=500; body=boom"));
    assert_eq!((text.status, text.text()), (500, "boom"));
}

/// Those that the runtime has; where it has none, that of the client's error, which is never one of another kind.
#[test]
fn every_status_has_its_code() {
    let server = start();
    let code = |method: &str, path: &str, status: u16| {
        let answer = send(&server, method, path, &with(&format!("status={status}")), b"");
        assert_eq!(answer.status, status);
        answer.json()["error"]["code"].as_str().unwrap().to_owned()
    };
    for (status, expected) in [
        (400, "INVALID_REQUEST"),
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
        (404, "RESOURCE_NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED"),
        (408, "TIMEOUT"),
        (409, "CONFLICT"),
        (410, "GONE"),
        (413, "VALIDATION_ERROR"),
        (418, "INTERNAL_ERROR"),
        (422, "INVALID_PARAMS"),
        (429, "RATE_LIMITED"),
        (499, "CANCELLED"),
        (500, "INTERNAL_ERROR"),
        (501, "METHOD_NOT_FOUND"),
        (502, "BAD_GATEWAY"),
        (503, "SERVICE_UNAVAILABLE"),
        (504, "INTERNAL_ERROR"),
    ] {
        assert_eq!(code("GET", "/v1/health", status), expected);
        assert_eq!(code("GET", "/v1/no/such/path", status), expected);
    }
    for (method, path, status, expected) in [
        ("POST", "/v1/secrets", 409, "SECRET_EXISTS"),
        ("DELETE", "/api/demo/v1/secrets/A", 409, "SECRET_IN_USE"),
        ("POST", "/v1/tuning", 413, "TUNING_CONTENT_TOO_LARGE"),
    ] {
        assert_eq!(code(method, path, status), expected, "{method} {path}");
    }
}

#[test]
fn times_counts_the_attempts_of_one_call() {
    let server = start();
    let status = |key: &str| {
        let headers = [("X-Muxi-Local-Fault", "status=503; times=2"), ("X-Muxi-Idempotency-Key", key)];
        health(&server, &headers).status
    };
    assert_eq!([status("a"), status("a"), status("b"), status("a"), status("b")], [503, 503, 503, 200, 503]);
    let keyless = || health(&server, &with("status=503; times=1")).status;
    assert_eq!([keyless(), keyless()], [503, 200]);
    assert_eq!(send(&server, "GET", "/ping", &with("status=503; times=1"), b"").status, 503);
}

#[test]
fn armed_faults_meet_what_they_fit() {
    let server = start();
    server.fail(Fault::status(503).on("health").times(1)).unwrap();
    server.fail("status=500; path=/v1/heal*; method=get; times=1".parse().unwrap()).unwrap();
    server.fail(Fault::status(409).on("list_formations")).unwrap();
    assert_eq!(send(&server, "GET", "/v1/triggers", &[], b"").status, 401);
    let statuses = [(); 3].map(|()| send(&server, "GET", "/api/demo/v1/health", &[], b"").status);
    assert_eq!(statuses, [503, 500, 200]);
    let control = || signed(&server, "GET", "/rpc/formations", &[], b"").status;
    assert_eq!([control(), control()], [409, 409]);
    server.clear_faults();
    assert_eq!(control(), 200);
    let refused = server.fail(Fault::status(503).on("nonsense")).unwrap_err().to_string();
    assert!(refused.contains("path must be"), "{refused}");
}

#[test]
fn a_bad_fault_is_refused_by_name() {
    let server = start();
    let answer = health(&server, &with("stauts=503"));
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(answer.status == 400 && message.contains("\"stauts\"") && message.contains("retry_after"), "{message}");
}

#[test]
fn a_delay_comes_before_the_answer() {
    let server = start();
    let start = Instant::now();
    assert_eq!(health(&server, &with("delay_ms=300")).status, 200);
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn resets_are_resets_and_say_how_far_the_call_came() {
    let server = start();
    let admin = server.admin_key().to_owned();
    let create = |name: &str, fault: &str| {
        let body = json!({"key": name, "value": "v"}).to_string();
        let headers = [JSON, ("X-Muxi-Admin-Key", admin.as_str()), ("X-Muxi-Local-Fault", fault)];
        read(open(&server, "POST", "/v1/secrets", &headers, body.as_bytes()))
    };
    let before = create("BEFORE", "reset=before");
    assert!(before.is_reset() && before.text.is_empty(), "{before:?}");
    let answer = create("ANSWER", "reset=answer");
    assert!(answer.is_reset() && answer.text.is_empty(), "{answer:?}");
    let list = send(&server, "GET", "/v1/secrets", &[("X-Muxi-Admin-Key", &admin)], b"");
    assert!(list.text().contains("ANSWER") && !list.text().contains("BEFORE"), "{}", list.text());

    let headers = get(&server, "reset=headers");
    assert!(headers.is_reset() && headers.text.starts_with("HTTP/1.1 200 OK\r\n"), "{headers:?}");
    assert_eq!(headers.body(), "");
    let body = get(&server, "reset=body; after_bytes=10");
    assert!(body.is_reset() && body.body().len() == 10, "{body:?}");
    let after = get(&server, "reset=after");
    assert!(after.is_reset() && after.body().ends_with('}'), "{after:?}");
    let stream = chat(&server, "reset=body; after_bytes=40");
    assert!(stream.is_reset() && stream.body().contains(": keepalive"), "{stream:?}");
    let made = get(&server, "status=503; slow_bytes_per_s=200; reset=body; after_bytes=30");
    assert!(made.is_reset() && made.text.starts_with("HTTP/1.1 503") && made.body().len() == 30, "{made:?}");
}

#[test]
fn closes_are_orderly() {
    let server = start();
    let before = get(&server, "close=before");
    assert!(before.end.is_ok() && before.text.is_empty(), "{before:?}");
    let posted = chat(&server, "close=before");
    assert!(posted.end.is_ok() && posted.text.is_empty(), "{posted:?}");
    let headers = get(&server, "close=headers");
    assert!(headers.end.is_ok() && headers.body().is_empty(), "{headers:?}");
    let body = get(&server, "close=body; after_bytes=5");
    assert!(body.end.is_ok() && body.body().len() == 5, "{body:?}");
    // The whole answer, and no word that it is the last one.
    let after = get(&server, "close=after");
    assert!(after.end.is_ok() && after.body().ends_with('}') && !after.text.contains("connection"), "{after:?}");
}

#[test]
fn truncated_bodies_and_streams() {
    let server = start();
    let json = get(&server, "truncate=20");
    let length = json.text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(json.end.is_ok() && json.body().len() == 20 && length.parse::<usize>().unwrap() > 20, "{json:?}");
    let nothing = get(&server, "truncate=0");
    assert!(nothing.end.is_ok() && nothing.body().is_empty(), "{nothing:?}");
    // Within a chunk: its size is more than what comes of it.
    let stream = chat(&server, "truncate=30");
    assert!(stream.end.is_ok() && stream.text.contains("transfer-encoding: chunked"), "{stream:?}");
    let last = stream.body().rsplit_once("\r\n").unwrap();
    let size = last.0.rsplit("\r\n").next().unwrap();
    assert!(usize::from_str_radix(size, 16).unwrap() > last.1.len(), "{stream:?}");
    // In good order, but the last event is missing.
    let events = chat(&server, "truncate=2 events");
    assert!(events.end.is_ok() && events.body().ends_with("\r\n0\r\n\r\n"), "{events:?}");
    assert_eq!(events.body().matches("data: ").count(), 2);
    assert!(!events.body().contains("done") && chat(&server, "delay_ms=0").body().contains("event: done"));
}

#[test]
fn a_fault_that_an_answer_ends_before_waits_for_the_next() {
    let server = start();
    let say = |stream: bool| {
        let body = json!({ "message": "one two three", "stream": stream }).to_string();
        let headers = [JSON, ("X-Muxi-Client-Key", server.client_key()), ("X-Muxi-User-ID", "a")];
        read(open(&server, "POST", "/v1/chat", &headers, body.as_bytes()))
    };
    let lasting = "path=/v1/chat; times=1; ";
    for (fault, streamed) in [
        ("truncate=3 events", false),
        ("stall_after=1 event", false),
        ("truncate=100000", false),
        ("stall_after=100000", false),
        ("reset=body; after_bytes=10000000", false),
        ("truncate=9999 events", true),
        ("stall_after=9999 events", true),
        ("truncate=10000000", true),
        ("reset=body; after_bytes=10000000", true),
        ("close=body; after_bytes=10000000", true),
    ] {
        server.clear_faults();
        server.clear_requests();
        server.fail(format!("{lasting}{fault}").parse().unwrap()).unwrap();
        let seen = say(streamed);
        let whole = if streamed { "\r\n0\r\n\r\n" } else { "}" };
        assert!(seen.end.is_ok() && seen.text.ends_with(whole), "{fault}: {seen:?}");
        let arrival = server.requests().unwrap().remove(0);
        assert_eq!((arrival.status, arrival.fault), (Some(200), None), "{fault}");
        assert_eq!(server.faults()[0]["used"], 0, "{fault}");
    }
    server.clear_faults();
    server.fail(format!("{lasting}truncate=2 events").parse().unwrap()).unwrap();
    assert!(say(false).text.ends_with('}'));
    assert_eq!(say(true).body().matches("data: ").count(), 2);
    assert!(say(true).body().contains("event: done"), "used up");
    assert_eq!(server.faults(), json!([]));
    // Something else went wrong, too.
    server.fail("path=health; status=503; truncate=100000; times=1".parse().unwrap()).unwrap();
    assert_eq!(statuses(&server, 2), [503, 200]);
}

/// The statuses of so many calls.
fn statuses(server: &Server, calls: usize) -> Vec<u16> {
    (0..calls).map(|_| send(server, "GET", "/v1/health", &[], b"").status).collect()
}

#[test]
fn faults_happen_to_each_nth_request_or_to_a_share() {
    let server = start();
    server.fail(Fault::status(503).on("health").every(3).times(2)).unwrap();
    assert_eq!(statuses(&server, 10), [200, 200, 503, 200, 200, 503, 200, 200, 200, 200]);
    let run = |rate| {
        server.clear_faults();
        server.fail(Fault::status(503).on("health").rate(rate)).unwrap();
        statuses(&server, 200)
    };
    let first = run(0.3);
    let failed = first.iter().filter(|status| **status == 503).count();
    assert!((40..80).contains(&failed), "{failed} of 200");
    assert_eq!(first, run(0.3), "the same ones each time");
    assert!(run(0.0).iter().all(|status| *status == 200));
    assert!(run(1.0).iter().all(|status| *status == 503));
    // One that does not happen leaves the request to the next.
    server.clear_faults();
    server.fail(Fault::status(503).every(2)).unwrap();
    server.fail(Fault::status(429)).unwrap();
    assert_eq!(statuses(&server, 4), [429, 503, 429, 503]);
    assert!(
        server.fail(Fault::status(503).every(0)).is_err() && server.fail(Fault::status(503).rate(f64::NAN)).is_err()
    );
    let answer = send(&server, "GET", "/v1/health", &[("X-Muxi-Local-Fault", "status=503; every=2")], b"");
    assert!(answer.status == 400 && String::from_utf8_lossy(&answer.body).contains("every and rate"), "{answer:?}");
}

#[test]
fn a_stalled_stream_stays_open() {
    let server = start();
    for (fault, events) in [("stall_after=1 event", 1), ("stall_after=0", 0)] {
        let mut stream = raw(&server, "POST", "/v1/chat", fault, CHAT);
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut bytes = Vec::new();
        let error = stream.read_to_end(&mut bytes).unwrap_err();
        // The second is what Windows calls it.
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert_eq!(text.matches("data: ").count(), events, "{text}");
        let arrivals = server.requests().unwrap();
        assert_eq!(arrivals.last().unwrap().duration_ms, None);
        drop(stream);
        std::thread::sleep(Duration::from_millis(200));
        assert!(server.requests().unwrap().last().unwrap().duration_ms.is_some(), "a client that leaves ends the call");
    }
}

#[test]
fn slow_bytes_are_slow() {
    let server = start();
    let start = Instant::now();
    let answer = health(&server, &with("body=0123456789; slow_bytes_per_s=20"));
    assert_eq!((answer.text(), answer.header("content-length")), ("0123456789", Some("10")));
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[test]
fn garbage_html_redirects_and_wrong_envelopes() {
    let server = start();
    let garbage = get(&server, "garbage");
    assert!(!garbage.text.is_empty() && !garbage.text.contains("HTTP/"), "{garbage:?}");
    let answer = |fault: &str| health(&server, &with(fault));
    let json = answer("garbage=json");
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert!(serde_json::from_str::<serde_json::Value>(json.text()).is_err());
    let html = answer("html");
    assert_eq!((html.status, html.header("content-type")), (502, Some("text/html")));
    assert!(html.text().contains("<h1>502 Bad Gateway</h1>"));
    assert_eq!(answer("html=504").status, 504);
    let moved = answer("redirect=https://example.com/x; status=307");
    assert_eq!((moved.status, moved.header("location")), (307, Some("https://example.com/x")));
    assert_eq!(answer("redirect=/x").status, 302);
    let list = answer("envelope=wrong");
    assert_eq!((list.status, list.text()), (200, "[]"));
    assert_eq!(answer("envelope=empty").text(), "");
    assert_eq!(answer("envelope=fields").text(), "{}");
    let failed = answer("envelope=failed");
    assert_eq!((failed.status, &failed.json()["success"]), (200, &false.into()));
    let failed = send(&server, "GET", "/rpc/formations", &with("envelope=failed"), b"");
    assert_eq!((failed.status, &failed.json()["success"]), (200, &false.into()));
}

#[test]
fn every_byte_in_a_chunk_of_its_own() {
    let server = start();
    server.fail(r#"body="é🎉"; split_utf8"#.parse().unwrap()).unwrap();
    let mut stream = open(&server, "GET", "/v1/triggers", &[], b"");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let wanted: Vec<u8> = "é🎉".bytes().flat_map(|byte| [b'1', b'\r', b'\n', byte, b'\r', b'\n']).collect();
    assert_eq!(&bytes[end + 4..], [wanted.as_slice(), b"0\r\n\r\n"].concat());
}

#[test]
fn an_orderly_fault_leaves_the_connection() {
    let server = start();
    server.fail(Fault::status(503).times(1)).unwrap();
    let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    let body = "x".repeat(100_000);
    for status in ["503", "401"] {
        write!(stream, "POST /v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut text = String::new();
        while !text.ends_with('}') {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap();
            assert_ne!(count, 0, "{text}");
            text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{text}");
    }
}

#[test]
fn the_handle_resets_too() {
    let server = start();
    server.fail(Fault::reset(Moment::Headers).times(1)).unwrap();
    let seen = read(open(&server, "GET", "/ping", &[], b""));
    assert!(seen.is_reset() && seen.text.ends_with("\r\n\r\n"), "{seen:?}");
    assert_eq!(send(&server, "GET", "/ping", &[], b"").text(), "pong");
}
