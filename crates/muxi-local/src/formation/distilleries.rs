//! Distilleries: outside programs that hand in events made from content, in signed batches.
//!
//! A fact (`fact.extracted` with a text) becomes a memory at once; events of other types are only recorded.

use super::call::Call;
use super::check::Check;
use super::envelope::{Failure, Outcome, ok, with_status};
use super::ids;
use super::ingestion::Event;
use super::memories::{LONGEST, Origin, Scope};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use jiff::Timestamp;
use ring::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Seconds that a batch's time may differ from the clock.
const TOLERANCE: u64 = 300;
/// Seconds that a batch is at work.
const TAKES: f64 = 0.3;
/// Events that one batch may have where the distillery's scope sets no limit.
const LARGEST_BATCH: u64 = 10_000;
/// Events that one distillery may send on a day where its scope sets no limit.
const LARGEST_DAY: u64 = 1_000_000;
/// Types of events.
const KINDS: [&str; 3] = ["fact.extracted", "log.entry", "interaction.turn"];
/// What the signature's text begins with.
const SIGNED_AS: &str = "muxi-distillery-v1";
/// The type of the events that become memories.
const FACT: &str = "fact.extracted";

/// Who may hand in events.
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
    /// The ids of the events that were accepted.
    seen: BTreeSet<String>,
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
            "created_at": ids::iso_z(self.created), "revoked_at": self.revoked.map(ids::iso_z),
        })
    }

    /// A limit of the scope.
    fn limit(&self, name: &str) -> Option<u64> {
        self.scope.get(name).and_then(Value::as_u64)
    }

    /// Whether the scope's list of that name, if there is one, has the value.
    fn allows(&self, list: &str, value: &str) -> bool {
        self.scope.get(list).and_then(Value::as_array).is_none_or(|list| list.iter().any(|entry| entry == value))
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

pub(super) fn register(call: &Call) -> Outcome {
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
    if key_bytes(&public_key).is_none() {
        return Err(Failure::params("'public_key' must be 'ed25519:' and 32 bytes in base64"));
    }
    let distillery = Distillery {
        id: json!(call.formation.state().distilleries.all.len() + 1),
        distillery_id: ids::random("dst_", 21),
        name,
        description,
        public_key,
        scope,
        trust_level: trust_level.unwrap_or_else(|| "standard".to_owned()),
        created: call.formation.now(),
        revoked: None,
        today: None,
        seen: BTreeSet::new(),
    };
    let row = distillery.row(&call.formation.spec.id);
    call.formation.state().distilleries.all.push(distillery);
    with_status(StatusCode::CREATED, "memory_distillery", "memory.distillery.registered", row)
}

pub(super) fn list(call: &Call) -> Outcome {
    enabled(call)?;
    let state = call.formation.state();
    let rows: Vec<Value> = state.distilleries.all.iter().map(|one| one.row(&call.formation.spec.id)).collect();
    let data = json!({ "count": rows.len(), "distilleries": rows });
    ok("memory_distillery_list", "memory.distillery.list", data)
}

pub(super) fn revoke(call: &Call) -> Outcome {
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
        let value = call.header(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| unauthorized(&format!("The '{name}' header is required")))
    };
    let (id, time) = (header("X-Distillery-ID")?, header("X-Distillery-Timestamp")?);
    let signature = header("X-Distillery-Signature")?;
    let key = {
        let mut state = call.formation.state();
        let distillery = state.distilleries.find(&id).ok_or_else(|| unauthorized("Unknown distillery"))?;
        if distillery.revoked.is_some() {
            return Err(Failure::new(410, "GONE", "This distillery registration has been revoked"));
        }
        distillery.public_key.clone()
    };
    let seconds: i64 = time.parse().map_err(|_| unauthorized("The timestamp must be in Unix seconds"))?;
    if seconds.abs_diff(call.formation.now().as_second()) > TOLERANCE {
        return Err(unauthorized(&format!("The timestamp differs by more than {TOLERANCE} s from the clock")));
    }
    let signed = [format!("{SIGNED_AS}\n{time}\n{id}\n").as_bytes(), call.bytes()].concat();
    let signature = STANDARD.decode(signature).unwrap_or_default();
    let key = UnparsedPublicKey::new(&ED25519, key_bytes(&key).unwrap_or_default());
    key.verify(&signed, &signature).map_err(|_| unauthorized("The signature does not fit"))?;
    Ok(id)
}

/// One event of a batch, checked.
struct Distilled {
    key: String,
    kind: String,
    user: String,
    subject: Option<String>,
    /// The text of a fact.
    fact: Option<String>,
    content: String,
}

/// Reads one event; the error is why it is rejected.
fn read(event: &Value, distillery: &Distillery, default: &str, user: Option<&str>) -> Result<Distilled, String> {
    let Some(fields) = event.as_object() else { return Err("an event must be an object".to_owned()) };
    let payload = event.get("payload").unwrap_or(event);
    let text = |place: &Value, names: &[&str]| {
        names.iter().find_map(|name| place.get(name)?.as_str().filter(|text| !text.is_empty())).map(str::to_owned)
    };
    let kind = text(event, &["event_type", "type"]).ok_or("'event_type' is required")?;
    let user = text(event, &["user_id"]).or_else(|| user.map(str::to_owned)).ok_or("'user_id' is required")?;
    let user = super::call::user_id(&user);
    for (list, value) in [("event_types", &kind), ("user_ids", &user)] {
        if !distillery.allows(list, value) {
            return Err(format!("'{value}' is not within the distillery's {list}"));
        }
    }
    let fact = text(payload, &["statement", "content", "text", "fact"]).filter(|_| kind == FACT);
    if fact.as_ref().is_some_and(|fact| fact.chars().count() > LONGEST) {
        return Err(format!("a fact has at most {LONGEST} characters"));
    }
    Ok(Distilled {
        key: text(event, &["event_id", "id"]).unwrap_or_else(|| default.to_owned()),
        subject: text(payload, &["subject", "entity"]),
        content: fact.clone().unwrap_or_else(|| Value::Object(fields.clone()).to_string()),
        kind,
        user,
        fact,
    })
}

pub(super) fn ingest(call: &Call) -> Outcome {
    enabled(call)?;
    let id = authenticate(call)?;
    let body: Value = serde_json::from_slice(call.bytes())
        .map_err(|error| Failure::params(format!("The body is not JSON: {error}")))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let batch_id = text("batch_id").ok_or_else(|| Failure::params("'batch_id' is required"))?.to_owned();
    let events = body.get("events").and_then(Value::as_array);
    let events = events.ok_or_else(|| Failure::params("'events' must be a list"))?;

    let now = call.formation.now();
    let mut state = call.formation.state();
    let super::State { distilleries, ingestion, memories, users, .. } = &mut *state;
    let gone = || Failure::missing(format!("Distillery '{id}' not found"));
    let distillery = distilleries.find(&id).ok_or_else(gone)?;
    let most = distillery.limit("max_batch_size").unwrap_or(LARGEST_BATCH);
    if events.len() as u64 > most {
        return Err(Failure::params(format!("The batch has {} events (max: {most})", events.len())));
    }
    let day = ids::iso_z(now).chars().take(10).collect::<String>();
    let spent = distillery.today.as_ref().filter(|(last, _)| *last == day).map_or(0, |(_, count)| *count);

    let (mut accepted, mut duplicates, mut rejections) = (Vec::new(), 0_u64, Vec::new());
    let mut keys = BTreeSet::new();
    for (index, event) in events.iter().enumerate() {
        match read(event, distillery, &format!("{batch_id}/{index}"), call.any_user()) {
            Err(reason) => rejections.push(json!({ "index": index, "reason": reason })),
            Ok(event) if distillery.seen.contains(&event.key) || !keys.insert(event.key.clone()) => duplicates += 1,
            Ok(event) => accepted.push((index, event)),
        }
    }
    let count = accepted.len() as u64;
    if distillery.limit("max_events_per_day").is_some_and(|most| spent + count > most) {
        let message = format!("Distillery '{id}' has reached its limit of events for today");
        return Err(Failure::new(429, "RATE_LIMITED", message));
    }
    distillery.today = Some((day, spent + count));
    distillery.seen.extend(keys);
    let source = format!("distillery:{}", distillery.name);

    let mut items = Vec::new();
    for (index, event) in accepted {
        let owner = users.number(&event.user, now);
        let scope = Scope { scope: "user".to_owned(), scope_id: None };
        let log = ingestion.record(Event {
            id: ids::random("", 21),
            owner,
            content: event.content,
            source: source.clone(),
            source_id: Some(event.key),
            subject: event.subject,
            metadata: Map::new(),
            scope: scope.clone(),
            received: now,
            deleted: None,
        });
        let mut metadata = Map::new();
        metadata.insert("source".to_owned(), json!(source));
        metadata.insert("timestamp".to_owned(), json!(ids::as_seconds(now)));
        let disposition = if event.fact.is_some() { "projected" } else { "recorded" };
        if let Some(fact) = event.fact {
            let origin = Some(Origin { source: source.clone(), event: log.clone() });
            memories.add(owner, fact, metadata, scope, origin, now);
        }
        items.push(json!({
            "index": index, "event_id": log, "event_type": event.kind, "user_id": event.user,
            "disposition": disposition,
        }));
    }
    let mut data = json!({
        "batch_id": batch_id, "accepted": count, "duplicates": duplicates, "rejected": rejections.len(),
        "rejections": rejections, "processing_id": null,
    });
    let (object, kind) = ("memory_distillation", "memory.distilled.accepted");
    if items.is_empty() {
        return ok(object, kind, data);
    }
    let processing_id = ids::random("dist_", 21);
    data["processing_id"] = json!(processing_id);
    data["status_url"] = json!(format!("/v1/memories/distilled/{processing_id}"));
    let created = ids::as_seconds(now);
    distilleries.batches.push(Batch { processing_id, batch_id, distillery_id: id, created, items });
    with_status(StatusCode::ACCEPTED, object, kind, data)
}

/// How a batch is doing. The client key must come with the id of the distillery that sent it.
pub(super) fn status(call: &Call) -> Outcome {
    enabled(call)?;
    let id = call.path("processing_id");
    let state = call.formation.state();
    let batch = state.distilleries.batches.iter().find(|batch| batch.processing_id == id);
    let batch = batch.ok_or_else(|| Failure::missing(format!("Unknown or expired processing_id '{id}'")))?;
    if !call.admin && call.header("X-Distillery-ID").as_ref() != Some(&batch.distillery_id) {
        return Err(Failure::new(403, "FORBIDDEN", "The batch does not belong to this distillery"));
    }
    let mut data = json!({
        "processing_id": id, "batch_id": batch.batch_id, "status": "processing", "created_at": batch.created,
    });
    if call.formation.seconds() >= batch.created + TAKES {
        let count = |kind: &str| batch.items.iter().filter(|item| item["disposition"] == kind).count();
        data["status"] = json!("completed");
        data["completed_at"] = json!(ids::from_seconds(batch.created + TAKES).map(ids::iso_z));
        data["items"] = json!(batch.items);
        data["counts"] = json!({ "projected": count("projected"), "recorded": count("recorded"), "failed": 0 });
        data["pre_computed_vectors_used"] = json!(false);
    }
    ok("memory_distillation", "memory.distilled.status", data)
}
