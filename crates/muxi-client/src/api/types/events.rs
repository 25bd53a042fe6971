//! What the events of streams carry.

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

    /// One step of a chat turn. Which of the optional fields are there depends on `kind` and `stage`.
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
        /// Whether `content` is to be shown as it is.
        pub skip_rephrase: Option<bool>,
        /// How the turn ended: `success`, `error`, `awaiting_clarification` or `escalated`; none for workflows.
        pub status: Option<TurnStatus>,
        /// How long the turn took, in milliseconds.
        pub processing_time_ms: Option<f64>,
        /// The agent that answered.
        pub agent_used: Option<String>,
        /// Files that the turn made.
        pub artifacts: Option<Vec<ChatArtifact>>,
        /// Whether the turn ends in a question to the user.
        pub clarification: Option<bool>,
        /// The question.
        pub clarification_question: Option<String>,
        /// Whether the short path was taken.
        pub fast_path: Option<bool>,
        /// Whether the turn failed and is tried again in the background.
        pub escalated: Option<bool>,
        /// Whether the slices before are void and only the whole answer counts.
        pub stream_discontinuity: Option<bool>,
        /// The user's message.
        pub original_message: Option<String>,
        /// The beginning of the user's message.
        pub message_preview: Option<String>,
        /// Whether questions back are off.
        pub skip_clarification: Option<bool>,
        /// The agent's id.
        pub agent_id: Option<String>,
        /// The agent's name or id.
        pub agent_name: Option<String>,
        /// The agent that the caller asked for.
        pub agent_requested: Option<String>,
        /// The agent that was chosen.
        pub selected_agent: Option<String>,
        /// Whether the agent has tools.
        pub has_tools: Option<bool>,
        /// How many tools the agent has.
        pub tool_count: Option<u64>,
        /// The tool.
        pub tool_name: Option<String>,
        /// The MCP server of the tool.
        pub server_id: Option<String>,
        /// The service of the tool.
        pub service: Option<String>,
        /// Whether the tool gets parameters.
        pub has_params: Option<bool>,
        /// The name of the file that is made.
        pub filename: Option<String>,
        /// The kind of the file.
        pub artifact_type: Option<String>,
        /// The format of the file.
        pub artifact_format: Option<String>,
        /// Whether the answer is put into the persona's words.
        pub has_persona: Option<bool>,
        /// The form of the answer, such as `markdown`.
        pub response_format: Option<String>,
        /// The standard operating procedure that fits.
        pub sop_id: Option<String>,
        /// Its title.
        pub sop_name: Option<String>,
        /// How complex the message is, from 0 to 10.
        pub complexity_score: Option<f64>,
        /// The workflow.
        pub workflow_id: Option<String>,
        /// How many tasks the workflow has.
        pub task_count: Option<u64>,
        /// How the workflow was divided into tasks.
        pub decomposition_details: Option<Value>,
        /// Whether a language model divided it.
        pub is_llm_response: Option<bool>,
        /// How far the workflow is: an object with `total_tasks`, `completed_tasks`, `progress_percentage` and more.
        pub progress: Option<Value>,
    }

    /// Something to show beside an answer. What else it has depends on its kind; ignore unknown kinds.
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
        /// What happens, for people.
        pub message: String,
        /// The version of the runtime.
        pub version: Option<String>,
        /// The number of the attempt, from 1.
        pub attempt: Option<u64>,
        /// How many attempts there are at most.
        pub max_attempts: Option<u64>,
        /// The port of the new version while the old one still runs.
        pub staging_port: Option<u16>,
        /// How far it is.
        pub progress: Option<Value>,
        /// Where something is fetched from.
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
        /// How often it was restarted.
        pub restart_count: Option<u64>,
    }

    /// The failure of a change of a formation.
    pub struct LifecycleError {
        /// The name of the failure, such as `HealthCheckFailed`.
        pub error: String,
        /// What went wrong, for people.
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
        /// What, for people.
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
        /// What happened.
        pub event_type: Option<String>,
        /// The user.
        pub user_id: Option<String>,
        /// The session.
        pub session_id: Option<String>,
        /// The request.
        pub request_id: Option<String>,
        /// The agent.
        pub agent_id: Option<String>,
        /// What happened, for people.
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
