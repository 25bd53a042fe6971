//! Distilleries: signed batches of events.

use crate::support::{ALICE, AS_ADMIN, CLIENT, Local, Reply};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

struct Sender {
    key: Ed25519KeyPair,
    id: String,
}

impl Sender {
    async fn register(local: &Local, scope: Value) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = format!("ed25519:{}", STANDARD.encode(key.public_key()));
        let body = json!({ "name": "mail", "public_key": public, "scope": scope });
        let row = local.post("/memory/distilleries", AS_ADMIN, body).await;
        assert_eq!(row.status, 201);
        let row = row.data();
        assert_eq!(
            (&row["status"], &row["public_key"], &row["revoked_at"]),
            (&json!("active"), &json!(public), &Value::Null)
        );
        Self { key, id: row["distillery_id"].as_str().unwrap().to_owned() }
    }

    fn headers(&self, body: &str, time: u64) -> [(String, String); 3] {
        let signed = format!("muxi-distillery-v1\n{time}\n{}\n{body}", self.id);
        let signature = STANDARD.encode(self.key.sign(signed.as_bytes()));
        [
            ("x-distillery-id".to_owned(), self.id.clone()),
            ("x-distillery-timestamp".to_owned(), time.to_string()),
            ("x-distillery-signature".to_owned(), signature),
        ]
    }

    async fn send(&self, local: &Local, body: &str, signed: &str, time: u64) -> Reply {
        let own = self.headers(signed, time);
        let key = [("x-muxi-client-key", CLIENT)];
        let headers: Vec<(&str, &str)> =
            key.into_iter().chain(own.iter().map(|(name, value)| (name.as_str(), value.as_str()))).collect();
        local.raw("POST", "/memories/distilled", &headers, Some(body.to_owned().into())).await
    }

    async fn hand_in(&self, local: &Local, body: &Value) -> Reply {
        let body = body.to_string();
        self.send(local, &body, &body, now()).await
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn start() -> Local {
    Local::with("memory: { distillery: { enabled: true } }\n").await
}

fn fact(id: &str, text: &str) -> Value {
    let payload = json!({ "memory": text, "collection": "facts", "metadata": { "topic": "drinks" } });
    json!({ "source_id": id, "event_type": "fact.extracted", "user_id": "alice", "payload": payload })
}

#[tokio::test]
async fn a_signed_batch_becomes_memories() {
    let local = start().await;
    let sender = Sender::register(&local, json!({})).await;
    let turn = json!({ "user_message": "Hello" });
    let other = json!({ "source_id": "e2", "event_type": "interaction.turn", "user_id": "alice", "payload": turn });
    let batch =
        json!({ "batch_id": "b1", "events": [fact("e1", "Ada likes tea"), other, { "event_type": "log.entry" }] });
    let reply = sender.hand_in(&local, &batch).await;
    assert_eq!(reply.status, 202);
    let accepted = reply.data();
    assert_eq!((&accepted["accepted"], &accepted["rejected"]), (&json!(2), &json!(1)));
    assert_eq!(
        accepted["rejections"],
        json!([{ "index": 2, "reason": "'user_id' is required for multi-user formations" }])
    );
    let memory = local.get("/memories", ALICE).await["memories"][0].clone();
    assert_eq!((&memory["content"], &memory["metadata"]["topic"]), (&json!("Ada likes tea"), &json!("drinks")));

    let path = accepted["status_url"].as_str().unwrap().strip_prefix("/v1").unwrap();
    assert_eq!(local.get(path, AS_ADMIN).await["status"], "processing");
    local.advance(1);
    let headers = [("x-muxi-client-key", CLIENT), ("x-distillery-id", sender.id.as_str())];
    let status = local.get(path, &headers).await;
    assert_eq!((&status["status"], &status["batch_id"]), (&json!("completed"), &json!("b1")));
    assert_eq!(status["counts"], json!({ "projected": 1, "recorded": 1, "failed": 0 }));
    assert_eq!(status["items"][0]["disposition"], "projected");
    let foreign = local.call("GET", path, ALICE, Value::Null).await;
    assert_eq!(foreign.code(), (403, "FORBIDDEN"));
    let unknown = local.call("GET", "/memories/distilled/nope", AS_ADMIN, Value::Null).await;
    assert_eq!(unknown.code(), (404, "NOT_FOUND"));

    let again = sender.hand_in(&local, &batch).await;
    assert_eq!(again.status, 200, "nothing new was accepted");
    let again = again.data();
    assert_eq!(
        (&again["accepted"], &again["duplicates"], &again["processing_id"]),
        (&json!(0), &json!(2), &Value::Null)
    );
    assert_eq!(local.get("/memories", ALICE).await["count"], 1);
}

#[tokio::test]
async fn a_batch_must_be_authentic() {
    let local = start().await;
    let sender = Sender::register(&local, json!({})).await;
    let body = json!({ "batch_id": "b", "events": [fact("e", "x")] }).to_string();
    let altered = body.replace("\"x\"", "\"y\"");
    assert_eq!(sender.send(&local, &altered, &body, now()).await.code(), (401, "UNAUTHORIZED"));
    assert_eq!(sender.send(&local, &body, &body, now() - 301).await.code(), (401, "UNAUTHORIZED"));
    let stranger = Sender { key: Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap(), id: sender.id.clone() };
    assert_eq!(stranger.send(&local, &body, &body, now()).await.code(), (401, "UNAUTHORIZED"));
    let unsigned = local.raw("POST", "/memories/distilled", ALICE, Some(body.clone().into())).await;
    assert_eq!(unsigned.code(), (401, "UNAUTHORIZED"));
    assert_eq!(local.get("/memories", ALICE).await["count"], 0, "none of them left a trace");
    assert_eq!(sender.send(&local, &body, &body, now()).await.status, 202);
    for wrong in [
        json!({ "events": [fact("e", "x")] }),
        json!({ "batch_id": "b" }),
        json!({ "batch_id": "b", "events": [] }),
        json!({ "batch_id": "b", "events": [fact("e", "x")], "embedding_mode": "pre_computed" }),
        json!([]),
    ] {
        assert_eq!(sender.hand_in(&local, &wrong).await.code(), (422, "INVALID_PARAMS"));
    }

    let path = format!("/memory/distilleries/{}", sender.id);
    let revoked = local.call("DELETE", &path, AS_ADMIN, Value::Null).await.data();
    assert_eq!(revoked["status"], "revoked");
    assert!(revoked["revoked_at"].is_string());
    assert_eq!(sender.send(&local, &body, &body, now()).await.code(), (410, "GONE"));
    let listed = local.get("/memory/distilleries", AS_ADMIN).await;
    assert_eq!((&listed["count"], &listed["distilleries"][0]["status"]), (&json!(1), &json!("revoked")));
    let unknown = local.call("DELETE", "/memory/distilleries/nope", AS_ADMIN, Value::Null).await;
    assert_eq!(unknown.code(), (404, "NOT_FOUND"));
    let audit = local.get("/audit", AS_ADMIN).await;
    assert_eq!(audit["entries"][0]["resource_id"], sender.id);
}

#[tokio::test]
async fn a_scope_has_limits() {
    let local = start().await;
    let scope = json!({ "user_ids": ["alice"], "event_types": ["fact.extracted"], "max_events_per_day": 3, "max_batch_size": 2 });
    let sender = Sender::register(&local, scope).await;
    let batch = |id: &str, events: Value| json!({ "batch_id": id, "events": events });
    let large = batch("large", json!([fact("a", "1"), fact("b", "2"), fact("c", "3")]));
    assert_eq!(sender.hand_in(&local, &large).await.code(), (422, "INVALID_PARAMS"));
    let foreign = json!([
        { "event_type": "fact.extracted", "user_id": "bob" },
        { "event_type": "interaction.turn", "user_id": "alice" },
    ]);
    let foreign = sender.hand_in(&local, &batch("foreign", foreign)).await.data();
    let reasons = json!([
        { "index": 0, "reason": "user_id 'bob' outside distillery scope" },
        { "index": 1, "reason": "event_type 'interaction.turn' outside distillery scope" },
    ]);
    assert_eq!(foreign["rejections"], reasons);
    let two = sender.hand_in(&local, &batch("two", json!([fact("a", "1"), fact("b", "2")]))).await;
    assert_eq!(two.data()["accepted"], 2);
    let more = batch("more", json!([fact("c", "3"), fact("d", "4")]));
    assert_eq!(sender.hand_in(&local, &more).await.code(), (429, "RATE_LIMITED"));
    let known = sender.hand_in(&local, &batch("known", json!([fact("a", "1"), fact("b", "2")]))).await;
    assert_eq!((known.status, &known.data()["duplicates"]), (200, &json!(2)), "repeating costs nothing");
    local.advance(24 * 3600);
    let body = more.to_string();
    assert_eq!(sender.send(&local, &body, &body, now() + 24 * 3600).await.status, 202, "a day later there is room");
}

#[tokio::test]
async fn a_scope_may_be_a_pattern_of_users() {
    let local = start().await;
    for (users, rejected) in
        [(json!("pattern:al*"), 0), (json!("pattern:*@x.org"), 1), (json!("alice"), 0), (json!(1), 1)]
    {
        let sender = Sender::register(&local, json!({ "user_ids": users })).await;
        let batch = json!({ "batch_id": "b", "events": [fact(&users.to_string(), "x")] });
        assert_eq!(sender.hand_in(&local, &batch).await.data()["rejected"], rejected, "{users}");
    }
}

#[tokio::test]
async fn distilleries_must_be_enabled_and_keys_be_keys() {
    let local = Local::start().await;
    let body = json!({ "name": "n", "public_key": "ed25519:AAAA" });
    let reply = local.post("/memory/distilleries", AS_ADMIN, body.clone()).await;
    assert_eq!(reply.code(), (503, "SERVICE_UNAVAILABLE"));
    let local = start().await;
    assert_eq!(local.post("/memory/distilleries", AS_ADMIN, body).await.code(), (422, "INVALID_PARAMS"));
    let key = format!("ed25519:{}=", "A".repeat(43));
    let trusted = json!({ "name": "n", "public_key": key, "trust_level": "absolute" });
    assert_eq!(local.post("/memory/distilleries", AS_ADMIN, trusted).await.code(), (422, "INVALID_PARAMS"));
    let missing = local.post("/memory/distilleries", AS_ADMIN, json!({ "name": "n" })).await;
    assert_eq!(missing.code(), (422, "INVALID_PARAMS"));
}
