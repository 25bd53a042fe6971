//! Pages of other origins. The headers are those of the runtime's layer with its settings, in the version that it pins.

use crate::client::{Answer, Headers, open, read_answer, send, start, wait_for};
use muxi_local::{Fault, Server};
use std::io::BufReader;

const PAGE: (&str, &str) = ("Origin", "http://page.test");

fn allowed(answer: &Answer) -> [Option<&str>; 3] {
    ["access-control-allow-origin", "access-control-allow-credentials", "vary"].map(|name| answer.header(name))
}

const ALLOWED: [Option<&str>; 3] = [Some("http://page.test"), Some("true"), Some("Origin")];

fn preflight(server: &Server, path: &str, more: Headers<'_>) -> Answer {
    let headers = [&[PAGE, ("Access-Control-Request-Method", "POST")], more].concat();
    send(server, "OPTIONS", path, &headers, b"")
}

#[test]
fn a_browser_may_ask_first() {
    let server = start();
    let asked = [("Access-Control-Request-Headers", "content-type,x-muxi-client-key")];
    for path in ["/v1/chat", "/v1/nope", "/v1"] {
        let answer = preflight(&server, path, &asked);
        assert_eq!((answer.status, answer.text()), (200, "OK"), "{path}");
        let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
                    Access-Control-Request-Private-Network";
        for (name, value) in [
            ("vary", vary),
            ("access-control-allow-methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"),
            ("access-control-max-age", "600"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-origin", "http://page.test"),
            ("access-control-allow-headers", "content-type,x-muxi-client-key"),
            ("content-type", "text/plain; charset=utf-8"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path} {name}");
        }
    }
    assert_eq!(preflight(&server, "/v1/chat", &[]).header("access-control-allow-headers"), None);
    let trace = [PAGE, ("Access-Control-Request-Method", "TRACE")];
    let trace = send(&server, "OPTIONS", "/v1/chat", &trace, b"");
    assert_eq!((trace.status, trace.text()), (400, "Disallowed CORS method"));
    let private = preflight(&server, "/v1/chat", &[("Access-Control-Request-Private-Network", "true")]);
    assert_eq!((private.status, private.text()), (400, "Disallowed CORS private-network"));
    // Not asked for a method it is a request like others.
    assert_eq!(send(&server, "OPTIONS", "/v1/chat", &[PAGE], b"").status, 405);
}

#[test]
fn a_page_may_read_what_a_formation_answers() {
    let server = start();
    let client = ("X-Muxi-Client-Key", server.client_key());
    let user = ("X-Muxi-User-ID", "alice");
    for base in ["/v1", "/api/demo/v1", "/draft/demo/v1"] {
        for (method, path, status) in [
            ("GET", "/health", 200),
            ("GET", "/memories", 200),
            ("GET", "/agents/", 307),
            ("GET", "/agents", 401),
            ("GET", "/nope", 404),
            ("PATCH", "/chat", 405),
            ("POST", "/chat", 422),
        ] {
            let path = format!("{base}{path}");
            let answer = send(&server, method, &path, &[PAGE, client, user], b"");
            assert_eq!((answer.status, allowed(&answer)), (status, ALLOWED), "{method} {path}");
            let answer = send(&server, method, &path, &[client, user], b"");
            assert_eq!(allowed(&answer), [None, None, Some("Origin")], "{method} {path}");
        }
    }
    let json = ("Content-Type", "application/json");
    let stream = send(&server, "POST", "/v1/chat", &[PAGE, client, user, json], br#"{"message": "Hello"}"#);
    assert_eq!((stream.header("content-type"), allowed(&stream)), (Some("text/event-stream; charset=utf-8"), ALLOWED));
    let admin = ("X-Muxi-Admin-Key", server.admin_key());
    let mut events = BufReader::new(open(&server, "GET", "/v1/logs?level=info", &[PAGE, admin], b""));
    wait_for(&mut events, "access-control-allow-origin: http://page.test");
    let none = send(&server, "GET", "/api/none/v1/health", &[PAGE], b"");
    assert_eq!((none.status, allowed(&none)), (404, ALLOWED));
    for path in ["/ping", "/health", "/rpc/formations", "/_local/requests"] {
        assert_eq!(allowed(&send(&server, "GET", path, &[PAGE], b""))[0], None, "{path}");
    }
}

/// A program that is tested with faults sees their status, as it would see the runtime's.
#[test]
fn a_page_may_read_faults() {
    let server = start();
    for status in [400, 409, 429, 503, 204] {
        server.fail(Fault::status(status).on("health").times(1)).unwrap();
        let answer = send(&server, "GET", "/v1/health", &[PAGE], b"");
        assert_eq!((answer.status, allowed(&answer)), (status, ALLOWED));
    }
    let none: [Option<String>; 3] = [const { None }; 3];
    let fault = |text: &str| {
        let answer = send(&server, "GET", "/v1/health", &[PAGE, ("X-Muxi-Local-Fault", text)], b"");
        (answer.status, allowed(&answer).map(|value| value.map(str::to_owned)))
    };
    let readable = ALLOWED.map(|value| value.map(str::to_owned));
    assert_eq!(fault("nonsense=1"), (400, readable.clone()));
    let cut = [PAGE, ("X-Muxi-Local-Fault", "truncate=1000; body=x")];
    let cut = read_answer(open(&server, "GET", "/v1/health", &cut, b""));
    assert_eq!((cut.status, allowed(&cut)), (200, ALLOWED));
    assert_eq!(fault("body=x"), (200, readable));
    // An exception passes the layer by, and the page of a proxy has never met it.
    assert_eq!(fault("status=500"), (500, none.clone()));
    assert_eq!(fault("html=502"), (502, none));
}
