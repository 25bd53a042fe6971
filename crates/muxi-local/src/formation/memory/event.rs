//! An event of the log that memory is derived from.

use super::memories::Scope;
use crate::formation::ids;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Type of the events that are a piece of content.
pub(crate) const CONTENT: &str = "memory.ingested";
/// Type of the events that are a fact.
pub(crate) const FACT: &str = "fact.extracted";
/// Days after which only half of the confidence in an event is left that decays.
const HALF_LIFE: f64 = 180.0;

/// The content of an event: a piece of content, or the payload of an event of another type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Payload(Map<String, Value>),
}

/// When an event happened, and how far it is to be trusted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claim {
    /// The time at which it happened, where that is not the time at which it was received.
    pub(crate) occurred: Option<Timestamp>,
    pub(crate) confidence: f64,
    pub(crate) decay_rate: String,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) conversation: Option<String>,
}

impl Claim {
    pub(crate) const STATIC: &str = "static";
    const DECAYING: &str = "decaying";
    const VOLATILE: &str = "volatile";
    pub(crate) const RATES: [&str; 3] = [Self::DECAYING, Self::STATIC, Self::VOLATILE];
}

impl Default for Claim {
    fn default() -> Self {
        Self { occurred: None, confidence: 1.0, decay_rate: Self::STATIC.to_owned(), expires: None, conversation: None }
    }
}

/// Something that was handed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) owner: u64,
    /// Its type; not stored by earlier versions, which had only content.
    #[serde(default = "content_type")]
    pub(crate) kind: String,
    pub(crate) content: Content,
    #[serde(default)]
    pub(crate) claim: Claim,
    pub(crate) source: String,
    pub(crate) source_id: Option<String>,
    /// About whom or what it is.
    pub(crate) subject: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) scope: Scope,
    pub(crate) received: Timestamp,
    /// When its source was forgotten.
    pub(crate) deleted: Option<Timestamp>,
}

/// An event of the log as provenance shows it.
pub(crate) fn event_row(id: &str, kind: &str, source: (&str, Option<&str>), content: &str, time: Timestamp) -> Value {
    json!({
        "event_id": id, "event_type": kind, "source": source.0, "source_id": source.1, "source_confidence": 1.0,
        "effective_confidence": 1.0, "decay_rate": "static", "occurred_at": ids::iso_bare(time), "agent_id": null,
        "conversation_id": null, "request_id": null, "payload": { "content": content }, "deleted_at": null,
    })
}

fn content_type() -> String {
    CONTENT.to_owned()
}

impl Event {
    /// An event of that type, as the user's own.
    pub(crate) fn new(owner: u64, kind: &str, content: Content, source: &str, received: Timestamp) -> Self {
        Self {
            id: ids::random("", 21),
            owner,
            kind: kind.to_owned(),
            content,
            claim: Claim::default(),
            source: source.to_owned(),
            source_id: None,
            subject: None,
            metadata: Map::new(),
            scope: Scope { scope: "user".to_owned(), scope_id: None },
            received,
            deleted: None,
        }
    }

    /// A piece of content.
    pub(crate) fn of_content(owner: u64, content: String, source: &str, received: Timestamp) -> Self {
        Self::new(owner, CONTENT, Content::Text(content), source, received)
    }

    /// The text of a memory that is made from it.
    pub(crate) fn fact(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Payload(payload) if self.kind == FACT => payload.get("memory")?.as_str(),
            Content::Payload(_) => None,
        }
    }

    /// The confidence that is left.
    fn effective(&self, now: Timestamp) -> f64 {
        let claim = &self.claim;
        let since = claim.occurred.unwrap_or(self.received);
        let left = match claim.decay_rate.as_str() {
            Claim::VOLATILE if claim.expires.is_some_and(|end| end <= now) => 0.0,
            Claim::DECAYING => 0.5_f64.powf(now.duration_since(since).as_secs_f64().max(0.0) / 86_400.0 / HALF_LIFE),
            _ => 1.0,
        };
        (claim.confidence * left * 1e4).round() / 1e4
    }

    /// The event as provenance shows it.
    pub(crate) fn row(&self, now: Timestamp) -> Value {
        let source = (self.source.as_str(), self.source_id.as_deref());
        let occurred = self.claim.occurred.unwrap_or(self.received);
        let mut row = event_row(&self.id, &self.kind, source, self.fact().unwrap_or_default(), occurred);
        if let Content::Payload(payload) = &self.content {
            row["payload"] = json!(payload);
        }
        row["source_confidence"] = json!(self.claim.confidence);
        row["effective_confidence"] = json!(self.effective(now));
        row["decay_rate"] = json!(self.claim.decay_rate);
        row["conversation_id"] = json!(self.claim.conversation);
        row["deleted_at"] = json!(self.deleted.map(ids::iso_bare));
        row
    }
}
