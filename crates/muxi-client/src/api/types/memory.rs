//! A user's memories, their ingestion and the message buffer.

use super::{IngestionOutcome, IsoTime, MemoryJobState, MemoryScope, Object, UnixTime};
use serde_json::Value;
use std::collections::BTreeMap;

replies! {
    /// Memories of a user.
    pub struct MemoryList {
        /// The memories, newest first.
        pub memories: Vec<Memory>,
        /// The number of memories in this reply.
        pub count: u64,
    }

    /// One memory.
    pub struct Memory {
        /// Its id.
        pub id: String,
        /// The content.
        pub content: String,
        /// When it was stored, ISO 8601 in UTC without a zone.
        pub created_at: IsoTime,
        /// More about it; `timestamp` is in Unix seconds.
        pub metadata: Object,
        /// `user`, `group` or `formation`.
        pub scope: MemoryScope,
        /// Its owner: an internal number as text for `user`.
        pub scope_id: Option<String>,
    }

    /// A stored memory.
    pub struct MemoryCreated {
        /// Its id.
        pub id: Option<String>,
        /// The content.
        pub content: MemoryContent,
        /// When it was stored, ISO 8601.
        pub created_at: IsoTime,
        /// More about it; `timestamp` is in Unix seconds.
        pub metadata: Option<Object>,
        /// `user`, `group` or `formation`.
        pub scope: MemoryScope,
        /// Its owner.
        pub scope_id: Option<String>,
    }

    /// The content of a stored memory.
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
        /// True if it came before.
        pub duplicate: bool,
        /// The event that stands for it.
        pub event_id: String,
        /// Its source.
        pub source: String,
        /// Its id there.
        pub source_id: Option<String>,
        /// `user`, `group` or `formation`.
        pub scope: MemoryScope,
        /// Its owner.
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
        /// The numbers of items by outcome.
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

    /// The numbers of a batch's items by outcome.
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
        /// The numbers of items by outcome, when done.
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
        /// Its source.
        pub source: Option<String>,
        /// Its id there.
        pub source_id: Option<String>,
        /// The kind of content.
        pub classification: Option<Classification>,
        /// The strictness of the filter, such as `strict`.
        pub filter_level: Option<String>,
        /// The outcome, such as `filtered`.
        pub disposition: Option<String>,
        /// The tier it was stored in.
        pub tier: Option<Value>,
        /// Why that tier.
        pub tier_reason: Option<String>,
        /// The number of facts that were found in it.
        pub facts_extracted: Option<u64>,
        /// The number of additions to the knowledge graph.
        pub graph_extractions: Option<u64>,
        /// Why it failed: usually a text.
        pub error: Option<Value>,
    }

    /// The kind of an item's content.
    pub struct Classification {
        /// The kind, such as `transactional`.
        pub category: String,
        /// The margin by which it is likelier than the next kind.
        pub margin: Option<f64>,
    }

    /// The numbers of ingested items by outcome.
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
        /// The meaning of each number.
        pub fields: Vec<String>,
        /// The totals, in the order of `fields`.
        pub total: Vec<i64>,
        /// The same by model.
        pub breakdown: Object,
    }

    /// The origin of a fact.
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
        /// The number of entries.
        pub count: u64,
    }

    /// One entry of a user's narrative log.
    pub struct HistoryEntry {
        /// Its id.
        pub id: Option<Value>,
        /// The day, ISO 8601.
        pub date: Option<String>,
        /// The events of the day, in words.
        pub summary: Option<String>,
        /// The decisions of the day.
        pub decisions: Option<Value>,
        /// The projects it is about.
        pub projects: Option<Value>,
        /// The context of the day.
        pub context: Option<Value>,
        /// When it was written, ISO 8601.
        pub created_at: Option<IsoTime>,
        /// When it was changed last, ISO 8601.
        pub updated_at: Option<IsoTime>,
        /// The sources of the entry.
        #[serde(default)]
        pub sources: Vec<HistorySource>,
    }

    /// A source of an entry of a narrative log.
    pub struct HistorySource {
        /// The kind of source.
        pub source_type: Option<String>,
        /// Its id.
        pub source_id: Option<Value>,
    }

    /// Statistics of a user's message buffer.
    pub struct UserBuffer {
        /// The user.
        pub user_id: String,
        /// The number of messages.
        pub total_messages: u64,
        /// The sessions; the shipped runtime gives none.
        #[serde(default)]
        pub sessions: Vec<Value>,
        /// Its size in KB.
        pub buffer_size_kb: f64,
    }

    /// A cleared message buffer.
    pub struct BufferCleared {
        /// A description of the outcome, for people.
        pub message: String,
        /// The user.
        pub user_id: Option<String>,
        /// The session, when only one was cleared.
        pub session_id: Option<String>,
        /// The number of erased messages.
        pub messages_cleared: u64,
        /// The number of erased sessions, when all were cleared.
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
        /// The number of messages in it.
        pub total_entries: u64,
        /// The number of messages that it can hold.
        pub max_size: u64,
        /// The part of it in use, from 0 to 1.
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
        /// The number of messages that the buffer can hold; the shipped runtime gives 0.
        pub max_size: u64,
        /// The part of it in use, from 0 to 1; the shipped runtime gives 0.
        pub utilization: f64,
    }
}
