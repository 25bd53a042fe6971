//! A language model that answers: what it says reaches the reader while it says it.

use crate::endpoint::{Endpoint, Play};
use crate::local::{Frame, Local, completed, slices, tokens};
use muxi_local::Server;
use serde_json::json;
use std::time::Duration;

pub(crate) async fn local(endpoint: &Endpoint) -> Local {
    Local::start(Server::builder().llm(&endpoint.url, Some("tiny".to_owned()), Some("sk-secret".to_owned()))).await
}

#[tokio::test]
async fn answers_in_json_and_in_streams() {
    let endpoint = Endpoint::start([]).await;
    let local = local(&endpoint).await;
    let data = local.chat("ada", json!({ "message": "Hi", "session_id": "sess_m" })).await;
    assert_eq!(data["message"]["content"], "Hello there");
    assert_eq!(data["message"]["metadata"], json!({ "session_id": "sess_m" }));
    let frames = local.frames(json!({ "message": "Hi", "request_id": "req_m" })).await;
    assert_eq!(slices(&frames), ["Hello ", "there"]);
    let end = completed(&frames);
    assert_eq!(
        (&end["content"], &end["status"], &end["agent_used"]),
        (&json!("Hello there"), &json!("success"), &json!("assistant"))
    );
    assert!(matches!(frames.last(), Some(Frame::Event(name, _)) if name == "done"));
    let row = local.get("/requests/req_m", "ada").await;
    assert_eq!((&row["status"], &row["result"]), (&json!("completed"), &json!("Hello there")));
    let seen = endpoint.seen().remove(0);
    assert_eq!(seen.headers["authorization"], "Bearer sk-secret");
    assert_eq!((&seen.json()["model"], &seen.json()["stream"]), (&json!("tiny"), &json!(true)));
}

#[tokio::test]
async fn the_first_piece_arrives_before_the_model_has_finished() {
    let endpoint = Endpoint::start([Play::Gated(&["first ", "second"])]).await;
    let local = local(&endpoint).await;
    let mut stream = local.open(json!({ "message": "Hi" })).await;
    assert_eq!(stream.token("content").await["content"], "first ");
    // The model waits, and so it cannot have finished. Its silence is broken by comments.
    assert_eq!(stream.next().await, Some(Frame::Comment));
    endpoint.go_on();
    assert_eq!(stream.token("content").await["content"], "second");
    assert_eq!(stream.token("completed").await["content"], "first second");
    assert_eq!(endpoint.left(), 0);
}

#[tokio::test]
async fn hanging_up_ends_the_call_of_the_model() {
    let endpoint = Endpoint::start([Play::Gated(&["first ", "second"]), Play::Silent]).await;
    let local = local(&endpoint).await;
    let mut stream = local.open(json!({ "message": "Hi", "request_id": "req_h" })).await;
    stream.token("content").await;
    drop(stream);
    endpoint.wait_left(1).await;
    assert_eq!(local.get("/requests/req_h", "ada").await["status"], "cancelled");

    // The same while the model has not even begun.
    let mut stream = local.open(json!({ "message": "Hi" })).await;
    while tokens(&stream.next().await.into_iter().collect::<Vec<_>>(), "progress").all(|t| t["stage"] != "init") {}
    endpoint.wait_seen(2).await;
    drop(stream);
    endpoint.wait_left(2).await;
}

#[tokio::test]
async fn without_a_stream_the_turn_goes_on_when_the_caller_leaves() {
    let endpoint = Endpoint::start([Play::Gated(&["first ", "second"])]).await;
    let local = local(&endpoint).await;
    let body = json!({ "message": "Hi", "stream": false, "request_id": "req_j" });
    let call = local.send("POST", "/chat", "ada", &body);
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
    endpoint.go_on();
    for _ in 0..200 {
        let row = local.get("/requests/req_j", "ada").await;
        if row["status"] == "completed" {
            assert_eq!(row["result"], "first second");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the turn does not end");
}

#[tokio::test]
async fn a_script_goes_first() {
    let endpoint = Endpoint::start([]).await;
    let builder = Server::builder().script("- {when: {text: hello}, reply: scripted}").llm(&endpoint.url, None, None);
    let local = Local::start(builder).await;
    assert_eq!(local.say("hello").await, "scripted");
    assert_eq!(local.say("else").await, "Hello there");
    let seen = endpoint.seen();
    assert_eq!(
        (seen.len(), &seen[0].json()["model"]),
        (1, &json!("gpt-4o")),
        "the formation's model, without provider"
    );
    assert!(!seen[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn triggers_workflows_and_escalations_ask_it_too() {
    let endpoint = Endpoint::start([]).await;
    let local = local(&endpoint).await;
    let fired = json!({ "data": { "order": { "id": 9 }, "customer": "Ada" }, "use_async": false });
    let (_, answer) = local.call("POST", "/triggers/order-created", "ada", fired).await;
    assert_eq!(answer["data"]["content"], "Hello there");
    let frames = local.frames(json!({ "message": "Hi", "agent_id": "nobody" })).await;
    assert_eq!(
        (&completed(&frames)["stage"], &completed(&frames)["content"]),
        (&json!("final"), &json!("Hello there"))
    );
    assert!(slices(&frames).is_empty());
    let data = local.chat("ada", json!({ "message": "Hi", "agent_id": "nobody", "request_id": "req_e" })).await;
    assert_eq!(data["message"]["metadata"]["escalated"], true);
    endpoint.wait_seen(3).await;
}

#[tokio::test]
async fn an_endpoint_that_does_not_stream() {
    let whole =
        r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"All at once"},"finish_reason":"stop"}]}"#;
    let endpoint = Endpoint::start([Play::Plain(200, "application/json; charset=utf-8", whole)]).await;
    let local = local(&endpoint).await;
    let frames = local.frames(json!({ "message": "Hi" })).await;
    assert_eq!((slices(&frames), &completed(&frames)["content"]), (vec!["All at once"], &json!("All at once")));
}
