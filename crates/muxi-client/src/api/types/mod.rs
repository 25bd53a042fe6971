//! Replies.
#![allow(missing_docs)]
use crate::api::endpoint::{StreamEnd, reply::EventsOf};
pub type Object = serde_json::Map<String, serde_json::Value>;
pub type Text = String;
pub type Bytes = Vec<u8>;
pub type AgentList = Object;
pub type Artifact = Object;
pub type ArtifactList = Object;
pub type ArtifactVersions = Object;
pub type AuditCleared = Object;
pub type AuditLog = Object;
pub type BufferCleared = Object;
pub type BufferList = Object;
pub type BufferStats = Object;
#[derive(Debug)]
pub enum ChatEvents {}
impl EventsOf for ChatEvents {
    const END: StreamEnd = StreamEnd::Done;
}
pub type ChatResult = Object;
pub type Credential = Object;
pub type CredentialDeleted = Object;
pub type CredentialList = Object;
pub type CredentialServices = Object;
pub type Deployed = Object;
pub type DevRun = Object;
pub type DevStopped = Object;
pub type DistilledAccepted = Object;
pub type Distillery = Object;
pub type DistilleryList = Object;
pub type DraftResult = Object;
pub type FormationConfigSummary = Object;
pub type FormationDetail = Object;
pub type FormationList = Object;
#[derive(Debug)]
pub enum FormationLogEvents {}
impl EventsOf for FormationLogEvents {
    const END: StreamEnd = StreamEnd::Open;
}
pub type FormationLogs = Object;
pub type FormationStatus = Object;
pub type Health = Object;
pub type History = Object;
pub type IngestionStatus = Object;
pub type Job = Object;
pub type JobList = Object;
pub type JobState = Object;
pub type KnowledgeRebuild = Object;
pub type KnowledgeSync = Object;
#[derive(Debug)]
pub enum LifecycleEvents {}
impl EventsOf for LifecycleEvents {
    const END: StreamEnd = StreamEnd::Complete;
}
pub type LifecycleResult = Object;
#[derive(Debug)]
pub enum LogEvents {}
impl EventsOf for LogEvents {
    const END: StreamEnd = StreamEnd::Open;
}
pub type LoggingDestinations = Object;
pub type McpDefaults = Object;
pub type McpServerList = Object;
pub type McpToolList = Object;
pub type MemoryBackfill = Object;
pub type MemoryBatch = Object;
pub type MemoryCreated = Object;
pub type MemoryDeleted = Object;
pub type MemoryIngested = Object;
pub type MemoryJob = Object;
pub type MemoryLint = Object;
pub type MemoryList = Object;
pub type Message = Object;
pub type Notification = Object;
pub type OverlordConfig = Object;
pub type Provenance = Object;
pub type RequestCancelled = Object;
#[derive(Debug)]
pub enum RequestEvents {}
impl EventsOf for RequestEvents {
    const END: StreamEnd = StreamEnd::Open;
}
pub type RequestList = Object;
pub type RequestStatus = Object;
pub type SchedulerConfig = Object;
pub type Secret = Object;
pub type SecretList = Object;
pub type SecretReload = Object;
pub type ServerHealth = Object;
pub type ServerStatus = Object;
pub type Session = Object;
pub type SessionList = Object;
pub type SessionMessages = Object;
pub type SessionRestored = Object;
pub type Skill = Object;
pub type SkillList = Object;
pub type Sop = Object;
pub type SopList = Object;
pub type Soul = Object;
pub type Trigger = Object;
pub type TriggerList = Object;
pub type TriggerResult = Object;
pub type Tuning = Object;
pub type TuningApplied = Object;
pub type TuningDismissed = Object;
pub type TuningRun = Object;
pub type TuningWritten = Object;
pub type UpdateCancelled = Object;
pub type Updated = Object;
pub type User = Object;
pub type UserBuffer = Object;
pub type UserChannels = Object;
#[derive(Debug)]
pub enum UserEvents {}
impl EventsOf for UserEvents {
    const END: StreamEnd = StreamEnd::Open;
}
pub type UserIdentifierDeleted = Object;
pub type UserIdentifierList = Object;
