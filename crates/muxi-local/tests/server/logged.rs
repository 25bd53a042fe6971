//! The captain's log and the events under it, with `--data`.

use crate::client::{Answer, Headers, now, send};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use muxi_local::Server;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tempfile::TempDir;

const KEYS: [(&str, &str); 3] =
    [("X-Muxi-Admin-Key", "fma_test"), ("X-Muxi-Client-Key", "fmc_test"), ("X-Muxi-User-ID", "alice")];

fn start(data: &Path, files: &Path) -> Server {
    let keys = Server::builder().key_id("key").secret_key("secret").admin_key(KEYS[0].1).client_key(KEYS[1].1);
    Server::spawn(keys.data(data).formation(files)).unwrap()
}

fn call(server: &Server, method: &str, path: &str, headers: Headers<'_>, body: &str) -> Answer {
    let json = [("Content-Type", "application/json")];
    let headers: Vec<(&str, &str)> = KEYS.iter().chain(&json).chain(headers).copied().collect();
    send(server, method, &format!("/v1{path}"), &headers, body.as_bytes())
}

fn done(server: &Server, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = call(server, method, path, &[], &body);
    assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text());
    answer.json()["data"].clone()
}

fn get(server: &Server, path: &str) -> Value {
    done(server, "GET", path, &Value::Null)
}

/// Hands in a batch, signed.
fn hand_in(server: &Server, key: &Ed25519KeyPair, id: &str, events: &Value) -> Value {
    let (time, body) = (now().to_string(), json!({ "batch_id": "b", "events": events }).to_string());
    let signature = STANDARD.encode(key.sign(format!("muxi-distillery-v1\n{time}\n{id}\n{body}").as_bytes()));
    let headers = [("X-Distillery-ID", id), ("X-Distillery-Timestamp", &time), ("X-Distillery-Signature", &signature)];
    let answer = call(server, "POST", "/memories/distilled", &headers, &body);
    assert!(answer.status < 300, "{}", answer.text());
    answer.json()["data"].clone()
}

#[test]
fn the_log_survives_a_restart_and_its_events_are_replayed_after_it() {
    let (data, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let config = "id: logged\ndescription: A test\nmemory: {distillery: {enabled: true}}\nversion: 1.0.0\n";
    fs::write(files.path().join("formation.afs"), config).unwrap();
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let server = start(data.path(), files.path());
    let public = format!("ed25519:{}", STANDARD.encode(key.public_key()));
    let still = done(&server, "POST", "/memory/distilleries", &json!({ "name": "still", "public_key": public }));
    let id = still["distillery_id"].as_str().unwrap();
    let payload = json!({
        "date": "2026-11-20", "summary": "Planted a tree", "context": "autumn",
        "sources": [{ "source_type": "vector_chunk", "source_id": "7" }],
    });
    let events = json!([{ "event_type": "log.entry", "user_id": "alice", "source_id": "1", "payload": payload }]);
    assert_eq!(hand_in(&server, &key, id, &events)["accepted"], 1);
    let content = json!({ "source": "mail", "source_id": "1", "content": "met Bob" });
    let event = done(&server, "POST", "/memories", &content)["event_id"].as_str().unwrap().to_owned();
    let path = format!("/memories/provenance?event_id={event}");
    let (history, provenance) = (get(&server, "/history?include_sources=true"), get(&server, &path));
    assert_eq!(history["entries"][0]["summary"], "Planted a tree");
    drop(server);

    // Events had no type once: all were content.
    let database = rusqlite::Connection::open(data.path().join("muxi-local.db")).unwrap();
    let age = "UPDATE rows SET value = json_remove(value, '$.kind', '$.claim')
               WHERE area = 'ingestion_events' AND json_extract(value, '$.kind') = 'memory.ingested'";
    assert_eq!(database.execute(age, []).unwrap(), 1);
    database.close().unwrap();
    let server = start(data.path(), files.path());
    assert_eq!(get(&server, "/history?include_sources=true"), history);
    assert_eq!(get(&server, &path), provenance);
    assert_eq!(hand_in(&server, &key, id, &events)["duplicates"], 1);
    let rebuilt = done(&server, "POST", "/memory/rebuild", &json!({ "user_id": "alice", "background": false }));
    let row = json!({ "events": 1, "applied": 1, "failed": 0 });
    assert_eq!((&rebuilt["projections"]["captains_log"], &rebuilt["projections"]["flat_facts"]), (&row, &row));
    let forget = json!({ "user_id": "alice", "source": "distillery", "background": false });
    assert_eq!(done(&server, "POST", "/memory/forget", &forget)["deleted_events"], 1);
    drop(server);
    let server = start(data.path(), files.path());
    assert_eq!(get(&server, "/history")["count"], 0);
}

#[test]
fn a_conversation_goes_into_the_log_once_even_with_a_restart_between() {
    let (data, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(files.path().join("formation.afs"), "id: logged\ndescription: A test\nversion: 1.0.0\n").unwrap();
    let server = start(data.path(), files.path());
    done(&server, "POST", "/chat", &json!({ "message": "Hello", "session_id": "s", "stream": false }));
    server.advance(std::time::Duration::from_secs(1860));
    let history = get(&server, "/history");
    assert_eq!(history["count"], 1);
    drop(server);
    let server = start(data.path(), files.path());
    server.advance(std::time::Duration::from_secs(3720));
    assert_eq!(get(&server, "/history"), history);
}
