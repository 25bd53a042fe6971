//! A server that is killed while it writes.

use crate::client::{open_at, read_answer};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::Duration,
};
use tempfile::TempDir;

const CLIENT: (&str, &str) = ("X-Muxi-Client-Key", "fmc_test");
const ADMIN: (&str, &str) = ("X-Muxi-Admin-Key", "fma_test");
const ALICE: (&str, &str) = ("X-Muxi-User-ID", "alice");

/// A running program. It is killed when dropped, by SIGKILL: nothing is flushed, nothing is closed.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn start(data: &Path) -> (Program, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_muxi-local"))
        .args(["--port", "0", "--json", "--admin-key", ADMIN.1, "--client-key", CLIENT.1, "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = serde_json::from_str::<Value>(&line).unwrap()["url"].as_str().unwrap().to_owned();
    (Program(child), url)
}

/// Sends a JSON body and gives the answer, whole or not; empty when the server has gone.
fn post(url: &str, path: &str, body: &Value) -> String {
    let headers = [CLIENT, ADMIN, ALICE, ("Content-Type", "application/json")];
    let mut bytes = Vec::new();
    if let Ok(mut stream) = open_at(url, "POST", path, &headers, body.to_string().as_bytes()) {
        let _ = stream.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn get(url: &str, path: &str) -> Value {
    read_answer(open_at(url, "GET", path, &[CLIENT, ADMIN, ALICE], b"").unwrap()).json()["data"].clone()
}

/// Writes until the server is gone; notes what was acknowledged.
fn storm(url: &str, kind: usize, round: usize, acknowledged: &Mutex<Vec<(usize, String)>>) {
    for number in 0.. {
        let text = format!("W{kind}x{round}x{number}E");
        let reply = match kind {
            0 => post(url, "/v1/memories", &json!({"content": text})),
            1 => post(url, "/v1/secrets", &json!({"key": text, "value": "x"})),
            2 => post(url, "/v1/chat", &json!({"message": text, "session_id": "json", "stream": false})),
            _ => post(url, "/v1/chat", &json!({"message": text, "session_id": "stream"})),
        };
        let safe =
            if kind == 3 { reply.contains(r#""type":"completed""#) } else { reply.contains(r#""success":true"#) };
        if safe {
            acknowledged.lock().unwrap().push((kind, text));
        } else if reply.is_empty() {
            return;
        }
    }
}

/// Everything of one kind that the server still knows.
fn known(url: &str, kind: usize) -> String {
    match kind {
        0 => {
            let page = |index: usize| get(url, &format!("/v1/memories?limit=100&offset={}", index * 100));
            let full = |page: &Value| page["count"] != 0;
            (0..).map(page).take_while(full).map(|page| page.to_string()).collect()
        }
        1 => get(url, "/v1/secrets").to_string().replace('X', "x"),
        2 => get(url, "/v1/sessions/json/messages?limit=1000").to_string(),
        _ => get(url, "/v1/sessions/stream/messages?limit=1000").to_string(),
    }
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill() {
    let folder = TempDir::new().unwrap();
    for round in 0..4 {
        let (program, url) = start(folder.path());
        let acknowledged = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for kind in 0..4 {
                let (url, acknowledged) = (&url, &acknowledged);
                scope.spawn(move || storm(url, kind, round, acknowledged));
            }
            thread::sleep(Duration::from_millis(300 + 70 * round as u64));
            drop(program);
        });
        let acknowledged = acknowledged.into_inner().unwrap();
        let (_program, url) = start(folder.path());
        for kind in 0..4 {
            let mine: Vec<&String> =
                acknowledged.iter().filter(|(own, _)| *own == kind).map(|(_, text)| text).collect();
            assert!(mine.len() > 3, "only {} of kind {kind} in round {round}", mine.len());
            let known = known(&url, kind);
            // A session keeps its last thousand messages.
            for text in mine.iter().rev().take(400) {
                assert!(known.contains(*text), "{text} was acknowledged and is lost");
                assert!(kind < 2 || known.contains(&format!("Echo: {text}")), "the answer to {text} is lost");
            }
        }
    }
}

#[test]
fn a_second_process_is_refused_and_told_why() {
    let folder = TempDir::new().unwrap();
    let (_program, _) = start(folder.path());
    let data = folder.path().to_str().unwrap();
    let second = Command::new(env!("CARGO_BIN_EXE_muxi-local")).args(["--port", "0", "--data", data]).output().unwrap();
    let words = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(words.contains(data) && words.contains("in use by another muxi-local"), "{words}");
}
