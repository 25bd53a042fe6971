//! The streams of what happens.

use crate::support::{ALICE, AS_ADMIN, BOB, Headers, Local, job, read_until};
use hyper::body::Incoming;
use serde_json::{Value, json};

async fn listen(local: &Local, path: &str, headers: Headers<'_>) -> Incoming {
    let response = local.open("GET", path, headers, None).await;
    assert_eq!(response.status(), 200);
    response.into_body()
}

fn entries(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test]
async fn events_carry_a_user_s_turns() {
    let local = Local::start().await;
    let mut all = listen(&local, "/events", ALICE).await;
    let mut one = listen(&local, "/events/sess_2", ALICE).await;
    let chat = |message: &str, session: &str| json!({ "message": message, "session_id": session, "stream": false });
    local.post("/chat", BOB, chat("mine", "sess_1")).await.data();
    local.post("/chat", ALICE, chat("hi", "sess_1")).await.data();
    local.post("/chat", ALICE, chat("[[workflow]] [[tool]]", "sess_2")).await.data();
    let text = read_until(&mut all, "workflow.synthesis").await;
    let kinds: Vec<String> = entries(&text).iter().map(|entry| entry["type"].as_str().unwrap().to_owned()).collect();
    for kind in [
        "chat.started",
        "agent.selected",
        "agent.processing",
        "chat.completed",
        "workflow.started",
        "workflow.progress",
    ] {
        assert!(kinds.iter().any(|known| known == kind), "{kind} is not among {kinds:?}");
    }
    let first = &entries(&text)[0];
    let keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["type", "timestamp", "message", "session_id", "request_id"]);
    assert!(first["timestamp"].is_f64() && first["session_id"] == "sess_1");
    assert!(!text.contains("api.request"));
    let text = read_until(&mut one, "workflow.synthesis").await;
    assert!(entries(&text).iter().all(|entry| entry["session_id"] == "sess_2"), "{text}");
}

#[tokio::test]
async fn logs_carry_everything_and_are_filtered() {
    let local = Local::start().await;
    let mut everything = listen(&local, "/logs?level=info", AS_ADMIN).await;
    let mut errors = listen(&local, "/logs?level=error", AS_ADMIN).await;
    let mut agent = listen(&local, "/logs?agent_id=researcher", AS_ADMIN).await;
    let mut jobs = listen(&local, "/logs?event_type=scheduler.job.*", AS_ADMIN).await;
    local.post("/secrets", AS_ADMIN, json!({ "key": "TOKEN", "value": "very-secret-value" })).await.data();
    local.post("/memories", ALICE, json!({ "content": "tea" })).await.data();
    local
        .post("/triggers/order-created", ALICE, json!({ "data": { "customer": "Z", "order": { "id": 1 } } }))
        .await
        .data();
    local.post("/chat", ALICE, json!({ "message": "a", "agent_id": "assistant", "stream": false })).await.data();
    local.post("/chat", ALICE, json!({ "message": "b", "agent_id": "researcher", "stream": false })).await.data();
    local.post("/scheduler/jobs", AS_ADMIN, job("recurring", "0 * * * *", "[[fail]]")).await.data();
    local.advance(3600);
    let text = read_until(&mut everything, "scheduler.job.failed").await;
    for kind in [
        "secret.created",
        "memory.created",
        "trigger.fired",
        "chat.completed",
        "scheduler.job.created",
        "api.request",
        "scheduler.job.started",
    ] {
        assert!(text.contains(&format!("\"event_type\":\"{kind}\"")), "{kind} is not in {text}");
    }
    assert!(!text.contains("very-secret-value"));
    assert!(text.starts_with("event: log\ndata: "));
    let keys: Vec<String> = entries(&text)[0].as_object().unwrap().keys().cloned().collect();
    let expected =
        ["timestamp", "level", "event_type", "user_id", "session_id", "request_id", "agent_id", "message", "data"];
    assert_eq!(keys, expected);
    assert!(entries(&text).iter().all(|entry| entry["level"] != "debug" && entry["data"].is_object()));

    let text = read_until(&mut errors, "scheduler.job.failed").await;
    assert!(entries(&text).iter().all(|entry| entry["level"] == "error"), "{text}");
    let text = read_until(&mut agent, "chat.completed").await;
    assert!(entries(&text).iter().all(|entry| entry["agent_id"] == "researcher"), "{text}");
    let text = read_until(&mut jobs, "scheduler.job.failed").await;
    assert!(entries(&text).iter().all(|entry| entry["event_type"].as_str().unwrap().starts_with("scheduler.job.")));
    assert!(entries(&text).iter().any(|entry| entry["data"]["job_id"].is_string()));
}
