//! The formation's operations.

use crate::api::endpoint::endpoints;
use crate::api::params::{
    AudioRequest, ChatRequest, DistilleryScope, IdentifierOwner, MemoryItem, NewCredential, NewIdentifier,
    RestoredMessage, Scopes,
};
use crate::api::types::{IsoTime, JobType, LogLevel, MemoryProjection, MemoryScope, Object};
use serde_json::Value;

endpoints! { Formation, ops;
    /// Liveness and version of the formation. Needs no key.
    json fn health() -> Health = GET "/health", none

    /// Counters, memory and uptime of the formation.
    json fn get_status() -> FormationStatus = GET "/status", admin

    /// A short summary of the configuration.
    json fn get_config() -> FormationConfigSummary = GET "/config", admin

    /// The whole formation document. References to secrets stay placeholders.
    json fn get_formation_info() -> Object = GET "/formation", admin

    /// All agents: `agents` and `count`.
    json fn get_agents() -> AgentList = GET "/agents", admin

    /// One agent's configuration.
    json fn get_agent(agent_id: &str => path) -> Object = GET "/agents/{agent_id}", admin

    /// Synchronise an agent's remote knowledge sources now.
    json fn sync_agent_knowledge(agent_id: &str => path; kw source_id: &str => body) -> KnowledgeSync = POST "/agents/{agent_id}/knowledge/sync", admin

    /// Rebuild the stored knowledge trees, of all agents or of one.
    json fn rebuild_knowledge_trees(; kw agent_id: &str => body, kw source_id: &str => body) -> KnowledgeRebuild = POST "/knowledge/rebuild", admin

    /// The MCP servers of the formation.
    json fn get_mcp_servers() -> McpServerList = GET "/mcp/servers", admin

    /// One MCP server.
    json fn get_mcp_server(server_id: &str => path) -> Object = GET "/mcp/servers/{server_id}", admin

    /// The fixed tools that the formation itself offers over MCP; not the tools of its MCP servers.
    json fn get_mcp_tools() -> McpToolList = GET "/mcp/tools", admin

    /// MCP defaults and servers.
    json fn get_mcp_config() -> McpDefaults = GET "/mcp", admin

    /// The names of the secrets with masked values.
    json fn get_secrets() -> SecretList = GET "/secrets", admin

    /// One secret with its masked value, read from the secret list.
    json fn get_secret(key: &str => local) -> Secret = GET "/secrets", admin; PickSecret

    /// Set a secret: replaces it, or creates it when there is none.
    json fn set_secret(key: &str => path, value: &str => body) -> Message = PUT "/secrets/{key}", admin; Upsert

    /// Create a secret. The name is normalised by the runtime (upper case, underscores).
    json fn create_secret(key: &str => body, value: &str => body) -> Message = POST "/secrets", admin

    /// Delete a secret. One that the formation still uses is refused with a conflict.
    json fn delete_secret(key: &str => path) -> Message = DELETE "/secrets/{key}", admin

    /// Merge the secret file on disk into memory.
    json fn reload_secrets() -> SecretReload = POST "/secrets/reload", admin

    /// Send a message and wait for the whole answer.
    ///
    /// `session_id` and `request_id` are made when the payload has none, so that the turn can be polled, cancelled
    /// and found again. A failed turn is a normal reply: look at `message["metadata"]`. A turn that makes a file
    /// answers 500 in the shipped runtime: use `chat_stream` for those.
    json fn chat(payload: ChatRequest => turn; kw user_id: &str => any_user = "") -> ChatResult = POST "/chat", client, body "stream" = "false"

    /// Send a message and stream the turn. Closing the stream cancels the turn.
    ///
    /// `session_id` and `request_id` are made when the payload has none.
    sse fn chat_stream(payload: ChatRequest => turn; kw user_id: &str => any_user = "") -> ChatEvents = POST "/chat", client, body "stream" = "true"

    /// Send voice notes (`files`, all `audio/*`) and wait for the whole answer.
    json fn audio_chat(payload: AudioRequest => turn; kw user_id: &str => any_user = "") -> ChatResult = POST "/audiochat", client, body "stream" = "false"

    /// Send voice notes (`files`, all `audio/*`) and stream the answer.
    sse fn audio_chat_stream(payload: AudioRequest => turn; kw user_id: &str => any_user = "") -> ChatEvents = POST "/audiochat", client, body "stream" = "true"

    /// A user's sessions, newest first. `limit` is 1 to 1000 (default 50).
    json fn get_sessions(user_id: &str => user; opt limit: u32 => query, kw active_only: bool => query) -> SessionList = GET "/sessions", client

    /// One session.
    json fn get_session(session_id: &str => path, user_id: &str => user) -> Session = GET "/sessions/{session_id}", client

    /// The messages of a session, oldest first, with their embeddings. `limit` is 1 to 1000 (default 50); the shipped
    /// runtime ignores `before` and cuts the newest, so ask with `limit=1000`.
    json fn get_session_messages(session_id: &str => path, user_id: &str => user; kw limit: u32 => query, kw before: &str => query)
        -> SessionMessages = GET "/sessions/{session_id}/messages", client

    /// Replace a session's messages. Each needs `role`, `content` and an ISO 8601 `timestamp`.
    json fn restore_session(session_id: &str => path, user_id: &str => user, messages: &[RestoredMessage] => body) -> SessionRestored = POST "/sessions/{session_id}/restore", client

    /// Tracked requests, oldest first. With an empty user and the admin key: everybody's.
    json fn get_requests(user_id: &str => any_user) -> RequestList = GET "/requests", client_or_admin

    /// State, result or error of one request. Forgotten 5 minutes after its end.
    json fn get_request_status(request_id: &str => path, user_id: &str => any_user) -> RequestStatus = GET "/requests/{request_id}", client_or_admin

    /// Ask for a running request to be cancelled. In the shipped runtime a turn whose answer has begun still runs to its
    /// end, and the stream of a turn that was cancelled never ends: to cancel a stream, close it.
    json fn cancel_request(request_id: &str => path, user_id: &str => any_user) -> RequestCancelled = DELETE "/requests/{request_id}", client_or_admin

    /// The memory section of the configuration.
    json fn get_memory_config() -> Object = GET "/memory", admin

    /// Long-term memories of a user, newest first. `limit` is 1 to 100 (default 10); `scopes` is a comma list of
    /// `user`, `group` and `formation`.
    json fn get_memories(user_id: &str => user; opt limit: u32 => query, kw offset: u32 => query, kw scopes: Scopes => word) -> MemoryList = GET "/memories", client_or_admin

    /// Store one fact about a user.
    json fn add_memory(user_id: &str => user, mem_type: &str => body as "type", detail: &str => body; kw metadata: Object => open, kw scope: MemoryScope => typed, kw scope_id: &str => body)
        -> MemoryCreated = POST "/memories", client_or_admin

    /// Hand in content from which memories are derived in the background. Poll with `get_ingestion_status`.
    json fn ingest_memory(user_id: &str => user, content: Value => open, source: &str => body; kw source_id: &str => body, kw timestamp: IsoTime => typed, kw subject: &str => body, kw metadata: Object => open, kw scope: MemoryScope => typed, kw scope_id: &str => body)
        -> MemoryIngested = POST "/memories", client_or_admin

    /// Hand in up to 100 items at once, with a result per item. Each needs `content` and `source`.
    json fn ingest_memories_batch(user_id: &str => user, items: &[MemoryItem] => body) -> MemoryBatch = POST "/memories/batch", client_or_admin

    /// Progress of an ingestion job.
    json fn get_ingestion_status(processing_id: &str => path; kw user_id: &str => any_user) -> IngestionStatus = GET "/memories/ingestion/{processing_id}", client_or_admin

    /// Where a fact came from. Takes exactly one of `entity` and `event_id`.
    json fn get_memory_provenance(user_id: &str => user; kw entity: &str => query, kw event_id: &str => query) -> Provenance = GET "/memories/provenance", client_or_admin; OneOf

    /// Delete one memory.
    json fn delete_memory(user_id: &str => user, memory_id: &str => path) -> MemoryDeleted = DELETE "/memories/{memory_id}", client_or_admin

    /// Entries of the user's narrative log, newest first. `limit` is 1 to 100 (default 10); dates are ISO 8601.
    json fn get_history(user_id: &str => user; kw limit: u32 => query, kw date_from: IsoTime => word, kw date_to: IsoTime => word, kw include_sources: bool => query)
        -> History = GET "/history", client_or_admin

    /// Submit a signed batch of distilled events. `payload` is sent as it is, since the signature covers its bytes.
    json fn ingest_distilled_memories(payload: &[u8] => raw, distillery_id: &str => header as "X-Distillery-ID", timestamp: &str => header as "X-Distillery-Timestamp", signature: &str => header as "X-Distillery-Signature"; kw user_id: &str => any_user)
        -> DistilledAccepted = POST "/memories/distilled", client_or_admin

    /// Progress of a distilled batch.
    json fn get_distilled_status(processing_id: &str => path; kw distillery_id: &str => header as "X-Distillery-ID", kw user_id: &str => any_user)
        -> DistilledStatus = GET "/memories/distilled/{processing_id}", client_or_admin

    /// Statistics of a user's message buffer.
    json fn get_user_buffer(user_id: &str => user) -> UserBuffer = GET "/memory/buffer", client_or_admin

    /// Clear a user's message buffer.
    json fn clear_user_buffer(user_id: &str => user) -> BufferCleared = DELETE "/memory/buffer", client_or_admin

    /// Clear one session's message buffer.
    json fn clear_session_buffer(user_id: &str => user, session_id: &str => path) -> BufferCleared = DELETE "/memory/buffer/{session_id}", client_or_admin

    /// Clear the message buffers of all users.
    json fn clear_all_buffers() -> Message = DELETE "/memory/buffers", admin; BuffersCleared

    /// Clear the message buffers of all users (deprecated route name; the same as `clear_all_buffers`).
    json fn clear_memory_buffers() -> Message = DELETE "/memory/buffers", admin; BuffersCleared

    /// The message buffers (deprecated by the runtime; see `get_buffer_stats`).
    json fn list_memory_buffers() -> BufferList = GET "/memory/buffers", admin

    /// Buffer totals over all users.
    json fn get_buffer_stats() -> BufferStats = GET "/memory/stats", admin

    /// Replay a user's memory events into the derived stores. `projection` is `artifact_metadata`, `captains_log`,
    /// `flat_facts` or `knowledge_graph` (default all).
    json fn rebuild_memory(user_id: &str => body; kw projection: MemoryProjection => typed, kw dry_run: bool => body, kw background: bool => body, kw backfill: bool => body)
        -> MemoryJob = POST "/memory/rebuild", admin

    /// Progress of a rebuild job. Forgotten after 5 minutes.
    json fn get_memory_rebuild_status(job_id: &str => path) -> MemoryJob = GET "/memory/rebuild/{job_id}", admin

    /// Audit the memory stores, of all users or of one.
    json fn lint_memory(; kw user_id: &str => body) -> MemoryLint = POST "/memory/lint", admin

    /// Make memory events for rows that are older than the event log. Repeat until all are complete.
    json fn backfill_memory(user_id: &str => body) -> MemoryBackfill = POST "/memory/backfill", admin

    /// Forget all that came from one source. With `sync` the reply waits for the rebuild.
    json fn forget_memory_source(user_id: &str => body, source: &str => body; kw reason: &str => body, kw rebuild: bool => body, kw background: bool => body, kw sync: bool => query)
        -> MemoryJob = POST "/memory/forget", admin

    /// Progress of a forget job. Forgotten after 5 minutes.
    json fn get_memory_forget_status(job_id: &str => path) -> MemoryJob = GET "/memory/forget/{job_id}", admin

    /// Register a distillery by its public key (`ed25519:` and base64).
    json fn register_distillery(name: &str => body, public_key: &str => body; kw description: &str => body, kw scope: DistilleryScope => typed, kw trust_level: &str => body)
        -> Distillery = POST "/memory/distilleries", admin

    /// Registered distilleries.
    json fn list_distilleries() -> DistilleryList = GET "/memory/distilleries", admin

    /// Revoke a distillery.
    json fn revoke_distillery(distillery_id: &str => path) -> Distillery = DELETE "/memory/distilleries/{distillery_id}", admin

    /// A user's artifacts, latest versions. `limit` is 1 to 100 (default 20).
    json fn list_artifacts(user_id: &str => user; kw limit: u32 => query) -> ArtifactList = GET "/artifacts", client_or_admin

    /// One artifact without its content.
    json fn get_artifact(artifact_id: &str => path, user_id: &str => user) -> Artifact = GET "/artifacts/{artifact_id}", client_or_admin

    /// The bytes of an artifact.
    bytes fn download_artifact_content(artifact_id: &str => path, user_id: &str => user; kw version: u32 => query) -> Bytes = GET "/artifacts/{artifact_id}/content", client_or_admin

    /// All versions of an artifact, newest first.
    json fn get_artifact_versions(artifact_id: &str => path, user_id: &str => user) -> ArtifactVersions = GET "/artifacts/{artifact_id}/versions", client_or_admin

    /// The scheduler's settings.
    json fn get_scheduler_config() -> SchedulerConfig = GET "/scheduler", admin

    /// A user's scheduled jobs, newest first. With an empty user and the admin key: everybody's.
    json fn get_scheduler_jobs(user_id: &str => any_user) -> JobList = GET "/scheduler/jobs", client_or_admin

    /// One scheduled job.
    json fn get_scheduler_job(job_id: &str => path) -> Job = GET "/scheduler/jobs/{job_id}", admin

    /// Schedule a message. `job_type` is `one_time` (`schedule` is a future ISO 8601 time) or `recurring` (a cron line).
    json fn create_scheduler_job(job_type: JobType => typed as "type", schedule: &str => body, message: &str => body, user_id: &str => any_user) -> Job = POST "/scheduler/jobs", admin

    /// Delete a scheduled job.
    json fn delete_scheduler_job(job_id: &str => path; kw user_id: &str => any_user) -> Message = DELETE "/scheduler/jobs/{job_id}", admin

    /// Change a scheduled job. A new `message` or `schedule` replaces the job: use the id in the reply from then on.
    /// Name the owner in `user_id`, or the replaced job belongs to user "0".
    json fn update_scheduler_job(job_id: &str => path; kw message: &str => body, kw schedule: &str => body, kw title: &str => body, kw user_id: &str => any_user)
        -> Job = PUT "/scheduler/jobs/{job_id}", admin

    /// Pause a scheduled job.
    json fn pause_scheduler_job(job_id: &str => path; kw user_id: &str => any_user) -> JobState = POST "/scheduler/jobs/{job_id}/pause", admin

    /// Resume a paused job.
    json fn resume_scheduler_job(job_id: &str => path; kw user_id: &str => any_user) -> JobState = POST "/scheduler/jobs/{job_id}/resume", admin

    /// The async section of the configuration; empty when there is none.
    json fn get_async_config() -> Object = GET "/async", admin

    /// The agent-to-agent section of the configuration; empty when there is none.
    json fn get_a2a_config() -> Object = GET "/a2a", admin

    /// The logging section of the configuration; empty when there is none.
    json fn get_logging_config() -> Object = GET "/logging", admin

    /// Where system and conversation logs go.
    json fn get_logging_destinations() -> LoggingDestinations = GET "/logging/destinations", admin

    /// The services for which users can store credentials.
    json fn list_credential_services() -> CredentialServices = GET "/credentials/services", client_or_admin

    /// A user's credentials, redacted.
    json fn list_credentials(user_id: &str => user) -> CredentialList = GET "/credentials", client_or_admin

    /// One credential, redacted.
    json fn get_credential(credential_id: &str => path, user_id: &str => user) -> Credential = GET "/credentials/{credential_id}", client_or_admin

    /// Store a credential: `service`, `credential` (an object) and optionally `name`. The shipped runtime answers 500.
    json fn create_credential(user_id: &str => user, payload: NewCredential => payload) -> Credential = POST "/credentials", client_or_admin

    /// Delete a credential.
    json fn delete_credential(credential_id: &str => path, user_id: &str => user) -> CredentialDeleted = DELETE "/credentials/{credential_id}", client_or_admin

    /// The identifiers linked to a MUXI user.
    json fn get_user_identifiers_for_user(user_id: &str => path) -> UserIdentifierList = GET "/users/identifiers/{user_id}", client

    /// Link identifiers to a MUXI user. Each is a text, a pair of text and type, or an object with `identifier` and
    /// `type`.
    json fn link_user_identifier(muxi_user_id: IdentifierOwner => typed, identifiers: &[NewIdentifier] => body) -> UserIdentifierList = POST "/users/identifiers", client

    /// Unlink an identifier.
    json fn unlink_user_identifier(identifier: &str => path) -> UserIdentifierDeleted = DELETE "/users/identifiers/{identifier}", client

    /// Look a user up; with `create_user` an unknown one is created.
    json fn resolve_user(identifier: &str => body; opt create_user: bool => local = "false", kw identifier_type: &str => body) -> User = POST "/users/resolve", client; LookupUser

    /// Look a user up without creating one.
    json fn lookup_user(identifier: &str => path) -> User = GET "/users/{identifier}", client

    /// A user's notification channels.
    json fn get_user_channels(user_id: &str => path) -> UserChannels = GET "/users/{user_id}/channels", client

    /// Change a user's notification channels. An empty text clears a value, `{}` removes a channel.
    json fn update_user_channels(user_id: &str => path; kw preferred_channel: &str => body, kw channels: Object => open, kw timezone: &str => body)
        -> UserChannels = PUT "/users/{user_id}/channels", client

    /// Push a text to a user over their channels.
    json fn send_notification(user_id: &str => body, message: &str => body; kw channels: &[&str] => body) -> Notification = POST "/notifications", client

    /// The orchestrator's configuration.
    json fn get_overlord_config() -> OverlordConfig = GET "/overlord", admin

    /// The orchestrator's persona.
    json fn get_overlord_soul() -> Soul = GET "/overlord/soul", admin

    /// The language model section of the configuration.
    json fn get_llm_settings() -> Object = GET "/llm/settings", admin

    /// The names of the triggers.
    json fn get_triggers() -> TriggerList = GET "/triggers", client

    /// One trigger: its template and the data fields that it expects.
    json fn get_trigger(name: &str => path) -> Trigger = GET "/triggers/{name}", client

    /// Fire a trigger with data for its template. With `async_mode` the reply comes at once: poll its `request_id`.
    json fn fire_trigger(name: &str => path, data: Value => trigger; kw async_mode: bool => body as "use_async" = "false", kw user_id: &str => any_user = "", kw session_id: &str => body)
        -> TriggerResult = POST "/triggers/{name}", client

    /// The standard operating procedures.
    json fn get_sops() -> SopList = GET "/sops", client

    /// One standard operating procedure with its text.
    json fn get_sop(name: &str => path) -> Sop = GET "/sops/{name}", client

    /// The loaded skills. The shipped runtime answers 500.
    json fn list_skills() -> SkillList = GET "/skills", client

    /// One skill. The shipped runtime answers 500.
    json fn get_skill(name: &str => path) -> Skill = GET "/skills/{name}", client

    /// The skills that one agent may use. The shipped runtime answers 500.
    json fn list_agent_skills(agent_id: &str => path) -> SkillList = GET "/agents/{agent_id}/skills", client

    /// The audit log, newest entries up to `limit` (1 to 1000, default 100). `since` is ISO 8601.
    json fn get_audit_log(; kw limit: u32 => query, kw action: &str => query, kw resource_type: &str => query, kw since: IsoTime => word) -> AuditLog = GET "/audit", admin

    /// Erase the audit log.
    json fn clear_audit_log() -> AuditCleared = DELETE "/audit", admin, query "confirm" = "clear-audit-log"

    /// The live tuning text (MUXI.md).
    json fn get_tuning() -> Tuning = GET "/tuning", admin

    /// Replace the live tuning text; at most 32768 bytes.
    json fn replace_tuning(content: &str => body) -> TuningWritten = POST "/tuning", admin

    /// Run one tuning pass now.
    json fn run_tuning() -> TuningRun = POST "/tuning/run", admin

    /// The suggested tuning text that waits for a decision.
    json fn get_tuning_pending() -> Tuning = GET "/tuning/pending", admin

    /// Accept the suggested tuning text.
    json fn apply_tuning_pending() -> TuningApplied = PATCH "/tuning/pending", admin

    /// Discard the suggested tuning text.
    json fn dismiss_tuning_pending() -> TuningDismissed = DELETE "/tuning/pending", admin

    /// Live events of a user. Never ends by itself; the shipped runtime sends none.
    sse fn stream_events(user_id: &str => any_user) -> UserEvents = GET "/events", client_or_admin

    /// Live events of one session. Never ends by itself; the shipped runtime sends none.
    sse fn stream_session_events(session_id: &str => path, user_id: &str => any_user) -> UserEvents = GET "/events/{session_id}", client_or_admin

    /// Live events of one request. The shipped runtime answers 500.
    sse fn stream_request(user_id: &str => any_user, session_id: &str => path, request_id: &str => path) -> RequestEvents = GET "/events/{session_id}/{request_id}", client_or_admin

    /// Live log entries. Needs at least one filter: `user_id`, `session_id`, `request_id`, `agent_id`, `level` (that
    /// severity and up) or `event_type` (`*` matches any text). Never ends by itself; the shipped runtime sends none.
    sse fn stream_logs(; opt filters: Object => filters, kw user_id: &str => query, kw session_id: &str => query, kw request_id: &str => query, kw agent_id: &str => query, kw level: LogLevel => word, kw event_type: &str => query)
        -> LogEvents = GET "/logs", admin; AnyOf
}
