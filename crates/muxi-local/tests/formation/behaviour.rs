//! The effects of calls, beyond the shape of their replies.

use crate::support::{ADMIN, ALICE, App, BOB, CLIENT};
use muxi_local::formation::FormationSpec;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn envelope() {
    let app = App::new();
    let reply = app.get("/agents", &[ADMIN]).await;
    let text = reply.text();
    assert!(text.starts_with("{\"object\":\"agent_list\",\"timestamp\":1"), "{text}");
    let json = reply.json();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["object", "timestamp", "type", "request", "success", "error", "data"]);
    let id = json["request"]["id"].as_str().unwrap();
    assert!(id.len() == 25 && id.starts_with("req_"), "{id}");
    assert!(json["timestamp"].is_i64());
}

#[tokio::test]
async fn keys() {
    let app = App::new();
    let lower = [("x-muxi-admin-key", ADMIN.1)];
    assert_eq!(app.get("/agents", &lower).await.status, 200);
    for headers in [&[CLIENT][..], &[("X-Muxi-Admin-Key", "fma_demo_admin_kez")], &[("X-Muxi-Admin-Key", "kéy")], &[]]
    {
        let reply = app.get("/agents", headers).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (401, "UNAUTHORIZED"));
        assert!(!reply.headers.contains_key("www-authenticate"));
    }
    assert_eq!(app.get("/sessions", &[ADMIN, ALICE]).await.status, 401, "the admin key is no client key");
    assert_eq!(app.get("/memories", &[ADMIN, ALICE]).await.status, 200);
    assert_eq!(app.get("/memories", &[CLIENT, ALICE]).await.status, 200);
    let wrong = [("X-Muxi-Client-Key", "nope"), ALICE];
    assert_eq!(app.get("/memories", &wrong).await.status, 401);
    assert_eq!(app.get("/memories", &[ADMIN]).await.status, 400, "memories always need a user");
    assert_eq!(app.get("/requests", &[ADMIN]).await.status, 200, "requests do not with the admin key");
    assert_eq!(app.get("/requests", &[CLIENT]).await.status, 400);
}

#[tokio::test]
async fn order_of_checks() {
    let app = App::new();
    let broken = |headers: Vec<(&'static str, &'static str)>, body: &str| {
        let body = body.to_owned();
        async move { App::new().raw("POST", "/chat", &headers, Some(body)).await }
    };
    assert_eq!(broken(vec![], "{bad").await.status, 422, "broken JSON comes before the key");
    assert_eq!(broken(vec![], "{}").await.status, 401, "the key comes before the schema");
    assert_eq!(broken(vec![CLIENT], "{}").await.status, 422);
    let text = broken(vec![CLIENT, ("content-type", "text/plain")], "{\"message\":\"x\"}").await;
    assert_eq!((text.status.as_u16(), text.code().as_str()), (422, "INVALID_PARAMS"));
    let empty = app.call("POST", "/chat", &[CLIENT], None).await.json();
    assert_eq!(empty["error"]["data"]["validation_errors"][0]["field"], "");
    let nested = app.post("/sessions/s/restore", &[CLIENT, ALICE], json!({ "messages": [{ "role": "user" }] })).await;
    let errors = nested.json()["error"]["data"]["validation_errors"].clone();
    assert_eq!(errors[0]["field"], "messages.0.content");
    assert_eq!(errors[1]["field"], "messages.0.timestamp");
}

#[tokio::test]
async fn urls() {
    let app = App::new();
    let slash = app.get("/agents/?a=1", &[ADMIN, ("host", "127.0.0.1:8001")]).await;
    assert_eq!(slash.status, 307);
    assert_eq!(slash.headers["location"], "http://127.0.0.1:8001/agents?a=1");
    assert!(slash.bytes.is_empty());
    let nested = App(axum::Router::new().nest("/api/demo/v1", app.0.clone()));
    let slash = nested.get("/api/demo/v1/secrets/X/", &[("host", "h")]).await;
    assert_eq!(slash.headers["location"], "http://h/api/demo/v1/secrets/X");
    assert_eq!(nested.get("/api/demo/v1/nope", &[]).await.code(), "RESOURCE_NOT_FOUND");
    assert_eq!(nested.get("/api/demo/v1/health", &[]).await.json()["status"], "healthy");
    assert_eq!(app.get("/nope/", &[]).await.status, 404);
    let wrong = app.get("/secrets/X", &[ADMIN]).await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(app.call("HEAD", "/health", &[], None).await.status, 405);
    assert_eq!(app.get("/sessions/a%2Fb", &[CLIENT, ALICE]).await.json()["error"]["message"], "Not Found");
    let odd = app.get("/sessions/a%20%3F%C3%BC", &[CLIENT, ALICE]).await;
    assert_eq!(odd.json()["error"]["message"], "Session 'a ?ü' not found");
}

#[tokio::test]
async fn idempotency() {
    let app = App::new();
    let key = ("X-Muxi-Idempotency-Key", "k1");
    let chat = |message: &str| json!({ "message": message, "stream": false });
    let first = app.post("/chat", &[CLIENT, ALICE, key], chat("one")).await;
    assert_eq!(first.json()["request"]["idempotency_key"], "k1");
    let again = app.post("/chat", &[CLIENT, ALICE, key], chat("two")).await;
    assert_eq!(first.bytes, again.bytes, "the body is not part of the key");
    let other = app.post("/chat", &[CLIENT, BOB, key], chat("two")).await;
    assert_ne!(first.bytes, other.bytes, "the user is");

    let job = json!({ "type": "recurring", "schedule": "0 9 * * 1", "message": "m" });
    let first = app.post("/scheduler/jobs", &[ADMIN, key], job.clone()).await;
    let again = app.post("/scheduler/jobs", &[ADMIN, key], job).await;
    assert_eq!((first.status.as_u16(), &first.bytes), (201, &again.bytes));
    assert_eq!(again.status, 201);

    let memory = app.post("/memories", &[CLIENT, ALICE, key], json!({ "content": "x" })).await;
    assert_eq!(memory.json()["request"]["idempotency_key"], Value::Null);
    let voice = json!({ "files": [{ "content_type": "audio/wav" }], "stream": false });
    let voice = app.post("/audiochat", &[CLIENT, ALICE, key], voice).await;
    assert_eq!(voice.json()["request"]["idempotency_key"], Value::Null);

    let failed = app.post("/chat", &[CLIENT, ALICE, ("X-Muxi-Idempotency-Key", "k2")], chat("[[error]]")).await;
    assert_eq!((failed.status.as_u16(), failed.code().as_str()), (500, "INTERNAL_ERROR"));
    let retried = app.post("/chat", &[CLIENT, ALICE, ("X-Muxi-Idempotency-Key", "k2")], chat("fine")).await;
    assert_eq!(retried.data()["message"]["content"], "Echo: fine", "errors are not stored");

    let flight = || app.post("/chat", &[CLIENT, ALICE, ("X-Muxi-Idempotency-Key", "k3")], chat("[[wait 100]]"));
    let (a, b, c) = tokio::join!(flight(), flight(), flight());
    assert!(a.bytes == b.bytes && b.bytes == c.bytes, "one flight");
}

#[tokio::test]
async fn chat_keeps_sessions_apart() {
    let app = App::new();
    let body = json!({ "message": "hi", "stream": false, "session_id": "s" });
    let reply = app.post("/chat", &[CLIENT, ("X-Muxi-User-ID", "Ada@Example.com")], body).await.data();
    assert_eq!(reply["user_id"], "ada@example.com");
    assert_eq!(reply["message"]["content"], "Echo: hi");
    let ada = [CLIENT, ("X-Muxi-User-ID", "ADA@example.com")];
    assert_eq!(app.get("/sessions/s", &ada).await.data()["message_count"], 2);
    assert_eq!(app.get("/sessions/s", &[CLIENT, BOB]).await.status, 404);
    assert_eq!(app.get("/sessions/s/messages", &[CLIENT, BOB]).await.data()["count"], 0);
    let nobody = app.post("/chat", &[CLIENT], json!({ "message": "hi", "stream": false })).await.data();
    assert_eq!(nobody["user_id"], "0");

    for n in 0..3 {
        let body = json!({ "message": n.to_string(), "stream": false, "session_id": "p" });
        app.post("/chat", &[CLIENT, ALICE], body).await;
    }
    let page = app.get("/sessions/p/messages?limit=2", &[CLIENT, ALICE]).await.data();
    assert_eq!((page["messages"][1]["text"].as_str(), page["has_more"].as_bool()), (Some("Echo: 2"), Some(true)));
    let before = page["messages"][0]["timestamp"].as_f64().unwrap();
    let page = app.get(&format!("/sessions/p/messages?before={before}"), &[CLIENT, ALICE]).await.data();
    assert_eq!((page["count"].as_u64(), page["has_more"].as_bool()), (Some(4), Some(false)));
    assert_eq!(app.get("/sessions?limit=1001", &[CLIENT, ALICE]).await.status, 422);

    assert_eq!(app.call("DELETE", "/memory/buffer/p", &[CLIENT, ALICE], None).await.data()["messages_cleared"], 6);
    assert_eq!(app.call("DELETE", "/memory/buffer", &[ADMIN], None).await.data()["user_id"], Value::Null);
    assert_eq!(app.get("/memory/stats", &[ADMIN]).await.data()["total_entries"], 0);
}

#[tokio::test]
async fn clarification_goes_on() {
    let app = App::new();
    let ask = |message: &str| json!({ "message": message, "stream": false, "session_id": "c" });
    let question = app.post("/chat", &[CLIENT, ALICE], ask("[[clarify]]")).await.data();
    let id = question["request_id"].as_str().unwrap();
    let path = format!("/requests/{id}");
    assert_eq!(app.get(&path, &[CLIENT, ALICE]).await.data()["status"], "processing");
    let answer = app.post("/chat", &[CLIENT, ALICE], ask("EU")).await.data();
    assert_eq!(answer["request_id"], id, "the answer goes on with the same request");
    assert_eq!(app.get(&path, &[CLIENT, ALICE]).await.data()["result"], "Echo: EU");
}

#[tokio::test]
async fn requests_are_private() {
    let app = App::new();
    let body = json!({ "message": "hi", "stream": false, "request_id": "r" });
    app.post("/chat", &[CLIENT, ALICE], body).await;
    assert_eq!(app.get("/requests/r", &[CLIENT, BOB]).await.code(), "FORBIDDEN");
    assert_eq!(app.get("/requests/r", &[ADMIN]).await.status, 200);
    assert_eq!(app.get("/requests", &[ADMIN]).await.data()["count"], 1);
    assert_eq!(app.get("/requests", &[CLIENT, BOB]).await.data()["count"], 0);
    assert_eq!(app.get("/requests/no", &[ADMIN]).await.code(), "REQUEST_NOT_FOUND");
    assert_eq!(app.call("DELETE", "/requests/no", &[ADMIN], None).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn secrets() {
    let app = App::new();
    let create = |key: &str, value: &str| json!({ "key": key, "value": value });
    let put = |path: &'static str| app.call("PUT", path, &[ADMIN], Some(json!({ "value": "a-much-longer-value" })));
    assert_eq!(put("/secrets/NEW").await.code(), "SECRET_NOT_FOUND");
    assert_eq!(app.post("/secrets", &[ADMIN], create("bad name!", "v")).await.status, 201);
    assert_eq!(app.post("/secrets", &[ADMIN], create("BAD_NAME", "v")).await.code(), "SECRET_EXISTS");
    assert_eq!(app.get("/secrets", &[ADMIN]).await.data()["secrets"]["BAD_NAME"], "••••••••");
    assert_eq!(put("/secrets/BAD_NAME").await.status, 200);
    assert_eq!(app.get("/secrets", &[ADMIN]).await.data()["secrets"]["BAD_NAME"], "a-mu••••••••alue");
    let reload = app.call("POST", "/secrets/reload", &[ADMIN], None).await.data();
    assert_eq!((&reload["preserved"], &reload["count"]), (&json!(["BAD_NAME"]), &json!(2)));
    assert_eq!(app.call("DELETE", "/secrets/BAD_NAME", &[ADMIN], None).await.status, 200);
    assert_eq!(app.call("DELETE", "/secrets/BAD_NAME", &[ADMIN], None).await.code(), "SECRET_NOT_FOUND");
    assert_eq!(app.call("DELETE", "/secrets/OPENAI_API_KEY", &[ADMIN], None).await.code(), "SECRET_IN_USE");
    assert!(!app.get("/formation", &[ADMIN]).await.text().contains("sk-demo"), "values are never shown");
    let audit = app.get("/audit?resource_type=secret", &[ADMIN]).await.data();
    assert_eq!(audit["entries"][0]["action"], "secret.deleted");
    assert_eq!(audit["entries"][0]["resource_id"], "BAD_NAME");
}

#[tokio::test]
async fn jobs() {
    let app = App::new();
    let job = |kind: &str, schedule: &str| json!({ "type": kind, "schedule": schedule, "message": "m" });
    let bad = |kind: &'static str, schedule: &'static str| app.post("/scheduler/jobs", &[ADMIN], job(kind, schedule));
    assert_eq!(bad("sometimes", "0 9 * * 1").await.status, 400);
    for (kind, schedule) in [
        ("recurring", "61 9 * * 1"),
        ("recurring", "* * *"),
        ("one_time", "tomorrow"),
        ("one_time", "2020-01-01T00:00:00Z"),
    ] {
        let reply = bad(kind, schedule).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (422, "VALIDATION_ERROR"), "{schedule}");
    }
    for schedule in ["*/5 * * * *", "0 9 * * MON-FRI", "0 0 12 * * *", "0 0 12 1 1 * 2030"] {
        assert_eq!(bad("recurring", schedule).await.status, 201, "{schedule}");
    }
    let made = app.post("/scheduler/jobs", &[ADMIN, ALICE], job("one_time", "2090-01-01T10:00:00+02:00")).await.data();
    assert_eq!(made["scheduled_for"], "2090-01-01T08:00:00Z");
    let path = format!("/scheduler/jobs/{}", made["id"].as_str().unwrap());
    let put = |body: Value| app.call("PUT", &path, &[ADMIN, ALICE], Some(body));
    assert_eq!(put(json!({ "title": "t" })).await.data()["id"], made["id"], "a title keeps the job");
    let changed = put(json!({ "message": "n" })).await.data();
    assert_eq!((&changed["id"], &changed["original_prompt"]), (&made["id"], &json!("n")), "so does a message");
    assert_eq!((&changed["title"], &changed["created_at"]), (&json!("t"), &made["created_at"]));
    let act = |act: &str| format!("{path}/{act}");
    assert_eq!(app.call("POST", &act("resume"), &[ADMIN], None).await.status, 404);
    assert_eq!(app.call("POST", &act("pause"), &[ADMIN], None).await.data()["status"], "PAUSED");
    assert_eq!(app.call("POST", &act("resume"), &[ADMIN], None).await.data()["status"], "ACTIVE");
    assert_eq!(app.get("/scheduler/jobs", &[CLIENT, ALICE]).await.data()["count"], 1);
    assert_eq!(app.get("/scheduler/jobs", &[ADMIN]).await.data()["count"], 5);
    assert_eq!(app.call("DELETE", &path, &[ADMIN], None).await.status, 200);
    assert_eq!(app.get(&path, &[CLIENT]).await.status, 401);
}

#[tokio::test]
async fn memories() {
    let app = App::new();
    for text in ["one", "two"] {
        let body = json!({ "detail": text, "type": "fact" });
        assert_eq!(app.post("/memories", &[CLIENT, ALICE], body).await.data()["content"]["type"], "fact");
    }
    let page = app.get("/memories?limit=1&offset=1", &[CLIENT, ALICE]).await.data();
    assert_eq!(page["memories"][0]["content"], "one", "newest first");
    assert_eq!(app.get("/memories?scopes=nope", &[CLIENT, ALICE]).await.code(), "INVALID_PARAMS");
    assert_eq!(app.post("/memories", &[CLIENT, ALICE], json!({ "content": {} })).await.status, 422);
    let group = json!({ "content": "x", "scope": "group" });
    assert_eq!(app.post("/memories", &[CLIENT, ALICE], group).await.code(), "FORBIDDEN");
    let path = format!("/memories/{}", page["memories"][0]["id"].as_str().unwrap());
    assert_eq!(app.call("DELETE", &path, &[CLIENT, BOB], None).await.code(), "NOT_FOUND");
    assert_eq!(app.call("DELETE", &path, &[CLIENT, ALICE], None).await.status, 200);
    assert_eq!(app.get("/memories/provenance", &[CLIENT, ALICE]).await.status, 422);
    assert_eq!(app.get("/memories/provenance?entity=x", &[CLIENT, ALICE]).await.code(), "NOT_FOUND");
    let accepted = app.post("/memories", &[CLIENT, ALICE], json!({ "content": "c", "source": "s" })).await.data();
    let status = accepted["status_url"].as_str().unwrap().strip_prefix("/v1").unwrap().to_owned();
    assert_eq!(app.get(&status, &[CLIENT, BOB]).await.code(), "FORBIDDEN");
    assert_eq!(app.get(&status, &[ADMIN]).await.data()["status"], "processing");
    assert_eq!(app.get("/history?limit=101", &[CLIENT, ALICE]).await.status, 422);
    assert_eq!(app.get("/history", &[CLIENT, BOB]).await.data()["count"], 0);
}

#[tokio::test]
async fn users_and_notifications() {
    let app = App::new();
    assert_eq!(app.get("/users/nobody", &[CLIENT]).await.code(), "RESOURCE_NOT_FOUND");
    let linked = app.post("/users/identifiers", &[CLIENT], json!({ "identifiers": ["alice", ["u1", "slack"]] })).await;
    let id = linked.data()["muxi_user_id"].clone();
    assert_eq!(app.get("/users/u1", &[CLIENT]).await.data()["muxi_user_id"], id);
    app.post("/memories", &[CLIENT, ALICE], json!({ "content": "shared" })).await;
    let memories = app.get("/memories", &[CLIENT, ("X-Muxi-User-ID", "u1")]).await.data();
    assert_eq!(memories["count"], 1, "linked identifiers are one user");
    assert_eq!(app.call("DELETE", "/users/identifiers/u1", &[CLIENT], None).await.data()["muxi_user_id"], id);
    assert_eq!(app.call("DELETE", "/users/identifiers/u1", &[CLIENT], None).await.status, 404);
    assert_eq!(app.post("/users/resolve", &[CLIENT], json!({})).await.code(), "INVALID_REQUEST");

    let note = || app.post("/notifications", &[CLIENT], json!({ "user_id": "alice", "message": "m" }));
    let none = note().await;
    assert_eq!((none.status.as_u16(), none.json()["success"].as_bool()), (502, Some(false)));
    let set = |body: Value| app.call("PUT", "/users/alice/channels", &[CLIENT], Some(body));
    assert_eq!(set(json!({ "channels": { "pigeon": {} } })).await.code(), "INVALID_REQUEST");
    let body =
        json!({ "channels": { "slack": { "id": "U1" } }, "preferred_channel": "slack", "timezone": "Europe/Oslo" });
    assert_eq!(set(body).await.data()["preferred_channel"], "slack");
    assert_eq!(note().await.data()["delivered"], json!(["slack"]));
    let cleared = set(json!({ "channels": { "slack": {} }, "timezone": "" })).await.data();
    assert_eq!((&cleared["channels"], &cleared["timezone"]), (&json!({}), &Value::Null));
}

#[tokio::test]
async fn triggers() {
    let app = App::new();
    let fire = |name: &'static str, body: Value| app.post(name, &[CLIENT, ALICE], body);
    let missing = fire("/triggers/order-created", json!({ "data": { "customer": "Bob" } })).await;
    assert_eq!(missing.code(), "INVALID_REQUEST");
    assert!(missing.text().contains("order.id"));
    assert_eq!(fire("/triggers/nope", json!({ "data": {} })).await.code(), "RESOURCE_NOT_FOUND");
    assert_eq!(fire("/triggers/order-created", json!({})).await.status, 422);
    assert_eq!(app.get("/triggers/nope", &[CLIENT]).await.code(), "TRIGGER_NOT_FOUND");
    let fired = fire("/triggers/order-created", json!({ "data": { "customer": "Bob", "order": { "id": 7 } } })).await;
    let id = fired.json()["request"]["id"].as_str().unwrap().to_owned();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let state = app.get(&format!("/requests/{id}"), &[CLIENT, ALICE]).await.data();
    assert_eq!(state["result"], "Echo: New order 7. Say thanks.\n");
}

#[tokio::test]
async fn artifacts_have_versions() {
    let app = App::new();
    for tail in ["one", "two"] {
        let body = json!({ "message": format!("[[artifact]] {tail}"), "stream": false });
        let reply = app.post("/chat", &[CLIENT, ALICE], body).await.data();
        assert_eq!(reply["message"]["artifacts"][0]["filename"], "echo.txt");
    }
    let list = app.get("/artifacts", &[CLIENT, ALICE]).await.data();
    assert_eq!((&list["total"], &list["artifacts"][0]["version"]), (&json!(1), &json!(2)));
    let path = format!("/artifacts/{}", list["artifacts"][0]["id"].as_str().unwrap());
    let content = |query: &str| format!("{path}/content{query}");
    assert_eq!(app.get(&content(""), &[ADMIN, ALICE]).await.text(), "[[artifact]] two");
    assert_eq!(app.get(&content("?version=1"), &[ADMIN, ALICE]).await.text(), "[[artifact]] one");
    assert_eq!(app.get(&content("?version=3"), &[ADMIN, ALICE]).await.code(), "NOT_FOUND");
    assert_eq!(app.get(&path, &[CLIENT, BOB]).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn rest() {
    let app = App::new();
    for path in [
        "/config",
        "/overlord",
        "/overlord/soul",
        "/llm/settings",
        "/async",
        "/a2a",
        "/logging",
        "/memory",
        "/scheduler",
        "/mcp",
        "/mcp/servers",
        "/mcp/servers/demo-tools",
        "/memory/buffers",
        "/tuning/pending",
    ] {
        assert_eq!(app.get(path, &[ADMIN]).await.status, 200, "{path}");
    }
    assert_eq!(app.get("/mcp/servers/no", &[ADMIN]).await.code(), "MCP_SERVER_NOT_FOUND");
    assert_eq!(app.get("/sops/no", &[CLIENT]).await.code(), "SOP_NOT_FOUND");
    assert_eq!(app.get("/skills", &[CLIENT]).await.data()["skills"][0]["name"], "summarise");
    assert_eq!(app.get("/skills/summarise", &[CLIENT]).await.status, 200);
    assert_eq!(app.get("/agents/assistant/skills", &[CLIENT]).await.data()["agent_id"], "assistant");
    assert_eq!(app.call("PATCH", "/tuning/pending", &[ADMIN], None).await.code(), "TUNING_NO_PENDING");
    let long = json!({ "content": "x".repeat(32_769) });
    assert_eq!(app.post("/tuning", &[ADMIN], long).await.code(), "TUNING_CONTENT_TOO_LARGE");
    assert_eq!(app.post("/memory/backfill", &[ADMIN], json!({ "user_id": "a" })).await.status, 200);
    assert_eq!(app.post("/memory/lint", &[ADMIN], json!({})).await.status, 200);
    assert_eq!(app.post("/memory/rebuild", &[ADMIN], json!({ "user_id": "a", "projection": "x" })).await.status, 422);
    assert_eq!(app.post("/knowledge/rebuild", &[ADMIN], json!({})).await.status, 200);
    assert_eq!(app.call("POST", "/agents/assistant/knowledge/sync", &[ADMIN], None).await.code(), "INVALID_REQUEST");
    assert_eq!(app.call("DELETE", "/memory/buffers", &[ADMIN], None).await.status, 200);
    assert_eq!(app.call("DELETE", "/audit", &[ADMIN], None).await.code(), "INVALID_REQUEST");
    assert_eq!(app.get("/audit?since=never", &[ADMIN]).await.code(), "INVALID_PARAMETER");

    let credential = json!({ "service": "GitHub", "credential": { "token": "ghp_0123456789" } });
    let made = app.post("/credentials", &[CLIENT, ALICE], credential).await;
    assert_eq!((made.status.as_u16(), &made.data()["service"]), (201, &json!("github")));
    let path = format!("/credentials/{}", made.data()["credential_id"].as_str().unwrap());
    assert_eq!(app.get(&path, &[CLIENT, BOB]).await.code(), "RESOURCE_NOT_FOUND");
    assert_eq!(app.call("DELETE", &path, &[CLIENT, ALICE], None).await.data()["deleted"], true);
    let spaced = json!({ "service": "git hub", "credential": {} });
    assert_eq!(app.post("/credentials", &[CLIENT, ALICE], spaced).await.code(), "VALIDATION_ERROR");
    let voice = |files: Value| app.post("/audiochat", &[CLIENT, ALICE], json!({ "files": files }));
    assert_eq!(voice(json!([])).await.json()["error"]["data"]["field"], "files");
    let wrong = voice(json!([{ "content_type": "text/plain" }])).await.json();
    assert_eq!(wrong["error"]["data"]["invalid_content_type"], "text/plain");
}

/// The formation's own limits for what is said and sent along.
#[tokio::test]
async fn input_has_limits() {
    let mut spec = FormationSpec::demo(ADMIN.1, CLIENT.1);
    spec.document["input_limits"] = json!({ "max_message_length": 5, "max_file_size_bytes": 6 });
    let app = App::of(spec);
    let ask = async |message: &str, content: &str| {
        let file = json!({ "filename": "a.txt", "content": content, "content_type": "text/plain" });
        let body = json!({ "message": message, "files": [file], "stream": false });
        app.post("/chat", &[CLIENT, ALICE], body).await.data()["message"].clone()
    };
    assert_eq!(ask("short", "c2l4Ynl0").await["content"], "Echo: short\n\n[a.txt]\nsixbyt");
    assert_eq!(ask("short", "c2l4Ynl0\n").await["content"], "Echo: short\n\n[a.txt]\nsixbyt");
    let long = ask("longer", "c2l4Ynl0").await;
    assert_eq!(long["metadata"]["error_code"], "INPUT_VALIDATION_ERROR");
    assert!(long["content"].as_str().unwrap().contains("6 characters (max: 5)"), "{long}");
    let large = ask("short", "c2V2ZW5ieQ==").await;
    assert_eq!(large["metadata"]["error_code"], "INPUT_VALIDATION_ERROR");
    assert_eq!(large["content"], "File too large: a.txt has 7 bytes (max: 6).");
}

/// The size of a source is counted as it is read, not as its file states it: `/dev/zero` states that it is empty.
#[cfg(unix)]
#[tokio::test]
async fn knowledge_that_is_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ten");
    std::fs::write(&path, "0123456789").unwrap();
    let sources = json!([
        { "id": "fits", "url": format!("file://{}", path.display()), "max_file_size": 10 },
        { "id": "large", "url": format!("file://{}", path.display()), "max_file_size": 9 },
        { "id": "endless", "url": "file:///dev/zero" },
    ]);
    let mut spec = FormationSpec::demo(ADMIN.1, CLIENT.1);
    let knowledge = json!({ "enabled": true, "sources": sources });
    spec.document["agents"] = json!([{ "id": "a", "name": "a", "description": "a", "knowledge": knowledge }]);
    let app = App::of(spec);
    let synced = app.call("POST", "/agents/a/knowledge/sync", &[ADMIN], None).await.data();
    let told: Vec<_> = synced["results"].as_array().unwrap().iter().map(|r| (&r["status"], &r["error"])).collect();
    let large = format!("{} exceeds max_file_size (9 bytes)", path.display());
    assert_eq!(
        told,
        [
            (&json!("success"), &json!("")),
            (&json!("failed"), &json!(large)),
            (&json!("failed"), &json!("/dev/zero exceeds max_file_size (10485760 bytes)")),
        ]
    );
}

#[tokio::test]
async fn knowledge_is_limited() {
    let sources = json!([
        { "id": "a", "path": "a" }, { "id": "b", "path": "b", "max_files": 3, "max_file_size": 99_000_000 },
    ]);
    let agent = |id: &str, enabled: bool| {
        let knowledge = json!({ "enabled": enabled, "sources": sources });
        json!({ "id": id, "name": id, "description": id, "knowledge": knowledge })
    };
    let mut spec = FormationSpec::demo(ADMIN.1, CLIENT.1);
    spec.document["agents"] = json!([agent("on", true), agent("off", false), "bare"]);
    let app = App::with_quirks(spec, "");
    let mut limited = sources.clone();
    limited[0]["max_files"] = json!(100);
    limited[0]["max_file_size"] = json!(10 << 20);
    limited[1]["max_file_size"] = json!(50 << 20);
    assert_eq!(app.get("/agents/on", &[ADMIN]).await.data()["knowledge"]["sources"], limited);
    assert_eq!(app.get("/agents/off", &[ADMIN]).await.data()["knowledge"]["sources"], sources);
    for path in ["/agents", "/formation"] {
        let data = app.get(path, &[ADMIN]).await.data();
        assert_eq!(data["agents"][0]["knowledge"]["sources"], limited, "{path}");
    }
}
