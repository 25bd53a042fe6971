//! Every recorded reply decodes into its type, nothing in it is unknown, and nothing of it is lost.

use super::checks::{check, checks};
use super::*;
use crate::api::table::{Api, Composite, Endpoint, Reply};
use crate::api::table::{formation, server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    formation::ENDPOINTS.iter().chain(server::ENDPOINTS).copied()
}

/// The number of literal segments if a path is of the form of a row; the more there are, the more it counts.
fn literal_segments(pattern: &str, path: &str) -> Option<usize> {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    let fits = pattern.len() == path.len() && pattern.iter().zip(&path).all(|(p, s)| p.starts_with('{') || p == s);
    fits.then(|| pattern.iter().filter(|p| !p.starts_with('{')).count())
}

/// The row that a request belongs to.
fn endpoint(api: Api, stream: bool, method: &str, target: &str, body: &Value) -> &'static Endpoint {
    let path = target.split('?').next().unwrap();
    endpoints()
        .filter(|e| {
            e.api == api
                && e.method == method
                && e.is_stream() == stream
                && e.flags.composite != Some(Composite::PickSecret)
        })
        // The two operations on `POST /memories` differ in the body only.
        .filter(|e| {
            e.path != "/memories" || method != "POST" || e.param("source").is_some() == body["source"].is_string()
        })
        .filter_map(|e| Some((literal_segments(e.path, path)?, e)))
        .max_by_key(|(literals, _)| *literals)
        .unwrap_or_else(|| panic!("no operation for {method} {target}"))
        .1
}

/// The samples in a folder, by name.
fn samples(folder: &str) -> BTreeMap<String, String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contract/samples").join(folder);
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .filter(|(name, _)| name != "README.md")
        .collect()
}

/// The problems of a sample, each with its name before it.
fn named(name: &str, problems: Vec<String>) -> Vec<String> {
    problems.into_iter().map(|problem| format!("{name}: {problem}")).collect()
}

#[test]
fn every_reply_of_the_table_has_a_type() {
    for row in endpoints() {
        let declared = checks().any(|(name, _)| *name == row.reply_type);
        let name = row.reply_type;
        let fits = match row.reply {
            Reply::Json => declared || name == "Object",
            Reply::Text => name == "Text",
            Reply::Bytes => name == "Bytes",
            Reply::Events(_) => name.ends_with("Events"),
        };
        assert!(fits, "{} gives {name}", row.name);
    }
}

#[test]
fn formation_replies() {
    let mut wrong = Vec::new();
    let mut decoded = 0;
    for (name, text) in samples("").iter().filter(|(name, _)| name.ends_with(".json")) {
        // Webhook deliveries are no replies.
        if ["webhook_completed.json", "webhook_escalation.json"].contains(&name.as_str()) {
            continue;
        }
        let sample: Value = serde_json::from_str(text).unwrap();
        let (request, response) = (&sample["request"], &sample["response"]);
        if !(200..300).contains(&response["status"].as_u64().unwrap()) {
            // Errors and redirects: api/error/tests.rs.
            let known =
                name.starts_with("error_") || name == "redirect_307.json" || name == "chat_nonstream_artifact_500.json";
            assert!(known, "{name}: who tests this?");
            continue;
        }
        let path = request["path"].as_str().unwrap().strip_prefix("/v1").unwrap();
        let row = endpoint(Api::Formation, false, request["method"].as_str().unwrap(), path, &request["body"]);
        let value = response["body"].get("data").unwrap_or(&response["body"]);
        wrong.extend(named(&format!("{name} ({})", row.name), check(row.reply_type, value)));
        decoded += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(decoded > 40, "{decoded} samples");
}

/// Lines that lost characters in the middle when the recordings were shortened: file, and the place of the cut.
const DAMAGED: &[(&str, &str)] = &[
    ("chat_stream.txt", r#""tool_count"..."token":"#),
    ("chat_stream_artifact.txt", r#""agent_requested":nul..."token":"#),
    ("chat_stream_artifact.txt", r#""too...":11"#),
];

#[test]
fn chat_streams() {
    let mut wrong = Vec::new();
    let mut damaged = 0;
    for (name, text) in samples("").iter().filter(|(name, _)| !name.ends_with(".json")) {
        assert!(name.starts_with("chat_stream"), "{name}: who tests this?");
        let mut last = None;
        for data in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            if DAMAGED.iter().any(|(file, part)| file == name && data.contains(part)) {
                damaged += 1;
                continue;
            }
            let value: Value = serde_json::from_str(data).unwrap();
            wrong.extend(named(name, check("ChatFrame", &value)));
            let frame: ChatFrame = serde_json::from_value(value).unwrap();
            let kinds = [frame.token.is_some(), !frame.ui.is_empty(), frame.finished.is_some(), frame.error.is_some()];
            assert_eq!(kinds.iter().filter(|there| **there).count(), 1, "{name}: {data}");
            last = Some(frame);
        }
        let last = last.unwrap();
        assert!(last.finished == Some(true) || last.error.is_some(), "{name}: {last:?}");
    }
    assert_eq!(damaged, DAMAGED.len(), "a sample was mended: take it out of the list");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn server_replies() {
    let mut wrong = Vec::new();
    for (name, text) in samples("server") {
        let (request, response) = text.split_once("\n<<< ").unwrap();
        let (method, path) = request.lines().next().unwrap().strip_prefix(">>> ").unwrap().split_once(' ').unwrap();
        let (head, body) = response.split_once("\n\n").unwrap();
        if !head.starts_with('2') {
            // Errors are tested where errors are.
            assert!(name.starts_with("error_") || name.starts_with("proxy_error_"), "{name}: who tests this?");
            continue;
        }
        let row = endpoint(Api::Server, head.contains("text/event-stream"), method, path, &Value::Null);
        let label = format!("{name} ({})", row.name);
        if row.is_stream() {
            for (event, data) in frames(body) {
                wrong
                    .extend(named(&label, check(payload(row.reply_type, event), &serde_json::from_str(data).unwrap())));
            }
            continue;
        }
        let body = body.split("[end ").next().unwrap().trim();
        let value = match row.reply {
            Reply::Json => serde_json::from_str(body).unwrap(),
            _ => json!(body),
        };
        let value = if row.flags.bare || row.flags.whole { &value } else { value.get("data").unwrap_or(&value) };
        wrong.extend(named(&label, check(row.reply_type, value)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The events of a recorded stream: name and data.
fn frames(body: &str) -> Vec<(&str, &str)> {
    let (mut frames, mut event) = (Vec::new(), "");
    for line in body.lines() {
        if let Some((_, name)) = line.split_once("] event: ") {
            event = name;
        } else if let Some(data) = line.strip_prefix("data: ") {
            frames.push((event, data));
        }
    }
    assert!(!frames.is_empty());
    frames
}

/// The type of what an event carries.
fn payload(stream: &str, event: &str) -> &'static str {
    match (stream, event) {
        ("LifecycleEvents", "progress") => "LifecycleProgress",
        ("LifecycleEvents", "complete") => "LifecycleComplete",
        ("LifecycleEvents", "error") => "LifecycleError",
        ("FormationLogEvents", "connected" | "log") => "FormationLogLine",
        _ => panic!("{stream} has no event {event}"),
    }
}

#[test]
fn other_forms_of_a_message() {
    let answer = |message: Value| -> ChatMessage {
        serde_json::from_value::<ChatResult>(json!({"message": message, "user_id": "u"})).unwrap().message
    };
    assert_eq!(answer(json!("Hi")).content.unwrap().text(), "Hi");

    let parts =
        json!({"role": "assistant", "content": [{"type": "text", "text": "Hi "}, {"type": "text", "text": "you"}]});
    assert_eq!(answer(parts).content.unwrap().text(), "Hi you");

    let later = answer(json!({"status": "processing", "request_id": "r", "delivery": "polling"}));
    assert_eq!((later.status.as_ref().unwrap(), later.request_id.as_deref()), (&RequestState::Processing, Some("r")));
    assert!(later.content.is_none() && later.extra.is_empty());
}

#[test]
fn other_forms_of_a_token() {
    let frame: ChatFrame = serde_json::from_value(json!({"token": "Hi"})).unwrap();
    let token = frame.token.unwrap();
    assert_eq!((token.kind.as_str(), token.content.as_str()), ("content", "Hi"));

    let token: Token =
        serde_json::from_value(json!({"type": "stream_open", "session_id": "s", "request_id": "r"})).unwrap();
    assert_eq!(token.session_id, "s");
}

#[test]
fn unknown_fields_are_kept() {
    let widget = json!({"type": "options", "id": "ui_1", "options": [{"value": "a", "label": "A"}], "new": 1});
    let decoded: Widget = serde_json::from_value(widget.clone()).unwrap();
    assert_eq!(decoded.extra["new"], 1);
    assert_eq!(serde_json::to_value(&decoded).unwrap(), widget);
}
