//! What a message is answered with.
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
//! | `[[workflow]]` | the turn runs as a workflow: no slices, `completed` without a status and not the last token |
//! | `[[unicode]]` | the answer holds U+2028, U+2029, U+0085, CR LF and characters beyond the BMP |

use super::ids;
use serde_json::{Value, json};
use std::time::Duration;

/// Slices of a `[[long]]` answer.
const LONG: usize = 2000;

/// How a turn goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// An agent answers.
    Plain,
    /// Small talk, answered without an agent.
    Fast,
    /// The model is down.
    ModelDown,
    /// The engine breaks.
    Broken,
    /// The turn ends with a question.
    Clarify,
    /// The turn runs as a workflow.
    Workflow,
}

/// The answer to a message and how it is brought about.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) course: Course,
    pub(crate) text: String,
    /// Pause between slices.
    pub(crate) pace: Duration,
    /// Silence before the answer.
    pub(crate) wait: Duration,
    /// The stream stops half way.
    pub(crate) cut: bool,
    /// The stream has no `completed`.
    pub(crate) mute: bool,
    /// The slices are of another answer.
    pub(crate) discontinuity: bool,
    /// The turn seems to call a tool.
    pub(crate) tool: bool,
    /// Name and content of a file that the turn makes.
    pub(crate) file: Option<(&'static str, String)>,
    pub(crate) widgets: Vec<Value>,
}

/// Answers a message.
pub(crate) fn respond(message: &str) -> Script {
    let has = |word: &str| message.contains(&format!("[[{word}]]"));
    let mut text = format!("Echo: {message}");
    if has("long") {
        text = (0..LONG).map(|n| format!("word{n} ")).collect::<String>().trim_end().to_owned();
    }
    if has("unicode") {
        text.push_str(" line\u{2028}separator paragraph\u{2029}separator next\u{85}line carriage\r\nreturn 世界 🎉");
    }
    let course = match () {
        () if has("error") => Course::Broken,
        () if has("fail") => Course::ModelDown,
        () if has("clarify") => Course::Clarify,
        () if has("workflow") => Course::Workflow,
        () if has("fast") => Course::Fast,
        () => Course::Plain,
    };
    match course {
        Course::Plain | Course::Fast => {}
        Course::ModelDown => {
            text = "I wasn't able to complete this request. The required service is currently unavailable. \
                    Please try again shortly."
                .to_owned();
        }
        Course::Broken => text = "Simulated engine error".to_owned(),
        Course::Clarify => text = "Which region? Options: US, EU".to_owned(),
        Course::Workflow => text = format!("### Task 1: Answer the request\nResult: {text}"),
    }
    let mut widgets = Vec::new();
    if has("ui") {
        widgets.push(json!({
            "type": "mcp_resource", "id": ids::random("ui_", 21), "resource": "ui://demo/card",
            "data": "<b>card</b>", "server": "demo-tools", "tool": "card", "mime_type": "text/html",
        }));
    }
    if has("options") {
        let options = [json!({ "value": "us", "label": "US" }), json!({ "value": "eu", "label": "EU" })];
        widgets.push(json!({
            "type": "options", "id": ids::random("ui_", 21), "prompt": "Which region?", "options": options,
            "multi": false,
        }));
    }
    Script {
        course,
        text,
        pace: Duration::from_millis(if has("slow") { 300 } else { 0 }),
        wait: Duration::from_millis(wait(message)),
        cut: has("cut"),
        mute: has("mute"),
        discontinuity: has("discontinuity"),
        tool: has("tool") || has("ui"),
        file: has("artifact").then(|| ("echo.txt", message.to_owned())),
        widgets,
    }
}

fn wait(message: &str) -> u64 {
    let number = message.split_once("[[wait ").and_then(|(_, rest)| rest.split_once("]]"));
    number.and_then(|(number, _)| number.trim().parse().ok()).unwrap_or(0)
}

/// Cuts a text into words, each with the white space after it, so that the slices add up to the text.
pub(crate) fn slices(text: &str) -> Vec<&str> {
    let mut slices = Vec::new();
    let mut start = 0;
    let mut in_space = false;
    for (index, c) in text.char_indices() {
        if in_space && !c.is_whitespace() {
            slices.push(&text[start..index]);
            start = index;
        }
        in_space = c.is_whitespace();
    }
    if start < text.len() {
        slices.push(&text[start..]);
    }
    slices
}
