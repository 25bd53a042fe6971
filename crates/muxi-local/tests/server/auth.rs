use crate::{
    client::{now, open, send, sign, signed, start},
    samples::Sample,
};
use muxi_client::api::auth::Signer;

const STATUS: &str = "/rpc/server/status";

#[test]
fn every_refusal_has_the_real_servers_words() {
    let server = start();
    let signer = Signer::new("key", "secret");
    let signature = signer.signature(now(), "GET", STATUS);
    let good = signer.header(now(), "GET", STATUS);
    let cases = [
        (String::new(), "Missing authorization header"),
        (format!("Bearer {signature}"), "Invalid authorization header format"),
        (good.replace("MUXI-HMAC", "muxi-hmac"), "Invalid authorization header format"),
        (good.replace("MUXI-HMAC ", "MUXI-HMAC"), "Invalid authorization header format"),
        (good.replace(", ", ","), "Invalid authorization header format"),
        (format!("MUXI-HMAC key=key, timestamp={}", now()), "Invalid authorization header format"),
        (good.replace("key=key", "key=other"), "Invalid key"),
        (signer.header(now() - 302, "GET", STATUS), "Request expired (timestamp too old or in future)"),
        (signer.header(now() + 302, "GET", STATUS), "Request expired (timestamp too old or in future)"),
        (signer.header(now() * 1000, "GET", STATUS), "Request expired (timestamp too old or in future)"),
        (good.replace("timestamp=", "timestamp=x"), "Request expired (timestamp too old or in future)"),
        (signer.header(now(), "POST", STATUS), "Invalid signature"),
        (signer.header(now(), "GET", "/rpc/server/status?a=b"), "Invalid signature"),
        (Signer::new("key", "other").header(now(), "GET", STATUS), "Invalid signature"),
        (format!("MUXI-HMAC key=key, timestamp={}, signature=%%%", now()), "Invalid signature"),
    ];
    for (header, message) in cases {
        let headers = [("Authorization", header.as_str())];
        let answer = send(&server, "GET", STATUS, if header.is_empty() { &[] } else { &headers }, b"");
        assert_eq!(answer.status, 401, "{header}");
        let expected = format!("{{\"code\":401,\"error\":\"Unauthorized\",\"message\":\"{message}\"}}\n");
        assert_eq!(answer.text(), expected, "{header}");
    }
    let wrong = sign("GET", "/other");
    Sample::read("error_401").check_exactly(&send(
        &server,
        "GET",
        "/rpc/formations",
        &[("Authorization", &wrong)],
        b"",
    ));
}

#[test]
fn a_signature_may_be_replayed_and_its_fields_reordered() {
    let server = start();
    let signature = Signer::new("key", "secret").signature(now(), "GET", STATUS);
    let header = format!("MUXI-HMAC signature={signature}, key=key, timestamp={}", now());
    for _ in 0..2 {
        assert_eq!(send(&server, "GET", STATUS, &[("Authorization", &header)], b"").status, 200);
    }
}

#[test]
fn the_signed_path_is_decoded_and_has_no_query() {
    let server = start();
    let answer = signed(&server, "GET", "/rpc/formations/a%20b%C3%BC/logs?lines=3", &[], b"");
    assert_eq!((answer.status, answer.message()), (404, "Formation not found".into()));
}

#[test]
fn unknown_paths_and_methods_need_no_signature() {
    let server = start();
    for path in [
        "/nope",
        "/rpc",
        "/rpc/formations/",
        "/rpc/formations/demo/deploy",
        "/rpc/formations/demo/logs/stream",
        // Decoded before routes are looked for.
        "/rpc/formations/a%2Fb",
        "/rpc/formations/demo%2f",
    ] {
        let answer = send(&server, "GET", path, &[], b"");
        assert_eq!(
            answer.text(),
            "{\"error\":\"Not Found\",\"message\":\"Endpoint not found\",\"code\":404}\n",
            "{path}"
        );
    }
    for (method, path) in
        [("PUT", "/rpc/formations"), ("HEAD", "/ping"), ("OPTIONS", "/rpc/formations"), ("POST", "/health")]
    {
        let answer = send(&server, method, path, &[], b"");
        assert_eq!((answer.status, answer.text(), answer.header("allow")), (405, "", None), "{method} {path}");
    }
    for path in ["//ping", "/%2Fping", "/%2f/ping"] {
        let moved = send(&server, "GET", path, &[], b"");
        assert_eq!((moved.status, moved.header("location")), (301, Some("/ping")), "{path}");
    }
}

#[test]
fn the_handle_shows_no_secret_and_stops() {
    let builder = muxi_local::Server::builder().secret_key("hush").admin_key("hush").client_key("hush");
    assert!(!format!("{builder:?}").contains("hush"));
    let mut server = muxi_local::Server::spawn(builder).unwrap();
    assert!(!format!("{server:?}").contains("hush"));
    assert_eq!((server.secret_key(), server.formation_id()), ("hush", "demo"));
    let held = open(&server, "GET", "/rpc/formations/demo/logs?follow=true", &[], b"");
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    server.stop();
    assert!(std::net::TcpStream::connect(address).is_err());
    drop(held);
}

#[test]
fn a_refusal_reaches_a_caller_that_is_still_sending() {
    let server = start();
    let body = vec![b'x'; 30_000_000];
    let answer = send(&server, "POST", "/rpc/formations", &[], &body);
    assert_eq!((answer.status, answer.message()), (401, "Missing authorization header".into()));
}
