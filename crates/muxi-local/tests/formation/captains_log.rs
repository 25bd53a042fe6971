//! The captain's log: entries that distilleries hand in, and how administration treats them.

use crate::support::{ADMIN, ALICE, App, BOB, CLIENT, Reply};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use muxi_local::formation::FormationSpec;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// A formation with a distillery that can sign.
struct Still {
    app: App,
    key: Ed25519KeyPair,
    id: String,
}

impl Still {
    async fn new(registration: Value) -> Self {
        let mut spec = FormationSpec::demo(ADMIN.1, CLIENT.1);
        spec.document["memory"]["distillery"] = json!({ "enabled": true });
        let (app, key) = (App::of(spec), Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
        let mut body = registration;
        body["name"] = json!("still");
        body["public_key"] = json!(format!("ed25519:{}", STANDARD.encode(key.public_key())));
        let record = app.post("/memory/distilleries", &[ADMIN], body).await.data();
        let id = record["distillery_id"].as_str().unwrap().to_owned();
        Self { app, key, id }
    }

    async fn post(&self, body: String) -> Reply {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
        let signed = format!("muxi-distillery-v1\n{time}\n{}\n{body}", self.id);
        let signature = STANDARD.encode(self.key.sign(signed.as_bytes()));
        let headers = [
            CLIENT,
            ("X-Distillery-ID", &self.id),
            ("X-Distillery-Timestamp", &time),
            ("X-Distillery-Signature", &signature),
        ];
        self.app.raw("POST", "/memories/distilled", &headers, Some(body)).await
    }

    async fn send(&self, events: Value) -> Value {
        self.post(json!({ "batch_id": "b", "events": events }).to_string()).await.data()
    }

    async fn history(&self, query: &str) -> Value {
        self.app.get(&format!("/history{query}"), &[CLIENT, ALICE]).await.data()
    }

    async fn admin(&self, path: &str, body: Value) -> Value {
        let reply = self.app.post(path, &[ADMIN], body).await;
        assert!(reply.status.is_success(), "{}", reply.text());
        reply.data()
    }

    /// Waits for the job of a batch.
    async fn job(&self, sent: &Value) -> Value {
        let path = sent["status_url"].as_str().unwrap().strip_prefix("/v1").unwrap();
        loop {
            let job = self.app.get(path, &[ADMIN]).await.data();
            if job["status"] == "completed" {
                return job;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

fn entry(source_id: &str, payload: Value) -> Value {
    json!({ "event_type": "log.entry", "user_id": "alice", "source_id": source_id, "payload": payload })
}

fn day(source_id: &str, date: &str, summary: &str) -> Value {
    entry(source_id, json!({ "date": date, "summary": summary }))
}

fn summaries(history: &Value) -> Vec<&str> {
    history["entries"].as_array().unwrap().iter().map(|entry| entry["summary"].as_str().unwrap()).collect()
}

fn counts(events: u64, applied: u64, failed: u64) -> Value {
    json!({ "events": events, "applied": applied, "failed": failed })
}

#[tokio::test]
async fn entries_that_are_handed_in_are_the_history() {
    let still = Still::new(json!({})).await;
    let full = json!({
        "date": "2026-11-20", "summary": "Planted a tree", "decisions": ["water it"], "projects": ["garden"],
        "context": "autumn",
        "sources": [
            { "source_type": "buffer_item", "source_id": "1.5" }, { "source_type": "buffer_item", "source_id": "1.5" },
            { "source_type": "rumour", "source_id": "2" }, { "source_type": "vector_chunk", "source_id": 3 },
        ],
    });
    let sent = still.send(json!([day("2", "2026-11-22", "Rested"), entry("1", full)])).await;
    assert_eq!((&sent["accepted"], &sent["rejected"]), (&json!(2), &json!(0)));
    let job = still.job(&sent).await;
    assert_eq!(job["counts"], json!({ "projected": 2, "recorded": 0, "failed": 0 }));
    assert_eq!(
        (&job["items"][0]["event_type"], &job["items"][0]["disposition"]),
        (&json!("log.entry"), &json!("projected"))
    );

    let history = still.history("").await;
    assert_eq!(summaries(&history), ["Rested", "Planted a tree"]);
    let plain = &history["entries"][0];
    assert_eq!((&plain["decisions"], &plain["projects"], &plain["context"]), (&json!([]), &json!([]), &Value::Null));
    assert!(plain.get("sources").is_none());
    let own = &history["entries"][1];
    assert_eq!(
        (&own["date"], &own["decisions"], &own["projects"], &own["context"]),
        (&json!("2026-11-20"), &json!(["water it"]), &json!(["garden"]), &json!("autumn"))
    );
    let sources = json!([
        { "source_type": "buffer_item", "source_id": "1.5" }, { "source_type": "vector_chunk", "source_id": "3" }
    ]);
    assert_eq!(still.history("?include_sources=true").await["entries"][1]["sources"], sources);

    for (query, found) in [
        ("?limit=1", &["Rested"] as &[&str]),
        ("?date_from=2026-11-21", &["Rested"]),
        ("?date_to=2026-11-21", &["Planted a tree"]),
        ("?date_from=2026-11-20&date_to=2026-11-22", &["Rested", "Planted a tree"]),
        ("?date_from=2026-11-22&date_to=2026-11-20", &[]),
        ("?date_from=yesterday", &["Rested", "Planted a tree"]),
    ] {
        assert_eq!(summaries(&still.history(query).await), found, "{query}");
    }
    assert_eq!(still.app.get("/history", &[CLIENT, BOB]).await.data()["count"], 0);
}

#[tokio::test]
async fn a_day_has_one_entry_and_an_event_counts_once() {
    let still = Still::new(json!({})).await;
    still.send(json!([day("1", "2026-11-20", "Planted a tree")])).await;
    let first = still.history("").await["entries"][0].clone();
    let again = still
        .send(json!([day("1", "2026-11-20", "Felled it"), day("2", "2026-11-21", "a"), day("2", "2026-11-21", "b")]))
        .await;
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(1), &json!(2)));
    assert_eq!(summaries(&still.history("").await), ["a", "Planted a tree"]);

    still.send(json!([day("3", "2026-11-20", "Planted two trees")])).await;
    let history = still.history("").await;
    assert_eq!(summaries(&history), ["a", "Planted two trees"]);
    let later = &history["entries"][1];
    assert_eq!((&later["id"], &later["created_at"]), (&first["id"], &first["created_at"]));
    assert!(later["updated_at"].as_str() > first["updated_at"].as_str());
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_rejected_or_fails() {
    let still = Still::new(json!({})).await;
    let sent = still
        .send(json!([
            { "event_type": "rumour" },
            { "event_type": "log.entry", "source_id": "a", "payload": {} },
            { "event_type": "log.entry", "user_id": "alice", "payload": {} },
            entry("b", json!({ "date": "2026-11-20" })),
            entry("c", json!({ "date": "2026-11-20", "summary": "s", "mood": "good" })),
            entry("d", json!({ "date": "2026-11-20", "summary": "s", "decisions": "none" })),
            entry("e", json!({ "date": "tomorrow", "summary": "s" })),
            { "event_type": "log.entry", "user_id": "alice", "source_id": "f", "source": "mail", "payload": {} },
        ]))
        .await;
    let reasons: Vec<&str> =
        sent["rejections"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert_eq!(
        reasons,
        [
            "unsupported event_type 'rumour'; expected one of ['fact.extracted', 'interaction.turn', 'log.entry']",
            "'user_id' is required for multi-user formations",
            "'source_id' is required (the event's origin in the raw source)",
            "invalid event schema: Payload for 'log.entry' is missing required keys: ['summary']",
            "invalid event schema: Payload for 'log.entry' has unknown keys: ['mood']",
            "invalid event schema: Payload key 'decisions' for 'log.entry' must be a list",
            "'source' must be \"distillery\" when provided, got 'mail'",
        ]
    );
    let job = still.job(&sent).await;
    assert_eq!(job["counts"], json!({ "projected": 0, "recorded": 0, "failed": 1 }));
    assert_eq!(job["items"][0]["error"], "Invalid isoformat string: 'tomorrow'");
    assert_eq!(still.history("").await["count"], 0);
    let body = json!({ "user_id": "alice", "background": false });
    assert_eq!(still.admin("/memory/rebuild", body).await["projections"]["captains_log"], counts(1, 0, 1));
}

#[tokio::test]
async fn a_rebuild_replays_the_log_and_a_dry_run_does_not() {
    let still = Still::new(json!({})).await;
    still.send(json!([day("1", "2026-11-20", "Planted a tree"), day("2", "2026-11-20", "Planted two")])).await;
    let before = still.history("").await;
    let dry = json!({ "user_id": "alice", "projection": "captains_log", "dry_run": true, "backfill": true });
    let dry = still.app.post("/memory/rebuild", &[ADMIN], dry).await;
    assert_eq!(dry.status, 200, "a dry run needs no job");
    let expected = json!({ "captains_log": { "events": 2, "applied": 0, "failed": 0, "dry_run": true } });
    assert_eq!((&dry.data()["projections"], dry.data().get("backfill")), (&expected, None));
    assert_eq!(still.history("").await, before);

    let done =
        still.admin("/memory/rebuild", json!({ "user_id": "alice", "background": false, "backfill": true })).await;
    assert_eq!(done["projections"]["captains_log"], counts(2, 2, 0));
    assert_eq!(done["projections"]["flat_facts"], counts(0, 0, 0), "entries are no facts");
    assert_eq!(done["backfill"]["captains_log"], json!({ "synthesized": 0, "complete": true }));
    let after = still.history("").await;
    assert_eq!(summaries(&after), ["Planted two"]);
    assert_ne!(after["entries"][0]["id"], before["entries"][0]["id"], "the row was made anew");
}

#[tokio::test]
async fn a_source_that_is_forgotten_leaves_the_log_with_the_next_rebuild() {
    let still = Still::new(json!({})).await;
    still.send(json!([day("1", "2026-11-20", "Planted a tree")])).await;
    let forget =
        |rebuild: bool| json!({ "user_id": "alice", "source": "distillery", "rebuild": rebuild, "background": false });
    let lazily = still.admin("/memory/forget", forget(false)).await;
    assert_eq!(lazily["deleted_events"], 1);
    assert_eq!(still.history("").await["count"], 1, "derived until a rebuild");
    let rebuilt = still.admin("/memory/rebuild", json!({ "user_id": "alice", "background": false })).await;
    assert_eq!(rebuilt["projections"]["captains_log"], counts(0, 0, 0));
    assert_eq!(still.history("").await["count"], 0);

    let again = still.send(json!([day("1", "2026-11-20", "Planted a tree")])).await;
    assert_eq!(again["accepted"], 1, "what was forgotten may come again");
    let at_once = still.admin("/memory/forget", forget(true)).await;
    assert_eq!((&at_once["deleted_events"], &at_once["projections"]["captains_log"]), (&json!(1), &counts(0, 0, 0)));
    assert_eq!(still.history("").await["count"], 0);
}

#[tokio::test]
async fn provenance_tells_what_an_event_said() {
    let still = Still::new(json!({})).await;
    let mut event = day("1", "2026-11-20", "Planted a tree");
    event["source_confidence"] = json!(0.9);
    event["occurred_at"] = json!("2026-11-20T10:00:00+02:00");
    let sent = still.send(json!([event])).await;
    let id = still.job(&sent).await["items"][0]["event_id"].clone();
    let path = format!("/memories/provenance?event_id={}", id.as_str().unwrap());
    let found = still.app.get(&path, &[CLIENT, ALICE]).await.data()["event"].clone();
    assert_eq!(
        (&found["event_type"], &found["source"], &found["source_id"]),
        (&json!("log.entry"), &json!("distillery"), &json!("1"))
    );
    assert_eq!(found["payload"], json!({ "date": "2026-11-20", "summary": "Planted a tree" }));
    assert_eq!(found["occurred_at"], "2026-11-20T08:00:00.000000");
    assert_eq!(found["source_confidence"], 0.7, "a distillery is provisional unless it was registered as verified");
}

#[tokio::test]
async fn confidence_decays_as_an_event_says() {
    let still = Still::new(json!({ "trust_level": "verified" })).await;
    let ago = |days: u64| {
        let time = SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
        jiff::Timestamp::try_from(time).unwrap().to_string()
    };
    let event = |id: &str, rate: &str, expires: String| {
        let mut event = day(id, "2026-11-20", "Planted a tree");
        event["source_confidence"] = json!(0.8);
        event["occurred_at"] = json!(ago(180));
        event["decay_rate"] = json!(rate);
        event["expires_at"] = json!(expires);
        event
    };
    let events = [
        event("1", "static", ago(1)),
        event("2", "decaying", ago(1)),
        event("3", "volatile", ago(1)),
        event("4", "volatile", "2999-01-01".to_owned()),
    ];
    let sent = still.send(json!(events)).await;
    let job = still.job(&sent).await;
    for (item, left) in job["items"].as_array().unwrap().iter().zip([0.8, 0.4, 0.0, 0.8]) {
        let path = format!("/memories/provenance?event_id={}", item["event_id"].as_str().unwrap());
        let found = still.app.get(&path, &[CLIENT, ALICE]).await.data()["event"].clone();
        assert_eq!((&found["source_confidence"], &found["effective_confidence"]), (&json!(0.8), &json!(left)));
    }
}

#[tokio::test]
async fn lint_finds_where_the_log_is_silent_for_long() {
    let still = Still::new(json!({})).await;
    still.send(json!([day("1", "2026-11-01", "a"), day("2", "2026-11-08", "b"), day("3", "2026-11-16", "c")])).await;
    let gap = json!({ "alice": ["captain's log gap: 8 days between 2026-11-08 and 2026-11-16"] });
    for body in [json!({}), json!({ "user_id": "alice" })] {
        let report = still.admin("/memory/lint", body).await["report"].clone();
        assert_eq!((&report["users"], &report["log_gaps"], &report["findings"]), (&json!(1), &json!(1), &gap));
    }
    assert_eq!(still.admin("/memory/lint", json!({ "user_id": "bob" })).await["report"]["log_gaps"], 0);
}

#[tokio::test]
async fn a_distillery_may_lack_a_description() {
    let still = Still::new(json!({})).await;
    let listed = still.app.get("/memory/distilleries", &[ADMIN]).await.data();
    let row = &listed["distilleries"][0];
    assert_eq!((&row["description"], &row["trust_level"]), (&Value::Null, &json!("provisional")));
    let broken = still.post("{".to_owned()).await;
    assert_eq!((broken.status.as_u16(), broken.code().as_str()), (400, "INVALID_REQUEST"));
    let unsigned = still
        .app
        .raw("POST", "/memories/distilled", &[CLIENT, ("X-Distillery-ID", &still.id)], Some("{}".to_owned()))
        .await;
    assert_eq!((unsigned.status.as_u16(), unsigned.code().as_str()), (401, "UNAUTHORIZED"));
}
