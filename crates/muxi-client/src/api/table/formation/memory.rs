//! A user's memories, history and message buffer.

use crate::api::{params::{MemoryItem, Scopes}, table::endpoints, types::{IsoTime, MemoryScope, Object}};
use bytes::Bytes;
use serde_json::Value;

endpoints! { Formation;
    /// The memory section of the configuration.
    json get_memory_config -> Object = GET "/memory", admin {}

    /// Long-term memories of a user, newest first. `limit` is 1 to 100 (default 10); `scopes` is a comma list of
    /// `user`, `group` and `formation`.
    json get_memories -> MemoryList = GET "/memories", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
    } with {
        /// The largest number of entries to return.
        opt limit: u32 => query,
        /// The number of entries to skip.
        kw offset: u32 => query,
        /// The scopes to look in.
        kw scopes: Scopes => query,
    }

    /// Store one fact about a user.
    json add_memory -> MemoryCreated = POST "/memories", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
        /// The kind of fact, for example `preference`.
        mem_type: String => body as "type",
        /// The fact.
        detail: String => body,
    } with {
        /// More about it, kept beside it.
        kw metadata: Object => body,
        /// The users that share it: `user` (default), `group` or `formation`.
        kw scope: MemoryScope => body,
        /// The group's id when the scope is `group`.
        kw scope_id: String => body,
    }

    /// Hand in content from which memories are derived in the background. Poll with `get_ingestion_status`.
    json ingest_memory -> MemoryIngested = POST "/memories", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
        /// Text, or any JSON.
        content: Value => body,
        /// Its source, for example `crm`.
        source: String => body,
    } with {
        /// The item's id at its source: the same one again is a duplicate.
        kw source_id: String => body,
        /// When it happened, ISO 8601.
        kw timestamp: IsoTime => body,
        /// The subject: a thing or a person.
        kw subject: String => body,
        /// More about it, kept beside it.
        kw metadata: Object => body,
        /// The users that share it: `user` (default), `group` or `formation`.
        kw scope: MemoryScope => body,
        /// The group's id when the scope is `group`.
        kw scope_id: String => body,
    }

    /// Hand in up to 100 items at once, with a result per item. Each needs `content` and `source`.
    json ingest_memories_batch -> MemoryBatch = POST "/memories/batch", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
        /// The items, each as `ingest_memory` takes it.
        items: [MemoryItem] => body,
    }

    /// Progress of an ingestion job.
    json get_ingestion_status -> IngestionStatus = GET "/memories/ingestion/{processing_id}", client_or_admin {
        /// The id that the submission returned.
        processing_id: String => path,
    } with {
        /// The user on whose behalf the call is made; may be empty with the admin key.
        kw user_id: String => any_user,
    }

    /// The origin of a fact. Takes exactly one of `entity` and `event_id`.
    json get_memory_provenance -> Provenance = GET "/memories/provenance", client_or_admin; one_of {
        /// The user on whose behalf the call is made.
        user_id: String => user,
    } with {
        /// The name of an entity.
        kw entity: String => query,
        /// The id of a memory event.
        kw event_id: String => query,
    }

    /// Delete one memory.
    json delete_memory -> MemoryDeleted = DELETE "/memories/{memory_id}", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
        /// The memory's id.
        memory_id: String => path,
    }

    /// Entries of the user's narrative log, newest first. `limit` is 1 to 100 (default 10); dates are ISO 8601.
    json get_history -> History = GET "/history", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
    } with {
        /// The largest number of entries to return.
        kw limit: u32 => query,
        /// The first day.
        kw date_from: IsoTime => query,
        /// The last day.
        kw date_to: IsoTime => query,
        /// Add where each entry came from.
        kw include_sources: bool => query,
    }

    /// Submit a signed batch of distilled events. `payload` is sent as it is, since the signature covers its bytes.
    json ingest_distilled_memories -> DistilledAccepted = POST "/memories/distilled", client_or_admin {
        /// The batch's bytes, as they were signed.
        payload: Bytes => raw,
        /// The distillery's id.
        distillery_id: String => header as "X-Distillery-ID",
        /// When it was signed, in Unix seconds.
        timestamp: String => header as "X-Distillery-Timestamp",
        /// The Ed25519 signature, in base64.
        signature: String => header as "X-Distillery-Signature",
    }

    /// Progress of a distilled batch.
    json get_distilled_status -> DistilledStatus = GET "/memories/distilled/{processing_id}", client_or_admin {
        /// The id that the submission returned.
        processing_id: String => path,
    } with {
        /// The distillery's id.
        kw distillery_id: String => header as "X-Distillery-ID",
    }

    /// Statistics of a user's message buffer.
    json get_user_buffer -> UserBuffer = GET "/memory/buffer", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
    }

    /// Clear a user's message buffer.
    json clear_user_buffer -> BufferCleared = DELETE "/memory/buffer", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
    }

    /// Clear one session's message buffer.
    json clear_session_buffer -> BufferCleared = DELETE "/memory/buffer/{session_id}", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
        /// The session's id.
        session_id: String => path,
    }
}
