//! A user's memories, their ingestion and the message buffer.

use super::{IngestionOutcome, IsoTime, MemoryJobState, MemoryScope, Object, UnixTime};
use serde_json::Value;
use std::collections::BTreeMap;

replies! {
    /// Memories of a user.
    pub struct MemoryList {
        /// The memories, newest first.
        pub memories: Vec<Memory>,
        /// How many this reply has.
        pub count: u64,
    }

    /// One memory.
    pub struct Memory {
        /// Its id.
        pub id: String,
        /// What is remembered.
        pub content: String,
        /// When it was stored, ISO 8601 in UTC without a zone.
        pub created_at: IsoTime,
        /// More about it; `timestamp` is in Unix seconds.
        pub metadata: Object,
        /// `user`, `group` or `formation`.
        pub scope: MemoryScope,
        /// Whose it is: an internal number as text for `user`.
        pub scope_id: Option<String>,
    }

    /// A stored memory.
    pub struct MemoryCreated {
        /// Its id.
        pub id: Option<String>,
        /// What is remembered.
        pub content: MemoryContent,
        /// When it was stored, ISO 8601.
        pub created_at: IsoTime,
        /// More about it; `timestamp` is in Unix seconds.
        pub metadata: Option<Object>,
        /// `user`, `group` or `formation`.
        pub scope: MemoryScope,
        /// Whose it is.
        pub scope_id: Option<String>,
    }

    /// What a stored memory says.
    pub struct MemoryContent {
        /// Its kind, such as `general`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The fact.
        pub detail: String,
    }

    /// Accepted content.
    pub struct MemoryIngested {
        /// `accepted`, or `duplicate` when the same source and source id came before.
        pub status: IngestionOutcome,
        /// Whether it came before.
        pub duplicate: bool,
        /// The event that stands for it.
        pub event_id: String,
        /// Where it came from.
        pub source: String,
        /// Its id there.
        pub source_id: Option<String>,
        /// `user`, `group` or `formation`.
        pub scope: MemoryScope,
        /// Whose it is.
        pub scope_id: Option<String>,
        /// The job to poll; none for a duplicate.
        pub processing_id: Option<String>,
        /// The route to poll; none for a duplicate.
        pub status_url: Option<String>,
        /// A duplicate: the events made from it.
        #[serde(default)]
        pub derived_events: Vec<Value>,
    }

    /// The result of handing in several items.
    pub struct MemoryBatch {
        /// The job to poll; none when no item was accepted.
        pub processing_id: Option<String>,
        /// One result per item.
        pub items: Vec<MemoryBatchItem>,
        /// How many items went which way.
        pub counts: MemoryBatchCounts,
        /// The route to poll.
        pub status_url: Option<String>,
    }

    /// The result of one item of a batch.
    pub struct MemoryBatchItem {
        /// Its place in the batch, from 0.
        pub index: u64,
        /// `accepted`, `duplicate` or `invalid`.
        pub status: IngestionOutcome,
        /// The event that stands for it.
        pub event_id: Option<String>,
        /// A duplicate: the events made from it.
        #[serde(default)]
        pub derived_events: Vec<Value>,
        /// Why it is invalid.
        pub error: Option<String>,
    }

    /// How many items of a batch went which way.
    pub struct MemoryBatchCounts {
        /// Accepted ones.
        pub accepted: u64,
        /// Ones that came before.
        pub duplicate: u64,
        /// Invalid ones.
        pub invalid: u64,
    }

    /// Progress of an ingestion job.
    pub struct IngestionStatus {
        /// The job's id.
        pub processing_id: String,
        /// `queued`, `processing`, `completed` or `failed`.
        pub status: MemoryJobState,
        /// When it was accepted, Unix seconds.
        pub created_at: UnixTime,
        /// When it ended: ISO 8601 when completed, Unix seconds when failed.
        pub completed_at: Option<Value>,
        /// Why it failed: usually a text.
        pub error: Option<Value>,
        /// One result per item, when done.
        #[serde(default)]
        pub items: Vec<IngestionItem>,
        /// How many items went which way, when done.
        pub counts: Option<IngestionCounts>,
        /// Language model tokens spent, when done.
        pub usage: Option<IngestionUsage>,
    }

    /// The result of one ingested item.
    pub struct IngestionItem {
        /// Its place in the job, from 0.
        pub index: u64,
        /// The event that stands for it.
        pub event_id: Option<String>,
        /// Where it came from.
        pub source: Option<String>,
        /// Its id there.
        pub source_id: Option<String>,
        /// What kind of content it is.
        pub classification: Option<Classification>,
        /// How much is filtered, such as `strict`.
        pub filter_level: Option<String>,
        /// What became of it, such as `filtered`.
        pub disposition: Option<String>,
        /// The tier it was stored in.
        pub tier: Option<Value>,
        /// Why that tier.
        pub tier_reason: Option<String>,
        /// How many facts were found in it.
        pub facts_extracted: Option<u64>,
        /// How many times something was put into the knowledge graph.
        pub graph_extractions: Option<u64>,
        /// Why it failed: usually a text.
        pub error: Option<Value>,
    }

    /// What kind of content an item is.
    pub struct Classification {
        /// The kind, such as `transactional`.
        pub category: String,
        /// How much likelier it is than the next kind.
        pub margin: Option<f64>,
    }

    /// How many ingested items went which way.
    pub struct IngestionCounts {
        /// Stored ones.
        pub stored: u64,
        /// Filtered ones.
        pub filtered: u64,
        /// Failed ones.
        pub failed: u64,
    }

    /// Language model tokens spent on a job.
    pub struct IngestionUsage {
        /// What each number counts.
        pub fields: Vec<String>,
        /// The totals, in the order of `fields`.
        pub total: Vec<i64>,
        /// The same by model.
        pub breakdown: Object,
    }

    /// Where a fact came from.
    pub struct Provenance {
        /// By entity: the entity.
        pub entity: Option<Object>,
        /// By entity: what is known about it, each with `statement`, `confidence` and `events`.
        #[serde(default)]
        pub facts: Vec<Object>,
        /// By event: the event.
        pub event: Option<Value>,
        /// By event: what it was made from.
        pub chain: Option<Value>,
    }

    /// A deleted memory.
    pub struct MemoryDeleted {
        /// Its id.
        pub deleted: String,
        /// The user.
        pub user_id: String,
    }

    /// Entries of a user's narrative log.
    pub struct History {
        /// The entries, newest first.
        pub entries: Vec<HistoryEntry>,
        /// How many.
        pub count: u64,
    }

    /// One entry of a user's narrative log.
    pub struct HistoryEntry {
        /// Its id.
        pub id: Option<Value>,
        /// The day, ISO 8601.
        pub date: Option<String>,
        /// What happened.
        pub summary: Option<String>,
        /// What was decided.
        pub decisions: Option<Value>,
        /// The projects it is about.
        pub projects: Option<Value>,
        /// What was around it.
        pub context: Option<Value>,
        /// When it was written, ISO 8601.
        pub created_at: Option<IsoTime>,
        /// When it was changed last, ISO 8601.
        pub updated_at: Option<IsoTime>,
        /// What it was made from: `source_type` and `source_id`.
        #[serde(default)]
        pub sources: Vec<Object>,
    }

    /// Statistics of a user's message buffer.
    pub struct UserBuffer {
        /// The user.
        pub user_id: String,
        /// How many messages it has.
        pub total_messages: u64,
        /// The sessions; the shipped runtime gives none.
        #[serde(default)]
        pub sessions: Vec<Value>,
        /// Its size in KB.
        pub buffer_size_kb: f64,
    }

    /// A cleared message buffer.
    pub struct BufferCleared {
        /// What was done, for people.
        pub message: String,
        /// The user.
        pub user_id: Option<String>,
        /// The session, when only one was cleared.
        pub session_id: Option<String>,
        /// How many messages are gone.
        pub messages_cleared: u64,
        /// How many sessions are gone, when all were cleared.
        pub sessions_cleared: Option<u64>,
    }

    /// The message buffers.
    pub struct BufferList {
        /// The buffers.
        pub buffers: Vec<Buffer>,
        /// 0, when there is no buffer.
        pub total_entries: Option<u64>,
    }

    /// One message buffer.
    pub struct Buffer {
        /// How many messages it has.
        pub total_entries: u64,
        /// How many it can hold.
        pub max_size: u64,
        /// How full it is, from 0 to 1.
        pub utilization: f64,
        /// Stored values by namespace.
        #[serde(default)]
        pub kv_namespaces: BTreeMap<String, u64>,
    }

    /// Buffer totals over all users.
    pub struct BufferStats {
        /// Messages.
        pub total_entries: u64,
        /// Users.
        pub total_users: u64,
        /// Sessions.
        pub total_sessions: u64,
        /// The size in KB.
        pub buffer_size_kb: f64,
        /// How many messages the buffer can hold; the shipped runtime gives 0.
        pub max_size: u64,
        /// How full it is, from 0 to 1; the shipped runtime gives 0.
        pub utilization: f64,
    }
}
