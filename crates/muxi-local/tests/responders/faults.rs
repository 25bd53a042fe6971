//! A language model that fails: the turn ends as the runtime lets it end.

use crate::endpoint::{Endpoint, Play};
use crate::local::{Frame, Local, completed, slices, tokens};
use crate::model::local;
use muxi_local::Server;
use serde_json::json;
use std::time::Duration;

const APOLOGY: &str =
    "I wasn't able to complete this request. The required service is currently unavailable. Please try again shortly.";
const UNABLE: &str = "I'm temporarily unable to process requests";

/// The turn fails in JSON and in a stream; gives the error that its request names.
async fn failure(local: &Local) -> String {
    let data = local.chat("ada", json!({ "message": "Hi", "session_id": "sess_f" })).await;
    assert_eq!(data["message"]["content"], APOLOGY);
    assert_eq!(
        data["message"]["metadata"],
        json!({ "session_id": "sess_f", "error_code": "LLM_ERROR", "error_type": "processing" })
    );
    // Until then the model is left alone.
    local.server().advance(Duration::from_secs(61));
    let frames = local.frames(json!({ "message": "Hi", "request_id": "req_f" })).await;
    assert_eq!((&completed(&frames)["status"], &completed(&frames)["content"]), (&json!("error"), &json!(APOLOGY)));
    assert!(matches!(frames.last(), Some(Frame::Event(name, _)) if name == "done"));
    let row = local.get("/requests/req_f", "ada").await;
    assert_eq!(row["status"], "failed");
    row["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_endpoint_that_is_not_there() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let local = Local::start(Server::builder().llm(format!("http://127.0.0.1:{port}/v1"), None, None)).await;
    let error = failure(&local).await;
    assert!(error.contains("cannot be reached") && error.contains("refused"), "{error}");
}

#[tokio::test]
async fn answers_that_are_none() {
    let (json, events, html) = ("application/json", "text/event-stream", "text/html");
    for (play, words) in [
        (
            Play::Plain(401, json, r#"{"error":{"message":"Bad key sk-secret"}}"#),
            "answered 401 Unauthorized: Bad key [key]",
        ),
        (Play::Plain(500, html, "<h1>Oops</h1>"), "answered 500 Internal Server Error"),
        (Play::Plain(302, html, ""), "answered 302 Found"),
        (Play::Plain(200, html, "<h1>Welcome</h1>"), "ended before it was complete"),
        (Play::Plain(200, json, "nonsense"), "sent no JSON"),
        (Play::Plain(200, json, r#"{"hello":1}"#), "has no `choices`"),
        (Play::Plain(200, events, "data: nonsense\n\n"), "sent no JSON"),
        (
            Play::Plain(200, events, "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"),
            "reports an error: overloaded",
        ),
        (Play::Plain(200, events, ""), "ended before it was complete"),
        (Play::Broken("data: {\"choices\":[]}\n\n"), "broke off"),
    ] {
        let endpoint = Endpoint::start([play.clone(), play]).await;
        let error = failure(&local(&endpoint).await).await;
        assert!(error.contains(words), "{error}\n  not {words}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_taken_back() {
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"Half an\"}}]}\n\n";
    let endpoint = Endpoint::start([Play::Broken(half), Play::Plain(200, "text/event-stream", half)]).await;
    let local = local(&endpoint).await;
    for _ in 0..2 {
        let frames = local.frames(json!({ "message": "Hi", "session_id": "sess_b" })).await;
        assert_eq!(slices(&frames), ["Half an"]);
        let end = completed(&frames);
        assert_eq!((&end["status"], &end["stream_discontinuity"]), (&json!("error"), &json!(true)));
        assert_eq!(end["content"], APOLOGY);
    }
    let rows = local.get("/sessions/sess_b/messages", "ada").await;
    assert_eq!(rows["messages"][1]["text"], APOLOGY);
}

#[tokio::test]
async fn a_silent_model_is_given_up_by_the_clock_of_the_server() {
    let endpoint = Endpoint::start([Play::Silent, Play::Gated(&["first ", "second"])]).await;
    let local = local(&endpoint).await;
    for call in 1..=2 {
        let mut stream = local.open(json!({ "message": "Hi", "request_id": "req_s" })).await;
        if call == 1 {
            stream.token("planning").await;
        } else {
            stream.token("content").await;
        }
        endpoint.wait_seen(call).await;
        local.server().advance(Duration::from_secs(30));
        assert_eq!(stream.token_or_comment("completed").await, None);
        local.server().advance(Duration::from_secs(35));
        assert_eq!(stream.token("completed").await["status"], "error");
        endpoint.wait_left(call).await;
        let error = local.get("/requests/req_s", "ada").await["error"].as_str().unwrap().to_owned();
        assert!(error.contains("silent for 60 seconds"), "{error}");
        // One that was silent from the start is left alone.
        local.server().advance(Duration::from_secs(61));
    }
}

#[tokio::test]
async fn a_model_that_brings_no_answer_is_left_alone_for_a_minute() {
    let down = || Play::Plain(503, "text/plain", "down");
    let endpoint = Endpoint::start([down(), down()]).await;
    let local = local(&endpoint).await;
    assert_eq!(local.say("Hi").await, APOLOGY);
    let answer = local.say("Hi").await;
    assert!(answer.starts_with(UNABLE), "{answer}");
    let frames = local.frames(json!({ "message": "Hi", "request_id": "req_b" })).await;
    let kinds: Vec<_> = frames.iter().filter_map(Frame::token).map(|token| token["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["progress", "completed"], "as the recording of the runtime");
    assert_eq!(tokens(&frames, "progress").next().unwrap()["stage"], "init");
    assert_eq!(completed(&frames)["status"], "error");
    assert!(completed(&frames)["content"].as_str().unwrap().starts_with(UNABLE));
    assert_eq!(local.get("/requests/req_b", "ada").await["status"], "failed");
    assert_eq!(endpoint.seen().len(), 1, "the model is not asked");

    local.server().advance(Duration::from_secs(61));
    assert_eq!(local.say("Hi").await, APOLOGY, "asked again, still down");
    assert!(local.say("Hi").await.starts_with(UNABLE), "and left alone again at once");
    local.server().advance(Duration::from_secs(61));
    assert_eq!(local.say("Hi").await, "Hello there");
    assert_eq!(local.say("Hi").await, "Hello there");
}
