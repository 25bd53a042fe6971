//! Turns that go on after their call was answered, and how their end is told.

use super::requests::End;
use super::running::{Reply, Turn};
use crate::formation::Formation;
use crate::formation::log::webhooks::{Notice, Secret, deliver};
use crate::formation::responder::Ask;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The time between a failed turn and its retry.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The URL that is told of the end of a turn: the call's own, else the formation's, else none.
fn target(formation: &Formation, own: Option<String>) -> Option<String> {
    let shared = || formation.spec.section("async").get("webhook_url").and_then(Value::as_str).map(str::to_owned);
    own.or_else(shared).filter(|url| !url.is_empty())
}

/// Runs a turn to its end in a task of its own; the result is to be polled, and goes to the webhook if there is one.
pub(crate) fn run(mut turn: Turn, webhook: Option<String>) {
    let url = target(&turn.formation, webhook);
    turn.formation.state().requests.pending(turn.serial);
    tokio::spawn(async move {
        turn.formation.state().requests.mark(turn.serial, "processing");
        turn.run().await;
        if turn.end.is_none() {
            turn.formation.state().requests.mark(turn.serial, "awaiting_clarification");
            // No caller waits for this, nor for what follows; a change that fails here is tried again with the next
            // one.
            let _ = turn.formation.commit().await;
        }
        if let Some(url) = url
            && let Some(payload) = result(&turn, &url)
        {
            send(turn, url, payload, Secret::Admin).await;
        }
    });
}

/// Sends what a turn came to. The turn itself is over before the first try.
async fn send(turn: Turn, url: String, payload: Value, secret: Secret) {
    let (request, formation) = (turn.request_id.clone(), turn.formation.clone());
    let (user, session) = (turn.user.clone(), Some(turn.session_id.clone()));
    drop(turn);
    deliver(&formation, &Notice { url, payload, secret, request, user, session }).await;
}

/// The payload about a turn that has ended, or waits for an answer. A cancelled turn has none.
fn result(turn: &Turn, url: &str) -> Option<Value> {
    let formation = &turn.formation;
    let text = turn.reply.as_ref().map_or("", |reply| reply.content.as_str());
    let (status, response, error) = match &turn.end {
        Some(End::Completed(_)) => ("completed", json!([{ "type": "text", "text": text }]), Value::Null),
        Some(End::Failed(message)) => {
            ("failed", json!([]), json!({ "code": "processing_failed", "message": message, "trace": null }))
        }
        Some(End::Cancelled) => return None,
        None => {
            return Some(json!({
                "request_id": turn.request_id, "status": "awaiting_clarification", "clarification_question": text,
                "clarification_request_id": turn.request_id, "original_message": turn.message, "user_id": turn.user,
                "timestamp": formation.seconds(),
            }));
        }
    };
    Some(json!({
        "id": turn.request_id, "object": "response", "status": status,
        "timestamp": formation.now().as_millisecond(), "formation_id": formation.spec.id, "user_id": turn.user,
        "processing_time": turn.started.elapsed().as_secs_f64(), "processing_mode": "async", "webhook_url": url,
        "error": error, "response": response,
    }))
}

/// Retries a failed turn in background, under its own id. Returns the id and the reply for the caller.
pub(crate) fn escalate(formation: &Arc<Formation>, ask: &Ask) -> (String, Reply) {
    let url = target(formation, ask.webhook.clone());
    let delivery = if url.is_some() { "webhook" } else { "polling" };
    let mut turn = Turn::start(formation, ask);
    let (request_id, session_id) = (turn.request_id.clone(), turn.session_id.clone());
    formation.state().requests.escalate(turn.serial);
    tokio::spawn(async move {
        turn.formation.host.clock.sleep(RETRY_AFTER).await;
        turn.run().await;
        let payload = ending(&turn);
        if let Some(report) = payload.get("report") {
            turn.formation.state().requests.report(turn.serial, report.clone(), turn.formation.seconds());
            let _ = turn.formation.commit().await;
        }
        if let Some(url) = url {
            send(turn, url, payload, Secret::Client).await;
        }
    });
    let content = format!(
        "This has failed. I'm going to retry with a different approach and let you know asynchronously. \
         Your request ID is {request_id}. Poll GET /v1/requests/{request_id} for the outcome."
    );
    let metadata = json!({
        "escalated": true, "request_id": request_id, "session_id": session_id, "delivery": delivery,
    });
    (request_id, Reply { content, artifacts: Vec::new(), metadata, widgets: Vec::new() })
}

/// The payload about a retried turn that has ended.
fn ending(turn: &Turn) -> Value {
    let state = match &turn.end {
        Some(End::Completed(_)) => "achieved",
        Some(End::Failed(_)) => "impossible",
        Some(End::Cancelled) => "abandoned",
        None => "stuck",
    };
    let mut payload = json!({
        // The turn that failed, and its retry.
        "request_id": turn.request_id, "state": state, "attempts": 2, "timestamp": turn.formation.seconds(),
    });
    if let Some(End::Completed(result)) = &turn.end {
        payload["result"] = result.clone();
        return payload;
    }
    let detail = match &turn.end {
        Some(End::Failed(error)) => error.clone(),
        Some(_) => "The request was cancelled".to_owned(),
        None => "The retry ended with a question".to_owned(),
    };
    payload["report"] = json!({
        "state": state, "detail": detail, "attempts": [], "what_would_unblock": null,
        "wall_time_seconds": turn.started.elapsed().as_secs_f64(),
    });
    payload
}
