//! A cancelled turn stops.

use crate::support::{ALICE, BOB, Local, read_until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_turn_stops_before_its_answer() {
    let local = Local::start().await;
    let chat = json!({ "message": "[[wait 10000]]", "stream": false, "request_id": "req_c", "session_id": "sess_c" });
    let start = Instant::now();
    let cancel = async {
        local.until("/requests/req_c", ALICE, |row| row["status"] == "processing").await;
        let foreign = local.call("DELETE", "/requests/req_c", BOB, Value::Null).await;
        assert_eq!(foreign.code(), (403, "FORBIDDEN"));
        let reply = local.call("DELETE", "/requests/req_c", ALICE, Value::Null).await.data();
        assert_eq!((&reply["status"], &reply["cancellation"]), (&json!("cancelled"), &json!("cooperative")));
    };
    let (reply, ()) = tokio::join!(local.post("/chat", ALICE, chat), cancel);
    assert!(start.elapsed() < Duration::from_secs(8));
    let message = reply.data()["message"].clone();
    assert_eq!(message["content"], "");
    assert_eq!(message["metadata"], json!({ "cancelled": true, "request_id": "req_c" }));
    assert_eq!(local.get("/requests/req_c", ALICE).await["status"], "cancelled");
    let again = local.call("DELETE", "/requests/req_c", ALICE, Value::Null).await;
    assert_eq!(again.code(), (400, "OPERATION_FAILED"));
    assert_eq!(local.get("/sessions/sess_c/messages", ALICE).await["count"], 1, "there is no answer to keep");
}

#[tokio::test]
async fn a_stream_stops_within_its_answer() {
    let local = Local::start().await;
    let chat = json!({ "message": "[[slow]] one two three four five six", "request_id": "req_s" });
    let mut stream = local.open("POST", "/chat", ALICE, Some(chat.to_string().into())).await.into_body();
    read_until(&mut stream, "\"type\":\"content\"").await;
    local.call("DELETE", "/requests/req_s", ALICE, Value::Null).await.data();
    let rest = read_until(&mut stream, "event: done").await;
    assert!(
        rest.contains("\"type\":\"completed\",\"content\":\"\"") && rest.contains("\"status\":\"cancelled\""),
        "{rest}"
    );
    assert!(!rest.contains("six"), "{rest}");
    assert_eq!(local.get("/requests/req_s", ALICE).await["status"], "cancelled");
}
