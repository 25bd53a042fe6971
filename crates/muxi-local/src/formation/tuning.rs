//! The live tuning text, and learnings that wait to be added to it.
//!
//! A run reads what users wrote since the last one. What follows the word `remember` (or `remember that`, `remember
//! to`) up to the end of its sentence is a learning.

use super::call::Call;
use super::check::Check;
use super::envelope::{Failure, Outcome, ok};
use crate::quirks::Quirk;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Instant;

/// Bytes that the text may have.
const LARGEST: usize = 32_768;
const FILE: &str = "MUXI.md";
const PENDING: &str = "PENDING-MUXI.md";
const SIGN: &str = "remember ";

/// The text, and what waits to be added.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tuning {
    content: Option<String>,
    pending: Vec<String>,
    /// The time of the last message that a run has read.
    read: Option<Timestamp>,
}

impl Tuning {
    fn pending_text(&self) -> Option<String> {
        let text: String = self.pending.iter().map(|learning| format!("- {learning}\n")).collect();
        (!text.is_empty()).then_some(text)
    }

    /// The learnings that wait; an error where there are none.
    fn take_pending(&mut self) -> Result<Vec<String>, Failure> {
        let pending = std::mem::take(&mut self.pending);
        let none = || Failure::new(404, "TUNING_NO_PENDING", "No pending tuning suggestion");
        if pending.is_empty() { Err(none()) } else { Ok(pending) }
    }

    /// Whether a learning waits or is in the text already.
    fn knows(&self, learning: &str) -> bool {
        let line = format!("- {learning}");
        self.pending.iter().any(|known| known == learning)
            || self.content.as_ref().is_some_and(|text| text.lines().any(|known| known == line))
    }
}

/// What a message asks to be remembered.
fn learning(message: &str) -> Option<String> {
    let start = message.char_indices().find(|(index, _)| {
        let before = message.get(..*index).and_then(|text| text.chars().next_back());
        let here = message.get(*index..*index + SIGN.len());
        here.is_some_and(|here| here.eq_ignore_ascii_case(SIGN)) && !before.is_some_and(char::is_alphanumeric)
    });
    let rest = message.get(start?.0 + SIGN.len()..)?;
    let rest = ["that ", "to "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    let sentence = rest.split(['.', '!', '?', '\n']).next().unwrap_or_default().trim();
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

fn check_size(content: &str) -> Result<usize, Failure> {
    let bytes = content.len();
    if bytes <= LARGEST {
        return Ok(bytes);
    }
    let message = format!("Tuning content is too large: {bytes} bytes (max: {LARGEST})");
    Err(Failure::new(413, "TUNING_CONTENT_TOO_LARGE", message))
}

/// The name of a file, as replies tell it.
fn path(call: &Call, file: &str) -> String {
    if call.quirk(Quirk::PathsInErrors) { call.formation.spec.path(file) } else { file.to_owned() }
}

pub(super) fn get(call: &Call) -> Outcome {
    let state = call.formation.state();
    let path = state.tuning.content.as_ref().map(|_| path(call, FILE));
    ok("tuning", "tuning.retrieved", json!({ "content": state.tuning.content, "path": path }))
}

pub(super) fn replace(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let content = check.text("content");
    check.done()?;
    let bytes = check_size(&content)?;
    call.formation.state().tuning.content = Some(content);
    ok("tuning", "tuning.updated", json!({ "path": path(call, FILE), "bytes": bytes }))
}

pub(super) fn pending(call: &Call) -> Outcome {
    let content = call.formation.state().tuning.pending_text();
    ok("tuning", "tuning.pending.retrieved", json!({ "content": content, "path": path(call, PENDING) }))
}

/// Adds the learnings that wait to the text.
pub(super) fn apply(call: &Call) -> Outcome {
    let mut state = call.formation.state();
    let tuning = &mut state.tuning;
    let mut content = tuning.content.clone().unwrap_or_default();
    if !content.is_empty() && !content.ends_with('\n') {
        content.push('\n');
    }
    content.push_str(&tuning.pending_text().unwrap_or_default());
    check_size(&content)?;
    let count = tuning.take_pending()?.len();
    tuning.content = Some(content);
    ok("tuning", "tuning.updated", json!({ "path": path(call, FILE), "learnings_activated": count }))
}

pub(super) fn dismiss(call: &Call) -> Outcome {
    let count = call.formation.state().tuning.take_pending()?.len();
    ok("tuning", "tuning.updated", json!({ "learnings_dismissed": count }))
}

pub(super) fn run(call: &Call) -> Outcome {
    let start = Instant::now();
    let mut state = call.formation.state();
    let super::State { tuning, sessions, .. } = &mut *state;
    let messages = sessions.asked_since(tuning.read);
    let segments: BTreeSet<&str> = messages.iter().map(|(session, ..)| *session).collect();
    let (mut written, mut dropped) = (0, 0);
    for (_, time, text) in &messages {
        tuning.read = tuning.read.max(Some(*time));
        match learning(text) {
            Some(known) if tuning.knows(&known) => dropped += 1,
            Some(new) => {
                tuning.pending.push(new);
                written += 1;
            }
            None => {}
        }
    }
    let data = json!({
        "trigger": "manual", "events_read": messages.len(), "segments_read": segments.len(),
        "entries_written": written, "dropped_sentences": dropped, "spool_committed": !messages.is_empty(),
        "spool_segments_kept": false, "benchmark_suites_run": [],
        "benchmark_skipped": "muxi-local runs no benchmarks", "duration_ms": start.elapsed().as_secs_f64() * 1000.0,
    });
    ok("tuning_run", "tuning.run.completed", data)
}

#[cfg(test)]
mod tests {
    use super::learning;

    #[test]
    fn finds_what_is_to_be_remembered() {
        for (message, found) in [
            ("Please remember that I like tea. And more.", Some("I like tea")),
            ("REMEMBER to answer in French!", Some("answer in French")),
            ("remember my name", Some("my name")),
            ("I misremember things", None),
            ("remember ", None),
            ("é remember é", Some("é")),
            ("nothing", None),
        ] {
            assert_eq!(learning(message).as_deref(), found, "{message}");
        }
    }
}
