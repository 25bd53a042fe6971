//! Memory administration: rebuilding, forgetting, checking, distilleries.

use super::{MemoryJobState, Object, UnixTime};
use serde_json::Value;
use std::collections::BTreeMap;

replies! {
    /// A rebuild or forget: the job, or what it did.
    pub struct MemoryJob {
        /// The user.
        pub user_id: Option<String>,
        /// The job to poll, in the background.
        pub job_id: Option<String>,
        /// `processing`, `completed` or `failed`, in the background.
        pub status: Option<MemoryJobState>,
        /// The route to poll; the shipped runtime leaves out `/v1`.
        pub status_url: Option<String>,
        /// Why it failed: usually a text.
        pub error: Option<Value>,
        /// Rebuild: whether nothing was changed.
        pub dry_run: Option<bool>,
        /// Rebuild: what the backfill before it did.
        pub backfill: Option<Value>,
        /// Forget: the source.
        pub source: Option<String>,
        /// Forget: how many events were deleted.
        pub deleted_events: Option<u64>,
        /// Forget: days until the events are gone for good.
        pub grace_period_days: Option<u64>,
        /// Forget: whether a rebuild is still to be done.
        pub rebuild_required: Option<Value>,
        /// The results by projection.
        #[serde(default)]
        pub projections: BTreeMap<String, Projection>,
    }

    /// The result of a rebuild for one projection.
    pub struct Projection {
        /// Events read.
        pub events: u64,
        /// Events applied.
        pub applied: u64,
        /// Events that failed.
        pub failed: u64,
        /// True if nothing was changed.
        pub dry_run: Option<bool>,
    }

    /// The result of a backfill.
    pub struct MemoryBackfill {
        /// The user.
        pub user_id: String,
        /// The results by projection.
        pub synthesized: BTreeMap<String, Backfilled>,
    }

    /// The result of a backfill for one projection.
    pub struct Backfilled {
        /// Events made.
        pub synthesized: u64,
        /// True if all is done.
        pub complete: bool,
    }

    /// The result of a check of the memory stores.
    pub struct MemoryLint {
        /// The user; none for all.
        pub user_id: Option<String>,
        /// The problems that were found and mended.
        pub report: Object,
    }

    /// The result of a distilled batch.
    pub struct DistilledAccepted {
        /// The batch's id.
        pub batch_id: String,
        /// The number of accepted events.
        pub accepted: Option<u64>,
        /// The number of events that came before.
        pub duplicates: Option<u64>,
        /// The number of rejected events.
        pub rejected: Option<u64>,
        /// Why they were rejected.
        #[serde(default)]
        pub rejections: Vec<Rejection>,
        /// The job to poll.
        pub processing_id: Option<String>,
        /// The route to poll.
        pub status_url: Option<String>,
    }

    /// Progress of a distilled batch.
    pub struct DistilledStatus {
        /// The job's id.
        pub processing_id: String,
        /// The batch's id.
        pub batch_id: Option<String>,
        /// `queued`, `processing`, `completed` or `failed`.
        pub status: MemoryJobState,
        /// When it was accepted, Unix seconds.
        pub created_at: UnixTime,
        /// When it ended: ISO 8601 when completed, Unix seconds when failed.
        pub completed_at: Option<Value>,
        /// Why it failed: usually a text.
        pub error: Option<Value>,
        /// One result per accepted event, when done.
        #[serde(default)]
        pub items: Vec<DistilledItem>,
        /// The numbers of events by outcome, when done.
        pub counts: Option<DistilledCounts>,
        /// True if embeddings of the batch were used.
        pub pre_computed_vectors_used: Option<bool>,
    }

    /// The result of one distilled event.
    pub struct DistilledItem {
        /// Its place in the batch, from 0.
        pub index: u64,
        /// The event that stands for it.
        pub event_id: Option<String>,
        /// Its kind, such as `fact.extracted`.
        pub event_type: Option<String>,
        /// The user it is about.
        pub user_id: Option<String>,
        /// The outcome, such as `projected`.
        pub disposition: Option<String>,
        /// Why it failed: usually a text.
        pub error: Option<Value>,
    }

    /// The numbers of distilled events by outcome.
    pub struct DistilledCounts {
        /// Ones that reached the derived stores.
        pub projected: u64,
        /// Ones that were only recorded.
        pub recorded: u64,
        /// Failed ones.
        pub failed: u64,
    }

    /// Why an event of a batch was rejected.
    pub struct Rejection {
        /// Its place in the batch, from 0.
        pub index: Option<u64>,
        /// Why.
        pub reason: Option<String>,
    }

    /// Registered distilleries.
    pub struct DistilleryList {
        /// The distilleries.
        pub distilleries: Vec<Distillery>,
        /// The number of distilleries.
        pub count: u64,
    }

    /// One distillery.
    pub struct Distillery {
        /// The id of its record.
        pub id: Option<Value>,
        /// Its id.
        pub distillery_id: String,
        /// The formation.
        pub formation_id: Option<String>,
        /// Its name.
        pub name: Option<String>,
        /// Its description.
        pub description: Option<String>,
        /// Its public key: `ed25519:` and base64.
        pub public_key: Option<String>,
        /// The limits on its events: `user_ids`, `event_types`, `max_events_per_day`, `max_batch_size`.
        pub scope: Option<Object>,
        /// Its trust level.
        pub trust_level: Option<String>,
        /// Its state.
        pub status: Option<String>,
        /// When it was registered.
        pub created_at: Option<Value>,
        /// When it was revoked.
        pub revoked_at: Option<Value>,
    }
}
