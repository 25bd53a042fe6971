//! Administration of memory: rebuild, forget, backfill and lint. A rebuild makes the captain's log anew. All else
//! follows the event log at once here, so that a rebuild's counts are only what it went through.

use super::captains_log::LOG_ENTRY;
use super::distilled::listed;
use super::event::Event;
use super::history;
use super::ingestion;
use super::memories::Scope;
use crate::formation::State;
use crate::formation::http::call::Call;
use crate::formation::http::check::{Check, query_bool};
use crate::formation::http::envelope::{Failure, Outcome, ok, with_status};
use crate::formation::ids;
use crate::quirks::Quirk;
use crate::store::{Rows, Table};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const PROJECTIONS: [&str; 4] = ["artifact_metadata", "captains_log", "flat_facts", "knowledge_graph"];
/// The source of events that were made for memories that had none.
const BACKFILL: &str = "backfill";
/// Seconds that a job takes.
const JOB_TIME: f64 = 0.1;
/// Seconds that a finished job is remembered.
const KEPT: f64 = 300.0;

/// The jobs that were started, with their results.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Table<String, (f64, Value)>);

impl Jobs {
    fn start(&mut self, prefix: &str, result: Value, now: f64) -> String {
        self.0.retain(|_, (started, _)| now - started < KEPT + JOB_TIME);
        let id = ids::random(prefix, 21);
        self.0.insert(id.clone(), (now, result));
        id
    }

    fn status(&self, id: &str, now: f64) -> Option<Value> {
        let (started, result) = self.0.get(id).filter(|(started, _)| now - started < KEPT + JOB_TIME)?;
        let done = now - started >= JOB_TIME;
        let mut status = json!({ "job_id": id, "status": if done { "completed" } else { "processing" } });
        if let (true, Some(fields), Some(result)) = (done, status.as_object_mut(), result.as_object()) {
            fields.extend(result.clone());
        }
        Some(status)
    }

    pub(crate) fn table(&mut self) -> &mut dyn Rows {
        &mut self.0
    }
}

/// Takes in what has fallen due of a user: ingested content and conversations that have ended.
fn settle(call: &Call, state: &mut State, user: &str) {
    let now = call.formation.now();
    ingestion::settle(state, now);
    history::settle(state, &call.formation.spec.document, user, now);
}

/// Replays a user's events; gives how many there were for each projection, and how many of them could be taken in.
fn replay(call: &Call, state: &mut State, user: &str, projection: Option<&str>, dry_run: bool) -> Value {
    settle(call, state, user);
    let owner = state.users.number(user, call.formation.now());
    let mut row = |name: &&str| {
        let all = |count: usize| (count, count);
        let (events, applied) = match *name {
            "artifact_metadata" => all(state.artifacts.count(user)),
            "captains_log" if dry_run => all(state.ingestion.payloads(owner, LOG_ENTRY).count()),
            "captains_log" => replay_log(state, owner, call.formation.now()),
            "flat_facts" => state.ingestion.count_facts(owner),
            _ => all(state.ingestion.count_subjects(owner)),
        };
        let row = if dry_run {
            json!({ "events": events, "applied": 0, "failed": 0, "dry_run": true })
        } else {
            json!({ "events": events, "applied": applied, "failed": events - applied })
        };
        ((*name).to_owned(), row)
    };
    let chosen = PROJECTIONS.iter().filter(|name| projection.is_none_or(|wanted| wanted == **name));
    Value::Object(chosen.map(&mut row).collect::<Map<String, Value>>())
}

/// Makes a user's log anew; gives how many events there were and how many of them could be taken in.
fn replay_log(state: &mut State, owner: u64, now: Timestamp) -> (usize, usize) {
    let State { ingestion, log, .. } = state;
    log.reset(owner);
    let results: Vec<bool> =
        ingestion.payloads(owner, LOG_ENTRY).map(|payload| log.apply(owner, payload, now).is_ok()).collect();
    (results.len(), results.iter().filter(|applied| **applied).count())
}

pub(crate) fn rebuild(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (user, projection) = (check.text("user_id"), check.opt_text("projection"));
    let dry_run = check.opt_bool("dry_run").unwrap_or(false);
    let background = check.opt_bool("background").unwrap_or(true);
    let backfill = check.opt_bool("backfill").unwrap_or(false);
    check.done()?;
    if let Some(unknown) = projection.as_deref().filter(|name| !PROJECTIONS.contains(name)) {
        let names = listed(PROJECTIONS);
        return Err(Failure::params(format!("Unknown projection '{unknown}'; registered: {names}")));
    }
    let mut state = call.formation.state();
    let filled = (backfill && !dry_run).then(|| synthesize(&mut state, &user, call.formation.now()));
    let projections = replay(call, &mut state, &user, projection.as_deref(), dry_run);
    let mut result = json!({ "user_id": user, "dry_run": dry_run, "projections": projections });
    if let Some(filled) = filled {
        result["backfill"] = filled;
    }
    if !background || dry_run {
        return ok("memory", "memory.retrieved", result);
    }
    let id = state.memory_jobs.start("rebuild_", result, call.formation.seconds());
    let url = status_url(call, "rebuild", &id);
    let data = json!({ "user_id": user, "job_id": id, "status": "processing", "status_url": url });
    with_status(StatusCode::ACCEPTED, "memory", "memory.retrieved", data)
}

pub(crate) fn rebuild_status(call: &Call) -> Outcome {
    job_status(call, "rebuild")
}

pub(crate) fn forget_status(call: &Call) -> Outcome {
    job_status(call, "forget")
}

fn job_status(call: &Call, kind: &str) -> Outcome {
    let id = call.path("job_id");
    let status =
        call.formation.state().memory_jobs.status(id, call.formation.seconds()).filter(|_| id.starts_with(kind));
    let status = status.ok_or_else(|| Failure::missing(format!("Unknown or expired {kind} job '{id}'")))?;
    ok("memory", "memory.retrieved", status)
}

pub(crate) fn forget(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (user, source) = (check.text("user_id"), check.text("source"));
    check.opt_text("reason");
    let rebuild = check.opt_bool("rebuild").unwrap_or(true);
    let background = check.opt_bool("background").unwrap_or(true);
    check.done()?;
    let wait = query_bool(call, "sync")? || !background;
    let mut state = call.formation.state();
    let now = call.formation.now();
    settle(call, &mut state, &user);
    let owner = state.users.number(&user, now);
    state.memories.forget(owner, &source);
    let deleted = state.ingestion.forget(owner, &source, now);
    let mut data = json!({ "user_id": user, "source": source, "deleted_events": deleted, "grace_period_days": 30 });
    if !rebuild {
        data["rebuild_required"] = json!(PROJECTIONS);
        return ok("memory", "memory.deleted", data);
    }
    let projections = replay(call, &mut state, &user, None, false);
    if wait {
        data["projections"] = projections;
        return ok("memory", "memory.deleted", data);
    }
    let id = state.memory_jobs.start("forget_", json!({ "projections": projections }), ids::as_seconds(now));
    data["status"] = json!("processing");
    data["status_url"] = json!(status_url(call, "forget", &id));
    data["job_id"] = json!(id);
    with_status(StatusCode::ACCEPTED, "memory", "memory.deleted", data)
}

/// The route to poll; the shipped runtime leaves out its first part.
fn status_url(call: &Call, kind: &str, id: &str) -> String {
    let version = if call.quirk(Quirk::StatusUrlWithoutV1) { "" } else { "/v1" };
    format!("{version}/memory/{kind}/{id}")
}

/// Gives memories that were stored directly an event each, so that a rebuild knows of them.
fn synthesize(state: &mut State, user: &str, now: Timestamp) -> Value {
    ingestion::settle(state, now);
    let owner = state.users.number(user, now);
    let State { ingestion, memories, .. } = state;
    let facts = memories.link_unlogged(owner, |memory| {
        ingestion.record(Event {
            source_id: Some(memory.id.clone()),
            scope: Scope { scope: memory.scope.clone(), scope_id: memory.scope_id.clone() },
            ..Event::of_content(owner, memory.content.clone(), BACKFILL, now)
        })
    });
    let row = |name: &&str| {
        let synthesized = if *name == "flat_facts" { facts } else { 0 };
        ((*name).to_owned(), json!({ "synthesized": synthesized, "complete": true }))
    };
    Value::Object(PROJECTIONS.iter().map(row).collect())
}

pub(crate) fn backfill(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let user = check.text("user_id");
    check.done()?;
    let synthesized = synthesize(&mut call.formation.state(), &user, call.formation.now());
    ok("memory", "memory.retrieved", json!({ "user_id": user, "synthesized": synthesized }))
}

/// Deletes memories that a newer one repeats, and those whose event is gone; finds where logs are silent for long.
pub(crate) fn lint(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let user = check.opt_text("user_id");
    check.done()?;
    let now = call.formation.now();
    let mut state = call.formation.state();
    let owner = user.as_deref().map(|user| state.users.number(user, now));
    let chosen = user.clone().map_or_else(|| state.users.identifiers(), |user| vec![user]);
    chosen.iter().for_each(|user| settle(call, &mut state, user));
    let owners: BTreeMap<u64, &String> = chosen.iter().map(|user| (state.users.number(user, now), user)).collect();
    let wanted = |other: u64| owner.is_none_or(|owner| owner == other);
    let State { ingestion, log, memories, .. } = &mut *state;
    let repeated = memories.drop_repeated(wanted);
    let orphans = memories.drop_orphans(wanted, |event| ingestion.knows(event));
    let gaps = owners.iter().map(|(owner, user)| ((*user).clone(), log.gaps(*owner)));
    let gaps: BTreeMap<String, Vec<String>> = gaps.filter(|(_, gaps)| !gaps.is_empty()).collect();
    let report = json!({
        "users": owners.len(), "unresolved_conflicts": 0, "superseded_deleted": repeated, "orphans_removed": orphans,
        "log_gaps": gaps.values().map(Vec::len).sum::<usize>(), "stale_artifacts": 0, "index_regenerated": 0,
        "findings": gaps,
    });
    ok("memory", "memory.retrieved", json!({ "user_id": user, "report": report }))
}
