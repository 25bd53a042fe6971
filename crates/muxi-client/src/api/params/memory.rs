//! Memories, sessions and distilleries.

use crate::api::types::{IsoTime, MemoryScope, Object, Role};
use serde::Serialize;

params! {
    /// Content from which memories are derived, one item of a batch.
    pub struct MemoryItem {
        /// A text, an object or a list.
        #[required]
        content: Value,
        /// Its source, for example `crm`.
        #[required]
        source: String,
        /// The item's id at its source: the same one again is a duplicate.
        source_id: String,
        /// When it happened.
        timestamp: IsoTime,
        /// The subject: a thing or a person.
        subject: String,
        /// More about it, kept beside it.
        metadata: Object,
        /// The users that share it; only the user when not given.
        scope: MemoryScope,
        /// The group's id when the scope is the group.
        scope_id: String,
    }

    /// A message to put into a session.
    pub struct RestoredMessage {
        /// The author's role.
        #[required]
        role: Role,
        /// The text of the message.
        #[required]
        content: String,
        /// When, in ISO 8601.
        #[required]
        timestamp: String,
        /// The agent that said it.
        agent_id: String,
        /// More about it.
        metadata: Object,
    }

    /// The limits on a distillery's events.
    pub struct DistilleryScope {
        /// For which users.
        user_ids: Vec<String>,
        /// The allowed kinds of events.
        event_types: Vec<String>,
        /// The maximum number of events a day.
        max_events_per_day: u64,
        /// The maximum number of events at once.
        max_batch_size: u64,
    }
}

impl MemoryItem {
    /// An item: text, an object or a list, and where it comes from, for example `crm`.
    pub fn new(content: impl Serialize, source: impl Into<String>) -> Self {
        Self::default().with("content", content).with("source", source.into())
    }
}

impl RestoredMessage {
    /// A message by `role` at that time.
    pub fn new(role: impl Into<Role>, content: impl Into<String>, timestamp: impl Into<IsoTime>) -> Self {
        Self::default().with("role", role.into()).with("content", content.into()).with("timestamp", timestamp.into())
    }

    /// A message by the user at that time.
    pub fn user(content: impl Into<String>, timestamp: impl Into<IsoTime>) -> Self {
        Self::new(Role::User, content, timestamp)
    }

    /// A message by the formation at that time.
    pub fn assistant(content: impl Into<String>, timestamp: impl Into<IsoTime>) -> Self {
        Self::new(Role::Assistant, content, timestamp)
    }
}

impl DistilleryScope {
    /// No limits yet.
    pub fn new() -> Self {
        Self::default()
    }
}
