//! Buffers, rebuilding, forgetting and distilleries.

use crate::api::{params::DistilleryScope, table::endpoints, types::MemoryProjection};

endpoints! { Formation;
    /// Clear the message buffers of all users.
    json clear_all_buffers -> Message = DELETE "/memory/buffers", admin; buffers_cleared {}

    /// Clear the message buffers of all users (deprecated route name; the same as `clear_all_buffers`).
    json clear_memory_buffers -> Message = DELETE "/memory/buffers", admin; buffers_cleared {}

    /// The message buffers (deprecated by the runtime; see `get_buffer_stats`).
    json list_memory_buffers -> BufferList = GET "/memory/buffers", admin {}

    /// Buffer totals over all users.
    json get_buffer_stats -> BufferStats = GET "/memory/stats", admin {}

    /// Replay a user's memory events into the derived stores. `projection` is `artifact_metadata`, `captains_log`,
    /// `flat_facts` or `knowledge_graph` (default all).
    json rebuild_memory -> MemoryJob = POST "/memory/rebuild", admin {
        /// The user whose memory it is.
        user_id: String => body,
    } with {
        /// The derived store to rebuild.
        kw projection: MemoryProjection => body,
        /// Only say what would be done.
        kw dry_run: bool => body,
        /// Answer at once and work on (the formation's default: yes).
        kw background: bool => body,
        /// Make events for older rows first.
        kw backfill: bool => body,
    }

    /// Progress of a rebuild job. Forgotten after 5 minutes.
    json get_memory_rebuild_status -> MemoryJob = GET "/memory/rebuild/{job_id}", admin {
        /// The job's id.
        job_id: String => path,
    }

    /// Audit the memory stores, of all users or of one.
    json lint_memory -> MemoryLint = POST "/memory/lint", admin {
    } with {
        /// Only this user's memory.
        kw user_id: String => body,
    }

    /// Make memory events for rows that are older than the event log. Repeat until all are complete.
    json backfill_memory -> MemoryBackfill = POST "/memory/backfill", admin {
        /// The user whose memory it is.
        user_id: String => body,
    }

    /// Forget all that came from one source. With `sync` the reply waits for the rebuild.
    json forget_memory_source -> MemoryJob = POST "/memory/forget", admin {
        /// The user whose memory it is.
        user_id: String => body,
        /// The source to forget.
        source: String => body,
    } with {
        /// Why, for the record.
        kw reason: String => body,
        /// Rebuild the derived stores afterwards (the formation's default: yes).
        kw rebuild: bool => body,
        /// Answer at once and work on (the formation's default: yes).
        kw background: bool => body,
        /// Wait for the rebuild.
        kw sync: bool => query,
    }

    /// Progress of a forget job. Forgotten after 5 minutes.
    json get_memory_forget_status -> MemoryJob = GET "/memory/forget/{job_id}", admin {
        /// The job's id.
        job_id: String => path,
    }

    /// Register a distillery by its public key (`ed25519:` and base64).
    json register_distillery -> Distillery = POST "/memory/distilleries", admin {
        /// A name for people.
        name: String => body,
        /// Its public key.
        public_key: String => body,
    } with {
        /// A description for people.
        kw description: String => body,
        /// The limits on its events: `user_ids`, `event_types`, `max_events_per_day`, `max_batch_size`.
        kw scope: DistilleryScope => body,
        /// Its trust level.
        kw trust_level: String => body,
    }

    /// Registered distilleries.
    json list_distilleries -> DistilleryList = GET "/memory/distilleries", admin {}

    /// Revoke a distillery.
    json revoke_distillery -> Distillery = DELETE "/memory/distilleries/{distillery_id}", admin {
        /// The distillery's id.
        distillery_id: String => path,
    }
}
