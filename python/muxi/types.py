"""What the operations return.

Each reply is a plain dict; these types say which keys it has. Keys that are not named here are kept.

Generated from the operation table by `cargo run -p xtask -- gen`; do not edit.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if sys.version_info >= (3, 11):
    from typing import NotRequired
elif TYPE_CHECKING:
    from typing_extensions import NotRequired


class Reply(TypedDict, total=False):
    """Keys that any reply may carry."""

    request_id: str
    """The id of the request, for questions about it."""

    idempotency_key: str | None
    """The idempotency key, where the formation honoured one."""

    timestamp: int
    """When the reply was made, in Unix milliseconds."""


class ActiveCount(TypedDict):
    """How many there are and how many of them are active."""

    count: int
    """All."""

    active: int
    """Active ones."""


class AgentList(Reply):
    """The agents of a formation."""

    agents: list[dict[str, Any]]
    """The agents, each as the formation file has it."""

    count: int
    """How many."""


class Artifact(Reply):
    """One artifact without its content."""

    id: str
    """Its id."""

    name: str
    """The file name."""

    version: int
    """The number of the version, from 1."""

    is_latest: bool
    """Whether it is the latest version."""

    content_type: str
    """The media type."""

    category: NotRequired[str | None]
    """The kind of file, such as ``text``."""

    summary: NotRequired[str | None]
    """What it is, for people."""

    tags: NotRequired[list[str]]
    """Its tags."""

    agent_id: NotRequired[str | None]
    """The agent that made it."""

    conversation_id: NotRequired[str | None]
    """The session it was made in."""

    size_bytes: int
    """Bytes."""

    created_at: str
    """When it was made, ISO 8601 in UTC without a zone."""

    updated_at: NotRequired[str | None]
    """When it was changed last, ISO 8601 in UTC without a zone; reading moves it."""

    last_accessed_at: NotRequired[str | None]
    """When it was read last, ISO 8601 in UTC without a zone."""


class ArtifactList(Reply):
    """A user's artifacts."""

    artifacts: list[Artifact]
    """The artifacts, latest versions."""

    count: int
    """How many this reply has."""

    total: int
    """How many there are."""


class ArtifactMetadata(TypedDict):
    """The measures of an artifact."""

    size_bytes: NotRequired[int | None]
    """Bytes."""

    created_at: NotRequired[str | None]
    """When it was made, ISO 8601 without a zone."""

    lines: NotRequired[int | None]
    """Lines of text."""

    characters: NotRequired[int | None]
    """Characters of text."""

    language: NotRequired[str | None]
    """The language of the text or code."""

    pages: NotRequired[int | None]
    """Pages of a document."""

    width: NotRequired[int | None]
    """Width in pixels."""

    height: NotRequired[int | None]
    """Height in pixels."""


class ArtifactPreview(TypedDict):
    """A small picture of an artifact."""

    thumbnail: NotRequired[str | None]
    """The picture, base64."""


class ArtifactVersions(Reply):
    """All versions of an artifact."""

    name: str
    """The file name."""

    versions: list[Artifact]
    """The versions, newest first."""

    count: int
    """How many."""


class AuditCleared(Reply):
    """The result of erasing the audit log."""

    message: str
    """What was done, for people."""

    previous_entries_count: int
    """How many entries were erased."""

    cleared_by: str
    """Who erased them."""


class AuditEntry(TypedDict):
    """One entry of the audit log."""

    timestamp: str
    """When it happened, ISO 8601."""

    request_id: NotRequired[str | None]
    """The request that did it."""

    action: str
    """What was done, such as ``audit.cleared``."""

    resource_type: str
    """The kind of thing it was done to."""

    resource_id: NotRequired[str | None]
    """The thing it was done to."""

    user: NotRequired[str | None]
    """Who did it."""

    ip: NotRequired[str | None]
    """The address it came from."""

    result: str
    """How it went, such as ``success``."""

    status_code: NotRequired[int | None]
    """The HTTP status of the reply."""

    message: NotRequired[str | None]
    """What was done, for people."""

    data: NotRequired[Any]
    """More about it."""


class AuditLog(Reply):
    """The audit log."""

    entries: list[AuditEntry]
    """The entries."""

    total_entries: int
    """How many entries this reply has."""

    limit: int
    """How many were asked for at most."""


class Backfilled(TypedDict):
    """What a backfill did to one projection."""

    synthesized: int
    """Events made."""

    complete: bool
    """Whether all is done."""


class Buffer(TypedDict):
    """One message buffer."""

    total_entries: int
    """How many messages it has."""

    max_size: int
    """How many it can hold."""

    utilization: float
    """How full it is, from 0 to 1."""

    kv_namespaces: NotRequired[dict[str, int]]
    """Stored values by namespace."""


class BufferCleared(Reply):
    """A cleared message buffer."""

    message: str
    """What was done, for people."""

    user_id: NotRequired[str | None]
    """The user."""

    session_id: NotRequired[str | None]
    """The session, when only one was cleared."""

    messages_cleared: int
    """How many messages are gone."""

    sessions_cleared: NotRequired[int | None]
    """How many sessions are gone, when all were cleared."""


class BufferList(Reply):
    """The message buffers."""

    buffers: list[Buffer]
    """The buffers."""

    total_entries: NotRequired[int | None]
    """0, when there is no buffer."""


class BufferStats(Reply):
    """Buffer totals over all users."""

    total_entries: int
    """Messages."""

    total_users: int
    """Users."""

    total_sessions: int
    """Sessions."""

    buffer_size_kb: float
    """The size in KB."""

    max_size: int
    """How many messages the buffer can hold; the shipped runtime gives 0."""

    utilization: float
    """How full it is, from 0 to 1; the shipped runtime gives 0."""


class ChatArtifact(TypedDict):
    """An artifact as a chat turn gives it, with its content."""

    type: ArtifactKind
    """``text``, ``document``, ``image`` or ``data``."""

    format: str
    """The format, such as ``txt``."""

    filename: str
    """The file name."""

    preview: NotRequired[ArtifactPreview | None]
    """A small picture of it."""

    metadata: NotRequired[ArtifactMetadata | None]
    """Its measures."""

    content: NotRequired[str | None]
    """The content of a text."""

    data_url: NotRequired[str | None]
    """The content as a ``data:`` URL."""


class ChatFrame(TypedDict):
    """The data of one chat event: of its fields only those of one kind are there."""

    token: NotRequired[Token | None]
    """Without an event name: a token."""

    ui: NotRequired[list[Widget]]
    """``ui``: widgets to show."""

    finished: NotRequired[bool | None]
    """``done``: the turn is over."""

    error: NotRequired[str | None]
    """``error``: what went wrong."""

    type: NotRequired[str | None]
    """``error``: the kind of failure."""


class ChatMessage(TypedDict):
    """An answer, or (with ``status``) a note that the turn goes on in the background."""

    role: Role | None
    """``assistant``."""

    content: Content | None
    """What the assistant says."""

    artifacts: list[ChatArtifact] | None
    """Files that the turn made."""

    metadata: TurnMetadata | None
    """How the turn went: a failed turn shows only here."""

    ui: NotRequired[list[Widget]]
    """Widgets to show."""

    status: NotRequired[RequestState | None]
    """In the background: ``processing``."""

    request_id: NotRequired[str | None]
    """In the background: the request to poll."""

    message: NotRequired[str | None]
    """In the background: what happens, for people."""

    workflow_id: NotRequired[str | None]
    """In the background: the workflow."""

    timestamp: NotRequired[Any]
    """In the background: since when."""

    webhook_url: NotRequired[str | None]
    """In the background: where the result will be sent."""

    delivery: NotRequired[Delivery | None]
    """In the background: ``webhook`` or ``polling``."""

    poll_url: NotRequired[str | None]
    """In the background: the route to poll."""


class ChatResult(TypedDict):
    """The answer to a chat turn."""

    message: ChatMessage
    """The answer itself."""

    user_id: str
    """The user."""

    session_id: str | None
    """The session."""

    request_id: str | None
    """The request id that the caller chose."""

    idempotency_key: NotRequired[str | None]
    """The idempotency key, where the formation honoured one."""

    timestamp: NotRequired[int]
    """When the reply was made, in Unix milliseconds."""


class Classification(TypedDict):
    """What kind of content an item is."""

    category: str
    """The kind, such as ``transactional``."""

    margin: NotRequired[float | None]
    """How much likelier it is than the next kind."""


class ContentPart(TypedDict):
    """One part of an answer that comes in parts."""

    type: NotRequired[str | None]
    """What kind of part it is, such as ``text``."""

    text: NotRequired[str | None]
    """Its text."""

    tool_calls: NotRequired[Any]
    """Calls of tools."""


class ConversationLogs(TypedDict):
    """The log of conversations."""

    destinations: list[LogDestination]
    """Where it goes."""

    count: int
    """How many."""


class Credential(Reply):
    """One credential, redacted."""

    credential_id: str
    """Its id."""

    service: NotRequired[str | None]
    """The service it is for."""

    name: NotRequired[str | None]
    """Its name."""

    credential_preview: NotRequired[Any]
    """The masked value."""

    created_at: NotRequired[Any]
    """When it was stored."""

    updated_at: NotRequired[Any]
    """When it was changed last."""


class CredentialDeleted(Reply):
    """A deleted credential."""

    credential_id: str
    """Its id."""

    deleted: bool
    """Whether it is gone."""


class CredentialList(Reply):
    """A user's credentials."""

    credentials: list[Credential]
    """The credentials, redacted."""

    count: int
    """How many."""


class CredentialService(TypedDict):
    """A service for which users can store credentials."""

    service: str
    """Its name."""

    server_id: NotRequired[str | None]
    """The MCP server that uses it."""

    description: NotRequired[str | None]
    """What it is."""


class CredentialServices(Reply):
    """The services for which users can store credentials."""

    services: list[CredentialService]
    """The services."""

    count: int
    """How many."""


class Deployed(Reply):
    """A deployed formation."""

    formation_id: str
    """The formation's id."""

    port: int
    """The port it listens on, on the server's machine."""

    status: FormationState
    """The state it is in."""

    url: str
    """Its address through the server."""

    health_url: str
    """The address of its health check, on the server's machine."""

    pid: int
    """The id of its process."""


class DevRun(Reply):
    """A started development run."""

    success: bool
    """Whether it was started."""

    formation_id: str
    """The formation's id."""

    port: int
    """The port it listens on, on the server's machine."""

    status: FormationState
    """The state it is in."""


class DevStopped(Reply):
    """A stopped development run."""

    success: bool
    """Whether it was stopped."""

    formation_id: str
    """The formation's id."""

    status: FormationState
    """The state it is in."""


class DistilledAccepted(Reply):
    """The result of a distilled batch."""

    batch_id: str
    """The batch's id."""

    accepted: NotRequired[int | None]
    """How many events were accepted."""

    duplicates: NotRequired[int | None]
    """How many came before."""

    rejected: NotRequired[int | None]
    """How many were rejected."""

    rejections: NotRequired[list[Rejection]]
    """Why they were rejected."""

    processing_id: NotRequired[str | None]
    """The job to poll."""

    status_url: NotRequired[str | None]
    """The route to poll."""


class DistilledCounts(TypedDict):
    """How many distilled events went which way."""

    projected: int
    """Ones that reached the derived stores."""

    recorded: int
    """Ones that were only recorded."""

    failed: int
    """Failed ones."""


class DistilledItem(TypedDict):
    """The result of one distilled event."""

    index: int
    """Its place in the batch, from 0."""

    event_id: NotRequired[str | None]
    """The event that stands for it."""

    event_type: NotRequired[str | None]
    """Its kind, such as ``fact.extracted``."""

    user_id: NotRequired[str | None]
    """The user it is about."""

    disposition: NotRequired[str | None]
    """What became of it, such as ``projected``."""

    error: NotRequired[Any]
    """Why it failed: usually a text."""


class DistilledStatus(Reply):
    """Progress of a distilled batch."""

    processing_id: str
    """The job's id."""

    batch_id: NotRequired[str | None]
    """The batch's id."""

    status: MemoryJobState
    """``queued``, ``processing``, ``completed`` or ``failed``."""

    created_at: float
    """When it was accepted, Unix seconds."""

    completed_at: NotRequired[Any]
    """When it ended: ISO 8601 when completed, Unix seconds when failed."""

    error: NotRequired[Any]
    """Why it failed: usually a text."""

    items: NotRequired[list[DistilledItem]]
    """One result per accepted event, when done."""

    counts: NotRequired[DistilledCounts | None]
    """How many events went which way, when done."""

    pre_computed_vectors_used: NotRequired[bool | None]
    """Whether embeddings of the batch were used."""


class Distillery(Reply):
    """One distillery."""

    id: NotRequired[Any]
    """The id of its record."""

    distillery_id: str
    """Its id."""

    formation_id: NotRequired[str | None]
    """The formation."""

    name: NotRequired[str | None]
    """Its name."""

    description: NotRequired[str | None]
    """Its description."""

    public_key: NotRequired[str | None]
    """Its public key: ``ed25519:`` and base64."""

    scope: NotRequired[dict[str, Any] | None]
    """What it may send: ``user_ids``, ``event_types``, ``max_events_per_day``, ``max_batch_size``."""

    trust_level: NotRequired[str | None]
    """How far it is trusted."""

    status: NotRequired[str | None]
    """Its state."""

    created_at: NotRequired[Any]
    """When it was registered."""

    revoked_at: NotRequired[Any]
    """When it was revoked."""


class DistilleryList(Reply):
    """Registered distilleries."""

    distilleries: list[Distillery]
    """The distilleries."""

    count: int
    """How many."""


class DraftData(TypedDict):
    """What an action on a draft gives.

    ``deploy`` gives the fields of ``Deployed`` or ``Updated``.
    """

    action: NotRequired[DraftAction | None]
    """``init``: the action."""

    mode: NotRequired[DraftMode | None]
    """``init``: ``new`` or ``clone``."""

    path: NotRequired[str | None]
    """The path of the file or folder below the draft."""

    entries: NotRequired[list[DraftEntry] | None]
    """``list``: what the folder holds."""

    content: NotRequired[str | None]
    """``read``: the file's content."""

    encoding: NotRequired[DraftEncoding | None]
    """``read``: ``utf-8`` or ``base64``."""

    size: NotRequired[int | None]
    """``write``: bytes written."""

    written: NotRequired[bool | None]
    """``write``: whether the file was written."""

    deleted: NotRequired[bool | None]
    """``delete``: whether the file or folder was deleted."""

    discarded: NotRequired[bool | None]
    """``discard``: whether the draft was discarded."""


class DraftEntry(TypedDict):
    """A file or folder of a draft."""

    name: str
    """Its name; that of a folder ends in ``/``."""

    type: EntryKind
    """``file`` or ``dir``."""

    size: NotRequired[int | None]
    """Bytes; none for a folder and an empty file."""


class DraftResult(Reply):
    """The result of an edit of a draft."""

    success: bool
    """Whether the edit was made."""

    data: NotRequired[DraftData | None]
    """What the action gives."""

    draft: NotRequired[DraftState | None]
    """The state of the draft; none after ``deploy``."""

    live: NotRequired[LiveState | None]
    """The state of the deployed formation; none after ``deploy``."""


class DraftState(TypedDict):
    """The state of a draft."""

    exists: bool
    """Whether there is a draft."""

    base_version: NotRequired[str | None]
    """The version it was cloned from."""

    created_at: NotRequired[str | None]
    """When it was made, RFC 3339."""


FormationConfigSummary = TypedDict(
    "FormationConfigSummary",
    {
        "formation_id": "str",
        "version": "str",
        "description": "str",
        "schema_version": "str",
        "agents": "ResourceCount",
        "secrets": "ResourceCount",
        "mcp": "McpSummary",
        "overlord": "ResourceLink",
        "llm": "ResourceLink",
        "memory": "ResourceLink",
        "async": "ResourceLink",
        "scheduler": "ResourceLink",
        "a2a": "ResourceLink",
        "logging": "ResourceLink",
        "request_id": "NotRequired[str]",
        "idempotency_key": "NotRequired[str | None]",
        "timestamp": "NotRequired[int]",
    },
)
"""A short summary of the configuration."""


class FormationCounts(TypedDict):
    """Formations by state."""

    total: int
    """All formations."""

    running: int
    """Running ones."""

    stopped: int
    """Stopped ones."""

    crashed: int
    """Crashed ones."""


class FormationDetail(Reply):
    """One formation."""

    id: str
    """The formation's id."""

    name: str
    """The formation's name."""

    status: FormationState
    """``starting``, ``running``, ``stopping``, ``stopped``, ``crashed``, ``restarting`` or ``unhealthy``."""

    port: int
    """The port it listens on, on the server's machine."""

    pid: int
    """The id of its process."""

    restart_count: int
    """How often it was restarted."""

    uptime: int
    """Seconds since its start."""

    created_at: str
    """When it was deployed first, RFC 3339."""

    deployed_at: str
    """When it was deployed, RFC 3339."""

    updated_at: str
    """When it was changed last, RFC 3339."""

    healthy: NotRequired[bool | None]
    """Whether it answered its health check; none while it starts."""

    version: NotRequired[FormationVersion | None]
    """Its versions."""

    last_health_check: NotRequired[str | None]
    """When its health was checked last, RFC 3339."""


class FormationInfo(TypedDict):
    """The formation itself."""

    id: str
    """The formation's id."""

    name: str
    """Its name."""

    description: str
    """Its description."""

    version: str
    """Its version."""


class FormationList(Reply):
    """Every formation of the server."""

    formations: list[FormationSummary]
    """The formations."""

    total: int
    """How many."""


class FormationLogLine(TypedDict):
    """One line of a formation's output."""

    formation_id: str
    """The formation's id."""

    line: NotRequired[str | None]
    """The line; none in ``connected``."""


class FormationLogs(Reply):
    """The last lines of a formation's output."""

    formation_id: str
    """The formation's id."""

    logs: LogLines
    """The lines."""

    total_lines: LogLineCounts
    """How many lines there are in all."""


class FormationStats(TypedDict):
    """Statistics of a formation."""

    running: RunningStats
    """How long it has been running."""

    memory: MemoryStats
    """Its memory."""

    requests: RequestStats
    """Its requests."""

    buffer_size: int
    """The size of the message buffer, in messages."""

    cpu_percent: NotRequired[float | None]
    """Processor load in percent."""


class FormationStatus(Reply):
    """Counters, memory and uptime of a formation."""

    formation: FormationInfo
    """The formation itself."""

    agents: ActiveCount
    """Its agents."""

    mcp_servers: ActiveCount
    """Its MCP servers."""

    stats: FormationStats
    """Its statistics."""


class FormationSummary(TypedDict):
    """One formation in a list."""

    id: str
    """The formation's id."""

    name: str
    """The formation's name."""

    port: int
    """The port it listens on, on the server's machine."""

    status: FormationState
    """``starting``, ``running``, ``stopping``, ``stopped``, ``crashed``, ``restarting`` or ``unhealthy``."""

    pid: int
    """The id of its process."""

    uptime: int
    """Seconds since its start."""

    restart_count: int
    """How often it was restarted."""

    healthy: NotRequired[bool | None]
    """Whether it answered its health check; none while it starts."""

    version: NotRequired[FormationVersion | None]
    """Its versions."""


class FormationVersion(TypedDict):
    """The versions of a formation."""

    semantic: NotRequired[str | None]
    """The version that the bundle states."""

    current: NotRequired[str | None]
    """The SHA-256 of the current bundle, hexadecimal."""

    previous: NotRequired[str | None]
    """The SHA-256 of the bundle before it, hexadecimal."""


class Health(Reply):
    """Health of a formation."""

    status: HealthState
    """``healthy`` or ``unhealthy``."""

    version: str
    """The formation's version."""

    uptime_seconds: float
    """Seconds since its start."""


class History(Reply):
    """Entries of a user's narrative log."""

    entries: list[HistoryEntry]
    """The entries, newest first."""

    count: int
    """How many."""


class HistoryEntry(TypedDict):
    """One entry of a user's narrative log."""

    id: NotRequired[Any]
    """Its id."""

    date: NotRequired[str | None]
    """The day, ISO 8601."""

    summary: NotRequired[str | None]
    """What happened."""

    decisions: NotRequired[Any]
    """What was decided."""

    projects: NotRequired[Any]
    """The projects it is about."""

    context: NotRequired[Any]
    """What was around it."""

    created_at: NotRequired[str | None]
    """When it was written, ISO 8601."""

    updated_at: NotRequired[str | None]
    """When it was changed last, ISO 8601."""

    sources: NotRequired[list[dict[str, Any]]]
    """What it was made from: ``source_type`` and ``source_id``."""


class IngestionCounts(TypedDict):
    """How many ingested items went which way."""

    stored: int
    """Stored ones."""

    filtered: int
    """Filtered ones."""

    failed: int
    """Failed ones."""


class IngestionItem(TypedDict):
    """The result of one ingested item."""

    index: int
    """Its place in the job, from 0."""

    event_id: NotRequired[str | None]
    """The event that stands for it."""

    source: NotRequired[str | None]
    """Where it came from."""

    source_id: NotRequired[str | None]
    """Its id there."""

    classification: NotRequired[Classification | None]
    """What kind of content it is."""

    filter_level: NotRequired[str | None]
    """How much is filtered, such as ``strict``."""

    disposition: NotRequired[str | None]
    """What became of it, such as ``filtered``."""

    tier: NotRequired[Any]
    """The tier it was stored in."""

    tier_reason: NotRequired[str | None]
    """Why that tier."""

    facts_extracted: NotRequired[int | None]
    """How many facts were found in it."""

    graph_extractions: NotRequired[int | None]
    """How many times something was put into the knowledge graph."""

    error: NotRequired[Any]
    """Why it failed: usually a text."""


class IngestionStatus(Reply):
    """Progress of an ingestion job."""

    processing_id: str
    """The job's id."""

    status: MemoryJobState
    """``queued``, ``processing``, ``completed`` or ``failed``."""

    created_at: float
    """When it was accepted, Unix seconds."""

    completed_at: NotRequired[Any]
    """When it ended: ISO 8601 when completed, Unix seconds when failed."""

    error: NotRequired[Any]
    """Why it failed: usually a text."""

    items: NotRequired[list[IngestionItem]]
    """One result per item, when done."""

    counts: NotRequired[IngestionCounts | None]
    """How many items went which way, when done."""

    usage: NotRequired[IngestionUsage | None]
    """Language model tokens spent, when done."""


class IngestionUsage(TypedDict):
    """Language model tokens spent on a job."""

    fields: list[str]
    """What each number counts."""

    total: list[int]
    """The totals, in the order of ``fields``."""

    breakdown: dict[str, Any]
    """The same by model."""


class Job(Reply):
    """One scheduled job."""

    id: str
    """Its id; a new one after a change of message or schedule."""

    user_id: str
    """The owner."""

    title: str
    """Its title."""

    original_prompt: str
    """The message as it was given."""

    execution_prompt: str
    """The message as it is sent."""

    is_recurring: bool
    """Whether it runs again and again."""

    cron_expression: NotRequired[str | None]
    """When it runs, as a cron line."""

    scheduled_for: NotRequired[str | None]
    """When it runs once, ISO 8601."""

    exclusion_rules: NotRequired[list[Any]]
    """When it does not run."""

    status: JobStatus
    """``ACTIVE``, ``PAUSED`` or another state."""

    created_at: str
    """When it was made, ISO 8601."""

    updated_at: NotRequired[str | None]
    """When it was changed last, ISO 8601."""

    last_run_at: NotRequired[str | None]
    """When it ran last, ISO 8601."""

    last_run_status: NotRequired[str | None]
    """How it went."""

    last_run_failure_message: NotRequired[str | None]
    """Why it failed."""

    total_runs: int
    """How often it ran."""

    total_failures: int
    """How often it failed."""

    consecutive_failures: int
    """How often it failed in a row."""

    job_metadata: NotRequired[dict[str, Any] | None]
    """More about it."""


class JobList(Reply):
    """Scheduled jobs."""

    jobs: list[Job]
    """The jobs, newest first."""

    count: int
    """How many."""


class JobState(Reply):
    """The state of a paused or resumed job."""

    id: str
    """Its id."""

    status: JobStatus
    """``PAUSED`` or ``ACTIVE``."""


class KnowledgeRebuild(Reply):
    """The result of rebuilding knowledge trees."""

    agents: dict[str, KnowledgeTrees]
    """What was done, by agent id."""

    source_id: NotRequired[str | None]
    """The only source that was rebuilt."""


class KnowledgeSource(TypedDict):
    """The result of synchronising one source."""

    source_id: NotRequired[str | None]
    """The source's id."""

    url: NotRequired[str | None]
    """The source's address."""

    status: NotRequired[str | None]
    """What became of it, such as ``skipped``."""

    reason: NotRequired[str | None]
    """Why it was skipped."""

    files_added: NotRequired[int | None]
    """New files."""

    files_modified: NotRequired[int | None]
    """Changed files."""

    files_deleted: NotRequired[int | None]
    """Deleted files."""

    files_failed: NotRequired[int | None]
    """Files that could not be read."""

    bytes_downloaded: NotRequired[int | None]
    """Bytes that were fetched."""

    duration_ms: NotRequired[float | None]
    """How long it took, in milliseconds."""

    error: NotRequired[str | None]
    """Why it failed; empty when it did not."""


class KnowledgeSync(Reply):
    """The result of synchronising an agent's knowledge."""

    agent_id: str
    """The agent's id."""

    results: list[KnowledgeSource]
    """One entry per source."""


class KnowledgeTrees(TypedDict):
    """The knowledge trees of one agent."""

    rebuilt: NotRequired[list[Any]]
    """Rebuilt ones."""

    failed: NotRequired[list[Any]]
    """Failed ones."""

    skipped: NotRequired[list[Any]]
    """Skipped ones."""


class LifecycleComplete(TypedDict):
    """The end of a change of a formation."""

    formation_id: str
    """The formation's id."""

    port: int
    """A port on the server's machine; after an update that of the version before."""

    status: FormationState
    """The state it is in."""

    url: NotRequired[str | None]
    """Its address through the server."""

    health_url: NotRequired[str | None]
    """The address of its health check, on the server's machine."""

    pid: NotRequired[int | None]
    """The id of its process."""

    previous_version: NotRequired[str | None]
    """The number of the version that ran before."""

    new_version: NotRequired[str | None]
    """The number of the version that runs now."""

    restart_count: NotRequired[int | None]
    """How often it was restarted."""


class LifecycleError(TypedDict):
    """The failure of a change of a formation."""

    error: str
    """The name of the failure, such as ``HealthCheckFailed``."""

    message: str
    """What went wrong, for people."""

    stage: NotRequired[LifecycleStage | None]
    """The stage it happened in."""

    details: NotRequired[Any]
    """More about it."""


class LifecycleProgress(TypedDict):
    """A step of a change of a formation."""

    stage: LifecycleStage
    """The stage, such as ``extracting`` or ``health_check``."""

    message: str
    """What happens, for people."""

    version: NotRequired[str | None]
    """The version of the runtime."""

    attempt: NotRequired[int | None]
    """The number of the attempt, from 1."""

    max_attempts: NotRequired[int | None]
    """How many attempts there are at most."""

    staging_port: NotRequired[int | None]
    """The port of the new version while the old one still runs."""

    progress: NotRequired[Any]
    """How far it is."""

    url: NotRequired[str | None]
    """Where something is fetched from."""


class LifecycleResult(Reply):
    """The result of stopping, starting, restarting, rolling back or deleting a formation."""

    id: str
    """The formation's id."""

    status: NotRequired[FormationState | None]
    """The state it is in now."""

    message: NotRequired[str | None]
    """What was done, for people."""

    port: NotRequired[int | None]
    """The port it listens on, on the server's machine."""

    pid: NotRequired[int | None]
    """The id of its process."""

    restart_count: NotRequired[int | None]
    """How often it was restarted."""

    version: NotRequired[int | None]
    """The number of the version that runs now."""

    previous_version: NotRequired[int | None]
    """The number of the version that ran before."""


class LiveState(TypedDict):
    """The state of the formation that a draft belongs to."""

    version: NotRequired[str | None]
    """The deployed version."""

    status: NotRequired[FormationState | None]
    """The state it is in."""


class LogDestination(TypedDict):
    """One destination of the log of conversations."""

    id: NotRequired[str | None]
    """Its id."""

    transport: NotRequired[str | None]
    """How entries are sent."""

    level: NotRequired[LogLevel | None]
    """The least severity that is sent."""

    format: NotRequired[str | None]
    """The form of an entry."""

    enabled: NotRequired[bool | None]
    """Whether it is in use."""

    destination: NotRequired[Any]
    """Where entries go."""


class LogEvent(TypedDict):
    """One log entry."""

    timestamp: NotRequired[float | None]
    """When, Unix seconds."""

    level: NotRequired[LogLevel | None]
    """The severity, lower case."""

    event_type: NotRequired[str | None]
    """What happened."""

    user_id: NotRequired[str | None]
    """The user."""

    session_id: NotRequired[str | None]
    """The session."""

    request_id: NotRequired[str | None]
    """The request."""

    agent_id: NotRequired[str | None]
    """The agent."""

    message: NotRequired[str | None]
    """What happened, for people."""

    data: NotRequired[Any]
    """More about it."""


class LogLineCounts(TypedDict):
    """Numbers of lines by stream."""

    stdout: NotRequired[int | None]
    """Lines of standard output."""

    stderr: NotRequired[int | None]
    """Lines of standard error."""


class LogLines(TypedDict):
    """Lines by stream, oldest first."""

    stdout: NotRequired[list[str] | None]
    """Lines of standard output."""

    stderr: NotRequired[list[str] | None]
    """Lines of standard error."""


class LoggingDestinations(Reply):
    """Where logs go."""

    system: SystemLog
    """The log of the system."""

    conversation: ConversationLogs
    """The log of conversations."""


class McpDefaults(Reply):
    """MCP defaults and servers."""

    default_retry_attempts: int
    """Attempts at a tool call."""

    default_timeout_seconds: float
    """Seconds that a tool call may take."""

    max_tool_iterations: int
    """Rounds of tool calls in one turn."""

    max_tool_calls: int
    """Tool calls in one turn."""

    max_repeated_errors: int
    """Times that the same error may come."""

    max_timeout_in_seconds: float
    """Seconds that all tool calls of a turn may take."""

    max_tool_timeout_in_seconds: float
    """Seconds that one tool call may take at most."""

    enhance_user_prompts: bool
    """Whether prompts are rewritten before tools are chosen."""

    servers: NotRequired[list[dict[str, Any]]]
    """The servers, each as the formation file has it."""


class McpServerList(Reply):
    """The MCP servers of a formation."""

    servers: list[dict[str, Any]]
    """The servers, each as the formation file has it."""

    count: int
    """How many."""


class McpSummary(TypedDict):
    """A summary of the MCP settings."""

    default_retry_attempts: int
    """Attempts at a tool call."""

    default_timeout_seconds: float
    """Seconds that a tool call may take."""

    servers: ResourceCount
    """The MCP servers."""


class McpTool(TypedDict):
    """A tool that the formation itself offers over MCP."""

    name: str
    """Its name."""

    description: str
    """What it does."""

    access: Access
    """The key it needs: ``admin`` or ``client``."""

    parameters: dict[str, Any]
    """Its parameters by name."""


class McpToolList(Reply):
    """The tools that the formation itself offers over MCP."""

    tools: list[McpTool]
    """The tools."""


class Memory(TypedDict):
    """One memory."""

    id: str
    """Its id."""

    content: str
    """What is remembered."""

    created_at: str
    """When it was stored, ISO 8601 in UTC without a zone."""

    metadata: dict[str, Any]
    """More about it; ``timestamp`` is in Unix seconds."""

    scope: MemoryScope
    """``user``, ``group`` or ``formation``."""

    scope_id: NotRequired[str | None]
    """Whose it is: an internal number as text for ``user``."""


class MemoryBackfill(Reply):
    """The result of a backfill."""

    user_id: str
    """The user."""

    synthesized: dict[str, Backfilled]
    """What was done, by projection."""


class MemoryBatch(Reply):
    """The result of handing in several items."""

    processing_id: NotRequired[str | None]
    """The job to poll; none when no item was accepted."""

    items: list[MemoryBatchItem]
    """One result per item."""

    counts: MemoryBatchCounts
    """How many items went which way."""

    status_url: NotRequired[str | None]
    """The route to poll."""


class MemoryBatchCounts(TypedDict):
    """How many items of a batch went which way."""

    accepted: int
    """Accepted ones."""

    duplicate: int
    """Ones that came before."""

    invalid: int
    """Invalid ones."""


class MemoryBatchItem(TypedDict):
    """The result of one item of a batch."""

    index: int
    """Its place in the batch, from 0."""

    status: IngestionOutcome
    """``accepted``, ``duplicate`` or ``invalid``."""

    event_id: NotRequired[str | None]
    """The event that stands for it."""

    derived_events: NotRequired[list[Any]]
    """A duplicate: the events made from it."""

    error: NotRequired[str | None]
    """Why it is invalid."""


class MemoryContent(TypedDict):
    """What a stored memory says."""

    type: str
    """Its kind, such as ``general``."""

    detail: str
    """The fact."""


class MemoryCreated(Reply):
    """A stored memory."""

    id: NotRequired[str | None]
    """Its id."""

    content: MemoryContent
    """What is remembered."""

    created_at: str
    """When it was stored, ISO 8601."""

    metadata: NotRequired[dict[str, Any] | None]
    """More about it; ``timestamp`` is in Unix seconds."""

    scope: MemoryScope
    """``user``, ``group`` or ``formation``."""

    scope_id: NotRequired[str | None]
    """Whose it is."""


class MemoryDeleted(Reply):
    """A deleted memory."""

    deleted: str
    """Its id."""

    user_id: str
    """The user."""


class MemoryIngested(Reply):
    """Accepted content."""

    status: IngestionOutcome
    """``accepted``, or ``duplicate`` when the same source and source id came before."""

    duplicate: bool
    """Whether it came before."""

    event_id: str
    """The event that stands for it."""

    source: str
    """Where it came from."""

    source_id: NotRequired[str | None]
    """Its id there."""

    scope: MemoryScope
    """``user``, ``group`` or ``formation``."""

    scope_id: NotRequired[str | None]
    """Whose it is."""

    processing_id: NotRequired[str | None]
    """The job to poll; none for a duplicate."""

    status_url: NotRequired[str | None]
    """The route to poll; none for a duplicate."""

    derived_events: NotRequired[list[Any]]
    """A duplicate: the events made from it."""


class MemoryJob(Reply):
    """A rebuild or forget: the job, or what it did."""

    user_id: NotRequired[str | None]
    """The user."""

    job_id: NotRequired[str | None]
    """The job to poll, in the background."""

    status: NotRequired[MemoryJobState | None]
    """``processing``, ``completed`` or ``failed``, in the background."""

    status_url: NotRequired[str | None]
    """The route to poll; the shipped runtime leaves out ``/v1``."""

    error: NotRequired[Any]
    """Why it failed: usually a text."""

    dry_run: NotRequired[bool | None]
    """Rebuild: whether nothing was changed."""

    backfill: NotRequired[Any]
    """Rebuild: what the backfill before it did."""

    source: NotRequired[str | None]
    """Forget: the source."""

    deleted_events: NotRequired[int | None]
    """Forget: how many events were deleted."""

    grace_period_days: NotRequired[int | None]
    """Forget: days until the events are gone for good."""

    rebuild_required: NotRequired[Any]
    """Forget: whether a rebuild is still to be done."""

    projections: NotRequired[dict[str, Projection]]
    """What was done, by projection."""


class MemoryLint(Reply):
    """The result of a check of the memory stores."""

    user_id: NotRequired[str | None]
    """The user; none for all."""

    report: dict[str, Any]
    """What was found and mended."""


class MemoryList(Reply):
    """Memories of a user."""

    memories: list[Memory]
    """The memories, newest first."""

    count: int
    """How many this reply has."""


class MemoryStats(TypedDict):
    """The memory of a formation."""

    working_memory_mb: NotRequired[Any]
    """The configured working memory, as configured (MB)."""

    memory_usage_mb: NotRequired[float | None]
    """The memory in use, in MB."""


class Message(Reply):
    """A reply that only says what was done."""

    message: str
    """What was done, for people."""


class MessageMetadata(TypedDict):
    """Who said a message, and where."""

    role: Role
    """``user`` or ``assistant``."""

    timestamp: NotRequired[float | None]
    """When it was said, Unix seconds."""

    agent_id: NotRequired[str | None]
    """The agent, such as ``overlord``."""

    user_id: NotRequired[str | None]
    """The user."""

    session_id: NotRequired[str | None]
    """The session."""

    request_id: NotRequired[str | None]
    """The request; none for restored messages."""

    formation_id: NotRequired[str | None]
    """The formation."""


class Notification(TypedDict):
    """A sent notification."""

    request_id: NotRequired[str | None]
    """The request's id."""

    channels: NotRequired[Any]
    """The channels that were tried."""

    delivered: NotRequired[list[Any]]
    """The channels that took it."""

    failed: NotRequired[list[Any]]
    """The channels that did not."""

    idempotency_key: NotRequired[str | None]
    """The idempotency key, where the formation honoured one."""

    timestamp: NotRequired[int]
    """When the reply was made, in Unix milliseconds."""


class OverlordConfig(Reply):
    """The orchestrator's configuration."""

    soul: str
    """The persona."""

    llm: dict[str, Any]
    """The language model."""

    caching: dict[str, Any]
    """Caching: ``enabled`` and ``ttl`` (seconds)."""

    response: dict[str, Any]
    """The form of answers: ``format``, ``streaming`` and more."""

    workflow: dict[str, Any]
    """Workflows: what the formation file sets, or else the defaults."""

    clarification: dict[str, Any]
    """Questions back: ``max_questions``, ``style``, ``persist_learned_info``."""


class PortPool(TypedDict):
    """The ports for formations."""

    total: int
    """All ports."""

    available: int
    """Free ports."""

    allocated: int
    """Ports in use."""


class Projection(TypedDict):
    """What a rebuild did to one projection."""

    events: int
    """Events read."""

    applied: int
    """Events applied."""

    failed: int
    """Events that failed."""

    dry_run: NotRequired[bool | None]
    """Whether nothing was changed."""


class Provenance(Reply):
    """Where a fact came from."""

    entity: NotRequired[dict[str, Any] | None]
    """By entity: the entity."""

    facts: NotRequired[list[dict[str, Any]]]
    """By entity: what is known about it, each with ``statement``, ``confidence`` and ``events``."""

    event: NotRequired[Any]
    """By event: the event."""

    chain: NotRequired[Any]
    """By event: what it was made from."""


class Rejection(TypedDict):
    """Why an event of a batch was rejected."""

    index: NotRequired[int | None]
    """Its place in the batch, from 0."""

    reason: NotRequired[str | None]
    """Why."""


class RequestCancelled(TypedDict):
    """The result of asking for a request to be cancelled."""

    request_id: str
    """The request's id."""

    status: RequestState
    """``cancelled``."""

    cancellation: Cancellation
    """``immediate``, or ``cooperative`` when it stops at its next checkpoint."""

    message: str
    """What was done, for people."""

    idempotency_key: NotRequired[str | None]
    """The idempotency key, where the formation honoured one."""

    timestamp: NotRequired[int]
    """When the reply was made, in Unix milliseconds."""


class RequestList(Reply):
    """Tracked requests."""

    requests: list[RequestStatus]
    """The requests, oldest first."""

    count: int
    """How many."""


class RequestStats(TypedDict):
    """The requests of a formation."""

    total: int
    """All tracked requests."""

    active: int
    """Running ones."""


class RequestStatus(TypedDict):
    """State, result or error of one request."""

    request_id: str
    """The request's id."""

    user_id: NotRequired[str | None]
    """The user."""

    status: RequestState
    """``pending``, ``processing``, ``running``, ``completed``, ``failed``, ``cancelled`` or ``awaiting_clarification``.
    """

    progress: NotRequired[str | None]
    """How far it is, for people."""

    created_at: float
    """When it came, Unix seconds."""

    completed_at: NotRequired[float | None]
    """When it ended, Unix seconds."""

    escalated: NotRequired[bool | None]
    """Whether it failed once and was tried again in the background."""

    result: NotRequired[Any]
    """The answer of a completed request: a text, rarely an object."""

    error: NotRequired[Any]
    """Why it failed: usually a text."""

    report: NotRequired[dict[str, Any] | None]
    """What was tried, when an escalated request failed."""

    idempotency_key: NotRequired[str | None]
    """The idempotency key, where the formation honoured one."""

    timestamp: NotRequired[int]
    """When the reply was made, in Unix milliseconds."""


class ResourceCount(TypedDict):
    """How many there are and where they are listed."""

    total: int
    """How many."""

    resource: str
    """The route that lists them."""


class ResourceLink(TypedDict):
    """Where a part of the configuration is found."""

    resource: str
    """The route that gives it."""


class RunningStats(TypedDict):
    """How long a formation has been running."""

    seconds: int
    """Seconds since its start."""

    since: int
    """When it was started, Unix seconds."""


class SchedulerConfig(Reply):
    """The scheduler's settings."""

    enabled: bool
    """Whether it runs."""

    timezone: NotRequired[str | None]
    """Its time zone."""

    check_interval_minutes: NotRequired[float | None]
    """Minutes between two looks at the jobs."""

    max_concurrent_jobs: NotRequired[int | None]
    """How many jobs may run at once."""

    max_failures_before_pause: NotRequired[int | None]
    """How many failures in a row pause a job."""

    default_time: NotRequired[str | None]
    """The time of day for jobs that name none, such as ``09:00``."""


class Secret(Reply):
    """One secret, read from the secret list."""

    key: str
    """Its name."""

    value: str
    """Its masked value."""


class SecretList(Reply):
    """The secrets of a formation."""

    secrets: dict[str, str]
    """Masked values by name."""

    count: int
    """How many."""


class SecretReload(Reply):
    """The result of reloading the secret file."""

    message: str
    """What was done, for people."""

    added: list[str]
    """Names that are new."""

    overwritten: list[str]
    """Names whose value was replaced."""

    preserved: list[str]
    """Names that only memory has."""

    count: int
    """How many secrets there are."""


class ServerHealth(Reply):
    """Health of the server."""

    success: bool
    """Whether the server works."""

    status: str
    """``ok``."""

    version: str
    """The server's version."""


class ServerInfo(TypedDict):
    """The server itself."""

    id: str
    """The server's id."""

    version: str
    """The server's version."""

    uptime: int
    """Seconds since its start."""


class ServerRuntime(TypedDict):
    """The server's process."""

    goroutines: int
    """Running goroutines."""

    go_version: str
    """The version of Go that the server was built with."""


class ServerStatus(Reply):
    """Totals of the server."""

    server: ServerInfo
    """The server itself."""

    formations: FormationCounts
    """How many formations are in which state."""

    port_pool: PortPool
    """The ports for formations."""

    runtime: ServerRuntime
    """The server's process."""


class Session(Reply):
    """One session."""

    session_id: str
    """The session's id."""

    user_id: str
    """The user."""

    message_count: int
    """How many messages it has."""

    active: bool
    """Whether it is active."""

    created_at: NotRequired[float | None]
    """When it began, Unix seconds."""

    last_activity: NotRequired[float | None]
    """When something was said last, Unix seconds."""


class SessionList(Reply):
    """A user's sessions."""

    sessions: list[SessionSummary]
    """The sessions, newest first."""

    count: int
    """How many."""


class SessionMessage(TypedDict):
    """One message of a session."""

    text: str
    """What was said."""

    metadata: MessageMetadata
    """Who said it, and where."""

    timestamp: float
    """When it was stored, Unix seconds."""

    namespace: NotRequired[str | None]
    """The part of the memory it lies in, such as ``buffer``."""

    embedding: NotRequired[list[float] | None]
    """Its embedding; none for restored messages."""


class SessionMessages(Reply):
    """The messages of a session."""

    session_id: str
    """The session's id."""

    messages: list[SessionMessage]
    """The messages, oldest first."""

    count: int
    """How many this reply has."""

    has_more: bool
    """Whether there are more."""


class SessionRestored(Reply):
    """The result of restoring a session."""

    session_id: str
    """The session's id."""

    messages_loaded: int
    """How many messages were stored."""

    messages_dropped: int
    """How many were left out."""

    message: str
    """What was done, for people."""


class SessionSummary(TypedDict):
    """One session in a list."""

    session_id: str
    """The session's id."""

    user_id: str
    """The user."""

    last_activity: NotRequired[float | None]
    """When something was said last, Unix seconds."""

    active: bool
    """Whether it is active."""


class Skill(Reply):
    """One skill."""

    name: str
    """Its name."""

    description: NotRequired[str | None]
    """What it does."""

    license: NotRequired[str | None]
    """Its licence."""

    compatibility: NotRequired[Any]
    """What it works with."""

    allowed_tools: NotRequired[Any]
    """The tools that it may use."""

    resources: NotRequired[Any]
    """Its resources."""


class SkillList(Reply):
    """Loaded skills, of the formation or of one agent."""

    skills: list[SkillSummary]
    """The skills."""

    agent_id: NotRequired[str | None]
    """The agent that may use them."""


class SkillSummary(TypedDict):
    """One skill in a list."""

    name: str
    """Its name."""

    description: NotRequired[str | None]
    """What it does."""

    scope: NotRequired[SkillScope | None]
    """``builtin``, ``public`` or ``private``."""

    has_scripts: NotRequired[bool | None]
    """Whether it has scripts."""

    resource_count: NotRequired[int | None]
    """How many resources it has."""

    has_execution_context: NotRequired[bool | None]
    """Whether it can run commands."""


class Sop(Reply):
    """One standard operating procedure with its text."""

    name: str
    """Its name."""

    title: str
    """Its title."""

    type: str
    """Its kind, such as ``template``."""

    content: str
    """Its text, Markdown."""

    metadata: dict[str, Any]
    """What its head says."""

    references: NotRequired[Any]
    """What it refers to."""

    steps: NotRequired[int | None]
    """How many steps it has."""

    agents_used: NotRequired[list[str] | None]
    """The agents that it uses."""


class SopList(Reply):
    """The standard operating procedures of a formation."""

    sops: list[SopSummary]
    """The procedures."""

    count: int
    """How many."""


class SopSummary(TypedDict):
    """One standard operating procedure in a list."""

    name: str
    """Its name."""

    title: str
    """Its title."""

    type: str
    """Its kind, such as ``template``."""

    steps: NotRequired[int | None]
    """How many steps it has."""

    agents_used: NotRequired[list[str] | None]
    """The agents that it uses."""


class Soul(Reply):
    """The orchestrator's persona."""

    soul: str
    """The text."""


class SystemLog(TypedDict):
    """The log of the system."""

    level: LogLevel
    """The least severity that is logged."""

    destination: str
    """Where it goes, such as ``stdout``."""


class Token(TypedDict):
    """One step of a chat turn.

    Which of the optional fields are there depends on ``kind`` and ``stage``.
    """

    type: TokenKind
    """``progress``, ``thinking``, ``planning``, ``tool_call``, ``content`` (a slice of the answer), ``completed`` (all
    of it) or another kind.
    """

    content: NotRequired[str]
    """The text: a slice of the answer, the whole answer, or what happens, for people."""

    request_id: NotRequired[str]
    """The request."""

    user_id: NotRequired[str]
    """The user."""

    session_id: NotRequired[str]
    """The session."""

    timestamp: NotRequired[float]
    """When it happened, Unix seconds."""

    stage: NotRequired[Stage | None]
    """The stage of the turn."""

    skip_rephrase: NotRequired[bool | None]
    """Whether ``content`` is to be shown as it is."""

    status: NotRequired[TurnStatus | None]
    """How the turn ended: ``success``, ``error``, ``awaiting_clarification`` or ``escalated``; none for workflows."""

    processing_time_ms: NotRequired[float | None]
    """How long the turn took, in milliseconds."""

    agent_used: NotRequired[str | None]
    """The agent that answered."""

    artifacts: NotRequired[list[ChatArtifact] | None]
    """Files that the turn made."""

    clarification: NotRequired[bool | None]
    """Whether the turn ends in a question to the user."""

    clarification_question: NotRequired[str | None]
    """The question."""

    fast_path: NotRequired[bool | None]
    """Whether the short path was taken."""

    escalated: NotRequired[bool | None]
    """Whether the turn failed and is tried again in the background."""

    stream_discontinuity: NotRequired[bool | None]
    """Whether the slices before are void and only the whole answer counts."""

    original_message: NotRequired[str | None]
    """The user's message."""

    message_preview: NotRequired[str | None]
    """The beginning of the user's message."""

    skip_clarification: NotRequired[bool | None]
    """Whether questions back are off."""

    agent_id: NotRequired[str | None]
    """The agent's id."""

    agent_name: NotRequired[str | None]
    """The agent's name or id."""

    agent_requested: NotRequired[str | None]
    """The agent that the caller asked for."""

    selected_agent: NotRequired[str | None]
    """The agent that was chosen."""

    has_tools: NotRequired[bool | None]
    """Whether the agent has tools."""

    tool_count: NotRequired[int | None]
    """How many tools the agent has."""

    tool_name: NotRequired[str | None]
    """The tool."""

    server_id: NotRequired[str | None]
    """The MCP server of the tool."""

    service: NotRequired[str | None]
    """The service of the tool."""

    has_params: NotRequired[bool | None]
    """Whether the tool gets parameters."""

    filename: NotRequired[str | None]
    """The name of the file that is made."""

    artifact_type: NotRequired[str | None]
    """The kind of the file."""

    artifact_format: NotRequired[str | None]
    """The format of the file."""

    has_persona: NotRequired[bool | None]
    """Whether the answer is put into the persona's words."""

    response_format: NotRequired[str | None]
    """The form of the answer, such as ``markdown``."""

    sop_id: NotRequired[str | None]
    """The standard operating procedure that fits."""

    sop_name: NotRequired[str | None]
    """Its title."""

    complexity_score: NotRequired[float | None]
    """How complex the message is, from 0 to 10."""

    workflow_id: NotRequired[str | None]
    """The workflow."""

    task_count: NotRequired[int | None]
    """How many tasks the workflow has."""

    decomposition_details: NotRequired[Any]
    """How the workflow was divided into tasks."""

    is_llm_response: NotRequired[bool | None]
    """Whether a language model divided it."""

    progress: NotRequired[Any]
    """How far the workflow is: an object with ``total_tasks``, ``completed_tasks``, ``progress_percentage`` and more.
    """


class Trigger(Reply):
    """One trigger."""

    name: str
    """Its name."""

    content: str
    """Its template."""

    data_fields: NotRequired[list[str] | None]
    """The data fields that the template uses, with dots."""


class TriggerList(Reply):
    """The triggers of a formation."""

    formation_id: str
    """The formation."""

    triggers: list[str]
    """Their names."""

    count: int
    """How many."""


class TriggerResult(Reply):
    """The result of firing a trigger."""

    status: TriggerState
    """``processing`` or ``completed``."""

    content: NotRequired[str | None]
    """The answer, when completed."""


class Tuning(Reply):
    """A tuning text."""

    content: str | None
    """The text; none when there is none."""

    path: str | None
    """The file on the formation's machine; none when there is none."""


class TuningApplied(Reply):
    """An accepted suggestion."""

    path: NotRequired[str | None]
    """The file on the formation's machine."""

    learnings_activated: NotRequired[int | None]
    """How many learnings became active."""


class TuningDismissed(Reply):
    """A discarded suggestion."""

    learnings_dismissed: NotRequired[int | None]
    """How many learnings were discarded."""


class TuningRun(Reply):
    """The result of a tuning pass."""

    trigger: str
    """What started it, such as ``manual``."""

    events_read: int
    """Events read."""

    segments_read: int
    """Segments read."""

    entries_written: int
    """Entries written."""

    dropped_sentences: int
    """Sentences left out."""

    spool_committed: bool
    """Whether the spool was committed."""

    spool_segments_kept: bool
    """Whether segments of the spool were kept."""

    benchmark_suites_run: NotRequired[list[Any]]
    """Benchmarks that ran."""

    benchmark_skipped: NotRequired[str | None]
    """Why no benchmark ran."""

    duration_ms: float
    """How long it took, in milliseconds."""


class TuningWritten(Reply):
    """A replaced tuning text."""

    path: str
    """The file on the formation's machine."""

    bytes: int
    """The length of the text in bytes."""


class TurnMetadata(TypedDict):
    """How a turn went."""

    session_id: NotRequired[str | None]
    """The session."""

    request_id: NotRequired[str | None]
    """The request to poll, when ``escalated``."""

    escalated: NotRequired[bool | None]
    """Whether the turn failed and is tried again in the background."""

    cancelled: NotRequired[bool | None]
    """Whether the turn was cancelled."""

    delivery: NotRequired[Delivery | None]
    """How the outcome of an escalated turn arrives: ``polling``, ``webhook`` or ``channel``."""

    error_code: NotRequired[str | None]
    """Why the turn was refused, such as ``INPUT_VALIDATION_ERROR``."""

    error_type: NotRequired[str | None]
    """The kind of ``error_code``."""

    clarification: NotRequired[bool | None]
    """Whether the turn ends in a question to the user."""

    mode: NotRequired[str | None]
    """The mode of the clarification."""

    workflow_id: NotRequired[str | None]
    """The workflow that answered."""

    workflow_status: NotRequired[str | None]
    """How the workflow ended, such as ``completed``."""

    total_tasks: NotRequired[int | None]
    """How many tasks the workflow had."""

    completed_tasks: NotRequired[int | None]
    """How many of them are done."""

    failed_tasks: NotRequired[int | None]
    """How many of them failed."""

    execution_time: NotRequired[float | None]
    """How long the workflow took, in seconds."""

    synthesis_method: NotRequired[str | None]
    """How the answer was put together from the tasks."""

    handled_by: NotRequired[str | None]
    """Who answered small talk."""

    is_actionable: NotRequired[bool | None]
    """Whether there was something to do."""

    fast_path: NotRequired[bool | None]
    """Whether the short path was taken."""

    early_heuristic: NotRequired[bool | None]
    """Whether a rule chose the short path."""

    processing_time_ms: NotRequired[float | None]
    """How long the turn took, in milliseconds."""


class UpdateCancelled(Reply):
    """The result of cancelling an update."""

    formation_id: str
    """The formation's id."""

    message: str
    """What was done, for people."""

    status: FormationState
    """The state the formation is in."""

    current_port: int
    """The port of the version that keeps running."""

    staging_port: int
    """The port of the version that was given up."""


class Updated(Reply):
    """An updated formation."""

    id: str
    """The formation's id."""

    status: FormationState
    """The state it is in."""

    version: int
    """The number of the version that runs now."""

    previous_version: int
    """The number of the version that ran before."""

    port: int
    """A port on the server's machine; the shipped server gives that of the version before."""

    pid: int
    """The id of its process."""

    message: str
    """What was done, for people."""

    deployment_type: str
    """``blue-green``."""


class User(Reply):
    """A user behind an identifier."""

    identifier: str
    """The identifier that was looked up."""

    muxi_user_id: str
    """The MUXI user."""

    internal_user_id: int
    """The internal number of the user."""


class UserBuffer(Reply):
    """Statistics of a user's message buffer."""

    user_id: str
    """The user."""

    total_messages: int
    """How many messages it has."""

    sessions: NotRequired[list[Any]]
    """The sessions; the shipped runtime gives none."""

    buffer_size_kb: float
    """Its size in KB."""


class UserChannels(Reply):
    """A user's notification channels."""

    user_id: str
    """The user."""

    preferred_channel: NotRequired[str | None]
    """The channel that is used first."""

    channels: NotRequired[dict[str, Any] | None]
    """Settings by channel."""

    last_channel: NotRequired[str | None]
    """The channel that the user used last."""

    timezone: NotRequired[str | None]
    """The user's time zone."""


class UserEvent(TypedDict):
    """Something that happened for a user."""

    type: NotRequired[str | None]
    """Its name; begins with ``chat.``, ``agent.``, ``workflow.`` or ``task.``."""

    timestamp: NotRequired[float | None]
    """When, Unix seconds."""

    message: NotRequired[str | None]
    """What, for people."""

    session_id: NotRequired[str | None]
    """The session."""

    request_id: NotRequired[str | None]
    """The request."""


class UserIdentifier(TypedDict):
    """One identifier of a MUXI user."""

    identifier: str
    """The identifier."""

    type: str
    """Its kind, such as ``email``, or ``unknown``."""

    created_at: NotRequired[str | None]
    """When it was linked, ISO 8601."""


class UserIdentifierDeleted(Reply):
    """An unlinked identifier."""

    message: str
    """What was done, for people."""

    muxi_user_id: str
    """The MUXI user it belonged to."""


class UserIdentifierList(Reply):
    """Identifiers of a MUXI user; after linking only those that were sent."""

    muxi_user_id: str
    """The MUXI user."""

    internal_user_id: NotRequired[int | None]
    """The internal number of the user; none after linking."""

    identifiers: list[UserIdentifier]
    """The identifiers."""

    count: int
    """How many."""


class Widget(TypedDict):
    """Something to show beside an answer.

    What else it has depends on its kind; ignore unknown kinds.
    """

    type: WidgetKind
    """``options``, ``action_link``, ``mcp_resource`` or another kind."""

    id: str
    """Its id, to answer it with."""


class AudioRequest(TypedDict):
    """Voice notes as a chat turn."""

    files: list[dict[str, Any]]
    """Voice notes: ``filename``, ``content`` in base64, ``content_type`` audio/..."""

    session_id: NotRequired[str]
    """The conversation that the turn belongs to; made when there is none."""

    request_id: NotRequired[str]
    """The turn's id; made when there is none."""

    agent_id: NotRequired[str]
    """The agent to talk to, instead of the one that the formation chooses."""


class ChatRequest(TypedDict):
    """A chat turn.

    A text is enough for one: ``formation.chat("Hello!")``.
    """

    message: str
    """What the user says; at most 100 000 characters."""

    files: NotRequired[list[dict[str, Any]]]
    """Files for the turn."""

    ui_response: NotRequired[dict[str, Any]]
    """The answer to a widget: its ``id`` and the chosen ``value``."""

    session_id: NotRequired[str]
    """The conversation that the turn belongs to; made when there is none."""

    request_id: NotRequired[str]
    """The turn's id, to poll and cancel it by; made when there is none."""

    agent_id: NotRequired[str]
    """The agent to talk to, instead of the one that the formation chooses."""

    webhook_url: NotRequired[str]
    """Where to send the result of a turn that goes on in the background, instead of the formation's URL."""

    threshold_seconds: NotRequired[float]
    """Seconds from which a workflow is meant to go on in the background. The shipped runtime ignores it."""

    source_channel: NotRequired[str]
    """The channel that the message came over, such as ``slack``."""

    group_id: NotRequired[str]
    """A group that the turn belongs to. The shipped runtime does not use it."""

    mode: NotRequired[str]
    """How the turn runs. The shipped runtime refuses ``async`` with 501."""


class DistilleryScope(TypedDict):
    """What a distillery may submit."""

    user_ids: NotRequired[list[str]]
    """For which users."""

    event_types: NotRequired[list[str]]
    """Which kinds of events."""

    max_events_per_day: NotRequired[int]
    """How many events a day."""

    max_batch_size: NotRequired[int]
    """How many events at once."""


class MemoryItem(TypedDict):
    """Content from which memories are derived, one item of a batch."""

    content: Any
    """A text, an object or a list."""

    source: str
    """Where it comes from, for example ``crm``."""

    source_id: NotRequired[str]
    """The item's id at its source: the same one again is a duplicate."""

    timestamp: NotRequired[str]
    """When it happened."""

    subject: NotRequired[str]
    """What or whom it is about."""

    metadata: NotRequired[dict[str, Any]]
    """More about it, kept beside it."""

    scope: NotRequired[MemoryScope]
    """Who shares it; the user when not given."""

    scope_id: NotRequired[str]
    """The group's id when the scope is the group."""


class NewCredential(TypedDict):
    """A credential to store for a user."""

    service: str
    """The service, without spaces."""

    credential: dict[str, Any]
    """What the service wants to be shown."""

    name: NotRequired[str]
    """A name for people."""


class RestoredMessage(TypedDict):
    """A message to put into a session."""

    role: Role
    """Who said it."""

    content: str
    """What was said."""

    timestamp: str
    """When, in ISO 8601."""

    agent_id: NotRequired[str]
    """The agent that said it."""

    metadata: NotRequired[dict[str, Any]]
    """More about it."""


Access: TypeAlias = Literal["admin", "client"] | str
"""Which key something needs.

- ``admin``: The admin key.
- ``client``: The client key.
"""

ArtifactKind: TypeAlias = Literal["text", "document", "image", "data"] | str
"""What kind of file a turn made.

- ``text``: Text.
- ``document``: A document.
- ``image``: A picture.
- ``data``: Data.
"""

Cancellation: TypeAlias = Literal["immediate", "cooperative"] | str
"""How a cancellation takes effect.

- ``immediate``: The request has stopped.
- ``cooperative``: The request stops at its next checkpoint, if it meets one.
"""

Content: TypeAlias = "str | list[ContentPart]"
"""What an assistant says."""

Delivery: TypeAlias = Literal["webhook", "polling", "channel"] | str
"""How the result of background work arrives.

- ``webhook``: A signed webhook brings it.
- ``polling``: Ask for it with ``get_request_status``.
- ``channel``: It is pushed to the user's notification channel.
"""

DraftAction: TypeAlias = Literal["init", "list", "read", "write", "delete", "deploy", "discard"] | str
"""An edit of a draft.

- ``init``: Make the draft.
- ``list``: List a folder.
- ``read``: Read a file.
- ``write``: Write a file.
- ``delete``: Delete a file or folder.
- ``deploy``: Deploy the draft.
- ``discard``: Throw the draft away.
"""

DraftEncoding: TypeAlias = Literal["utf-8", "base64"] | str
"""How a draft file's content is encoded.

- ``utf-8``: As text.
- ``base64``: As base64.
"""

DraftMode: TypeAlias = Literal["new", "clone"] | str
"""What a draft begins with.

- ``new``: Nothing.
- ``clone``: A copy of the deployed formation.
"""

EntryKind: TypeAlias = Literal["file", "dir"] | str
"""What an entry of a draft is.

- ``file``: A file.
- ``dir``: A folder.
"""

FormationState: TypeAlias = (
    Literal[
        "starting",
        "running",
        "stopping",
        "stopped",
        "crashed",
        "restarting",
        "unhealthy",
    ]
    | str
)
"""How a formation stands on its server.

- ``starting``: It is being started.
- ``running``: It runs.
- ``stopping``: It is being stopped.
- ``stopped``: It is stopped.
- ``crashed``: It ended by itself.
- ``restarting``: It is being restarted.
- ``unhealthy``: It runs, and does not answer its health check.
"""

HealthState: TypeAlias = Literal["healthy", "unhealthy"] | str
"""Whether a formation is well.

- ``healthy``: It is.
- ``unhealthy``: It is not.
"""

IngestionOutcome: TypeAlias = Literal["accepted", "duplicate", "invalid"] | str
"""What became of content that was handed in.

- ``accepted``: It is being worked on.
- ``duplicate``: It came before.
- ``invalid``: It cannot be used.
"""

JobStatus: TypeAlias = Literal["ACTIVE", "PAUSED"] | str
"""How a scheduled job stands.

- ``ACTIVE``: It runs when it is time.
- ``PAUSED``: It does not run until it is resumed.
"""

JobType: TypeAlias = Literal["one_time", "recurring"] | str
"""When a scheduled job runs.

- ``one_time``: Once.
- ``recurring``: Again and again.
"""

LifecycleStage: TypeAlias = (
    Literal[
        "extracting",
        "validating",
        "resolving_runtime",
        "downloading_sif",
        "pulling_runner",
        "spawning",
        "spawning_staging",
        "spawning_previous",
        "health_check",
        "swapping",
        "stopping",
        "stopping_old",
        "stopping_current",
        "complete",
    ]
    | str
)
"""The stage of a change of a formation.

- ``extracting``: The bundle is being unpacked.
- ``validating``: The bundle or the formation is being checked.
- ``resolving_runtime``: The runtime that the formation needs is being looked for.
- ``downloading_sif``: The runtime is being downloaded.
- ``pulling_runner``: The runtime's container is being fetched.
- ``spawning``: The formation is being started.
- ``spawning_staging``: The new version is being started beside the old one.
- ``spawning_previous``: The version before is being started.
- ``health_check``: The health check is awaited.
- ``swapping``: Calls are being sent to the other version.
- ``stopping``: The formation is being stopped.
- ``stopping_old``: The old version is being stopped.
- ``stopping_current``: The current version is being stopped.
- ``complete``: All is done.
"""

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error", "critical"] | str
"""A severity.

- ``debug``: For debugging.
- ``info``: What happens normally.
- ``warning``: Something is odd.
- ``error``: Something failed.
- ``critical``: The formation cannot go on.
"""

MemoryJobState: TypeAlias = Literal["queued", "processing", "completed", "failed"] | str
"""How an ingestion or another job on memories stands.

- ``queued``: It waits for its turn.
- ``processing``: It is being worked on.
- ``completed``: It is done.
- ``failed``: It failed.
"""

MemoryProjection: TypeAlias = Literal["artifact_metadata", "captains_log", "flat_facts", "knowledge_graph"] | str
"""A derived memory store.

- ``artifact_metadata``: What is known about artifacts.
- ``captains_log``: The narrative log.
- ``flat_facts``: Facts.
- ``knowledge_graph``: The knowledge graph.
"""

MemoryScope: TypeAlias = Literal["user", "group", "formation"] | str
"""Who shares a memory.

- ``user``: One user.
- ``group``: A group of users.
- ``formation``: All users of the formation.
"""

OutputStream: TypeAlias = Literal["stdout", "stderr", "all"] | str
"""An output of a formation.

- ``stdout``: Standard output.
- ``stderr``: Standard error.
- ``all``: Both.
"""

RequestState: TypeAlias = (
    Literal[
        "pending",
        "processing",
        "running",
        "completed",
        "failed",
        "cancelled",
        "awaiting_clarification",
    ]
    | str
)
"""How a tracked request stands.

- ``pending``: It waits for its turn.
- ``processing``: It is being worked on.
- ``running``: It is being worked on.
- ``completed``: It is done; its result is there.
- ``failed``: It failed; its error is there.
- ``cancelled``: It was cancelled.
- ``awaiting_clarification``: It waits for the user's answer to a question.
"""

Role: TypeAlias = Literal["user", "assistant"] | str
"""Who said a message.

- ``user``: The user.
- ``assistant``: The formation.
"""

SkillScope: TypeAlias = Literal["builtin", "public", "private"] | str
"""Who may use a skill.

- ``builtin``: It comes with the runtime.
- ``public``: Every agent.
- ``private``: Some agents.
"""

Stage: TypeAlias = (
    Literal[
        "init",
        "process_sync_start",
        "clarification_needed",
        "agent_selection",
        "agent_selected",
        "agent_processing",
        "agent_planning",
        "creating_plan",
        "plan_step",
        "tool_started",
        "tool_execution",
        "sop_matched",
        "artifact_generating",
        "artifact_created",
        "response_preparation",
        "response_generation",
        "workflow_decomposition",
        "decomposition_complete",
        "workflow_start",
        "workflow_execution",
        "workflow_synthesis",
        "final_response",
        "final",
    ]
    | str
)
"""The stage of a chat turn.

- ``init``: The turn has begun.
- ``process_sync_start``: The message is being understood.
- ``clarification_needed``: The user is to be asked something.
- ``agent_selection``: An agent is being chosen.
- ``agent_selected``: An agent was chosen.
- ``agent_processing``: The agent works.
- ``agent_planning``: The agent plans.
- ``creating_plan``: A plan is being made.
- ``plan_step``: A step of the plan begins.
- ``tool_started``: A tool was started.
- ``tool_execution``: A tool runs.
- ``sop_matched``: A standard operating procedure fits.
- ``artifact_generating``: A file is being made.
- ``artifact_created``: A file was made.
- ``response_preparation``: The answer is being prepared.
- ``response_generation``: The answer is being written.
- ``workflow_decomposition``: The message is being divided into tasks.
- ``decomposition_complete``: The message was divided into tasks.
- ``workflow_start``: A workflow begins.
- ``workflow_execution``: A workflow runs.
- ``workflow_synthesis``: The results of a workflow are being put together.
- ``final_response``: The answer of a workflow.
- ``final``: The end of a workflow.
"""

TokenKind: TypeAlias = (
    Literal[
        "progress",
        "thinking",
        "planning",
        "tool_call",
        "replanning",
        "content",
        "completed",
        "error",
        "failed",
        "cancelled",
    ]
    | str
)
"""What a token of a chat turn brings.

- ``progress``: A step was taken.
- ``thinking``: The formation thinks.
- ``planning``: The formation plans.
- ``tool_call``: A tool is called.
- ``replanning``: A plan failed and is made anew.
- ``content``: A slice of the answer.
- ``completed``: The whole answer. Other events may follow it.
- ``error``: Something went wrong; the turn goes on.
- ``failed``: The turn failed.
- ``cancelled``: The turn was cancelled.
"""

TriggerState: TypeAlias = Literal["processing", "completed"] | str
"""How a fired trigger stands.

- ``processing``: It runs in the background.
- ``completed``: It is done.
"""

TurnStatus: TypeAlias = Literal["success", "error", "awaiting_clarification", "escalated"] | str
"""How a chat turn ended.

- ``success``: It has an answer.
- ``error``: It failed; the answer says so.
- ``awaiting_clarification``: It ends in a question to the user.
- ``escalated``: It failed and is tried again in the background.
"""

WidgetKind: TypeAlias = Literal["options", "action_link", "mcp_resource"] | str
"""What kind of widget it is.

- ``options``: Some options to choose from.
- ``action_link``: A link to follow.
- ``mcp_resource``: A resource of an MCP server. Untrusted.
"""
