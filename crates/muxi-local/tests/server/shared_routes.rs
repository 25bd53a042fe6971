//! Operations that share a route, told apart by the body.

use crate::{
    client::{send, start},
    faults::{JSON, read},
};
use muxi_local::Fault;
use serde_json::json;
use std::{io::Write, net::TcpStream};

#[test]
fn a_fault_of_a_stream_leaves_plain_calls_alone() {
    let server = start();
    let ask = |path: &str, body: serde_json::Value| {
        let headers = [JSON, ("X-Muxi-Client-Key", server.client_key()), ("X-Muxi-User-ID", "a")];
        send(&server, "POST", path, &headers, body.to_string().as_bytes()).status
    };
    let chat = |stream: bool| ask("/v1/chat", json!({"message": "hi", "stream": stream}));
    server.fail(Fault::status(503).on("chat_stream")).unwrap();
    assert_eq!([chat(false), chat(true), ask("/v1/chat", json!({"message": "hi"}))], [200, 503, 503]);
    server.clear_faults();
    server.fail(Fault::status(503).on("chat")).unwrap();
    server.fail(Fault::status(502).on("audio_chat_stream")).unwrap();
    assert_eq!([chat(false), chat(true)], [503, 200]);
    let audio = |stream: bool| ask("/api/demo/v1/audiochat", json!({"files": [], "stream": stream}));
    assert_eq!((audio(true), audio(false) == 502), (502, false));
    server.clear_faults();
    server.fail(Fault::status(503).on("/v1/chat")).unwrap();
    assert_eq!([chat(false), chat(true)], [503, 503]);
    let operations = server.requests().unwrap().into_iter().filter_map(|request| request.operation);
    assert_eq!(
        operations.collect::<Vec<_>>(),
        [
            "chat",
            "chat_stream",
            "chat",
            "chat",
            "chat_stream",
            "audio_chat_stream",
            "audio_chat",
            "chat",
            "chat_stream"
        ]
    );
}

/// A body that comes in parts, and one that does not come to its end.
#[test]
fn a_fault_waits_for_the_body() {
    let server = start();
    server.fail(Fault::status(503).on("chat_stream")).unwrap();
    let body = json!({"message": "hi", "stream": true}).to_string();
    let connect = || {
        let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
        write!(stream, "POST /v1/chat HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n")
            .unwrap();
        write!(stream, "Content-Length: {}\r\n\r\n{}", body.len(), &body[..5]).unwrap();
        stream
    };
    drop(connect());
    let mut stream = connect();
    stream.write_all(&body.as_bytes()[5..]).unwrap();
    assert!(read(stream).text.starts_with("HTTP/1.1 503"));
}
