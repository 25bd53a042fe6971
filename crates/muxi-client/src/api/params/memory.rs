//! Memories, sessions and distilleries.

use crate::api::types::{IsoTime, MemoryScope, Object, Role};
use serde::Serialize;

params! {
    /// Content from which memories are derived, one item of a batch.
    pub struct MemoryItem {
        /// A text, an object or a list.
        #[required]
        content: Value,
        /// Where it comes from, for example `crm`.
        #[required]
        source: String,
        /// The item's id at its source: the same one again is a duplicate.
        source_id: String,
        /// When it happened.
        timestamp: IsoTime,
        /// What or whom it is about.
        subject: String,
        /// More about it, kept beside it.
        metadata: Object,
        /// Who shares it; the user when not given.
        scope: MemoryScope,
        /// The group's id when the scope is the group.
        scope_id: String,
    }

    /// A message to put into a session.
    pub struct RestoredMessage {
        /// Who said it.
        #[required]
        role: Role,
        /// What was said.
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

    /// What a distillery may submit.
    pub struct DistilleryScope {
        /// For which users.
        user_ids: Vec<String>,
        /// Which kinds of events.
        event_types: Vec<String>,
        /// How many events a day.
        max_events_per_day: u64,
        /// How many events at once.
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
    /// What `role` said at that time.
    pub fn new(role: impl Into<Role>, content: impl Into<String>, timestamp: impl Into<IsoTime>) -> Self {
        Self::default().with("role", role.into()).with("content", content.into()).with("timestamp", timestamp.into())
    }

    /// What the user said at that time.
    pub fn user(content: impl Into<String>, timestamp: impl Into<IsoTime>) -> Self {
        Self::new(Role::User, content, timestamp)
    }

    /// What the formation said at that time.
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
