//! The prompt that the model gets.

use crate::endpoint::Endpoint;
use crate::model::local;
use serde_json::{Value, json};

fn messages(endpoint: &Endpoint, call: usize) -> Vec<Value> {
    endpoint.seen()[call].json()["messages"].as_array().unwrap().clone()
}

#[tokio::test]
async fn soul_agent_and_history() {
    let endpoint = Endpoint::start([]).await;
    let local = local(&endpoint).await;
    let say = async |message: &str, agent: &str, session: &str| {
        local.chat("ada", json!({ "message": message, "agent_id": agent, "session_id": session })).await;
    };
    say("One", "assistant", "sess_a").await;
    say("Else", "researcher", "sess_b").await;
    say("Two", "researcher", "sess_a").await;
    let soul = "You are a helpful, professional assistant.";
    let first = json!([
        { "role": "system", "content": format!("{soul}\n\nYou are a helpful AI assistant.") },
        { "role": "user", "content": "One" },
    ]);
    assert_eq!(json!(messages(&endpoint, 0)), first);
    let third = json!([
        { "role": "system", "content": format!("{soul}\n\nYou research topics.") },
        { "role": "user", "content": "One" },
        { "role": "assistant", "content": "Hello there" },
        { "role": "user", "content": "Two" },
    ]);
    assert_eq!(json!(messages(&endpoint, 2)), third);
}

#[tokio::test]
async fn memories_of_this_user() {
    let endpoint = Endpoint::start([]).await;
    let local = local(&endpoint).await;
    for (user, fact) in [("ada", "Ada likes tea"), ("bob", "Bob likes coffee"), ("ada", "Ada is tall")] {
        local.call("POST", "/memories", user, json!({ "content": fact })).await;
    }
    local.say("Hi").await;
    let system = messages(&endpoint, 0)[0]["content"].as_str().unwrap().to_owned();
    assert!(system.ends_with("What you know about the user:\n- Ada is tall\n- Ada likes tea"), "{system}");
}

#[tokio::test]
async fn texts_and_images_of_the_message() {
    let endpoint = Endpoint::start([]).await;
    let local = local(&endpoint).await;
    let files = json!([
        { "filename": "plain.txt", "content": "as it is", "content_type": "text/plain" },
        { "filename": "packed.md", "content": "IyBUaXRsZQ==", "content_type": "text/markdown; charset=utf-8" },
        { "filename": "dot.png", "content": "iVBORw0KGgo=", "content_type": "image/png" },
        { "filename": "a.zip", "content": "UEsDBA==", "content_type": "application/zip" },
    ]);
    local.chat("ada", json!({ "message": "Look", "files": files })).await;
    let content = messages(&endpoint, 0).pop().unwrap()["content"].clone();
    let wanted = json!([
        { "type": "text", "text": "Look" },
        { "type": "text", "text": "File plain.txt:\nas it is" },
        { "type": "text", "text": "File packed.md:\n# Title" },
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0KGgo=" } },
    ]);
    assert_eq!(content, wanted);
}
