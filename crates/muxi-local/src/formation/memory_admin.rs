//! Administration of memory: rebuild, forget, backfill and lint. The derived stores of the runtime do not exist
//! here, so their jobs only count what they would go through.

use super::State;
use super::call::Call;
use super::check::{Check, query_bool};
use super::envelope::{Failure, Outcome, ok, with_status};
use super::{ids, ingestion};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

const PROJECTIONS: [&str; 4] = ["artifact_metadata", "captains_log", "flat_facts", "knowledge_graph"];
/// Seconds that a job takes.
const TAKES: f64 = 0.1;
/// Seconds that a finished job is remembered.
const KEPT: f64 = 300.0;

/// The jobs that were started, with their results.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Vec<(String, f64, Value)>);

impl Jobs {
    fn start(&mut self, prefix: &str, result: Value, now: f64) -> String {
        self.0.retain(|(_, started, _)| now - started < KEPT + TAKES);
        let id = ids::random(prefix, 21);
        self.0.push((id.clone(), now, result));
        id
    }

    fn status(&self, id: &str, now: f64) -> Option<Value> {
        let (_, started, result) =
            self.0.iter().find(|(known, started, _)| known == id && now - started < KEPT + TAKES)?;
        let done = now - started >= TAKES;
        let mut status = json!({ "job_id": id, "status": if done { "completed" } else { "processing" } });
        if let (true, Some(fields), Some(result)) = (done, status.as_object_mut(), result.as_object()) {
            fields.extend(result.clone());
        }
        Some(status)
    }
}

/// What a replay of a user's events goes through.
fn replay(state: &mut State, user: &str, projection: Option<&str>, dry_run: bool, now: Timestamp) -> Value {
    ingestion::settle(state, now);
    let owner = state.users.number(user, now);
    let chosen = PROJECTIONS.iter().filter(|name| projection.is_none_or(|wanted| wanted == **name));
    let count = |name: &str| match name {
        "artifact_metadata" => state.artifacts.count(user),
        "flat_facts" => state.memories.count(owner).max(state.ingestion.count(owner)),
        _ => 0,
    };
    let row = |name: &&str| {
        let events = count(name);
        let mut row = json!({ "events": events, "applied": if dry_run { 0 } else { events }, "failed": 0 });
        if dry_run {
            row["dry_run"] = json!(true);
        }
        ((*name).to_owned(), row)
    };
    Value::Object(chosen.map(row).collect::<Map<String, Value>>())
}

pub(super) fn rebuild(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (user, projection) = (check.text("user_id"), check.opt_text("projection"));
    let dry_run = check.opt_bool("dry_run").unwrap_or(false);
    let background = check.opt_bool("background").unwrap_or(true);
    let backfill = check.opt_bool("backfill").unwrap_or(false);
    check.done()?;
    if let Some(unknown) = projection.as_deref().filter(|name| !PROJECTIONS.contains(name)) {
        let names = PROJECTIONS.join(", ");
        return Err(Failure::params(format!("Unknown projection '{unknown}'. Available: {names}")));
    }
    let mut state = call.formation.state();
    let projections = replay(&mut state, &user, projection.as_deref(), dry_run, call.formation.now());
    let mut result = json!({ "user_id": user, "dry_run": dry_run, "projections": projections });
    if backfill {
        result["backfill"] = synthesized();
    }
    if !background {
        return ok("memory", "memory.retrieved", result);
    }
    let id = state.memory_jobs.start("rebuild_", result, call.formation.seconds());
    let url = format!("/v1/memory/rebuild/{id}");
    let data = json!({ "user_id": user, "job_id": id, "status": "processing", "status_url": url });
    with_status(StatusCode::ACCEPTED, "memory", "memory.retrieved", data)
}

pub(super) fn rebuild_status(call: &Call) -> Outcome {
    job_status(call, "rebuild")
}

pub(super) fn forget_status(call: &Call) -> Outcome {
    job_status(call, "forget")
}

fn job_status(call: &Call, kind: &str) -> Outcome {
    let id = call.path("job_id");
    let status =
        call.formation.state().memory_jobs.status(id, call.formation.seconds()).filter(|_| id.starts_with(kind));
    let status = status.ok_or_else(|| Failure::missing(format!("Unknown or expired {kind} job '{id}'")))?;
    ok("memory", "memory.retrieved", status)
}

pub(super) fn forget(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (user, source) = (check.text("user_id"), check.text("source"));
    check.opt_text("reason");
    let rebuild = check.opt_bool("rebuild").unwrap_or(true);
    let background = check.opt_bool("background").unwrap_or(true);
    check.done()?;
    let wait = query_bool(call, "sync")? || !background;
    let mut state = call.formation.state();
    let now = call.formation.now();
    ingestion::settle(&mut state, now);
    let owner = state.users.number(&user, now);
    state.memories.forget(owner, &source);
    let deleted = state.ingestion.forget(owner, &source);
    let mut data = json!({ "user_id": user, "source": source, "deleted_events": deleted, "grace_period_days": 30 });
    if !rebuild {
        data["rebuild_required"] = json!(true);
        return ok("memory", "memory.deleted", data);
    }
    let projections = replay(&mut state, &user, None, false, now);
    if wait {
        data["projections"] = projections;
        return ok("memory", "memory.deleted", data);
    }
    let id = state.memory_jobs.start(
        "forget_",
        json!({ "user_id": user, "projections": projections }),
        ids::as_seconds(now),
    );
    data["status"] = json!("processing");
    data["status_url"] = json!(format!("/v1/memory/forget/{id}"));
    data["job_id"] = json!(id);
    with_status(StatusCode::ACCEPTED, "memory", "memory.deleted", data)
}

/// No row here is older than the event log.
fn synthesized() -> Value {
    let none = json!({ "synthesized": 0, "complete": true });
    Value::Object(PROJECTIONS.iter().map(|name| ((*name).to_owned(), none.clone())).collect())
}

pub(super) fn backfill(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let user = check.text("user_id");
    check.done()?;
    ok("memory", "memory.retrieved", json!({ "user_id": user, "synthesized": synthesized() }))
}

/// An audit that finds nothing, since there are no derived stores that could disagree.
pub(super) fn lint(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let user = check.opt_text("user_id");
    check.done()?;
    let users = if user.is_some() { 1 } else { call.formation.state().users.count() };
    let report = json!({
        "users": users, "unresolved_conflicts": 0, "superseded_deleted": 0, "orphans_removed": 0, "log_gaps": 0,
        "stale_artifacts": 0, "index_regenerated": 0, "findings": [],
    });
    ok("memory", "memory.retrieved", json!({ "user_id": user, "report": report }))
}

pub(super) fn no_distillery(_: &Call) -> Outcome {
    let message = "Memory distillery is not enabled for this formation (memory.distillery.enabled)";
    Err(Failure::unavailable(message))
}
