use super::{both, call, chat, chat_stream, get, post, start};
use crate::client::{open, wait_for};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use std::{
    io::{BufReader, Read},
    thread,
    time::{Duration, Instant},
};

#[test]
fn artifact_json_500() {
    both("artifact-json-500", |server, on| {
        let reply = chat(server, "ada", "[[artifact]]");
        assert_eq!(reply.status, if on { 500 } else { 200 });
        assert_eq!(reply.error().contains("datetime is not JSON serializable"), on);
        assert_eq!(get(server, "ada", "/artifacts").data()["count"], 1, "the work is done");
    });
}

#[test]
fn early_answer_error() {
    both("early-answer-error", |server, on| {
        let long = "x".repeat(100_001);
        let stream = chat_stream(server, "ada", &long);
        assert_eq!(stream.contains("event: error") && stream.contains("AttributeError"), on, "{stream}");
        assert_eq!(stream.contains("event: done"), !on);
        assert_eq!(chat(server, "ada", &long).status, 200);
    });
}

#[test]
fn unmarked_failures() {
    both("unmarked-failures", |server, on| {
        let reply = chat(server, "ada", "[[fail]]");
        let metadata = reply.data()["message"]["metadata"].clone();
        assert_eq!((reply.status, metadata.get("error_code").is_none()), (200, on), "{metadata}");
        assert_eq!(metadata["session_id"], reply.data()["session_id"]);
    });
}

#[test]
fn unknown_request_id() {
    both("unknown-request-id", |server, on| {
        let reply = chat(server, "ada", "hi");
        let id = reply.json()["request"]["id"].as_str().unwrap().to_owned();
        assert_eq!(get(server, "ada", &format!("/requests/{id}")).status, if on { 404 } else { 200 });
        assert_eq!(reply.data()["request_id"].is_null(), on);
        assert!(reply.data()["session_id"].is_string());
        assert_eq!(chat(server, "ada", "[[fast]]").data()["session_id"].is_null(), on);
        let voice = json!({ "stream": false, "files": [{ "content_type": "audio/wav", "content": "" }] });
        assert_eq!(post(server, "ada", "/audiochat", voice).data()["session_id"].is_null(), on);
        let chosen = json!({ "message": "hi", "stream": false, "request_id": "mine" });
        assert_eq!(post(server, "ada", "/chat", chosen).json()["request"]["id"], "mine");
        assert_eq!(get(server, "ada", "/requests/mine").status, 200);
    });
}

#[test]
fn audio_request_id_dropped() {
    both("audio-request-id-dropped", |server, on| {
        let files = json!([{ "content_type": "audio/wav", "content": "" }]);
        let voice = json!({ "stream": false, "request_id": "mine", "files": files });
        let reply = post(server, "ada", "/audiochat", voice);
        assert_eq!((&reply.data()["request_id"], &reply.json()["request"]["id"]), (&json!("mine"), &json!("mine")));
        assert_eq!(get(server, "ada", "/requests/mine").status, if on { 404 } else { 200 });
        assert_eq!(get(server, "ada", "/requests").data()["count"], 1);
    });
}

/// The answer to a message with a file.
fn with_file(server: &muxi_local::Server, kind: &str, content: &str) -> String {
    let file = json!({ "filename": "notes", "content_type": kind, "content": content });
    let body = json!({ "message": "hi", "stream": false, "files": [file] });
    post(server, "ada", "/chat", body).data()["message"]["content"].as_str().unwrap().to_owned()
}

#[test]
fn documents_not_decoded() {
    both("documents-not-decoded", |server, on| {
        let encoded = STANDARD.encode("zebra, naïve");
        let said = with_file(server, "application/xml", &encoded);
        assert_eq!((said.contains("zebra, naïve"), said.contains(&encoded)), (!on, on), "{said}");
        assert!(with_file(server, "application/xml", "plain zebra").contains("plain zebra"));
        assert_eq!(with_file(server, "image/png", &encoded), "Echo: hi");
    });
}

#[test]
fn text_files_dropped() {
    both("text-files-dropped", |server, on| {
        assert_eq!(with_file(server, "text/plain", "zebra").contains("zebra"), !on);
        assert!(with_file(server, "application/xml", "zebra").contains("zebra"));
        let session = get(server, "ada", "/sessions").data()["sessions"][0]["session_id"].clone();
        let path = format!("/sessions/{}/messages", session.as_str().unwrap());
        assert_eq!(get(server, "ada", &path).data()["messages"][0]["text"], "hi", "the file is no part of the message");
    });
}

#[test]
fn no_terminal_event() {
    both("no-terminal-event", |server, on| {
        let body = json!({ "message": "[[approve]]", "session_id": "s" }).to_string();
        let headers = [("X-Muxi-Client-Key", "fmc"), ("X-Muxi-User-ID", "ada"), ("Content-Type", "application/json")];
        let mut stream = BufReader::new(open(server, "POST", "/v1/chat", &headers, body.as_bytes()));
        wait_for(&mut stream, "process_sync_start");
        let (mut rest, mut ended, started) = (Vec::new(), false, Instant::now());
        while !ended && started.elapsed() < Duration::from_millis(2500) {
            let mut part = [0; 4096];
            let count = stream.read(&mut part).unwrap();
            rest.extend_from_slice(&part[..count]);
            ended = count == 0;
        }
        let rest = String::from_utf8_lossy(&rest);
        assert_eq!(ended, !on, "{rest}");
        assert_eq!(rest.contains("\"approval_required\":true") && rest.contains("event: done"), !on, "{rest}");
        assert_eq!(rest.contains(": keepalive"), on);
        let reply = chat(server, "ada", "[[approve]]").data()["message"].clone();
        assert_eq!(reply["metadata"]["approval_required"], true, "the plan is in the JSON reply");
    });
}

#[test]
fn new_user_race() {
    both("new-user-race", |server, on| {
        let failures = |user: &str| {
            thread::scope(|scope| {
                let turns: Vec<_> = (0..3).map(|_| scope.spawn(|| chat_stream(server, user, "[[wait 600]]"))).collect();
                let failed = |stream: &String| stream.contains("event: error") && stream.contains("IntegrityError");
                turns.into_iter().map(|turn| turn.join().unwrap()).filter(failed).count()
            })
        };
        assert_eq!(failures("new"), if on { 2 } else { 0 });
        post(server, "", "/users/resolve", json!({ "identifier": "known" }));
        assert_eq!(failures("known"), 0);
    });
}

#[test]
fn users_of_a_server_with_all_quirks_do_not_race() {
    let server = &start("real");
    thread::scope(|scope| {
        let turns: Vec<_> =
            (0..20).map(|user| scope.spawn(move || chat_stream(server, &format!("u{user}"), "hi"))).collect();
        for turn in turns {
            let stream = turn.join().unwrap();
            assert!(stream.contains("event: done") && !stream.contains("event: error"), "{stream}");
        }
    });
}

#[test]
fn a_first_turn_that_is_over_races_with_none() {
    // With this the stream of a cancelled turn stays open.
    let server = &start("fixed,new-user-race,late-cancel");
    let headers = [("X-Muxi-Client-Key", "fmc"), ("X-Muxi-User-ID", "ada"), ("Content-Type", "application/json")];
    let body = json!({ "message": "[[wait 20000]]", "request_id": "req_first" }).to_string();
    let stream = open(server, "POST", "/v1/chat", &headers, body.as_bytes());
    while call(server, "ada", "DELETE", "/requests/req_first", None).status != 200 {
        thread::sleep(Duration::from_millis(5));
    }
    while get(server, "ada", "/requests/req_first").data()["status"] == "processing" {
        thread::sleep(Duration::from_millis(5));
    }
    let second = chat_stream(server, "ada", "hi");
    assert!(second.contains("event: done") && !second.contains("IntegrityError"), "{second}");
    drop(stream);
}

#[test]
fn late_first_event() {
    both("late-first-event", |server, on| {
        // On a busy machine anything may take long, but not each time.
        let is_late = |ask: &dyn Fn()| {
            (0..10).all(|_| {
                let started = Instant::now();
                ask();
                started.elapsed() > Duration::from_millis(900)
            })
        };
        let stream = || {
            let stream = chat_stream(server, "ada", "hi");
            assert!(stream.starts_with(": keepalive\n\n") && stream.contains("event: done"), "{stream}");
        };
        assert_eq!(is_late(&stream), on);
        assert!(!is_late(&|| drop(chat(server, "ada", "hi"))), "the JSON path does not wait");
    });
}
