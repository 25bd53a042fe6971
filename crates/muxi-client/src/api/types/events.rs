//! The data of streams' events.

use super::common::text_or;
use super::{
    ChatArtifact, FormationState, LifecycleStage, LogLevel, Stage, TokenKind, TurnStatus, UnixTime, WidgetKind,
};
use serde::{Deserialize as _, Deserializer};
use serde_json::{Value, json};

replies! {
    /// The data of one chat event: of its fields only those of one kind are there.
    pub struct ChatFrame {
        /// Without an event name: a token.
        #[serde(default, deserialize_with = "token")]
        pub token: Option<Token>,
        /// `ui`: widgets to show.
        #[serde(default)]
        pub ui: Vec<Widget>,
        /// `done`: the turn is over.
        pub finished: Option<bool>,
        /// `error`: what went wrong.
        pub error: Option<String>,
        /// `error`: the kind of failure.
        #[serde(rename = "type")]
        pub error_type: Option<String>,
    }

    /// One step of a chat turn. The optional fields depend on `kind` and `stage`.
    pub struct Token {
        /// `progress`, `thinking`, `planning`, `tool_call`, `content` (a slice of the answer), `completed` (all of it) or
        /// another kind.
        #[serde(rename = "type")]
        pub kind: TokenKind,
        /// The text: a slice of the answer, the whole answer, or what happens, for people. Empty where there is none.
        #[serde(default, deserialize_with = "text")]
        pub content: String,
        /// The request.
        #[serde(default)]
        pub request_id: String,
        /// The user.
        #[serde(default)]
        pub user_id: String,
        /// The session.
        #[serde(default)]
        pub session_id: String,
        /// When it happened, Unix seconds.
        #[serde(default)]
        pub timestamp: UnixTime,
        /// The stage of the turn.
        pub stage: Option<Stage>,
        /// True if `content` is to be shown as it is.
        pub skip_rephrase: Option<bool>,
        /// The end of the turn: `success`, `error`, `awaiting_clarification` or `escalated`; none for
        /// workflows.
        pub status: Option<TurnStatus>,
        /// The duration of the turn in milliseconds.
        pub processing_time_ms: Option<f64>,
        /// The agent that answered.
        pub agent_used: Option<String>,
        /// Files that the turn made.
        pub artifacts: Option<Vec<ChatArtifact>>,
        /// True if the turn ends in a question to the user.
        pub clarification: Option<bool>,
        /// The question.
        pub clarification_question: Option<String>,
        /// True if the short path was taken.
        pub fast_path: Option<bool>,
        /// True if the turn failed and is tried again in the background.
        pub escalated: Option<bool>,
        /// True if the slices before are void and only the whole answer counts.
        pub stream_discontinuity: Option<bool>,
        /// The user's message.
        pub original_message: Option<String>,
        /// The beginning of the user's message.
        pub message_preview: Option<String>,
        /// True if clarifying questions are off.
        pub skip_clarification: Option<bool>,
        /// The agent's id.
        pub agent_id: Option<String>,
        /// The agent's name or id.
        pub agent_name: Option<String>,
        /// The agent that the caller asked for.
        pub agent_requested: Option<String>,
        /// The agent that was chosen.
        pub selected_agent: Option<String>,
        /// True if the agent has tools.
        pub has_tools: Option<bool>,
        /// The number of the agent's tools.
        pub tool_count: Option<u64>,
        /// The tool.
        pub tool_name: Option<String>,
        /// The MCP server of the tool.
        pub server_id: Option<String>,
        /// The service of the tool.
        pub service: Option<String>,
        /// True if the tool gets parameters.
        pub has_params: Option<bool>,
        /// The name of the file that is made.
        pub filename: Option<String>,
        /// The kind of the file.
        pub artifact_type: Option<String>,
        /// The format of the file.
        pub artifact_format: Option<String>,
        /// True if the answer is put into the persona's words.
        pub has_persona: Option<bool>,
        /// The form of the answer, such as `markdown`.
        pub response_format: Option<String>,
        /// The standard operating procedure that fits.
        pub sop_id: Option<String>,
        /// Its title.
        pub sop_name: Option<String>,
        /// The complexity of the message, from 0 to 10.
        pub complexity_score: Option<f64>,
        /// The workflow.
        pub workflow_id: Option<String>,
        /// The number of the workflow's tasks.
        pub task_count: Option<u64>,
        /// The division of the workflow into tasks.
        pub decomposition_details: Option<Value>,
        /// True if a language model divided it.
        pub is_llm_response: Option<bool>,
        /// Progress of the workflow: an object with `total_tasks`, `completed_tasks`, `progress_percentage` and more.
        pub progress: Option<Value>,
    }

    /// Something to show beside an answer. Its other fields depend on its kind; ignore unknown kinds.
    pub struct Widget {
        /// `options`, `action_link`, `mcp_resource` or another kind.
        #[serde(rename = "type")]
        pub kind: WidgetKind,
        /// Its id, to answer it with.
        pub id: String,
    }

    /// A step of a change of a formation.
    pub struct LifecycleProgress {
        /// The stage, such as `extracting` or `health_check`.
        pub stage: LifecycleStage,
        /// A description of the step, for people.
        pub message: String,
        /// The version of the runtime.
        pub version: Option<String>,
        /// The number of the attempt, from 1.
        pub attempt: Option<u64>,
        /// The maximum number of attempts.
        pub max_attempts: Option<u64>,
        /// The port of the new version while the old one still runs.
        pub staging_port: Option<u16>,
        /// Its progress.
        pub progress: Option<Value>,
        /// The URL that something is fetched from.
        pub url: Option<String>,
    }

    /// The end of a change of a formation.
    pub struct LifecycleComplete {
        /// The formation's id.
        pub formation_id: String,
        /// A port on the server's machine; after an update that of the version before.
        pub port: u16,
        /// The state it is in.
        pub status: FormationState,
        /// Its address through the server.
        pub url: Option<String>,
        /// The address of its health check, on the server's machine.
        pub health_url: Option<String>,
        /// The id of its process.
        pub pid: Option<i64>,
        /// The number of the version that ran before.
        pub previous_version: Option<String>,
        /// The number of the version that runs now.
        pub new_version: Option<String>,
        /// The number of restarts.
        pub restart_count: Option<u64>,
    }

    /// The failure of a change of a formation.
    pub struct LifecycleError {
        /// The name of the failure, such as `HealthCheckFailed`.
        pub error: String,
        /// The error message, for people.
        pub message: String,
        /// The stage it happened in.
        pub stage: Option<LifecycleStage>,
        /// More about it.
        pub details: Option<Value>,
    }

    /// One line of a formation's output.
    pub struct FormationLogLine {
        /// The formation's id.
        pub formation_id: String,
        /// The line; none in `connected`.
        pub line: Option<String>,
    }

    /// Something that happened for a user.
    pub struct UserEvent {
        /// Its name; begins with `chat.`, `agent.`, `workflow.` or `task.`.
        #[serde(rename = "type")]
        pub kind: Option<String>,
        /// When, Unix seconds.
        pub timestamp: Option<UnixTime>,
        /// A description of the event, for people.
        pub message: Option<String>,
        /// The session.
        pub session_id: Option<String>,
        /// The request.
        pub request_id: Option<String>,
    }

    /// One log entry.
    pub struct LogEvent {
        /// When, Unix seconds.
        pub timestamp: Option<UnixTime>,
        /// The severity, lower case.
        pub level: Option<LogLevel>,
        /// The type of the event.
        pub event_type: Option<String>,
        /// The user.
        pub user_id: Option<String>,
        /// The session.
        pub session_id: Option<String>,
        /// The request.
        pub request_id: Option<String>,
        /// The agent.
        pub agent_id: Option<String>,
        /// A description of the event, for people.
        pub message: Option<String>,
        /// More about it.
        pub data: Option<Value>,
    }
}

/// A text; empty for null and for what is none.
fn text<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(source)? {
        Value::String(text) => text,
        _ => String::new(),
    })
}

/// Reads a token that may be a bare text.
fn token<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Token>, D::Error> {
    text_or(source, |text| json!({"type": "content", "content": text}))
}
