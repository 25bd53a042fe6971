//! The log of events that memory is derived from. Content that is handed in becomes one memory a text, a moment later.

use super::event::{CONTENT, Content, Event, FACT};
use super::memories::{LONGEST, Origin, scope};
use crate::formation::State;
use crate::formation::http::call::Call;
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Failure, Outcome, ok, with_status};
use crate::formation::ids;
use crate::store::{Rows, Table};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The time for which a job is in flight.
const JOB_TIME: SignedDuration = SignedDuration::from_millis(300);
/// Jobs that one user may have in flight.
const IN_FLIGHT: usize = 4;
/// Items of one batch.
const BATCH: usize = 100;

/// One job.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    id: String,
    owner: u64,
    created: Timestamp,
    events: Vec<String>,
    stored: bool,
}

/// Everything that was handed in.
#[derive(Debug, Default)]
pub(crate) struct Ingestion {
    events: Table<u64, Event>,
    jobs: Table<u64, Job>,
}

impl Job {
    fn ends(&self) -> Timestamp {
        self.created.saturating_add(JOB_TIME).unwrap_or(self.created)
    }

    fn is_done(&self, now: Timestamp) -> bool {
        now >= self.ends()
    }
}

impl Ingestion {
    fn start(&mut self, owner: u64, events: Vec<Event>, now: Timestamp) -> String {
        let id = ids::random("ing_", 21);
        let names = events.iter().map(|event| event.id.clone()).collect();
        self.jobs.push(Job { id: id.clone(), owner, created: now, events: names, stored: false });
        for event in events {
            self.events.push(event);
        }
        id
    }

    fn duplicate(&self, owner: u64, event: &Event) -> Option<&Event> {
        event.source_id.as_ref()?;
        let same = |old: &&Event| {
            old.deleted.is_none()
                && old.owner == owner
                && old.source == event.source
                && old.source_id == event.source_id
        };
        self.events.values().find(same)
    }

    fn check_room(&self, owner: u64, now: Timestamp) -> Result<(), Failure> {
        if self.jobs.values().filter(|job| job.owner == owner && !job.is_done(now)).count() < IN_FLIGHT {
            return Ok(());
        }
        let message = format!(
            "Too many ingestion jobs in flight for this user (max {IN_FLIGHT}). Poll GET \
             /v1/memories/ingestion/{{processing_id}} until a job completes, then retry; idempotent (source, \
             source_id) retries are always safe."
        );
        Err(Failure::new(429, "RATE_LIMITED", message))
    }

    /// Adds an event that stands for something already stored; gives its id.
    pub(crate) fn record(&mut self, event: Event) -> String {
        let id = event.id.clone();
        self.events.push(event);
        id
    }

    /// True if the log has that event.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.events.values().any(|event| event.id == id && event.deleted.is_none())
    }

    /// Events of a user that say about whom or what they are.
    pub(crate) fn count_subjects(&self, owner: u64) -> usize {
        self.live(owner).filter(|event| event.subject.is_some()).count()
    }

    /// The events of a user that were not forgotten, oldest first.
    fn live(&self, owner: u64) -> impl Iterator<Item = &Event> {
        self.events.values().filter(move |event| event.owner == owner && event.deleted.is_none())
    }

    /// The number of a user's events that are facts or content, and of those that a memory can be made of.
    pub(crate) fn count_facts(&self, owner: u64) -> (usize, usize) {
        let facts = || self.live(owner).filter(|event| [CONTENT, FACT].contains(&event.kind.as_str()));
        (facts().count(), facts().filter(|event| event.fact().is_some()).count())
    }

    /// The payloads of a user's events of a type, oldest first.
    pub(crate) fn payloads(&self, owner: u64, kind: &str) -> impl Iterator<Item = &Map<String, Value>> {
        self.live(owner).filter(move |event| event.kind == kind).filter_map(|event| match &event.content {
            Content::Payload(payload) => Some(payload),
            Content::Text(_) => None,
        })
    }

    /// The users and ids of what a source has handed in and was not forgotten.
    pub(crate) fn known(&self, source: &str) -> HashSet<(u64, String)> {
        let live = self.events.values().filter(|event| event.source == source && event.deleted.is_none());
        live.filter_map(|event| Some((event.owner, event.source_id.clone()?))).collect()
    }

    /// Forgets the events of a source; gives their number.
    pub(crate) fn forget(&mut self, owner: u64, source: &str, now: Timestamp) -> usize {
        let of = |event: &Event| event.owner == owner && event.source == source && event.deleted.is_none();
        let found: Vec<u64> = self.events.iter().filter(|(_, event)| of(event)).map(|(number, _)| *number).collect();
        for event in &found {
            if let Some(event) = self.events.get_mut(event) {
                event.deleted = Some(now);
            }
        }
        found.len()
    }

    pub(crate) fn tables(&mut self) -> [&mut dyn Rows; 2] {
        [&mut self.events, &mut self.jobs]
    }
}

/// Turns the events of jobs that have ended into memories. Called before anything looks at memories, so that no
/// task has to run for it.
pub(crate) fn settle(state: &mut State, now: Timestamp) {
    let State { ingestion, memories, .. } = state;
    let due = |(number, job): (&u64, &Job)| (!job.stored && job.is_done(now)).then_some(*number);
    let due: Vec<u64> = ingestion.jobs.iter().filter_map(due).collect();
    for number in due {
        let Some(job) = ingestion.jobs.get_mut(&number) else { continue };
        job.stored = true;
        for event in ingestion.events.values().filter(|event| job.events.contains(&event.id) && event.deleted.is_none())
        {
            let Some(fact) = event.fact() else { continue };
            let mut metadata = event.metadata.clone();
            metadata.insert("source".to_owned(), json!(event.source));
            if let Some(subject) = &event.subject {
                metadata.insert("subject".to_owned(), json!(subject));
            }
            metadata.insert("timestamp".to_owned(), json!(ids::as_seconds(event.received)));
            let origin = Some(Origin { source: event.source.clone(), event: event.id.clone() });
            memories.add(event.owner, fact.to_owned(), metadata, event.scope.clone(), origin, job.ends());
        }
    }
}

/// Reads one item. The error is either about the item or about who may store it.
fn read(call: &Call, item: &Value, owner: u64) -> Result<Event, Result<String, Failure>> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let bad = |message: &str| Err(Ok(message.to_owned()));
    let Some(source) = text("source").filter(|source| !source.is_empty()) else {
        return bad("'source' is required and must be a non-empty string (e.g. \"gmail\")");
    };
    let content = match item.get("content") {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(value @ (Value::Object(_) | Value::Array(_))) => value.to_string(),
        _ => return bad("'content' is required and must be a non-empty string, an object or a list"),
    };
    if content.chars().count() > LONGEST {
        return bad(&format!("'content' is too long (max {LONGEST} characters)"));
    }
    if text("timestamp").is_some_and(|time| ids::parse_iso(&time).is_none()) {
        return bad("'timestamp' must be ISO 8601");
    }
    let scope = scope(call, text("scope"), text("scope_id")).map_err(Err)?;
    Ok(Event {
        source_id: text("source_id"),
        subject: text("subject"),
        metadata: item.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
        scope,
        ..Event::of_content(owner, content, &source, call.formation.now())
    })
}

/// `POST /memories` with a source.
pub(crate) fn ingest(call: &Call, body: &Value) -> Outcome {
    let user = call.user()?;
    let mut state = call.formation.state();
    let owner = state.users.number(user, call.formation.now());
    let event = read(call, body, owner).map_err(|problem| match problem {
        Ok(message) => Failure::params(message),
        Err(failure) => failure,
    })?;
    let duplicate = state.ingestion.duplicate(owner, &event).map(|old| old.id.clone());
    let mut data = json!({
        "status": if duplicate.is_some() { "duplicate" } else { "accepted" }, "duplicate": duplicate.is_some(),
        "event_id": duplicate.as_ref().unwrap_or(&event.id), "source": event.source, "source_id": event.source_id,
        "scope": event.scope.scope, "scope_id": event.scope.scope_id,
    });
    let (object, kind) = ("memory_ingestion", "memory.ingestion.accepted");
    if duplicate.is_some() {
        data["derived_events"] = json!([]);
        return ok(object, kind, data);
    }
    state.ingestion.check_room(owner, call.formation.now())?;
    let id = state.ingestion.start(owner, vec![event], call.formation.now());
    data["status_url"] = json!(format!("/v1/memories/ingestion/{id}"));
    data["processing_id"] = json!(id);
    with_status(StatusCode::ACCEPTED, object, kind, data)
}

pub(crate) fn batch(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let items = check.list("items");
    if items.len() > BATCH {
        check.reject("items", &format!("List should have at most {BATCH} items"), "too_long");
    }
    check.done()?;
    let user = call.user()?;
    let mut state = call.formation.state();
    let owner = state.users.number(user, call.formation.now());
    let mut accepted: Vec<Event> = Vec::new();
    let (mut rows, mut duplicates, mut invalid) = (Vec::new(), 0, 0);
    for (index, item) in items.iter().enumerate() {
        rows.push(match read(call, item, owner) {
            Err(Ok(message)) => {
                invalid += 1;
                json!({ "status": "invalid", "error": message, "index": index })
            }
            Err(Err(failure)) => return Err(failure),
            Ok(event) => {
                let twin = |old: &&Event| old.source == event.source && old.source_id == event.source_id;
                let earlier = accepted.iter().find(twin).filter(|_| event.source_id.is_some());
                match state.ingestion.duplicate(owner, &event).or(earlier) {
                    Some(old) => {
                        duplicates += 1;
                        json!({ "status": "duplicate", "event_id": old.id, "derived_events": [], "index": index })
                    }
                    None => {
                        let row = json!({ "status": "accepted", "event_id": event.id, "index": index });
                        accepted.push(event);
                        row
                    }
                }
            }
        });
    }
    let counts = json!({ "accepted": accepted.len(), "duplicate": duplicates, "invalid": invalid });
    let mut data = json!({ "processing_id": null, "items": rows, "counts": counts });
    if !accepted.is_empty() {
        state.ingestion.check_room(owner, call.formation.now())?;
        let id = state.ingestion.start(owner, accepted, call.formation.now());
        data["status_url"] = json!(format!("/v1/memories/ingestion/{id}"));
        data["processing_id"] = json!(id);
    }
    ok("memory_ingestion", "memory.ingestion.accepted", data)
}

pub(crate) fn status(call: &Call) -> Outcome {
    let id = call.path("processing_id");
    let user = call.user_filter()?;
    let mut state = call.formation.state();
    settle(&mut state, call.formation.now());
    let owner = user.map(|user| state.users.number(user, call.formation.now()));
    let job = state.ingestion.jobs.values().find(|job| job.id == id);
    let job = job.ok_or_else(|| Failure::missing(format!("Unknown or expired processing_id '{id}'")))?;
    if !call.admin && owner != Some(job.owner) {
        return Err(Failure::new(403, "FORBIDDEN", "Ingestion job does not belong to this user"));
    }
    let mut data = json!({
        "processing_id": id, "status": "processing", "created_at": ids::as_seconds(job.created),
    });
    if job.is_done(call.formation.now()) {
        let found = |event: &String| state.ingestion.events.values().find(|known| known.id == *event);
        let row = |(index, event): (usize, &String)| {
            let known = found(event);
            json!({
                "source": known.map(|e| &e.source), "source_id": known.and_then(|e| e.source_id.as_ref()),
                "classification": { "category": "personal", "margin": 1.0 }, "filter_level": "none",
                "disposition": "stored", "index": index, "event_id": event,
            })
        };
        let items: Vec<Value> = job.events.iter().enumerate().map(row).collect();
        data["status"] = json!("completed");
        data["completed_at"] = json!(ids::iso_z(job.ends()));
        data["counts"] = json!({ "stored": items.len(), "filtered": 0, "failed": 0 });
        data["items"] = json!(items);
        data["usage"] = json!({
            "fields": ["total", "in", "out", "total_cached", "in_cached", "out_cached"], "total": [0, 0, 0, 0, 0, 0],
            "breakdown": {},
        });
    }
    ok("memory_ingestion", "memory.ingestion.status", data)
}

/// The origin of a fact: by an event, the way back from it; by an entity, everything that was said about it. An entity
/// is the `subject` of what was ingested, whatever its case.
pub(crate) fn provenance(call: &Call) -> Outcome {
    let given = |name: &str| call.query(name).filter(|text| !text.is_empty());
    let (entity, event_id) = (given("entity"), given("event_id"));
    if entity.is_some() == event_id.is_some() {
        return Err(Failure::params("Exactly one of 'entity' or 'event_id' is required"));
    }
    let user = call.user()?;
    let now = call.formation.now();
    let mut state = call.formation.state();
    settle(&mut state, now);
    let owner = state.users.number(user, now);
    let data = match event_id {
        Some(id) => by_event(&state, owner, id, now).ok_or_else(|| Failure::missing("Unknown event"))?,
        None => {
            let name = entity.unwrap_or_default();
            by_entity(&state, owner, name).ok_or_else(|| Failure::missing(format!("Unknown entity '{name}'")))?
        }
    };
    ok("memory", "memory.retrieved", data)
}

/// An event, be it content that was handed in or a fact that was made from it; the chain ends with it.
fn by_event(state: &State, owner: u64, id: &str, now: Timestamp) -> Option<Value> {
    let find = |id: &str| state.ingestion.events.values().find(|event| event.id == id && event.owner == owner);
    if let Some(event) = find(id) {
        return Some(json!({ "event": event.row(now), "chain": [event.row(now)] }));
    }
    let memory = state.memories.made_from(owner, id).next()?;
    let origin = memory.origin().and_then(find).map(|event| event.row(now));
    let chain: Vec<Value> = origin.into_iter().chain([memory.event_row()]).collect();
    Some(json!({ "event": memory.event_row(), "chain": chain }))
}

fn by_entity(state: &State, owner: u64, name: &str) -> Option<Value> {
    let about = |event: &&Event| event.subject.as_ref().is_some_and(|own| own.to_lowercase() == name.to_lowercase());
    let events: Vec<&Event> = state.ingestion.live(owner).filter(about).collect();
    let name = events.last()?.subject.clone();
    let fact = |event: &&Event| {
        let made: Vec<&str> = state.memories.made_from(owner, &event.id).map(|memory| memory.id.as_str()).collect();
        let events: Vec<&str> = std::iter::once(event.id.as_str()).chain(made).collect();
        json!({
            "statement": event.fact(), "relationship_type": "stated", "status": "active", "confidence": 1.0,
            "effective_confidence": 1.0, "updated_at": ids::iso_z(event.received), "events": events,
        })
    };
    let facts: Vec<Value> = events.iter().map(fact).collect();
    let entity = json!({
        "name": name, "type": "unknown", "status": "active", "confidence": 1.0,
        "attributes": { "mentions": facts.len() },
    });
    Some(json!({ "entity": entity, "facts": facts }))
}
