//! The live tuning text. Nothing suggests a change to it here, so a suggestion never waits.

use super::call::Call;
use super::check::Check;
use super::envelope::{Failure, Outcome, ok};
use crate::quirks::Quirk;
use serde_json::json;
use std::time::Instant;

/// Bytes that the text may have.
const LARGEST: usize = 32_768;
const FILE: &str = "MUXI.md";
const PENDING: &str = "PENDING-MUXI.md";

/// The text.
#[derive(Debug, Default)]
pub(crate) struct Tuning(Option<String>);

/// The name of a file, as replies tell it.
fn path(call: &Call, file: &str) -> String {
    if call.quirk(Quirk::PathsInErrors) { call.formation.spec.path(file) } else { file.to_owned() }
}

pub(super) fn get(call: &Call) -> Outcome {
    let state = call.formation.state();
    let path = state.tuning.0.as_ref().map(|_| path(call, FILE));
    ok("tuning", "tuning.retrieved", json!({ "content": state.tuning.0, "path": path }))
}

pub(super) fn replace(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let content = check.text("content");
    check.done()?;
    let bytes = content.len();
    if bytes > LARGEST {
        let message = format!("Tuning content is too large: {bytes} bytes (max: {LARGEST})");
        return Err(Failure::new(413, "TUNING_CONTENT_TOO_LARGE", message));
    }
    call.formation.state().tuning.0 = Some(content);
    ok("tuning", "tuning.updated", json!({ "path": path(call, FILE), "bytes": bytes }))
}

pub(super) fn pending(call: &Call) -> Outcome {
    ok("tuning", "tuning.pending.retrieved", json!({ "content": null, "path": path(call, PENDING) }))
}

/// Accepting or discarding a suggestion: there is none.
pub(super) fn decide(_: &Call) -> Outcome {
    Err(Failure::new(404, "TUNING_NO_PENDING", "No pending tuning suggestion"))
}

/// A pass that finds nothing to do.
pub(super) fn run(_: &Call) -> Outcome {
    let start = Instant::now();
    let data = json!({
        "trigger": "manual", "events_read": 0, "segments_read": 0, "entries_written": 0, "dropped_sentences": 0,
        "spool_committed": false, "spool_segments_kept": false, "benchmark_suites_run": [],
        "benchmark_skipped": "muxi-local does not tune", "duration_ms": start.elapsed().as_secs_f64() * 1000.0,
    });
    ok("tuning_run", "tuning.run.completed", data)
}
