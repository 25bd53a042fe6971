//! Triggers and retried turns in background, and the webhooks that tell of their end.

use crate::support::{ADMIN, ALICE, CLIENT, Local, Receiver};
use serde_json::{Value, json};
use std::time::Duration;

/// A formation with two triggers: one tells its own webhook, the other the formation's.
pub(crate) async fn formation(own: &str, shared: &str, settings: &str, quirks: &str) -> Local {
    let document = format!("async: {{ webhook_url: \"{shared}\"{settings} }}\n");
    let own = format!("---\nwebhook: \"{own}\"\n---\n${{{{ data.say }}}}");
    Local::with_files(
        &[("formation.afs", &document), ("triggers/own.md", &own), ("triggers/shared.md", "${{ data.say }}")],
        quirks,
    )
    .await
}

pub(crate) async fn fire(local: &Local, name: &str, say: &str) -> String {
    let body = json!({ "data": { "say": say }, "session_id": "sess_t" });
    let reply = local.post(&format!("/triggers/{name}"), ALICE, body).await;
    assert_eq!(reply.json["data"], json!({ "status": "processing" }));
    reply.json["request"]["id"].as_str().unwrap().to_owned()
}

/// Waits until the log says so much of a webhook.
async fn logged(local: &Local, words: &str) {
    for _ in 0..200 {
        if local.log().await.contains(words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the log never says {words:?}: {}", local.log().await)
}

#[tokio::test]
async fn a_trigger_tells_its_webhook() {
    let (own, shared) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    let local = formation(&own.url, &shared.url, "", "").await;
    let id = fire(&local, "own", "häppy \u{1F600}").await;
    let delivery = &own.wait(1).await[0];
    assert!(delivery.is_signed(ADMIN) && !delivery.is_signed(CLIENT));
    assert_eq!(delivery.headers["content-type"], "application/json");
    let body = delivery.json();
    let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "id",
        "object",
        "status",
        "timestamp",
        "formation_id",
        "user_id",
        "processing_time",
        "processing_mode",
        "webhook_url",
        "error",
        "response",
    ];
    assert_eq!(keys, expected);
    assert_eq!((&body["id"], &body["status"], &body["object"]), (&json!(id), &json!("completed"), &json!("response")));
    assert_eq!(body["response"], json!([{ "type": "text", "text": "Echo: häppy \u{1F600}" }]));
    assert_eq!((&body["user_id"], &body["processing_mode"]), (&json!("alice"), &json!("async")));
    assert_eq!(body["webhook_url"], own.url);
    // As shipped: spaced and escaped, so that the raw bytes are not what was signed.
    let text = std::str::from_utf8(&delivery.body).unwrap();
    assert!(text.contains("\"object\": \"response\", ") && text.contains("h\\u00e4ppy \\ud83d\\ude00"), "{text}");

    logged(&local, "delivered at attempt 1: status 200").await;
    let log = local.log().await;
    assert!(log.contains("webhook.delivered") && log.contains("trigger.fired"), "{log}");
    let row = local.get(&format!("/requests/{id}"), ALICE).await;
    assert_eq!((&row["status"], row.get("webhook")), (&json!("completed"), None), "the row does not tell of it");
    assert!(!log.contains("token=private"), "a URL's query may be secret");

    fire(&local, "shared", "to all").await;
    assert_eq!(shared.wait(1).await[0].json()["response"][0]["text"], "Echo: to all");
    assert_eq!(own.count(), 1);
}

#[tokio::test]
async fn failures_and_questions_are_told() {
    let hook = Receiver::start(&[]).await;
    let local = formation("", &hook.url, "", "").await;
    let id = fire(&local, "shared", "[[fail]]").await;
    let body = hook.wait(1).await[0].json();
    assert_eq!((&body["id"], &body["status"], &body["response"]), (&json!(id), &json!("failed"), &json!([])));
    let error = json!({ "code": "processing_failed", "message": "The model is unavailable", "trace": null });
    assert_eq!(body["error"], error);

    let id = fire(&local, "shared", "[[clarify]]").await;
    let delivery = hook.wait(2).await[1].clone();
    assert!(delivery.is_signed(ADMIN));
    let body = delivery.json();
    assert_eq!((&body["request_id"], &body["status"]), (&json!(id), &json!("awaiting_clarification")));
    assert_eq!(body["clarification_question"], "Which region? Options: US, EU");
    assert_eq!((&body["original_message"], &body["user_id"]), (&json!("[[clarify]]"), &json!("alice")));
    assert!(body["timestamp"].is_f64() && body.get("id").is_none());
    let path = format!("/requests/{id}");
    assert_eq!(local.get(&path, ALICE).await["status"], "awaiting_clarification");
    let cancelled = local.call("DELETE", &path, ALICE, Value::Null).await.data();
    assert_eq!(cancelled["cancellation"], "immediate");
    assert_eq!(local.get(&path, ALICE).await["status"], "cancelled");
}

#[tokio::test]
async fn deliveries_are_retried_on_the_clock() {
    let hook = Receiver::start(&[500, 302]).await;
    let local = formation("", &hook.url, "", "").await;
    fire(&local, "shared", "again").await;
    logged(&local, "webhook.retrying: ").await;
    logged(&local, "failed at attempt 1: status 500").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(hook.count(), 1, "a second has not passed");
    local.advance(1);
    // A redirect is not followed.
    logged(&local, "failed at attempt 2: status 302").await;
    local.advance(1);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(hook.count(), 2, "the second pause is two seconds");
    local.advance(1);
    let deliveries = hook.wait(3).await;
    logged(&local, "delivered at attempt 3: status 200").await;
    assert!(deliveries.iter().all(|delivery| delivery.is_signed(ADMIN)));
    assert!(deliveries[2].time() >= deliveries[0].time() + 3, "each try is signed afresh");
    assert_eq!(deliveries[0].body, deliveries[2].body);
}

#[tokio::test]
async fn retries_end() {
    let hook = Receiver::start(&[500; 10]).await;
    let local = formation("", &hook.url, ", webhook_retries: 1", "").await;
    let id = fire(&local, "shared", "never").await;
    logged(&local, "failed at attempt 1: status 500").await;
    local.advance(60);
    logged(&local, "failed at attempt 2: status 500").await;
    assert!(local.log().await.contains("webhook.failed: "));
    assert_eq!(local.get(&format!("/requests/{id}"), ALICE).await["status"], "completed");
    local.advance(3600);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(hook.count(), 2);
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let local = formation("", &url, ", webhook_retries: 0, webhook_timeout: 0.2", "").await;
    fire(&local, "shared", "silence").await;
    logged(&local, "failed at attempt 1: no answer within 0.2 s").await;
}

#[tokio::test]
async fn a_retried_turn_tells_its_end() {
    let (own, shared) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    let local = formation("", &shared.url, "", "").await;
    let ask =
        |message: &str| json!({ "message": message, "agent_id": "nobody", "stream": false, "webhook_url": own.url });
    let reply = local.post("/chat", ALICE, ask("hi")).await.data();
    assert_eq!(reply["message"]["metadata"]["delivery"], "webhook");
    let id = reply["request_id"].clone();
    let delivery = &own.wait(1).await[0];
    let body = delivery.json();
    assert_eq!((&body["request_id"], &body["state"], &body["attempts"]), (&id, &json!("achieved"), &json!(2)));
    assert!(body["result"].as_str().unwrap().contains("Echo: hi") && body.get("status").is_none());
    let text = std::str::from_utf8(&delivery.body).unwrap();
    assert!(text.starts_with("{\"attempts\":2,\"request_id\":"), "canonical as it is: {text}");
    assert_eq!(shared.count(), 0, "the call's own URL comes first");

    let failing = local.post("/chat", ALICE, ask("[[error]]")).await.data()["request_id"].clone();
    let body = own.wait(2).await[1].json();
    assert_eq!((&body["state"], &body["report"]["state"]), (&json!("impossible"), &json!("impossible")));
    let row = local.get(&format!("/requests/{}", failing.as_str().unwrap()), ALICE).await;
    assert_eq!((&row["status"], &row["report"]["detail"]), (&json!("failed"), &json!("Simulated engine error")));
    assert_eq!(row["escalated"], true);
}
