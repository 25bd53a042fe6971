//! One event of a distillery's batch: what is in it, and why it may not be taken in.

use super::captains_log::LOG_ENTRY;
use super::event::{Claim, FACT};
use crate::formation::ids;
use crate::pattern;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The source of all events of distilleries.
pub(crate) const SOURCE: &str = "distillery";
/// The type of the events that are only recorded.
const TURN: &str = "interaction.turn";
/// The types of events that a distillery may hand in.
pub(crate) const KINDS: [&str; 3] = [FACT, LOG_ENTRY, TURN];
/// The highest confidence of an event whose distillery is provisional.
const PROVISIONAL: f64 = 0.7;
/// Characters that the id of an event may have.
const LONGEST_ID: usize = 255;

/// The fields of an event.
const FIELDS: [&str; 13] = [
    "event_type",
    "event_version",
    "user_id",
    "occurred_at",
    "source",
    "source_id",
    "source_confidence",
    "decay_rate",
    "expires_at",
    "payload",
    "conversation_id",
    "agent_id",
    "embedding_vectors",
];

/// Fields of payloads that must be lists.
const LISTS: [&str; 3] = ["decisions", "projects", "sources"];

/// The fields that a payload of that type must have, and those that it may have.
fn schema(kind: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        FACT => (&["memory", "collection"], &["metadata"]),
        LOG_ENTRY => (&["date", "summary"], &["decisions", "projects", "context", "sources"]),
        _ => (&["user_message"], &["agent_response", "session_id"]),
    }
}

/// An event, checked.
pub(crate) struct Distilled {
    pub(crate) kind: String,
    pub(crate) user: String,
    pub(crate) source_id: String,
    pub(crate) payload: Map<String, Value>,
    pub(crate) claim: Claim,
}

/// The rights of a distillery.
pub(crate) struct Rights<'a> {
    pub(crate) scope: &'a Map<String, Value>,
    pub(crate) provisional: bool,
    /// The owner of an event that names no user.
    pub(crate) default_user: Option<&'a str>,
}

/// Texts as the runtime lists them.
pub(crate) fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| format!("'{text}'")).collect();
    format!("[{}]", texts.join(", "))
}

/// A value as the runtime quotes it.
fn quoted(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "None".to_owned(),
        Some(Value::Bool(true)) => "True".to_owned(),
        Some(Value::Bool(false)) => "False".to_owned(),
        Some(Value::String(text)) => format!("'{text}'"),
        Some(value) => value.to_string(),
    }
}

/// True if a user is within a scope: all, those that fit a pattern, those of a list, or a single one.
fn covers(scope: Option<&Value>, user: &str) -> bool {
    match scope {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) if text == "all" => true,
        Some(Value::String(text)) => match text.strip_prefix("pattern:") {
            Some(pattern) => pattern::matches(pattern, user),
            None => text == user,
        },
        Some(Value::Array(users)) => {
            users.iter().any(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned) == user)
        }
        Some(_) => false,
    }
}

/// Reads one event; the error is why it is rejected.
pub(crate) fn read(event: &Value, rights: &Rights<'_>) -> Result<Distilled, String> {
    let fields = event.as_object().ok_or("event must be an object")?;
    let mut unknown: Vec<&str> = fields.keys().map(String::as_str).filter(|name| !FIELDS.contains(name)).collect();
    if !unknown.is_empty() {
        unknown.sort_unstable();
        return Err(format!("unknown event keys: {}", listed(unknown)));
    }
    let get = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let kind = get("event_type").and_then(Value::as_str).filter(|kind| KINDS.contains(kind)).ok_or_else(|| {
        let mut kinds = KINDS;
        kinds.sort_unstable();
        format!("unsupported event_type {}; expected one of {}", quoted(fields.get("event_type")), listed(kinds))
    })?;
    let allowed = rights.scope.get("event_types").and_then(Value::as_array);
    if allowed.is_some_and(|allowed| !allowed.iter().any(|one| one == kind)) {
        return Err(format!("event_type '{kind}' outside distillery scope"));
    }
    let version =
        fields.get("event_version").map_or(Some(1), Value::as_i64).ok_or("'event_version' must be an integer")?;
    let user = match get("user_id") {
        None => rights.default_user.ok_or("'user_id' is required for multi-user formations")?,
        Some(user) => user
            .as_str()
            .map(str::trim)
            .filter(|user| !user.is_empty())
            .ok_or("'user_id' must be a non-empty string")?,
    };
    if !covers(rights.scope.get("user_ids"), user) {
        return Err(format!("user_id '{user}' outside distillery scope"));
    }
    if let Some(source) = get("source").filter(|source| *source != SOURCE) {
        return Err(format!("'source' must be \"{SOURCE}\" when provided, got {}", quoted(Some(source))));
    }
    let source_id = get("source_id").and_then(Value::as_str).map(str::trim).filter(|id| !id.is_empty());
    let source_id = source_id.ok_or("'source_id' is required (the event's origin in the raw source)")?;
    let length = source_id.chars().count();
    if length > LONGEST_ID {
        return Err(format!("'source_id' must be at most {LONGEST_ID} characters, got {length}"));
    }
    let claim = claim(fields, rights.provisional)?;
    let payload =
        payload(kind, version, fields.get("payload")).map_err(|why| format!("invalid event schema: {why}"))?;
    vectors(get("embedding_vectors"))?;
    let (kind, user, source_id) = (kind.to_owned(), crate::formation::http::call::user_id(user), source_id.to_owned());
    Ok(Distilled { kind, user, source_id, payload: payload.clone(), claim })
}

/// Reads the time and the confidence that an event states.
fn claim(fields: &Map<String, Value>, provisional: bool) -> Result<Claim, String> {
    let get = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let time = |name: &str| -> Result<Option<Timestamp>, String> {
        let Some(value) = get(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| format!("'{name}' must be an ISO 8601 string"))?;
        let time = ids::parse_iso(text).ok_or_else(|| format!("'{name}' is not valid ISO 8601: '{text}'"))?;
        Ok(Some(time))
    };
    let occurred = time("occurred_at")?;
    let confidence = fields.get("source_confidence").map_or(Some(1.0), Value::as_f64);
    let confidence = confidence.ok_or("'source_confidence' must be a number between 0 and 1")?;
    if !(0.0..=1.0).contains(&confidence) {
        return Err(format!("'source_confidence' must be between 0 and 1, got {confidence:?}"));
    }
    let decay = fields.get("decay_rate").map_or(Some(Claim::STATIC), Value::as_str);
    let decay = decay.filter(|rate| Claim::RATES.contains(rate)).ok_or_else(|| {
        let (given, rates) = (quoted(fields.get("decay_rate")), listed(Claim::RATES));
        format!("invalid decay_rate {given}; expected one of {rates}")
    })?;
    let expires = time("expires_at")?;
    let conversation = get("conversation_id")
        .map(|id| id.as_str().map(str::to_owned).ok_or("'conversation_id' must be a string when provided"));
    Ok(Claim {
        occurred,
        confidence: if provisional { confidence.min(PROVISIONAL) } else { confidence },
        decay_rate: decay.to_owned(),
        expires,
        conversation: conversation.transpose()?,
    })
}

/// Checks the payload of an event of that type.
fn payload<'a>(kind: &str, version: i64, value: Option<&'a Value>) -> Result<&'a Map<String, Value>, String> {
    if version != 1 {
        return Err(format!("Unknown version {version} for event type '{kind}'"));
    }
    let payload = value.and_then(Value::as_object);
    let payload = payload.ok_or_else(|| format!("Payload for '{kind}' must be a dict"))?;
    let (required, optional) = schema(kind);
    let missing: Vec<&str> = required.iter().copied().filter(|name| !payload.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(format!("Payload for '{kind}' is missing required keys: {}", listed(missing)));
    }
    let known = |name: &&str| required.contains(name) || optional.contains(name);
    let unknown: Vec<&str> = payload.keys().map(String::as_str).filter(|name| !known(name)).collect();
    if !unknown.is_empty() {
        return Err(format!("Payload for '{kind}' has unknown keys: {}", listed(unknown)));
    }
    match LISTS.iter().find(|name| payload.get(**name).is_some_and(|value| !value.is_array())) {
        Some(name) => Err(format!("Payload key '{name}' for '{kind}' must be a list")),
        None => Ok(payload),
    }
}

/// Checks vectors, which nothing here uses: there is no search by vectors.
fn vectors(value: Option<&Value>) -> Result<(), String> {
    let Some(value) = value else { return Ok(()) };
    let fields = value.as_object().ok_or("'embedding_vectors' must be an object mapping fields to float arrays")?;
    for (name, vector) in fields {
        let vector = vector.as_array().filter(|vector| !vector.is_empty());
        let vector = vector.ok_or_else(|| format!("embedding vector for '{name}' must be a non-empty array"))?;
        if !vector.iter().all(Value::is_number) {
            return Err(format!("embedding vector for '{name}' must contain only numbers"));
        }
    }
    Ok(())
}
