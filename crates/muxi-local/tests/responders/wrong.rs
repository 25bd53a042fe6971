//! Scripts that are wrong: every fault is found at the start, with its place and what was expected.

use muxi_local::Server;
use std::io::{ErrorKind, Write};
use std::process::Command;

async fn fault(yaml: &str) -> String {
    let error = Server::builder().script(yaml).start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    error.to_string()
}

#[tokio::test]
async fn every_fault_names_its_place_and_what_was_expected() {
    let mut faults = Vec::new();
    let a_reply = "one of `text`, `deltas`, `clarify`, `error`";
    for (yaml, place, words) in [
        ("- reply: {text: a", "1:10", "unclosed bracket"),
        ("", "1:1", "unexpected end of input"),
        ("just text", "1:1", "a list of rules, or a mapping"),
        ("rule: []", "1:1", "unknown field `rule`, expected one of rules, transcribe, otherwise"),
        ("otherwise: shout", "1:12", "unknown variant `shout`, expected one of explain, echo"),
        ("- text", "1:3", "a rule: a mapping with `reply` or `replies`"),
        ("- reply: a\n- when: {texd: x}\n  reply: b", "2:10", "unknown field `texd`, expected one of text"),
        ("- when:\n    text: 'a('\n  reply: b", "2:11", "`a(` is not a regular expression: unclosed group"),
        ("- when: {turn: soon}\n  reply: b", "1:16", "expected a whole number that is not negative"),
        ("- when: {channel: sms}\n  reply: b", "1:19", "expected one of chat, audio, trigger, job"),
        ("- when: {turn: 0}\n  reply: b", "1:10", "integer `0`, expected a whole number from 1"),
        ("- when: {user: [a]}\n  reply: b", "1:16", "expected a text"),
        ("- reply: a\n- when: {text: x}", "2:3", "either `reply` or `replies`"),
        ("- {reply: a, replies: [b]}", "1:3", "either `reply` or `replies`"),
        ("- {replies: []}", "1:3", "either `reply` or `replies`"),
        ("- {reply: a, times: 0}", "1:14", "expected a whole number from 1"),
        ("- reply: [a]", "1:3", "expected a text or a mapping"),
        ("- reply: a\n  reply: b", "2:3", "the key 'reply' is already in this mapping"),
        (
            "- reply: yes",
            "1:10",
            "expected a text or a mapping, found a boolean: write a text such as \"yes\" in quotes",
        ),
        ("- reply: 1.10", "1:10", "found a number: write a text such as \"1.10\" in quotes"),
        ("- replies: [no]", "1:13", "in quotes"),
        ("- reply: {text: yes}", "1:17", "expected a text, found a boolean: write a text such as \"yes\" in quotes"),
        ("- reply: {text: 1.10}", "1:17", "expected a text, found a number: write a text such as \"1.10\" in quotes"),
        ("- reply: {text: a, deltas: [yes]}", "1:29", "found a boolean"),
        ("- reply: {clarify: yes}", "1:20", "found a boolean"),
        ("- reply: {text: a, status: 1.5}", "1:28", "found a number"),
        ("- reply: {text: a, memories: [no]}", "1:31", "found a boolean"),
        ("- reply: {text: a, artifacts: [{filename: x, content: no}]}", "1:55", "found a boolean"),
        ("- reply: {error: {message: off}}", "1:28", "found a boolean"),
        ("transcribe: [{text: on}]", "1:21", "found a boolean"),
        ("- {when: {text: null}, reply: b}", "1:17", "nothing"),
        ("- {when: {user: null}, reply: b}", "1:17", "expected a text, found nothing"),
        ("- {when: {channel: null}, reply: b}", "1:20", ""),
        ("- {when: {turn: null}, reply: b}", "1:17", "expected a whole number"),
        ("- reply: {error: off}", "1:18", "in quotes"),
        (
            "- reply: {text: 'Hi, {user}', deltas: ['Hi', ' {user}']}",
            "1:10",
            "`deltas` must add up to `text`: expected \"Hi, {user}\", found \"Hi {user}\"",
        ),
        ("- reply: {wait_ms: 5}", "1:10", a_reply),
        ("- reply: {text: a, clarify: b}", "1:10", "`clarify` takes the place of `text`"),
        ("- reply: {text: a, fast: true, workflow: true}", "1:10", "`workflow` and `fast` exclude each other"),
        ("- reply: {text: a, pace: 5}", "1:20", "unknown field `pace`"),
        ("- reply: {text: a, pace_ms: -5}", "1:29", "expected a whole number that is not negative"),
        ("- reply: {text: a, cut: maybe}", "1:25", "expected true or false"),
        ("- reply: {text: a, tools: [{name: x}]}", "1:29", "missing field `server`"),
        ("- reply: {text: a, events: [{content: x}]}", "1:30", "missing field `type`"),
        ("- reply: {text: a, artifacts: [{filename: x}]}", "1:32", "either `content` or `base64`"),
        ("- reply: {text: a, artifacts: [{filename: x, base64: '!'}]}", "1:32", "`base64` is not base64"),
        ("- reply: {error: [x]}", "1:11", "a text, or a mapping with `message` and `type`"),
        (
            "- when: {text: '(?<id>.)'}\n  reply: 'a {ib}'",
            "1:3",
            "unknown name {ib} in a text: expected one of id, message",
        ),
        ("- reply: {text: a, widgets: [{type: x, label: '{nope}'}]}", "1:3", "unknown name {nope}"),
        ("transcribe: [{when: {filename: '*'}, text: a}]", "1:32", "`*` is not a regular expression"),
        ("transcribe: [{when: {filename: a}}]", "1:15", "missing field `text`"),
    ] {
        let error = fault(yaml).await;
        let place = format!("script:{place}: ");
        if !error.starts_with(&place) || !error.contains(words) {
            faults.push(format!("{yaml}\n  gives {error}\n  not {place} .. {words}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A script in one line has no lines to go by.
#[tokio::test]
async fn every_fault_names_its_rule() {
    for (yaml, named) in [
        (
            r#"[{"reply": "a"}, {"reply": "b", "when": {"texd": "x"}}]"#,
            "script:1:42: rule 2: when: unknown field `texd`",
        ),
        (
            r#"[{"reply": "a"}, {"when": {"turn": 0}, "reply": "b"}, {"reply": "c"}]"#,
            "script:1:28: rule 2: when.turn: invalid value: integer `0`, expected a whole number from 1",
        ),
        (
            r#"[{"reply": {"text": "a", "pace_ms": -5}}]"#,
            "script:1:37: rule 1: reply.pace_ms: expected a whole number that is not negative",
        ),
        (
            r#"{"rules": [{"reply": "a"}, {"replies": ["a", {"text": "b", "tools": [{"server": [], "name": "n"}]}]}]}"#,
            "script:1:81: rule 2: replies.tools.server: expected a text",
        ),
        (
            r#"{"transcribe": [{"when": {"filename": "*"}, "text": "a"}]}"#,
            "script:1:39: transcription 1: when.filename: `*` is not a regular expression",
        ),
        (r#"{"rules": [{"reply": "a"}, {"reply": {}}]}"#, "script:1:38: rule 2: reply: a reply needs one of"),
        ("- reply: a\n- reply: b\n- replie: c\n", "script:3:3: rule 3: unknown field `replie`"),
        (r#"{"rules": [{"reply": "a"}], "otherwise": "shout"}"#, "script:1:42: otherwise: unknown variant"),
        (r#"{"rules": [{"reply": "a"}], "rule": 1}"#, "script:1:29: rule: unknown field `rule`"),
        (
            r#"{"transcribe": [{"text": "a"}, {"txt": "b"}], "rules": [{"reply": "a"}]}"#,
            "script:1:33: transcription 2: unknown field `txt`",
        ),
        ("- reply: a\n- reply: {text: b", "script:2:10: unclosed bracket"),
        ("rules: {}", "script:1:8: expected a list"),
    ] {
        let error = fault(yaml).await;
        assert!(error.starts_with(named), "{yaml}\n  gives {error}\n  not   {named}");
        let other = named.contains("rule ") || named.contains("transcription ");
        assert!(other || !error.contains("rule 1") && !error.contains("rule 2"), "{error}");
    }
}

#[tokio::test]
async fn what_is_plain_is_taken() {
    for yaml in [
        "- reply: 7",
        "- reply: {text: 'yes', deltas: ['y', es]}",
        "- reply: {text: 7, agent: null, status: null, memories: [8]}",
        "- {when: {turn: '1', text: '1.10', user: yes}, reply: '1.10'}",
        "- reply: {text: right, deltas: [wr, ong], discontinuity: true}",
        "- when: {turn: 1, text: 7, user: 8}\n  reply: a",
    ] {
        Server::builder().script(yaml).start().await.unwrap();
    }
}

/// A deeper one took more stack than a thread has.
#[tokio::test]
async fn nesting_is_limited() {
    let script = |levels: usize| {
        let nested = format!("{}1{}", "{a: ".repeat(levels), "}".repeat(levels));
        [
            format!("- reply: {{text: a, metadata: {nested}}}"),
            format!("- reply: {{text: a, events: [{{type: a, b: {nested}}}]}}"),
            format!("- reply: {{text: a, widgets: [{nested}]}}"),
            format!("rules: [{{reply: {{text: a, metadata: {nested}}}}}]"),
        ]
    };
    for yaml in script(27) {
        Server::builder().script(yaml).start().await.unwrap();
    }
    for yaml in script(60).iter().chain(&script(100_000)) {
        let error = fault(yaml).await;
        assert!(error.ends_with(": at most 32 lists and mappings in each other are possible"), "{error}");
    }
}

#[tokio::test]
async fn a_file_is_named() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"- reply: Hi\n- replie: Ho\n").unwrap();
    let error = Server::builder().script_file(file.path()).start().await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}:2:3: ", file.path().display())), "{error}");
    let error = Server::builder().script_file("/nowhere/at/all.yaml").start().await.unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/at/all.yaml: cannot read the script: "), "{error}");

    let mut program = Command::new(env!("CARGO_BIN_EXE_muxi-local"));
    let output = program.args(["--port", "0", "--script"]).arg(file.path()).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words.starts_with(&format!("muxi-local: {}:2:3: ", file.path().display())), "{words}");
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_one() {
    for url in ["", "localhost:11434", "ftp://x/v1", "http://"] {
        let error = Server::builder().llm(url, None, None).start().await.unwrap_err().to_string();
        assert!(error.contains("expected something like https://api.openai.com/v1"), "{url}: {error}");
    }
    let key = Some("sk-se\ncret".to_owned());
    let error = Server::builder().llm("http://localhost/v1", None, key).start().await.unwrap_err().to_string();
    assert!(error.contains("key") && !error.contains("cret"), "{error}");
}
