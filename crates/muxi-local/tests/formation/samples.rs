//! Replies against the samples recorded from the real runtime: same status, same keys, same kinds of value.

use crate::support::{ADMIN, ALICE, App, CLIENT, Reply, tokens};
use muxi_local::formation::FormationSpec;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

fn sample_text(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contract/samples");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn sample(name: &str) -> Value {
    serde_json::from_str(&sample_text(&format!("{name}.json"))).unwrap()
}

/// Sends the request of a sample, changed where `change` says so.
async fn replay(app: &App, name: &str, change: &[(&str, Value)]) -> (Reply, Value) {
    let mut sample = sample(name);
    for (place, value) in change {
        *sample.pointer_mut(place).unwrap() = value.clone();
    }
    let request = &sample["request"];
    let headers: Vec<(&str, &str)> =
        request["headers"].as_object().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect();
    let path = request["path"].as_str().unwrap().strip_prefix("/v1").unwrap();
    let body = match &request["body"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let reply = app.raw(request["method"].as_str().unwrap(), path, &headers, body).await;
    (reply, sample["response"].clone())
}

/// The differences in shape between two values. Null stands for any kind; the first entries of lists are compared.
fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            // A map from secret names to masks; everything else has fixed keys.
            if path.ends_with("/secrets") {
                return;
            }
            let keys = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
            let (own, other) = (keys(ours), keys(theirs));
            found.extend(own.difference(&other).map(|key| format!("{path}/{key} is not in the sample")));
            found.extend(other.difference(&own).map(|key| format!("{path}/{key} is missing")));
            for key in own.intersection(&other) {
                differences(&format!("{path}/{key}"), &ours[key], &theirs[key], found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            if let (Some(ours), Some(theirs)) = (ours.first(), theirs.first()) {
                differences(&format!("{path}/0"), ours, theirs, found);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (ours, theirs) => {
            if std::mem::discriminant(ours) != std::mem::discriminant(theirs) {
                found.push(format!("{path}: {ours} instead of {theirs}"));
            }
        }
    }
}

fn compare(name: &str, reply: &Reply, response: &Value) {
    let shown = String::from_utf8_lossy(&reply.bytes);
    assert_eq!(u64::from(reply.status.as_u16()), response["status"].as_u64().unwrap(), "{name}: {shown}");
    let kind = response["headers"]["content-type"].as_str().unwrap();
    assert_eq!(reply.headers["content-type"], kind, "{name}");
    let ours = reply.json();
    let theirs = &response["body"];
    let mut found = Vec::new();
    differences("", &ours, theirs, &mut found);
    assert!(found.is_empty(), "{name}: {found:#?}\n{shown}");
    for constant in ["object", "type", "success"] {
        assert_eq!(ours[constant], theirs[constant], "{name}");
    }
}

async fn check(app: &App, name: &str, change: &[(&str, Value)]) -> Reply {
    let (reply, response) = replay(app, name, change).await;
    compare(name, &reply, &response);
    reply
}

/// Samples whose own request gets a reply of the same shape.
#[tokio::test]
async fn configuration() {
    let app = App::new();
    for name in ["health", "status", "agents_list", "logging_destinations", "mcp_tools_list"] {
        check(&app, name, &[]).await;
    }
    for name in ["secret_created", "secrets_list", "sop", "trigger", "triggers_list", "tuning_run"] {
        check(&app, name, &[]).await;
    }
    app.post("/tuning", &[ADMIN], json!({ "content": "x" })).await;
    check(&app, "tuning", &[]).await;
    app.call("DELETE", "/audit?confirm=clear-audit-log", &[ADMIN], None).await;
    check(&app, "audit_log", &[]).await;
}

/// A formation made from the sample's document shows that document.
#[tokio::test]
async fn the_document_comes_back() {
    let (_, response) = replay(&App::new(), "formation", &[]).await;
    let mut document = response["body"]["data"].clone();
    let spec = FormationSpec { document: document.clone(), ..FormationSpec::demo(ADMIN.1, CLIENT.1) };
    let mut shown = App::with_quirks(spec, "literal-passwords").get("/formation", &[ADMIN]).await.data();
    for keys in [&mut document, &mut shown] {
        assert!(keys["server"]["api_keys"]["admin_key"].as_str().unwrap().starts_with("fma••••••••"));
        keys["server"]["api_keys"].take();
        keys["formation_id"].take();
    }
    assert_eq!(shown, document);
}

#[tokio::test]
async fn errors_have_the_same_words() {
    let app = App::new();
    check(&app, "chat_nonstream_own_ids", &[]).await;
    for name in [
        "error_400_user_header",
        "error_401",
        "error_401_missing",
        "error_403",
        "error_404_agent",
        "error_404_route",
        "error_405",
        "error_409_secret_in_use",
        "error_422",
        "error_422_bad_json",
        "error_422_query",
        "error_422_schedule",
        "error_501_async",
        "error_503",
    ] {
        let (reply, response) = replay(&app, name, &[]).await;
        compare(name, &reply, &response);
        assert_eq!(reply.json()["error"], response["body"]["error"], "{name}");
    }
    let change = [("/request/headers/X-Muxi-User-ID", json!("alice"))];
    let (reply, response) = replay(&app, "error_400_cancel_finished", &change).await;
    compare("error_400_cancel_finished", &reply, &response);
    assert_eq!(reply.json()["error"], response["body"]["error"]);
}

#[tokio::test]
async fn too_many_ingestions() {
    let app = App::new();
    for n in 0..4 {
        let body = json!({ "content": "fact", "source": "crm", "source_id": format!("b{n}") });
        assert_eq!(app.post("/memories", &[CLIENT, ALICE], body).await.status, 202);
    }
    let (reply, response) = replay(&app, "error_429", &[]).await;
    assert_eq!(reply.json()["error"], response["body"]["error"]);
    assert_eq!(reply.status, 429);
}

#[tokio::test]
async fn chat() {
    let app = App::new();
    for name in ["chat_nonstream", "chat_nonstream_own_ids", "chat_nonstream_escalated", "audiochat_nonstream"] {
        check(&app, name, &[]).await;
    }
    let message = "/request/body/message";
    check(&app, "chat_nonstream_clarify", &[(message, json!("[[clarify]]"))]).await;
    let unmarked = App::with_quirks(FormationSpec::demo(ADMIN.1, CLIENT.1), "unmarked-failures");
    check(&unmarked, "chat_nonstream_model_down", &[(message, json!("[[fail]]"))]).await;
    check(&app, "chat_nonstream_fastpath", &[(message, json!("[[fast]]"))]).await;
    check(&app, "chat_nonstream_ui", &[(message, json!("[[ui]]"))]).await;
    let reply = check(&app, "chat_nonstream_too_long", &[(message, json!("x".repeat(100_001)))]).await;
    let text = reply.data()["message"]["content"].as_str().unwrap().to_owned();
    assert!(text.starts_with("Message too long: 100,001 characters (max: 100,000)."), "{text}");
}

/// The token of that type and stage in the sample and in our stream have the same keys.
#[tokio::test]
async fn chat_streams() {
    let app = App::new();
    for (name, message) in [
        ("chat_stream.txt", "Please explain Rust ownership"),
        ("chat_stream_artifact.txt", "[[artifact]]"),
        ("chat_stream_tool.txt", "[[tool]]"),
        ("chat_stream_ui.txt", "[[ui]]"),
        ("chat_stream_fastpath.txt", "[[fast]]"),
        ("chat_stream_unicode.txt", "[[fast]]"),
        ("chat_stream_breaker.txt", "[[fail]]"),
        ("chat_stream_clarify.txt", "[[clarify]]"),
        ("chat_stream_workflow.txt", "[[workflow]]"),
    ] {
        let ours = tokens(&app.stream(message).await);
        let kind = |token: &Value| (token["type"].clone(), token["stage"].clone());
        // Two of the recordings lost parts of frames when they were trimmed.
        let sample = sample_text(name);
        let whole = sample
            .split_inclusive("\n\n")
            .filter(|frame| !frame.contains("...\"token\"") && !frame.contains("too...\""));
        for theirs in tokens(&whole.collect::<String>()) {
            // The steps around a made file are those of any tool.
            if name == "chat_stream_artifact.txt" && theirs["stage"] == "plan_step" {
                continue;
            }
            let own = ours.iter().find(|own| kind(own) == kind(&theirs));
            let own = own.unwrap_or_else(|| panic!("{name}: no {:?}", kind(&theirs)));
            let mut found = Vec::new();
            differences("", own, &theirs, &mut found);
            assert!(found.is_empty(), "{name}: {found:#?}");
        }
    }
    let error = app.stream("[[error]]").await;
    assert!(
        error.ends_with("event: error\ndata: {\"error\":\"Simulated engine error\",\"type\":\"RuntimeError\"}\n\n")
    );
    assert!(app.stream("[[ui]]").await.contains("event: ui\ndata: {\"ui\":[{\"type\":\"mcp_resource\""));
}

#[tokio::test]
async fn sessions_and_requests() {
    let app = App::new();
    let own = [("/request/body/session_id", json!("sess_x")), ("/request/body/request_id", json!("req_x"))];
    check(&app, "chat_nonstream_own_ids", &own).await;
    let path = |path: &str| [("/request/path", json!(path))];
    check(&app, "sessions_list", &[]).await;
    check(&app, "session", &path("/v1/sessions/sess_x")).await;
    check(&app, "session_messages", &path("/v1/sessions/sess_x/messages")).await;
    check(&app, "session_restored", &[]).await;
    check(&app, "session_messages_restored", &[]).await;
    check(&app, "requests_list", &[]).await;
    check(&app, "request_status", &path("/v1/requests/req_x")).await;
    check(&app, "buffer_user", &[]).await;
    let escalated = check(&app, "chat_nonstream_escalated", &[]).await.data()["request_id"].clone();
    let escalated = format!("/v1/requests/{}", escalated.as_str().unwrap());
    check(&app, "trigger_sync", &[]).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    check(&app, "request_status_escalated", &path(&escalated)).await;

    let slow = json!({ "message": "[[wait 400]]", "stream": false, "request_id": "req_slow" });
    let running = app.post("/chat", &[CLIENT, ALICE], slow);
    let poll = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        check(&app, "request_status_processing", &path("/v1/requests/req_slow")).await;
        check(&app, "request_cancelled", &path("/v1/requests/req_slow")).await;
    };
    let (reply, ()) = tokio::join!(running, poll);
    assert_eq!(reply.data()["message"]["content"], "", "a cancelled turn has no answer");
}

#[tokio::test]
async fn memories() {
    let app = App::new();
    check(&app, "memory_created", &[]).await;
    check(&app, "memories_list", &[]).await;
    let accepted = check(&app, "memory_ingest_accepted", &[]).await.data();
    check(&app, "memory_ingest_duplicate", &[]).await;
    check(&app, "memory_batch", &[]).await;
    tokio::time::sleep(Duration::from_millis(350)).await;
    let status = format!("/v1/memories/ingestion/{}", accepted["processing_id"].as_str().unwrap());
    check(&app, "memory_ingest_status", &[("/request/path", json!(status))]).await;
    assert_eq!(app.get("/memories", &[CLIENT, ALICE]).await.data()["count"], 3);
    let rebuild = app.post("/memory/rebuild", &[ADMIN], json!({ "user_id": "alice" })).await;
    assert_eq!(rebuild.status, 202);
    let rebuild = format!("/v1/memory/rebuild/{}", rebuild.data()["job_id"].as_str().unwrap());
    tokio::time::sleep(Duration::from_millis(150)).await;
    check(&app, "memory_rebuild_status", &[("/request/path", json!(rebuild))]).await;
    assert_eq!(check(&app, "memory_forget", &[]).await.data()["deleted_events"], 2);
    assert_eq!(app.get("/memories", &[CLIENT, ALICE]).await.data()["count"], 1);
}

#[tokio::test]
async fn scheduler_and_triggers() {
    let app = App::new();
    check(&app, "scheduler_job_one_time", &[]).await;
    let job = check(&app, "scheduler_job", &[]).await.data()["id"].clone();
    check(&app, "scheduler_jobs_list", &[]).await;
    let pause = format!("/v1/scheduler/jobs/{}/pause", job.as_str().unwrap());
    check(&app, "scheduler_job_paused", &[("/request/path", json!(pause))]).await;
    check(&app, "trigger_async", &[]).await;
    let sync = check(&app, "trigger_sync", &[]).await.data();
    assert_eq!(sync["content"], "Echo: New order 7. Say thanks.\n");
}

#[tokio::test]
async fn users() {
    let app = App::new();
    let zoe = app.post("/users/resolve", &[CLIENT], json!({ "identifier": "Zoe@x.io" })).await.data();
    let id = zoe["muxi_user_id"].clone();
    check(&app, "user_resolved", &[]).await;
    check(&app, "users_linked", &[("/request/body/muxi_user_id", id.clone())]).await;
    let path = format!("/v1/users/identifiers/{}", id.as_str().unwrap());
    let reply = check(&app, "users_identifiers", &[("/request/path", json!(path))]).await;
    assert_eq!(reply.data()["count"], 4);
}

#[tokio::test]
async fn artifacts() {
    let app = App::new();
    app.stream("[[artifact]]").await;
    let reply = check(&app, "artifacts_list", &[]).await;
    let id = reply.data()["artifacts"][0]["id"].as_str().unwrap().to_owned();
    let path = |tail: &str| [("/request/path", json!(format!("/v1/artifacts/{id}{tail}")))];
    check(&app, "artifact_versions", &path("/versions")).await;
    let (reply, response) = replay(&app, "artifact_content", &path("/content")).await;
    for header in response["headers"].as_object().unwrap().keys() {
        assert!(reply.headers.contains_key(header), "{header}");
    }
    assert_eq!(reply.text(), "[[artifact]]");
    assert_eq!(reply.headers["content-disposition"], "inline; filename=\"echo.txt\"; filename*=UTF-8''echo.txt");
}
