//! The live tuning text, and learnings that wait to be added to it.
//!
//! A run reads what users wrote since the last one. The text behind the word `remember` (or `remember that`, `remember
//! to`) up to the end of its sentence is a learning.

use crate::formation::http::call::Call;
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Failure, Outcome, ok};
use crate::quirks::Quirk;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, io};

/// Bytes that the text may have.
const LARGEST: usize = 32_768;
/// The code for a text of more.
pub(crate) const TOO_LARGE: &str = "TUNING_CONTENT_TOO_LARGE";
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

    /// True if a learning waits or is in the text already.
    fn knows(&self, learning: &str) -> bool {
        let line = format!("- {learning}");
        self.pending.iter().any(|known| known == learning)
            || self.content.as_ref().is_some_and(|text| text.lines().any(|known| known == line))
    }
}

/// The text that a message asks to be remembered.
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
    Err(Failure::new(413, TOO_LARGE, message))
}

/// The name of a file, as replies tell it.
fn path(call: &Call, file: &str) -> String {
    if call.quirk(Quirk::PathsInErrors) { call.formation.spec.path(file) } else { file.to_owned() }
}

/// A file of the formation's folder, where it has one.
fn place(call: &Call, file: &str) -> Option<PathBuf> {
    call.formation.spec.folder.as_ref().map(|folder| folder.join(file))
}

/// The text of a file; empty and missing ones have none.
fn stored(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(500, "INTERNAL_ERROR", format!("{} cannot be written: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    fs::write(path, text).map_err(|error| unwritable(path, &error))
}

fn current(call: &Call, state: &Tuning) -> Option<String> {
    place(call, FILE).map_or_else(|| state.content.clone(), |path| stored(&path))
}

/// Keeps the text, in the formation's folder where it has one.
fn keep(call: &Call, state: &mut Tuning, content: String) -> Result<(), Failure> {
    match place(call, FILE) {
        Some(path) => write(&path, &content),
        None => {
            state.content = Some(content);
            Ok(())
        }
    }
}

/// The learnings that wait to be added.
fn waiting(call: &Call, state: &Tuning) -> Option<String> {
    place(call, PENDING).map_or_else(|| state.pending_text(), |path| stored(&path))
}

/// Empties what waits; gives how many learnings of runs were in it.
fn clear(call: &Call, state: &mut Tuning) -> Result<usize, Failure> {
    if let Some(path) = place(call, PENDING) {
        fs::remove_file(&path).map_err(|error| unwritable(&path, &error))?;
    }
    Ok(std::mem::take(&mut state.pending).len())
}

fn nothing_waits() -> Failure {
    Failure::new(404, "TUNING_NO_PENDING", "No pending tuning suggestion")
}

pub(crate) fn get(call: &Call) -> Outcome {
    let content = current(call, &call.formation.state().tuning);
    let path = content.as_ref().map(|_| path(call, FILE));
    ok("tuning", "tuning.retrieved", json!({ "content": content, "path": path }))
}

pub(crate) fn replace(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let content = check.text("content");
    check.done()?;
    let bytes = check_size(&content)?;
    keep(call, &mut call.formation.state().tuning, content)?;
    ok("tuning", "tuning.updated", json!({ "path": path(call, FILE), "bytes": bytes }))
}

pub(crate) fn pending(call: &Call) -> Outcome {
    let content = waiting(call, &call.formation.state().tuning);
    ok("tuning", "tuning.pending.retrieved", json!({ "content": content, "path": path(call, PENDING) }))
}

/// Adds what waits to the text.
pub(crate) fn apply(call: &Call) -> Outcome {
    let mut state = call.formation.state();
    let tuning = &mut *state.tuning;
    let added = waiting(call, tuning).ok_or_else(nothing_waits)?;
    let mut content = current(call, tuning).unwrap_or_default();
    if !content.is_empty() && !content.ends_with('\n') {
        content.push('\n');
    }
    content.push_str(&added);
    check_size(&content)?;
    keep(call, tuning, content)?;
    let count = clear(call, tuning)?;
    ok("tuning", "tuning.pending.applied", json!({ "path": path(call, FILE), "learnings_activated": count }))
}

pub(crate) fn dismiss(call: &Call) -> Outcome {
    let mut state = call.formation.state();
    waiting(call, &state.tuning).ok_or_else(nothing_waits)?;
    let count = clear(call, &mut state.tuning)?;
    ok("tuning", "tuning.pending.dismissed", json!({ "learnings_dismissed": count }))
}

pub(crate) fn run(call: &Call) -> Outcome {
    let start = Instant::now();
    let mut state = call.formation.state();
    let crate::formation::State { tuning, sessions, .. } = &mut *state;
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
    if let (Some(path), 1..) = (place(call, PENDING), written) {
        let new = tuning.pending.iter().rev().take(written).rev().map(|learning| format!("- {learning}\n"));
        let known = stored(&path).map(|text| format!("{text}\n")).unwrap_or_default();
        write(&path, &(known + &new.collect::<String>()))?;
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
