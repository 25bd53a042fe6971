//! Distilleries: outside programs that hand in events made from content, in signed batches.
//!
//! A fact becomes a memory and an entry goes into the captain's log, both at once; events of other types are only
//! recorded.

use super::captains_log::LOG_ENTRY;
use super::distilled::{self, Distilled, KINDS, Rights, SOURCE};
use super::event::{Content, Event, FACT};
use super::memories::Origin;
use crate::formation::State;
use crate::formation::http::call::Call;
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Failure, Outcome, ok, with_status};
use crate::formation::ids;
use crate::quirks::Quirk;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use jiff::Timestamp;
use ring::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Seconds that a batch's time may differ from the clock.
const TOLERANCE: u64 = 300;
/// Seconds that a batch is at work.
const BATCH_TIME: f64 = 0.3;
/// Events that one batch may have where the distillery's scope sets no limit.
const LARGEST_BATCH: u64 = 10_000;
/// Events that one distillery may send on a day where its scope sets no limit.
const LARGEST_DAY: u64 = 1_000_000;
/// The first line of the signed text.
const SIGNED_AS: &str = "muxi-distillery-v1";
/// The trust levels of distilleries; events of a provisional one count for less.
const TRUST_LEVELS: [&str; 2] = [PROVISIONAL, "verified"];
const PROVISIONAL: &str = "provisional";

/// A distillery, which may hand in events.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Distillery {
    /// Its number; a text in data that an earlier version has stored.
    id: Value,
    distillery_id: String,
    name: String,
    description: Option<String>,
    public_key: String,
    scope: Map<String, Value>,
    trust_level: String,
    created: Timestamp,
    revoked: Option<Timestamp>,
    /// The day of the last batch, and the events accepted on it.
    today: Option<(String, u64)>,
}

/// A batch that was accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Batch {
    processing_id: String,
    batch_id: String,
    distillery_id: String,
    created: f64,
    items: Vec<Value>,
}

/// All distilleries and their batches, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Distilleries {
    all: Vec<Distillery>,
    batches: Vec<Batch>,
}

impl Distilleries {
    fn find(&mut self, id: &str) -> Option<&mut Distillery> {
        self.all.iter_mut().find(|distillery| distillery.distillery_id == id)
    }
}

impl Distillery {
    fn row(&self, formation: &str) -> Value {
        json!({
            "id": self.id, "distillery_id": self.distillery_id, "formation_id": formation, "name": self.name,
            "description": self.description, "public_key": self.public_key, "scope": self.scope,
            "trust_level": self.trust_level, "status": if self.revoked.is_some() { "revoked" } else { "active" },
            "created_at": ids::iso_bare(self.created), "revoked_at": self.revoked.map(ids::iso_bare),
        })
    }

    /// A limit of the scope.
    fn limit(&self, name: &str) -> Option<u64> {
        self.scope.get(name).and_then(Value::as_u64)
    }
}

/// The bytes of `ed25519:` and base64.
fn key_bytes(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text.strip_prefix("ed25519:")?).ok()?;
    (bytes.len() == ED25519_PUBLIC_KEY_LEN).then_some(bytes)
}

fn enabled(call: &Call) -> Result<(), Failure> {
    if call.formation.spec.document.pointer("/memory/distillery/enabled") == Some(&Value::Bool(true)) {
        return Ok(());
    }
    let message = "Memory distillery is not enabled for this formation (memory.distillery.enabled)";
    Err(Failure::unavailable(message))
}

/// The trust level of a distillery that is registered without one.
fn default_trust(call: &Call) -> String {
    let level = call.formation.spec.document.pointer("/memory/distillery/default_trust_level").and_then(Value::as_str);
    level.filter(|level| TRUST_LEVELS.contains(level)).unwrap_or(PROVISIONAL).to_owned()
}

pub(crate) fn register(call: &Call) -> Outcome {
    enabled(call)?;
    let mut check = Check::body(call);
    let (name, public_key) = (check.text("name"), check.text("public_key"));
    let (description, trust_level) = (check.opt_text("description"), check.opt_text("trust_level"));
    let mut scope = check.opt_object("scope").unwrap_or_default();
    for (name, value) in [
        ("user_ids", json!("all")),
        ("event_types", json!(KINDS)),
        ("max_events_per_day", json!(LARGEST_DAY)),
        ("max_batch_size", json!(LARGEST_BATCH)),
    ] {
        scope.entry(name).or_insert(value);
    }
    check.done()?;
    let trust_level = trust_level.filter(|level| !level.is_empty()).unwrap_or_else(|| default_trust(call));
    if !TRUST_LEVELS.contains(&trust_level.as_str()) {
        let levels = distilled::listed(TRUST_LEVELS);
        return Err(Failure::params(format!("Invalid trust_level '{trust_level}'; expected one of {levels}")));
    }
    if key_bytes(&public_key).is_none() {
        return Err(Failure::params("'public_key' must be 'ed25519:' and 32 bytes in base64"));
    }
    let distillery = Distillery {
        id: json!(call.formation.state().distilleries.all.len() + 1),
        distillery_id: ids::random("", 21),
        name,
        description,
        public_key,
        scope,
        trust_level,
        created: call.formation.now(),
        revoked: None,
        today: None,
    };
    let row = distillery.row(&call.formation.spec.id);
    call.formation.state().distilleries.all.push(distillery);
    with_status(StatusCode::CREATED, "memory_distillery", "memory.distillery.registered", row)
}

pub(crate) fn list(call: &Call) -> Outcome {
    enabled(call)?;
    let state = call.formation.state();
    let rows: Vec<Value> = state.distilleries.all.iter().rev().map(|one| one.row(&call.formation.spec.id)).collect();
    let data = json!({ "count": rows.len(), "distilleries": rows });
    ok("memory_distillery_list", "memory.distillery.list", data)
}

pub(crate) fn revoke(call: &Call) -> Outcome {
    enabled(call)?;
    let id = call.path("distillery_id");
    let mut state = call.formation.state();
    let distillery = state.distilleries.find(id);
    let distillery = distillery.ok_or_else(|| Failure::missing(format!("Unknown distillery '{id}'")))?;
    distillery.revoked.get_or_insert(call.formation.now());
    ok("memory_distillery", "memory.distillery.revoked", distillery.row(&call.formation.spec.id))
}

/// Checks who sent the batch: a known distillery that is not revoked, at about this time, with a fitting signature.
fn authenticate(call: &Call) -> Result<String, Failure> {
    let unauthorized = |message: &str| Failure::new(401, "UNAUTHORIZED", message);
    let header = |name: &str| {
        let value = call.header(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        value.ok_or_else(|| unauthorized(&format!("{name} header is required")))
    };
    let (id, time) = (header("X-Distillery-ID")?, header("X-Distillery-Timestamp")?);
    let seconds: i64 =
        time.parse().map_err(|_| unauthorized("X-Distillery-Timestamp must be an integer unix timestamp (seconds)"))?;
    if seconds.abs_diff(call.formation.now().as_second()) > TOLERANCE {
        let message = format!("Batch timestamp outside the {TOLERANCE}s replay-protection window");
        return Err(unauthorized(&message));
    }
    // The reason is not told to a sender that has no right to send.
    let unknown = || unauthorized("Unknown distillery or invalid signature");
    let key = {
        let mut state = call.formation.state();
        let distillery = state.distilleries.find(&id).ok_or_else(unknown)?;
        if distillery.revoked.is_some() {
            return Err(Failure::new(410, "GONE", "This distillery registration has been revoked"));
        }
        distillery.public_key.clone()
    };
    let signature = STANDARD.decode(call.header("X-Distillery-Signature").unwrap_or_default().trim());
    let signed = [format!("{SIGNED_AS}\n{time}\n{id}\n").as_bytes(), call.bytes()].concat();
    let key = UnparsedPublicKey::new(&ED25519, key_bytes(&key).unwrap_or_default());
    key.verify(&signed, &signature.unwrap_or_default()).map_err(|_| unknown())?;
    Ok(id)
}

/// Derives from an event what can be derived; gives what came of it, or why nothing did.
fn project(state: &mut State, event: &Event, kind: &str, now: Timestamp) -> Result<&'static str, String> {
    let Content::Payload(payload) = &event.content else { return Ok("recorded") };
    match kind {
        FACT => {
            let fact = event.fact().ok_or("'memory' must be a text")?.to_owned();
            let mut metadata = payload.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
            metadata.entry("timestamp").or_insert_with(|| json!(ids::as_seconds(now)));
            let origin = Some(Origin { source: event.source.clone(), event: event.id.clone() });
            state.memories.add(event.owner, fact, metadata, event.scope.clone(), origin, now);
        }
        LOG_ENTRY => state.log.apply(event.owner, payload, now)?,
        _ => return Ok("recorded"),
    }
    Ok("projected")
}

/// Takes one event in; gives what is told of it.
fn accept(state: &mut State, index: usize, owner: u64, event: Distilled, now: Timestamp) -> Value {
    let Distilled { kind, user, source_id, payload, claim } = event;
    let new = Event::new(owner, &kind, Content::Payload(payload), SOURCE, now);
    let new = Event { source_id: Some(source_id), claim, ..new };
    let mut item = json!({ "index": index, "event_id": new.id, "event_type": kind, "user_id": user });
    match project(state, &new, &kind, now) {
        Ok(disposition) => item["disposition"] = json!(disposition),
        Err(error) => {
            item["disposition"] = json!("failed");
            item["error"] = json!(error);
        }
    }
    state.ingestion.record(new);
    item
}

/// The id and the events of a batch.
fn read_batch(call: &Call, distillery: &Distillery) -> Result<(String, Vec<Value>), Failure> {
    let body: Value =
        serde_json::from_slice(call.bytes()).map_err(|_| Failure::bad("Request body is not valid JSON"))?;
    let body = body.as_object().ok_or_else(|| Failure::params("request body must be a JSON object"))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let batch_id = text("batch_id");
    let batch_id = batch_id.ok_or_else(|| Failure::params("'batch_id' is required and must be a non-empty string"))?;
    let events = body.get("events").and_then(Value::as_array).filter(|events| !events.is_empty());
    let events = events.ok_or_else(|| Failure::params("'events' must be a non-empty array"))?;
    let most = distillery.limit("max_batch_size").unwrap_or(LARGEST_BATCH).min(LARGEST_BATCH);
    if events.len() as u64 > most {
        return Err(Failure::params(format!("batch exceeds max_batch_size ({} > {most})", events.len())));
    }
    match body.get("embedding_mode").map_or(Some("none"), Value::as_str) {
        Some("none") => {}
        Some("pre_computed") if text("embedding_model").is_some_and(|model| model.contains('/')) => {}
        Some("pre_computed") => {
            let message = "'embedding_model' is required when embedding_mode is \"pre_computed\" and must be a \
                           provider-prefixed model name (e.g. \"local/all-MiniLM-L6-v2\")";
            return Err(Failure::params(message));
        }
        _ => return Err(Failure::params("invalid embedding_mode; expected one of ['none', 'pre_computed']")),
    }
    Ok((batch_id.to_owned(), events.clone()))
}

pub(crate) fn ingest(call: &Call) -> Outcome {
    enabled(call)?;
    let id = authenticate(call)?;
    let now = call.formation.now();
    let mut state = call.formation.state();
    let gone = || Failure::missing(format!("Unknown distillery '{id}'"));
    let distillery = state.distilleries.find(&id).ok_or_else(gone)?.clone();
    let (batch_id, events) = read_batch(call, &distillery)?;
    let provisional = distillery.trust_level == PROVISIONAL;
    let default_user = call.quirk(Quirk::SingleUser).then_some("0");
    let rights = Rights { scope: &distillery.scope, provisional, default_user };
    let mut known = state.ingestion.known(SOURCE);
    let (mut accepted, mut duplicates, mut rejections) = (Vec::new(), 0_u64, Vec::new());
    for (index, event) in events.iter().enumerate() {
        match distilled::read(event, &rights) {
            Err(reason) => rejections.push(json!({ "index": index, "reason": reason })),
            Ok(event) => {
                let owner = state.users.number(&event.user, now);
                if known.insert((owner, event.source_id.clone())) {
                    accepted.push((index, owner, event));
                } else {
                    duplicates += 1;
                }
            }
        }
    }
    let day = ids::iso_z(now).chars().take(10).collect::<String>();
    let spent = distillery.today.as_ref().filter(|(last, _)| *last == day).map_or(0, |(_, count)| *count);
    let (count, most) = (accepted.len() as u64, distillery.limit("max_events_per_day").unwrap_or(LARGEST_DAY));
    if count > 0 && spent + count > most {
        let message = format!(
            "Daily event quota reached for this distillery (max {most} events/day); retry after the UTC day rolls \
             over. Idempotent (source_id) retries are always safe."
        );
        return Err(Failure::new(429, "RATE_LIMITED", message));
    }
    if let Some(distillery) = state.distilleries.find(&id) {
        distillery.today = Some((day, spent + count));
    }
    let taken = accepted.into_iter().map(|(index, owner, event)| accept(&mut state, index, owner, event, now));
    let items: Vec<Value> = taken.collect();
    let mut data = json!({
        "batch_id": batch_id, "accepted": count, "duplicates": duplicates, "rejected": rejections.len(),
        "rejections": rejections, "processing_id": null,
    });
    let (object, kind) = ("memory_distillation", "memory.distilled.accepted");
    if items.is_empty() {
        return ok(object, kind, data);
    }
    let processing_id = ids::random("dst_", 21);
    data["processing_id"] = json!(processing_id);
    data["status_url"] = json!(format!("/v1/memories/distilled/{processing_id}"));
    let created = ids::as_seconds(now);
    state.distilleries.batches.push(Batch { processing_id, batch_id, distillery_id: id, created, items });
    with_status(StatusCode::ACCEPTED, object, kind, data)
}

/// The state of a batch. The client key must come with the id of the distillery that sent it.
pub(crate) fn status(call: &Call) -> Outcome {
    enabled(call)?;
    let id = call.path("processing_id");
    let state = call.formation.state();
    let batch = state.distilleries.batches.iter().find(|batch| batch.processing_id == id);
    let batch = batch.ok_or_else(|| Failure::missing(format!("Unknown or expired processing_id '{id}'")))?;
    if !call.admin && call.header("X-Distillery-ID").as_ref() != Some(&batch.distillery_id) {
        return Err(Failure::new(403, "FORBIDDEN", "Processing job does not belong to this distillery"));
    }
    let mut data = json!({ "processing_id": id, "status": "processing", "created_at": batch.created });
    if call.formation.seconds() >= batch.created + BATCH_TIME {
        let count = |kind: &str| batch.items.iter().filter(|item| item["disposition"] == kind).count();
        data["status"] = json!("completed");
        data["batch_id"] = json!(batch.batch_id);
        data["completed_at"] = json!(ids::from_seconds(batch.created + BATCH_TIME).map(ids::iso_z));
        data["items"] = json!(batch.items);
        data["counts"] =
            json!({ "projected": count("projected"), "recorded": count("recorded"), "failed": count("failed") });
        data["pre_computed_vectors_used"] = json!(false);
    }
    ok("memory_distillation", "memory.distilled.status", data)
}
