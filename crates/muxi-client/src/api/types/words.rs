//! States and kinds: open sets, so that a word which is new on the wire is kept and not an error.

/// Declares open sets of words: adds the variant `Other`, which keeps a word that this version does not know, and the
/// conversions from and to text.
macro_rules! words {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$about:meta])* $variant:ident = $word:literal,)*
        }
    )*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash)]
            #[non_exhaustive]
            pub enum $name {
                $($(#[$about])* $variant,)*
                /// A word that this version does not know.
                Other(String),
            }

            impl $name {
                /// The word on the wire.
                pub fn as_str(&self) -> &str {
                    match self {
                        $(Self::$variant => $word,)*
                        Self::Other(word) => word,
                    }
                }
            }

            impl From<&str> for $name {
                fn from(word: &str) -> Self {
                    match word {
                        $($word => Self::$variant,)*
                        _ => Self::Other(word.to_owned()),
                    }
                }
            }

            impl From<String> for $name {
                fn from(word: String) -> Self {
                    match word.as_str() {
                        $($word => Self::$variant,)*
                        _ => Self::Other(word),
                    }
                }
            }

            impl From<&String> for $name {
                fn from(word: &String) -> Self {
                    word.as_str().into()
                }
            }

            impl std::str::FromStr for $name {
                type Err = std::convert::Infallible;
                fn from_str(word: &str) -> Result<Self, Self::Err> {
                    Ok(word.into())
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.pad(self.as_str())
                }
            }

            impl PartialEq<str> for $name {
                fn eq(&self, other: &str) -> bool {
                    self.as_str() == other
                }
            }

            impl PartialEq<&str> for $name {
                fn eq(&self, other: &&str) -> bool {
                    self.as_str() == *other
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
                    target.serialize_str(self.as_str())
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                    Ok(<String as serde::Deserialize>::deserialize(source)?.into())
                }
            }

            impl $crate::api::table::ArgType for $name {
                const KIND: $crate::api::table::Kind = $crate::api::table::Kind::Str;
            }

            impl $crate::api::arg::IntoArg for $name {
                fn into_arg(self) -> Option<$crate::api::arg::Arg> {
                    Some($crate::api::arg::Arg::Str(self.as_str().to_owned()))
                }
            }

            #[cfg(any(test, feature = "__strict"))]
            impl $crate::api::types::strict::Strict for $name {}
        )*
    };
}

words! {
    /// The state of a tracked request.
    pub enum RequestState {
        /// It waits for its turn.
        Pending = "pending",
        /// It is being worked on.
        Processing = "processing",
        /// It is being worked on.
        Running = "running",
        /// It is done; its result is there.
        Completed = "completed",
        /// It failed; its error is there.
        Failed = "failed",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It waits for the user's answer to a question.
        AwaitingClarification = "awaiting_clarification",
    }

    /// The way in which a cancellation takes effect.
    pub enum Cancellation {
        /// The request has stopped.
        Immediate = "immediate",
        /// The request stops at its next checkpoint, if it meets one.
        Cooperative = "cooperative",
    }

    /// The way in which the result of background work arrives.
    pub enum Delivery {
        /// A signed webhook brings it.
        Webhook = "webhook",
        /// Ask for it with `get_request_status`.
        Polling = "polling",
        /// It is pushed to the user's notification channel.
        Channel = "channel",
    }

    /// The role of a message's author.
    pub enum Role {
        /// The user.
        User = "user",
        /// The formation.
        Assistant = "assistant",
    }

    /// The kind of a token of a chat turn.
    pub enum TokenKind {
        /// A step was taken.
        Progress = "progress",
        /// The formation thinks.
        Thinking = "thinking",
        /// The formation plans.
        Planning = "planning",
        /// A tool is called.
        ToolCall = "tool_call",
        /// A plan failed and is made anew.
        Replanning = "replanning",
        /// A slice of the answer.
        Content = "content",
        /// The whole answer. Other events may follow it.
        Completed = "completed",
        /// Something went wrong; the turn goes on.
        Error = "error",
        /// The turn failed.
        Failed = "failed",
        /// The turn was cancelled.
        Cancelled = "cancelled",
    }

    /// The stage of a chat turn.
    pub enum Stage {
        /// The turn has begun.
        Init = "init",
        /// The message is being understood.
        ProcessSyncStart = "process_sync_start",
        /// The user is to be asked something.
        ClarificationNeeded = "clarification_needed",
        /// An agent is being chosen.
        AgentSelection = "agent_selection",
        /// An agent was chosen.
        AgentSelected = "agent_selected",
        /// The agent works.
        AgentProcessing = "agent_processing",
        /// The agent plans.
        AgentPlanning = "agent_planning",
        /// A plan is being made.
        CreatingPlan = "creating_plan",
        /// A step of the plan begins.
        PlanStep = "plan_step",
        /// A tool was started.
        ToolStarted = "tool_started",
        /// A tool runs.
        ToolExecution = "tool_execution",
        /// A standard operating procedure fits.
        SopMatched = "sop_matched",
        /// A file is being made.
        ArtifactGenerating = "artifact_generating",
        /// A file was made.
        ArtifactCreated = "artifact_created",
        /// The answer is being prepared.
        ResponsePreparation = "response_preparation",
        /// The answer is being written.
        ResponseGeneration = "response_generation",
        /// The message is being divided into tasks.
        WorkflowDecomposition = "workflow_decomposition",
        /// The message was divided into tasks.
        DecompositionComplete = "decomposition_complete",
        /// A workflow begins.
        WorkflowStart = "workflow_start",
        /// A workflow runs.
        WorkflowExecution = "workflow_execution",
        /// The results of a workflow are being put together.
        WorkflowSynthesis = "workflow_synthesis",
        /// The answer of a workflow.
        FinalResponse = "final_response",
        /// The end of a workflow.
        Final = "final",
    }

    /// The status of a chat turn at its end.
    pub enum TurnStatus {
        /// It has an answer.
        Success = "success",
        /// It failed; the answer says so.
        Error = "error",
        /// It ends in a question to the user.
        AwaitingClarification = "awaiting_clarification",
        /// It failed and is tried again in the background.
        Escalated = "escalated",
    }

    /// The kind of a widget.
    pub enum WidgetKind {
        /// Some options to choose from.
        Options = "options",
        /// A link to follow.
        ActionLink = "action_link",
        /// A resource of an MCP server. Untrusted.
        McpResource = "mcp_resource",
    }

    /// The kind of a file that a turn made.
    pub enum ArtifactKind {
        /// Text.
        Text = "text",
        /// A document.
        Document = "document",
        /// A picture.
        Image = "image",
        /// Data.
        Data = "data",
    }

    /// The state of a fired trigger.
    pub enum TriggerState {
        /// It runs in the background.
        Processing = "processing",
        /// It is done.
        Completed = "completed",
    }

    /// The agents that may use a skill.
    pub enum SkillScope {
        /// It comes with the runtime.
        Builtin = "builtin",
        /// Every agent.
        Public = "public",
        /// Some agents.
        Private = "private",
    }

    /// The users that share a memory.
    pub enum MemoryScope {
        /// One user.
        User = "user",
        /// A group of users.
        Group = "group",
        /// All users of the formation.
        Formation = "formation",
    }

    /// The state of an ingestion or of another job on memories.
    pub enum MemoryJobState {
        /// It waits for its turn.
        Queued = "queued",
        /// It is being worked on.
        Processing = "processing",
        /// It is done.
        Completed = "completed",
        /// It failed.
        Failed = "failed",
    }

    /// The outcome for content that was handed in.
    pub enum IngestionOutcome {
        /// It is being worked on.
        Accepted = "accepted",
        /// It came before.
        Duplicate = "duplicate",
        /// It cannot be used.
        Invalid = "invalid",
    }

    /// A derived memory store.
    pub enum MemoryProjection {
        /// Facts about artifacts.
        ArtifactMetadata = "artifact_metadata",
        /// The narrative log.
        CaptainsLog = "captains_log",
        /// Facts.
        FlatFacts = "flat_facts",
        /// The knowledge graph.
        KnowledgeGraph = "knowledge_graph",
    }

    /// When a scheduled job runs.
    pub enum JobType {
        /// Once.
        OneTime = "one_time",
        /// Again and again.
        Recurring = "recurring",
    }

    /// The state of a scheduled job.
    pub enum JobStatus {
        /// It runs when it is time.
        Active = "ACTIVE",
        /// It does not run until it is resumed.
        Paused = "PAUSED",
    }

    /// A severity.
    pub enum LogLevel {
        /// For debugging.
        Debug = "debug",
        /// A normal event.
        Info = "info",
        /// Something is odd.
        Warning = "warning",
        /// Something failed.
        Error = "error",
        /// The formation cannot go on.
        Critical = "critical",
    }

    /// The key that something needs.
    pub enum Access {
        /// The admin key.
        Admin = "admin",
        /// The client key.
        Client = "client",
    }

    /// The health of a formation.
    pub enum HealthState {
        /// It is.
        Healthy = "healthy",
        /// It is not.
        Unhealthy = "unhealthy",
    }

    /// The state of a formation on its server.
    pub enum FormationState {
        /// It is being started.
        Starting = "starting",
        /// It runs.
        Running = "running",
        /// It is being stopped.
        Stopping = "stopping",
        /// It is stopped.
        Stopped = "stopped",
        /// It ended by itself.
        Crashed = "crashed",
        /// It is being restarted.
        Restarting = "restarting",
        /// It runs, and does not answer its health check.
        Unhealthy = "unhealthy",
    }

    /// The stage of a change of a formation.
    pub enum LifecycleStage {
        /// The bundle is being unpacked.
        Extracting = "extracting",
        /// The bundle or the formation is being checked.
        Validating = "validating",
        /// The runtime that the formation needs is being looked for.
        ResolvingRuntime = "resolving_runtime",
        /// The runtime is being downloaded.
        DownloadingSif = "downloading_sif",
        /// The runtime's container is being fetched.
        PullingRunner = "pulling_runner",
        /// The formation is being started.
        Spawning = "spawning",
        /// The new version is being started beside the old one.
        SpawningStaging = "spawning_staging",
        /// The version before is being started.
        SpawningPrevious = "spawning_previous",
        /// The health check is awaited.
        HealthCheck = "health_check",
        /// Calls are being sent to the other version.
        Swapping = "swapping",
        /// The formation is being stopped.
        Stopping = "stopping",
        /// The old version is being stopped.
        StoppingOld = "stopping_old",
        /// The current version is being stopped.
        StoppingCurrent = "stopping_current",
        /// All is done.
        Complete = "complete",
    }

    /// An output of a formation.
    pub enum OutputStream {
        /// Standard output.
        Stdout = "stdout",
        /// Standard error.
        Stderr = "stderr",
        /// Both.
        All = "all",
    }

    /// An edit of a draft.
    pub enum DraftAction {
        /// Make the draft.
        Init = "init",
        /// List a folder.
        List = "list",
        /// Read a file.
        Read = "read",
        /// Write a file.
        Write = "write",
        /// Delete a file or folder.
        Delete = "delete",
        /// Deploy the draft.
        Deploy = "deploy",
        /// Throw the draft away.
        Discard = "discard",
    }

    /// The content that a draft begins with.
    pub enum DraftMode {
        /// Nothing.
        New = "new",
        /// A copy of the deployed formation.
        Clone = "clone",
    }

    /// The encoding of a draft file's content.
    pub enum DraftEncoding {
        /// As text.
        Utf8 = "utf-8",
        /// As base64.
        Base64 = "base64",
    }

    /// The kind of an entry of a draft.
    pub enum EntryKind {
        /// A file.
        File = "file",
        /// A folder.
        Dir = "dir",
    }
}

impl RequestState {
    /// True if the request is over: completed, failed or cancelled.
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl MemoryJobState {
    /// True if the job is over: completed or failed.
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

impl TurnStatus {
    /// Returns the code of the error for a turn that ended so, if it failed.
    pub(crate) fn failure(&self) -> Option<&'static str> {
        match self.as_str() {
            "error" | "failed" => Some("TURN_FAILED"),
            "escalated" => Some("TURN_ESCALATED"),
            "cancelled" => Some("TURN_CANCELLED"),
            _ => None,
        }
    }
}
