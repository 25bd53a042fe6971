//! Each defect of the shipped runtime about time, webhooks and administration, on and off.

use crate::background::{fire, formation};
use crate::support::{ADMIN, ALICE, ALICE_ADMIN, AS_ADMIN, BOB, CLIENT, Local, Receiver, job, read_until};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;

/// The selections without any defect, and with this one alone.
fn both(name: &str) -> [(bool, String); 2] {
    [(false, "fixed".to_owned()), (true, format!("fixed,{name}"))]
}

/// Runs a test on the built-in formation, without any defect and with this one alone.
async fn on_demo(selections: [(bool, String); 2], test: impl AsyncFn(&Local, bool)) {
    for (on, selection) in selections {
        test(&Local::start_with(&selection).await, on).await;
    }
}

#[tokio::test]
async fn silent_events() {
    on_demo(both("silent-events"), async |local, on| {
        for (path, headers) in [("/events", ALICE), ("/events/sess_q", ALICE), ("/logs?level=info", AS_ADMIN)] {
            let mut stream = local.open("GET", path, headers, None).await.into_body();
            let chat = json!({ "message": "hi", "stream": false, "session_id": "sess_q" });
            local.post("/chat", ALICE, chat).await.data();
            if on {
                let first = tokio::time::timeout(Duration::from_millis(300), stream.frame()).await;
                assert!(first.is_err(), "{path} sent something");
            } else {
                read_until(&mut stream, "chat.completed").await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn request_events_500() {
    on_demo(both("request-events-500"), async |local, on| {
        let reply = local.call("GET", "/events/sess/req", ALICE, Value::Null).await;
        assert_eq!(reply.status, if on { 500 } else { 200 });
        let message = "No module named 'muxi.runtime.formation.services'";
        assert_eq!(reply.json["error"]["message"] == message, on);
    })
    .await;
}

#[tokio::test]
async fn webhook_encoding() {
    for (on, selection) in both("webhook-encoding") {
        let hook = Receiver::start(&[]).await;
        let local = formation("", &hook.url, "", &selection).await;
        fire(&local, "shared", "é").await;
        let delivery = &hook.wait(1).await[0];
        assert!(delivery.is_signed(ADMIN), "either way");
        let text = std::str::from_utf8(&delivery.body).unwrap();
        assert_eq!(text.contains("\"object\": \"response\""), on, "{text}");
        assert_eq!(text.starts_with("{\"error\":null,\"formation_id\":"), !on, "{text}");
        assert_eq!(text.contains("Echo: é"), !on, "{text}");
    }
}

#[tokio::test]
async fn escalation_key() {
    on_demo(both("escalation-key"), async |local, on| {
        let hook = Receiver::start(&[]).await;
        let body = json!({ "message": "x", "agent_id": "nobody", "stream": false, "webhook_url": hook.url });
        local.post("/chat", ALICE, body).await.data();
        let delivery = &hook.wait(1).await[0];
        assert_eq!(delivery.is_signed(CLIENT), !on);
        assert!(!delivery.is_signed(ADMIN));
    })
    .await;
}

#[tokio::test]
async fn unsigned_notifications() {
    on_demo(both("unsigned-notifications"), async |local, on| {
        let hook = Receiver::start(&[]).await;
        let channels = json!({ "channels": { "webhook": { "url": hook.url }, "slack": { "id": "U1" } } });
        local.call("PUT", "/users/bob/channels", BOB, channels).await.data();
        let sent = local.post("/notifications", BOB, json!({ "user_id": "bob", "message": "Tea?" })).await.data();
        assert_eq!(sent["delivered"], json!(["webhook", "slack"]));
        let delivery = &hook.wait(1).await[0];
        assert_eq!(delivery.is_unsigned(), on);
        assert!(on || delivery.is_signed(ADMIN));
        let body = delivery.json();
        assert_eq!((&body["type"], &body["user_id"]), (&json!("notification"), &json!("bob")));
        assert_eq!(body["request_id"], sent["request_id"]);
        assert_eq!(body["response"], json!([{ "type": "text", "text": "Tea?" }]));
    })
    .await;
}

#[tokio::test]
async fn late_cancel() {
    on_demo(both("late-cancel"), async |local, on| {
        let chat = json!({ "message": "[[slow]] one two three", "request_id": "req_l" });
        let mut stream = local.open("POST", "/chat", ALICE, Some(chat.to_string().into())).await.into_body();
        read_until(&mut stream, "\"type\":\"content\"").await;
        local.call("DELETE", "/requests/req_l", ALICE, Value::Null).await.data();
        let rest = read_until(&mut stream, "event: done").await;
        assert_eq!(rest.contains("\"status\":\"success\""), on, "{rest}");
        let status = local.get("/requests/req_l", ALICE).await["status"].clone();
        assert_eq!(status, if on { "completed" } else { "cancelled" });

        let chat = json!({ "message": "[[wait 9000]]", "request_id": "req_e" });
        let mut stream = local.open("POST", "/chat", ALICE, Some(chat.to_string().into())).await.into_body();
        read_until(&mut stream, "process_sync_start").await;
        local.call("DELETE", "/requests/req_e", ALICE, Value::Null).await.data();
        if on {
            assert_eq!(read_until(&mut stream, ": keepalive\n\n").await, ": keepalive\n\n");
        } else {
            read_until(&mut stream, "event: done").await;
        }
        assert_eq!(local.get("/requests/req_e", ALICE).await["status"], "cancelled");
    })
    .await;
}

#[tokio::test]
async fn job_id_changes() {
    on_demo(both("job-id-changes"), async |local, on| {
        let made = local.post("/scheduler/jobs", ALICE_ADMIN, job("recurring", "0 9 * * *", "m")).await.data();
        let path = format!("/scheduler/jobs/{}", made["id"].as_str().unwrap());
        let changed = local.call("PUT", &path, ALICE_ADMIN, json!({ "schedule": "0 10 * * *" })).await.data();
        assert_eq!((&changed["cron_expression"], changed["id"] != made["id"]), (&json!("0 10 * * *"), on));
        assert_eq!(local.call("GET", &path, AS_ADMIN, Value::Null).await.status, if on { 404 } else { 200 });
    })
    .await;
}

#[tokio::test]
async fn fresh_request_404() {
    for (on, selection) in both("fresh-request-404") {
        let local = formation("", "", "", &selection).await;
        let id = fire(&local, "shared", "hi").await;
        let path = format!("/requests/{id}");
        let first = local.call("GET", &path, ALICE, Value::Null).await;
        assert_eq!(first.status, if on { 404 } else { 200 });
        local.advance(1);
        assert_eq!(local.get(&path, ALICE).await["result"], "Echo: hi");
    }
}

#[tokio::test]
async fn audit_only_clearing() {
    on_demo(both("audit-only-clearing"), async |local, on| {
        local.post("/secrets", AS_ADMIN, json!({ "key": "A", "value": "b" })).await.data();
        local.post("/scheduler/jobs", ALICE_ADMIN, job("recurring", "0 9 * * *", "m")).await.data();
        assert_eq!(local.get("/audit", AS_ADMIN).await["total_entries"], if on { 0 } else { 2 });
        local.call("DELETE", "/audit?confirm=clear-audit-log", AS_ADMIN, Value::Null).await.data();
        assert_eq!(local.get("/audit", AS_ADMIN).await["entries"][0]["action"], "audit.cleared");
    })
    .await;
}

#[tokio::test]
async fn audit_filter_422() {
    on_demo(both("audit-filter-422"), async |local, on| {
        let own = local.call("GET", "/audit?resource_type=audit_log", AS_ADMIN, Value::Null).await;
        assert_eq!(own.status, if on { 422 } else { 200 });
        assert_eq!(local.call("GET", "/audit?resource_type=secret", AS_ADMIN, Value::Null).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn status_url_without_v1() {
    on_demo(both("status-url-without-v1"), async |local, on| {
        for (path, body) in [
            ("/memory/rebuild", json!({ "user_id": "alice" })),
            ("/memory/forget", json!({ "user_id": "alice", "source": "crm" })),
        ] {
            let url = local.post(path, AS_ADMIN, body).await.data()["status_url"].clone();
            assert_eq!(url.as_str().unwrap().starts_with("/v1/memory/"), !on, "{url}");
        }
    })
    .await;
}

#[tokio::test]
async fn clear_buffers_500() {
    on_demo(both("clear-buffers-500"), async |local, on| {
        local.post("/chat", ALICE, json!({ "message": "hi", "stream": false })).await.data();
        let clear = || local.call("DELETE", "/memory/buffers", AS_ADMIN, Value::Null);
        let first = clear().await;
        assert_eq!(first.status, if on { 500 } else { 200 });
        assert_eq!(first.json["error"]["message"] == "MEMORY_BUFFER_CLEARED", on);
        assert_eq!(local.get("/memory/stats", AS_ADMIN).await["total_entries"], 0, "cleared either way");
        assert_eq!(clear().await.status, if on { 503 } else { 200 });
    })
    .await;
}
