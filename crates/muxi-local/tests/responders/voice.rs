//! Voice notes: transcribed by a script or by the model's endpoint.

use crate::endpoint::{Endpoint, Play};
use crate::local::{Frame, Local, completed, tokens};
use crate::model::local;
use muxi_local::Server;
use serde_json::{Value, json};

const WAV: &str = "UklGRiQAAABXQVZF";

fn notes(names: &[&str]) -> Value {
    let file = |name: &&str| json!({ "filename": name, "content": WAV, "content_type": "audio/wav" });
    json!({ "files": names.iter().map(file).collect::<Vec<_>>(), "stream": false })
}

async fn say(local: &Local, names: &[&str]) -> Value {
    let (status, answer) = local.call("POST", "/audiochat", "ada", notes(names)).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"]["message"].clone()
}

#[tokio::test]
async fn a_script_says_what_is_heard() {
    let yaml = "
transcribe:
  - { when: { filename: '^order' }, text: Where is my order? }
  - { when: { filename: empty, content_type: audio/wav }, text: '' }
  - { when: { content_type: audio/ogg }, text: never }
rules:
  - { when: { text: my order, channel: audio }, reply: On its way }
otherwise: echo
";
    let local = Local::script(yaml).await;
    assert_eq!(say(&local, &["order.wav"]).await["content"], "On its way");
    assert_eq!(
        say(&local, &["a.wav", "b.wav"]).await["content"],
        "Echo: [voice note a.wav, b.wav]",
        "as without a rule"
    );
    let both = say(&local, &["x.wav", "empty.wav"]).await;
    assert_eq!(both["content"], "Echo: \n[voice note x.wav]");
    nothing_heard(&local).await;
}

/// An empty transcription makes no turn.
async fn nothing_heard(local: &Local) {
    let empty = say(local, &["empty.wav"]).await;
    assert_eq!(empty["metadata"], json!({ "error": "empty_transcription" }));
    let mut body = notes(&["empty.wav"]);
    body["stream"] = json!(true);
    let response = local.send("POST", "/audiochat", "ada", &body).await;
    let frames = crate::local::Stream::of(response).all().await;
    assert_eq!(completed(&frames)["status"], "error");
    assert_eq!(tokens(&frames, "content").count(), 0);
    assert!(matches!(frames.last(), Some(Frame::Event(name, _)) if name == "done"));
}

#[tokio::test]
async fn the_endpoint_is_sent_the_sound() {
    let endpoint = Endpoint::start([]).await;
    endpoint.hear(Play::Plain(200, "application/json", r#"{"text":" What time is it? "}"#));
    let local = local(&endpoint).await;
    assert_eq!(say(&local, &["a\"\r\n.wav"]).await["content"], "Hello there");
    let asked = endpoint.seen()[0].json()["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(asked, json!({ "role": "user", "content": "What time is it?" }));
    let heard = endpoint.heard().remove(0);
    assert_eq!(heard.headers["authorization"], "Bearer sk-secret");
    let kind = heard.headers["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let text = String::from_utf8_lossy(&heard.bytes).into_owned();
    let parts: Vec<&str> = text.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 5, "{text}");
    assert!(parts[1].contains("name=\"model\"\r\n\r\nwhisper-1\r\n"), "{text}");
    assert!(
        parts[3].contains(
            "name=\"file\"; filename=\"a%22%0D%0A.wav\"\r\ncontent-type: audio/wav\r\n\r\nRIFF$\0\0\0WAVE\r\n"
        )
    );
    assert_eq!(parts[4], "--\r\n");
}

#[tokio::test]
async fn an_endpoint_that_cannot_hear() {
    let endpoint = Endpoint::start([]).await;
    let local = local(&endpoint).await;
    assert_eq!(say(&local, &["a.wav"]).await["content"], "Hello there");
    let asked = endpoint.seen()[0].json()["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(asked["content"], "[voice note a.wav]", "a missing route is no failure");
    for play in [
        Play::Plain(500, "application/json", r#"{"error":{"message":"no"}}"#),
        Play::Plain(200, "text/html", "<h1>Hi</h1>"),
        Play::Plain(200, "application/json", r#"{"text":"  "}"#),
    ] {
        endpoint.hear(play);
        nothing_heard(&local).await;
    }
    assert_eq!(endpoint.seen().len(), 1, "nothing heard is not asked");
}

#[tokio::test]
async fn the_script_goes_first() {
    let endpoint = Endpoint::start([]).await;
    endpoint.hear(Play::Plain(200, "application/json", r#"{"text":"from the endpoint"}"#));
    let script = "transcribe: [{when: {filename: known}, text: from the script}]";
    let local = Local::start(Server::builder().script(script).llm(&endpoint.url, None, None)).await;
    say(&local, &["known.wav", "other.wav"]).await;
    let asked = endpoint.seen()[0].json()["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(asked["content"], "from the script\nfrom the endpoint");
    assert_eq!(endpoint.heard().len(), 1);
}
