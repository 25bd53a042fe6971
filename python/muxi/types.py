"""What the operations return.

Each reply is a plain dict; these types say which keys it has. Keys that are not named here are kept.

Generated from the operation table by `cargo run -p xtask -- gen`; do not edit.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypedDict


class Reply(TypedDict, total=False):
    """Keys that any reply may carry."""

    request_id: str
    """The id of the request, for questions about it."""

    idempotency_key: str | None
    """The idempotency key, where the formation honoured one."""

    timestamp: int
    """When the reply was made, in Unix milliseconds."""


AgentList: TypeAlias = dict[str, Any]

Artifact: TypeAlias = dict[str, Any]

ArtifactList: TypeAlias = dict[str, Any]

ArtifactVersions: TypeAlias = dict[str, Any]

AuditCleared: TypeAlias = dict[str, Any]

AuditLog: TypeAlias = dict[str, Any]

BufferCleared: TypeAlias = dict[str, Any]

BufferList: TypeAlias = dict[str, Any]

BufferStats: TypeAlias = dict[str, Any]

ChatResult: TypeAlias = dict[str, Any]

Credential: TypeAlias = dict[str, Any]

CredentialDeleted: TypeAlias = dict[str, Any]

CredentialList: TypeAlias = dict[str, Any]

CredentialServices: TypeAlias = dict[str, Any]

Deployed: TypeAlias = dict[str, Any]

DevRun: TypeAlias = dict[str, Any]

DevStopped: TypeAlias = dict[str, Any]

DistilledAccepted: TypeAlias = dict[str, Any]

Distillery: TypeAlias = dict[str, Any]

DistilleryList: TypeAlias = dict[str, Any]

DraftResult: TypeAlias = dict[str, Any]

FormationConfigSummary: TypeAlias = dict[str, Any]

FormationDetail: TypeAlias = dict[str, Any]

FormationList: TypeAlias = dict[str, Any]

FormationLogs: TypeAlias = dict[str, Any]

FormationStatus: TypeAlias = dict[str, Any]

Health: TypeAlias = dict[str, Any]

History: TypeAlias = dict[str, Any]

IngestionStatus: TypeAlias = dict[str, Any]

Job: TypeAlias = dict[str, Any]

JobList: TypeAlias = dict[str, Any]

JobState: TypeAlias = dict[str, Any]

KnowledgeRebuild: TypeAlias = dict[str, Any]

KnowledgeSync: TypeAlias = dict[str, Any]

LifecycleResult: TypeAlias = dict[str, Any]

LoggingDestinations: TypeAlias = dict[str, Any]

McpDefaults: TypeAlias = dict[str, Any]

McpServerList: TypeAlias = dict[str, Any]

McpToolList: TypeAlias = dict[str, Any]

MemoryBackfill: TypeAlias = dict[str, Any]

MemoryBatch: TypeAlias = dict[str, Any]

MemoryCreated: TypeAlias = dict[str, Any]

MemoryDeleted: TypeAlias = dict[str, Any]

MemoryIngested: TypeAlias = dict[str, Any]

MemoryJob: TypeAlias = dict[str, Any]

MemoryLint: TypeAlias = dict[str, Any]

MemoryList: TypeAlias = dict[str, Any]

Message: TypeAlias = dict[str, Any]

Notification: TypeAlias = dict[str, Any]

OverlordConfig: TypeAlias = dict[str, Any]

Provenance: TypeAlias = dict[str, Any]

RequestCancelled: TypeAlias = dict[str, Any]

RequestList: TypeAlias = dict[str, Any]

RequestStatus: TypeAlias = dict[str, Any]

SchedulerConfig: TypeAlias = dict[str, Any]

Secret: TypeAlias = dict[str, Any]

SecretList: TypeAlias = dict[str, Any]

SecretReload: TypeAlias = dict[str, Any]

ServerHealth: TypeAlias = dict[str, Any]

ServerStatus: TypeAlias = dict[str, Any]

Session: TypeAlias = dict[str, Any]

SessionList: TypeAlias = dict[str, Any]

SessionMessages: TypeAlias = dict[str, Any]

SessionRestored: TypeAlias = dict[str, Any]

Skill: TypeAlias = dict[str, Any]

SkillList: TypeAlias = dict[str, Any]

Sop: TypeAlias = dict[str, Any]

SopList: TypeAlias = dict[str, Any]

Soul: TypeAlias = dict[str, Any]

Trigger: TypeAlias = dict[str, Any]

TriggerList: TypeAlias = dict[str, Any]

TriggerResult: TypeAlias = dict[str, Any]

Tuning: TypeAlias = dict[str, Any]

TuningApplied: TypeAlias = dict[str, Any]

TuningDismissed: TypeAlias = dict[str, Any]

TuningRun: TypeAlias = dict[str, Any]

TuningWritten: TypeAlias = dict[str, Any]

UpdateCancelled: TypeAlias = dict[str, Any]

Updated: TypeAlias = dict[str, Any]

User: TypeAlias = dict[str, Any]

UserBuffer: TypeAlias = dict[str, Any]

UserChannels: TypeAlias = dict[str, Any]

UserIdentifierDeleted: TypeAlias = dict[str, Any]

UserIdentifierList: TypeAlias = dict[str, Any]
