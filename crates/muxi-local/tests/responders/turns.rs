//! The other effects of a script's reply on its turn.

use crate::local::{Frame, Local, completed, slices, tokens};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn ask(message: &str) -> Value {
    json!({ "message": message, "session_id": "sess_t", "request_id": "req_t" })
}

async fn reply(yaml: &str) -> (Local, Vec<Frame>) {
    let local = Local::script(yaml).await;
    let frames = local.frames(ask("go")).await;
    (local, frames)
}

#[tokio::test]
async fn deltas_pace_and_wait() {
    let yaml = "- {when: {text: both}, reply: {text: Hi!, deltas: [H, i!]}}\n\
                - {when: {text: sum}, reply: {deltas: ['{user}', '!']}}\n\
                - reply: {text: one two three, pace_ms: 300, wait_ms: 1200}\n";
    let local = Local::script(yaml).await;
    let frames = local.frames(ask("both")).await;
    assert_eq!((slices(&frames), &completed(&frames)["content"]), (vec!["H", "i!"], &json!("Hi!")));
    let frames = local.frames(ask("sum")).await;
    assert_eq!((slices(&frames), &completed(&frames)["content"]), (vec!["ada", "!"], &json!("ada!")));

    let start = Instant::now();
    let mut stream = local.open(ask("slow")).await;
    let mut times = Vec::new();
    for slice in ["one ", "two ", "three"] {
        assert_eq!(stream.token("content").await["content"], slice);
        times.push(start.elapsed());
    }
    assert!(times[0] >= Duration::from_millis(1200), "{times:?}");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] > Duration::from_millis(200)), "{times:?}");
}

#[tokio::test]
async fn events_tools_agent_and_metadata() {
    let yaml = r#"
- reply:
    text: Done
    agent: support
    events:
      - { type: progress, stage: tool_started, content: "Looking for {user}", tool_name: lookup, deep: { who: ["{user}"] } }
      - { type: brand_new }
    tools: [ { server: shop, name: find_order } ]
    metadata: { session_id: sess_other, cost: 3, who: "{user}" }
"#;
    let (local, frames) = reply(yaml).await;
    let all: Vec<&Value> = frames.iter().filter_map(Frame::token).collect();
    let place = |test: &dyn Fn(&Value) -> bool| all.iter().position(|token| test(token)).expect("the token");
    let tool = place(&|token| token["stage"] == "plan_step" && token["tool_name"] == "shop__find_order");
    let own = place(&|token| token["content"] == "Looking for ada" && token["deep"] == json!({ "who": ["ada"] }));
    let new = place(&|token| token["type"] == "brand_new" && token["content"] == "");
    let text = place(&|token| token["type"] == "content");
    assert!(tool < own && own < new && new < text);
    assert_eq!(completed(&frames)["agent_used"], "support");
    assert!(tokens(&frames, "tool_call").any(|token| token["service"] == "shop" && token["tool_name"] == "find_order"));
    let data = local.chat("ada", json!({ "message": "go" })).await;
    assert_eq!(data["message"]["metadata"], json!({ "session_id": "sess_other", "cost": 3, "who": "ada" }));
}

#[tokio::test]
async fn widgets_come_before_done() {
    let yaml = "- reply: {text: Choose, widgets: [{type: options, prompt: 'Which, {user}?'}, {type: x, id: ui_own}]}";
    let (local, frames) = reply(yaml).await;
    let [.., Frame::Event(ui, shown), Frame::Event(done, _)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!((ui.as_str(), done.as_str()), ("ui", "done"));
    assert_eq!(shown["ui"][0]["prompt"], "Which, ada?");
    assert!(shown["ui"][0]["id"].as_str().unwrap().starts_with("ui_"));
    assert_eq!(shown["ui"][1]["id"], "ui_own");
    assert_eq!(local.chat("ada", ask("go")).await["message"]["ui"][0]["type"], "options");
}

#[tokio::test]
async fn artifacts_are_stored_and_returned() {
    let yaml = r#"
- reply:
    text: Here
    artifacts:
      - { filename: "{user}.csv", content: "a,b\n1,{user}\n", content_type: text/csv }
      - { filename: dot.png, base64: iVBORw0KGgo=, content_type: image/png }
"#;
    let (local, frames) = reply(yaml).await;
    let files = completed(&frames)["artifacts"].clone();
    assert_eq!((&files[0]["filename"], &files[0]["content"]), (&json!("ada.csv"), &json!("a,b\n1,ada\n")));
    assert_eq!((&files[1]["type"], &files[1]["content"]), (&json!("image"), &Value::Null));
    assert_eq!(files[1]["data_url"], "data:image/png;base64,iVBORw0KGgo=");
    assert!(
        tokens(&frames, "progress").any(|token| token["stage"] == "artifact_created" && token["filename"] == "dot.png")
    );
    let rows = local.get("/artifacts", "ada").await;
    let row = rows["artifacts"].as_array().unwrap().iter().find(|row| row["name"] == "dot.png").unwrap().clone();
    assert_eq!((&row["content_type"], &row["category"]), (&json!("image/png"), &json!("image")));
    let path = format!("/artifacts/{}/content", row["id"].as_str().unwrap());
    let response = local.send("GET", &path, "ada", &Value::Null).await;
    assert_eq!(response.headers()["content-type"], "image/png");
    assert_eq!(&response.into_body().collect().await.unwrap().to_bytes()[..], b"\x89PNG\r\n\x1a\n");
    let again = local.chat("ada", ask("go")).await;
    assert_eq!(again["message"]["artifacts"][0]["metadata"]["size_bytes"], 10);
}

#[tokio::test]
async fn a_question_waits_for_its_answer() {
    let yaml = "- {times: 1, reply: {clarify: 'Which one, {user}?'}}\n- reply: Thanks\n";
    let (local, frames) = reply(yaml).await;
    let end = completed(&frames);
    assert_eq!((&end["status"], &end["content"]), (&json!("awaiting_clarification"), &json!("Which one, ada?")));
    assert!(slices(&frames).is_empty());
    assert_eq!(local.get("/requests/req_t", "ada").await["status"], "processing");
    let answered = local.chat("ada", json!({ "message": "that", "session_id": "sess_t" })).await;
    assert_eq!(answered["message"]["content"], "Thanks");
    assert_eq!(local.get("/requests/req_t", "ada").await["status"], "completed");
}

#[tokio::test]
async fn the_course_of_a_turn() {
    let (_, frames) = reply("- reply: {text: All done, workflow: true}").await;
    assert_eq!((&completed(&frames)["stage"], &completed(&frames)["content"]), (&json!("final"), &json!("All done")));
    assert!(completed(&frames).get("status").is_none());
    assert_eq!(slices(&frames), ["All done"], "the whole answer comes once more, after completed");

    let (local, frames) = reply("- reply: {text: Hey, fast: true}").await;
    assert_eq!(completed(&frames)["fast_path"], true);
    for (message, early) in [(" Thank you", true), ("Hello!", false)] {
        let answer = local.chat("ada", ask(message)).await;
        let metadata = &answer["message"]["metadata"];
        assert_eq!(metadata["fast_path"], true);
        assert_eq!((metadata.get("early_heuristic").is_some(), metadata.get("session_id").is_none()), (early, early));
    }

    let (local, frames) = reply("- reply: {text: Hm, status: escalated}").await;
    let answer = local.chat("ada", ask("go")).await;
    assert_eq!(answer["message"]["metadata"]["escalated"], true);
    assert_eq!(
        (&completed(&frames)["status"], &completed(&frames)["agent_used"]),
        (&json!("escalated"), &json!("assistant"))
    );

    let (local, frames) = reply("- reply: {text: Sorry, status: error}").await;
    assert_eq!((&completed(&frames)["status"], &completed(&frames)["content"]), (&json!("error"), &json!("Sorry")));
    assert_eq!(local.get("/requests/req_t", "ada").await["status"], "failed");
}

#[tokio::test]
async fn an_engine_that_breaks() {
    let (local, frames) = reply("- reply: {error: {type: KeyError, message: 'no {message}'}}").await;
    let last = Frame::Event("error".to_owned(), json!({ "error": "no go", "type": "KeyError" }));
    assert_eq!(frames.last(), Some(&last));
    let (status, answer) = local.call("POST", "/chat", "ada", json!({ "message": "go", "stream": false })).await;
    assert_eq!((status, &answer["error"]["code"]), (500, &json!("INTERNAL_ERROR")));
    assert_eq!(answer["error"]["message"], "no go");
    let (_, frames) = reply("- reply: {error: broken}").await;
    let last = Frame::Event("error".to_owned(), json!({ "error": "broken", "type": "RuntimeError" }));
    assert_eq!(frames.last(), Some(&last));
}

#[tokio::test]
async fn streams_with_odd_ends() {
    let (local, frames) = reply("- reply: {text: one two three four, cut: true}").await;
    assert_eq!(slices(&frames), ["one ", "two "]);
    assert_eq!(tokens(&frames, "completed").count(), 0);
    assert!(!frames.iter().any(|frame| matches!(frame, Frame::Event(..))));
    assert_eq!(local.say("go").await, "one two three four", "JSON is whole");

    let (_, frames) = reply("- reply: {text: one two, mute: true}").await;
    assert_eq!((slices(&frames).len(), tokens(&frames, "completed").count()), (2, 0));
    assert!(matches!(frames.last(), Some(Frame::Event(name, _)) if name == "done"));

    let (_, frames) = reply("- reply: {text: right, deltas: [wr, ong], discontinuity: true}").await;
    assert_eq!((slices(&frames).concat(), &completed(&frames)["content"]), ("wrong".to_owned(), &json!("right")));
    assert_eq!(completed(&frames)["stream_discontinuity"], true);
    let (_, frames) = reply("- reply: {text: right, discontinuity: true}").await;
    assert_ne!(slices(&frames).concat(), "right");
}

#[tokio::test]
async fn facts_become_memories_of_the_user() {
    let (local, _) = reply("- reply: {text: Noted, memories: ['{user} likes tea', 'is tall']}").await;
    let rows = local.get("/memories", "ada").await;
    let mut facts: Vec<&str> =
        rows["memories"].as_array().unwrap().iter().map(|row| row["content"].as_str().unwrap()).collect();
    facts.sort_unstable();
    assert_eq!(facts, ["ada likes tea", "is tall"]);
    assert_eq!(local.get("/memories", "bob").await["count"], 0);
}

#[tokio::test]
async fn a_script_answers_escalated_requests_too() {
    let local = Local::script("- reply: 'later, {user}'").await;
    let data = local.chat("ada", json!({ "message": "go", "agent_id": "nobody", "request_id": "req_e" })).await;
    assert_eq!(data["message"]["metadata"]["escalated"], true);
    let deadline = Instant::now() + crate::local::PATIENCE;
    loop {
        let row = local.get("/requests/req_e", "ada").await;
        if row["status"] == "completed" {
            assert_eq!((&row["result"], &row["escalated"]), (&json!("later, ada"), &json!(true)));
            break;
        }
        assert!(Instant::now() < deadline, "{row}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
