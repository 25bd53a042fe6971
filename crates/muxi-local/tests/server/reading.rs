use crate::{
    bundles::{deploy, formation},
    client::{open, send, sign, signed, start, wait_for},
    samples::Sample,
};
use serde_json::Value;
use std::io::BufReader;

#[test]
fn reads_have_the_samples_shapes() {
    let server = start();
    deploy(&server, "demo-a", &formation("demo-a", "1.0.0"));
    Sample::read("health").check(&send(&server, "GET", "/health", &[], b""));
    assert_eq!(send(&server, "GET", "/ping", &[], b"").text(), "pong");
    assert_eq!(send(&server, "GET", "/docs", &[], b"").status, 302);
    for name in ["list_formations", "get_formation", "server_status"] {
        let sample = Sample::read(name);
        sample.check(&signed(&server, &sample.method, &sample.target, &[], b""));
    }
    let logs = signed(&server, "GET", "/rpc/server/logs?lines=5", &[], b"");
    assert_eq!((logs.status, logs.header("content-type")), (200, Some("text/plain")));
    assert!(logs.text().contains("GET /rpc/server/status 200\n"), "{}", logs.text());
    assert_eq!(signed(&server, "GET", "/rpc/server/logs?lines=1", &[], b"").text().lines().count(), 1);
}

#[test]
fn logs_hold_lifecycle_and_requests() {
    let server = start();
    send(&server, "GET", "/api/demo/v1/health", &[], b"");
    let logs = |query: &str| signed(&server, "GET", &format!("/rpc/formations/demo/logs{query}"), &[], b"").json();
    let all = logs("?lines=1");
    assert_eq!(all["data"]["logs"]["stdout"][0], "\"GET /v1/health HTTP/1.1\" 200");
    assert_eq!(all["data"]["logs"]["stderr"], Value::Null);
    assert_eq!(all["data"]["total_lines"]["stdout"], 2);
    assert_eq!(logs("?lines=x")["data"]["logs"]["stdout"].as_array().unwrap().len(), 2);
    assert!(logs("?stream=stdout")["data"]["logs"].get("stderr").is_none());
    assert_eq!(logs("?stream=other")["data"]["logs"], serde_json::json!({}));
}

#[test]
fn following_gives_new_lines_only() {
    let server = start();
    let target = "/rpc/formations/demo/logs?stream=stdout&follow=true";
    let authorization = sign("GET", target);
    let mut stream = BufReader::new(open(&server, "GET", target, &[("Authorization", &authorization)], b""));
    assert!(wait_for(&mut stream, "content-type").contains("text/event-stream"));
    wait_for(&mut stream, "event: connected");
    assert_eq!(wait_for(&mut stream, "data: "), "data: {\"formation_id\":\"demo\"}\n");
    send(&server, "GET", "/api/demo/v1/nothing", &[], b"");
    wait_for(&mut stream, "event: log");
    let line = wait_for(&mut stream, "data: ");
    let data: Value = serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(data["line"], "\"GET /v1/nothing HTTP/1.1\" 404");
    assert_eq!(data.as_object().unwrap().len(), 2);
    let missing =
        signed(&server, "GET", "/rpc/formations/none/logs?follow=true", &[("Accept", "text/event-stream")], b"");
    assert_eq!((missing.status, missing.message()), (404, "Formation not found".into()));
}
