//! The answer that needs nothing: the message itself.
//!
//! The echo answers message `M` with `Echo: M`. These words anywhere in a message change its turn:
//!
//! | word | effect |
//! |---|---|
//! | `[[slow]]` | 300 ms before each slice of the answer but the first |
//! | `[[long]]` | an answer of 2000 slices: `word0 word1 ...` |
//! | `[[wait N]]` | `N` ms of silence before the answer (a stream sends keepalives) |
//! | `[[fail]]` | the model is down: JSON 200 with an apology, stream `completed` with status `error` |
//! | `[[error]]` | the engine breaks: JSON 500 `INTERNAL_ERROR`, stream `event: error` and no `done` |
//! | `[[cut]]` | the stream ends half way, without `done` (no effect on JSON) |
//! | `[[mute]]` | the stream ends with `done` but without `completed` (no effect on JSON) |
//! | `[[discontinuity]]` | the slices are of another answer than `completed`, which says `stream_discontinuity` |
//! | `[[fast]]` | the turn takes the fast path: fewer events, and no session id in the JSON metadata |
//! | `[[tool]]` | the events of a tool call precede the answer |
//! | `[[artifact]]` | the turn stores the text file `echo.txt` and returns it |
//! | `[[ui]]` | as `[[tool]]`, and the answer carries an `mcp_resource` widget |
//! | `[[options]]` | the answer carries an `options` widget |
//! | `[[clarify]]` | the turn ends with a question |
//! | `[[approve]]` | the turn ends with a plan that waits for a yes |
//! | `[[workflow]]` | the turn runs as a workflow: `completed` has no status, and the answer follows it once, whole |
//! | `[[unicode]]` | the answer holds U+2028, U+2029, U+0085, CR LF and characters beyond the BMP |

use super::{Answer, Course, File, Tool, slices};
use crate::formation::ids;
use serde_json::{Value, json};
use std::time::Duration;

/// Slices of a `[[long]]` answer.
const LONG: usize = 2000;
/// The text of the slices when the answer is meant to be another.
pub(super) const REPLACED: &str = "A first try that the answer replaces.";

/// Echoes a message and what its files say.
pub(super) fn answer(message: &str, files: &str) -> Answer {
    let has = |word: &str| message.contains(&format!("[[{word}]]"));
    let mut text = format!("Echo: {message}{files}");
    if has("long") {
        text = (0..LONG).map(|n| format!("word{n} ")).collect::<String>().trim_end().to_owned();
    }
    if has("unicode") {
        text.push_str(" line\u{2028}separator paragraph\u{2029}separator next\u{85}line carriage\r\nreturn 世界 🎉");
    }
    let course = match () {
        () if has("error") => Course::Broken("RuntimeError".to_owned()),
        () if has("fail") => Course::ModelDown("The model is unavailable".to_owned()),
        () if has("clarify") => Course::Clarify,
        () if has("approve") => Course::Approve,
        () if has("workflow") => Course::Workflow,
        () if has("fast") => Course::Fast { early: true },
        () => Course::Plain,
    };
    match course {
        Course::Broken(_) => text = "Simulated engine error".to_owned(),
        Course::Clarify => text = "Which region? Options: US, EU".to_owned(),
        Course::Approve => text = format!("My plan:\n1. {text}\n\nShall I go ahead?"),
        Course::Workflow => text = format!("### Task 1: Answer the request\nResult: {text}"),
        _ => {}
    }
    let file = || File {
        name: "echo.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        content: message.to_owned().into(),
    };
    let tool = || Tool { server: "demo-tools".to_owned(), name: "card".to_owned() };
    Answer {
        course,
        slices: slices(if has("discontinuity") { REPLACED } else { &text }),
        text,
        pace: Duration::from_millis(if has("slow") { 300 } else { 0 }),
        wait: Duration::from_millis(wait(message)),
        cut: has("cut"),
        mute: has("mute"),
        discontinuity: has("discontinuity"),
        tools: (has("tool") || has("ui")).then(tool).into_iter().collect(),
        files: has("artifact").then(file).into_iter().collect(),
        widgets: widgets(has("ui"), has("options")),
        ..Answer::default()
    }
}

fn widgets(ui: bool, options: bool) -> Vec<Value> {
    let mut widgets = Vec::new();
    if ui {
        widgets.push(json!({
            "type": "mcp_resource", "id": ids::random("ui_", 21), "resource": "ui://demo/card",
            "data": "<b>card</b>", "server": "demo-tools", "tool": "card", "mime_type": "text/html",
        }));
    }
    if options {
        let options = [json!({ "value": "us", "label": "US" }), json!({ "value": "eu", "label": "EU" })];
        widgets.push(json!({
            "type": "options", "id": ids::random("ui_", 21), "prompt": "Which region?", "options": options,
            "multi": false,
        }));
    }
    widgets
}

fn wait(message: &str) -> u64 {
    let number = message.split_once("[[wait ").and_then(|(_, rest)| rest.split_once("]]"));
    number.and_then(|(number, _)| number.trim().parse().ok()).unwrap_or(0)
}
