//! Memory routes with real content: history, provenance, backfill, rebuild, lint and tuning.

use crate::support::{ALICE, AS_ADMIN, BOB, Local};
use serde_json::{Value, json};

async fn say(local: &Local, message: &str, session: &str) {
    local.post("/chat", ALICE, json!({ "message": message, "session_id": session, "stream": false })).await.data();
}

async fn remember(local: &Local, body: Value) -> Value {
    local.post("/memories", ALICE, body).await.data()
}

#[tokio::test]
async fn conversations_go_into_the_log_when_they_have_ended() {
    let local = Local::start().await;
    say(&local, "Where is my order?", "sess_1").await;
    remember(&local, json!({ "content": "Prefers tea" })).await;
    local.advance(20 * 60);
    say(&local, "Thanks", "sess_2").await;
    local.advance(20 * 60);
    let history = |query: &'static str| local.get(query, ALICE);
    assert_eq!(history("/history").await["count"], 0, "the second conversation goes on");
    local.advance(10 * 60);
    let ended = history("/history?include_sources=true").await;
    let entry = ended["entries"][0].clone();
    assert_eq!((&ended["count"], entry["sources"].as_array().unwrap().len()), (&json!(1), 2));
    assert_eq!(entry["sources"][0]["source_type"], "buffer_item");
    assert_eq!(entry["summary"], "2 conversations with 2 messages. Asked first: \"Where is my order?\"");
    assert_eq!((&entry["decisions"], &entry["projects"], &entry["context"]), (&json!([]), &json!([]), &Value::Null));
    assert_eq!(history("/history?include_sources=true").await, ended, "a conversation goes in once");

    local.advance(48 * 3600);
    say(&local, "Hello again", "sess_2").await;
    local.advance(40 * 60);
    let history = history("/history").await;
    assert_eq!(history["count"], 2);
    assert_eq!(history["entries"][0]["summary"], "1 conversation with 1 message. Asked first: \"Hello again\"");
    assert!(history["entries"][0]["date"].as_str() > history["entries"][1]["date"].as_str(), "newest first");
    assert_eq!(local.get("/history", BOB).await["count"], 0);
}

#[tokio::test]
async fn the_log_of_conversations_can_be_rebuilt_forgotten_and_turned_off() {
    let local = Local::start().await;
    say(&local, "Where is my order?", "sess_1").await;
    local.advance(31 * 60);
    let body = json!({ "user_id": "alice", "background": false });
    let row = |events: u64| json!({ "events": events, "applied": events, "failed": 0 });
    let rebuilt = local.post("/memory/rebuild", AS_ADMIN, body).await.data();
    assert_eq!(rebuilt["projections"]["captains_log"], row(1));
    assert_eq!(local.get("/history", ALICE).await["count"], 1);
    let forget = json!({ "user_id": "alice", "source": "captains_log", "background": false });
    let forgotten = local.post("/memory/forget", AS_ADMIN, forget).await.data();
    assert_eq!((&forgotten["deleted_events"], &forgotten["projections"]["captains_log"]), (&json!(1), &row(0)));
    assert_eq!(local.get("/history", ALICE).await["count"], 0);

    let old = json!({ "role": "user", "content": "Long ago", "timestamp": "2020-01-01T00:00:00Z" });
    local.post("/sessions/sess_9/restore", ALICE, json!({ "messages": [old] })).await.data();
    assert_eq!(local.get("/history", ALICE).await["count"], 0, "what is restored was no turn");

    let local = Local::with("memory: { captains_log: { session_idle_minutes: 0 } }\n").await;
    say(&local, "Where is my order?", "sess_1").await;
    local.advance(48 * 3600);
    assert_eq!(local.get("/history", ALICE).await["count"], 0);
}

#[tokio::test]
async fn facts_have_a_provenance() {
    let local = Local::start().await;
    let body = json!({ "content": "Ada lives in Oslo", "source": "crm", "source_id": "7", "subject": "Ada" });
    let event = remember(&local, body).await["event_id"].clone();
    local.advance(1);
    let memory = local.get("/memories", ALICE).await["memories"][0]["id"].clone();
    let path = |id: &Value| format!("/memories/provenance?event_id={}", id.as_str().unwrap());
    let found = local.get(&path(&event), ALICE).await;
    assert_eq!(
        (&found["event"]["payload"]["content"], &found["event"]["source_id"]),
        (&json!("Ada lives in Oslo"), &json!("7"))
    );
    let found = local.get(&path(&memory), ALICE).await;
    assert_eq!(found["event"]["event_id"], memory);
    assert_eq!((&found["chain"][0]["event_id"], &found["chain"][1]["event_id"]), (&event, &memory));

    let found = local.get("/memories/provenance?entity=ada", ALICE).await;
    assert_eq!(
        (&found["entity"]["name"], &found["facts"][0]["statement"]),
        (&json!("Ada"), &json!("Ada lives in Oslo"))
    );
    assert_eq!(found["facts"][0]["events"], json!([event, memory]));
    for (headers, query) in [(BOB, "entity=ada"), (ALICE, "entity=bob"), (ALICE, "event_id=nope")] {
        let reply = local.call("GET", &format!("/memories/provenance?{query}"), headers, Value::Null).await;
        assert_eq!(reply.code(), (404, "NOT_FOUND"), "{query}");
    }
}

#[tokio::test]
async fn administration_counts_what_there_is() {
    let local = Local::start().await;
    for content in ["tea", "tea", "milk"] {
        remember(&local, json!({ "content": content })).await;
    }
    remember(&local, json!({ "content": "Ada", "source": "crm", "source_id": "1", "subject": "Ada" })).await;
    local.advance(1);
    say(&local, "[[artifact]]", "sess_1").await;
    let alice = json!({ "user_id": "alice" });
    let rebuild = |body: Value| local.post("/memory/rebuild", AS_ADMIN, body);
    let inline = json!({ "user_id": "alice", "background": false });
    let counts = rebuild(inline.clone()).await.data()["projections"].clone();
    let row = |events: u64| json!({ "events": events, "applied": events, "failed": 0 });
    assert_eq!(counts["flat_facts"], row(1), "direct memories are not in the log yet");
    assert_eq!((&counts["knowledge_graph"], &counts["artifact_metadata"]), (&row(1), &row(1)));
    assert_eq!(counts["captains_log"], row(0), "the conversation has not ended");

    let lint = || local.post("/memory/lint", AS_ADMIN, alice.clone());
    let report = lint().await.data()["report"].clone();
    assert_eq!(
        (&report["users"], &report["superseded_deleted"], &report["log_gaps"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(local.get("/memories", ALICE).await["count"], 3);

    let backfill = || local.post("/memory/backfill", AS_ADMIN, alice.clone());
    let filled = backfill().await.data()["synthesized"].clone();
    assert_eq!(filled["flat_facts"], json!({ "synthesized": 2, "complete": true }));
    assert_eq!(backfill().await.data()["synthesized"]["flat_facts"]["synthesized"], 0);
    assert_eq!(lint().await.data()["report"]["superseded_deleted"], 0);
    assert_eq!(rebuild(inline).await.data()["projections"]["flat_facts"], row(3));

    let forget = json!({ "user_id": "alice", "source": "crm" });
    let forgotten = local.post("/memory/forget?sync=true", AS_ADMIN, forget).await.data();
    assert_eq!((&forgotten["deleted_events"], &forgotten["projections"]["flat_facts"]), (&json!(1), &row(2)));
    assert_eq!(local.get("/memories", ALICE).await["count"], 2);
    let audit = local.get("/audit?resource_type=memory", AS_ADMIN).await;
    assert_eq!(audit["entries"][0]["action"], "memory.deleted");
}

#[tokio::test]
async fn tuning_learns_from_what_users_say() {
    let local = Local::start().await;
    say(&local, "Please remember that I like tea.", "sess_1").await;
    say(&local, "And remember to answer in French!", "sess_2").await;
    say(&local, "Nothing to keep", "sess_2").await;
    let run = || local.post("/tuning/run", AS_ADMIN, Value::Null);
    let first = run().await.data();
    assert_eq!(
        (&first["events_read"], &first["segments_read"], &first["entries_written"]),
        (&json!(3), &json!(2), &json!(2))
    );
    let pending = local.get("/tuning/pending", AS_ADMIN).await;
    assert_eq!(pending["content"], "- I like tea\n- answer in French\n");
    local.post("/tuning", AS_ADMIN, json!({ "content": "# Rules" })).await.data();
    let applied = local.call("PATCH", "/tuning/pending", AS_ADMIN, Value::Null).await.data();
    assert_eq!(applied["learnings_activated"], 2);
    let text = local.get("/tuning", AS_ADMIN).await["content"].clone();
    assert_eq!(text, "# Rules\n- I like tea\n- answer in French\n");

    say(&local, "remember I like tea", "sess_3").await;
    say(&local, "remember I like milk", "sess_3").await;
    let second = run().await.data();
    assert_eq!((&second["entries_written"], &second["dropped_sentences"]), (&json!(1), &json!(1)));
    let dismissed = local.call("DELETE", "/tuning/pending", AS_ADMIN, Value::Null).await.data();
    assert_eq!(dismissed["learnings_dismissed"], 1);
    let none = local.call("PATCH", "/tuning/pending", AS_ADMIN, Value::Null).await;
    assert_eq!(none.code(), (404, "TUNING_NO_PENDING"));
    assert_eq!(local.get("/tuning", AS_ADMIN).await["content"], text);
}

#[tokio::test]
async fn an_empty_buffer_is_told_as_the_runtime_does() {
    let local = Local::start().await;
    assert_eq!(local.get("/memory/buffer", ALICE).await["buffer_size_kb"], 0.05);
    assert_eq!(local.get("/memory/buffers", AS_ADMIN).await, json!({ "buffers": [], "total_entries": 0 }));
    say(&local, "Hello", "sess_1").await;
    assert!(local.get("/memory/buffer", ALICE).await["buffer_size_kb"].as_f64() > Some(0.05));
    let buffers = local.get("/memory/buffers", AS_ADMIN).await;
    assert_eq!((&buffers["buffers"][0]["total_entries"], buffers.get("total_entries")), (&json!(2), None));
}
