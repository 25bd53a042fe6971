//! Chat turns.

use super::common::text_or;
use super::{ChatArtifact, Delivery, Nullable, RequestState, Role, Widget};
use crate::api::error::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

replies! {
    /// The answer to a chat turn.
    pub struct ChatResult {
        /// The answer itself.
        #[serde(deserialize_with = "message")]
        pub message: ChatMessage,
        /// The user.
        pub user_id: String,
        /// The session.
        pub session_id: Nullable<String>,
        /// The request id that the caller chose.
        pub request_id: Nullable<String>,
    }

    /// An answer, or (with `status`) a note that the turn goes on in the background.
    pub struct ChatMessage {
        /// `assistant`.
        pub role: Nullable<Role>,
        /// The assistant's answer.
        pub content: Nullable<Content>,
        /// Files that the turn made.
        pub artifacts: Nullable<Vec<ChatArtifact>>,
        /// The outcome of the turn: a failed turn shows only here.
        pub metadata: Nullable<TurnMetadata>,
        /// Widgets to show.
        #[serde(default)]
        pub ui: Vec<Widget>,
        /// In the background: `processing`.
        pub status: Option<RequestState>,
        /// In the background: the request to poll.
        pub request_id: Option<String>,
        /// In the background: what happens, for people.
        pub message: Option<String>,
        /// In the background: the workflow.
        pub workflow_id: Option<String>,
        /// In the background: since when.
        pub timestamp: Option<Value>,
        /// In the background: where the result will be sent.
        pub webhook_url: Option<String>,
        /// In the background: `webhook` or `polling`.
        pub delivery: Option<Delivery>,
        /// In the background: the route to poll.
        pub poll_url: Option<String>,
    }

    /// One part of an answer that comes in parts.
    pub struct ContentPart {
        /// The kind of part, such as `text`.
        #[serde(rename = "type")]
        pub kind: Option<String>,
        /// Its text.
        pub text: Option<String>,
        /// Calls of tools.
        pub tool_calls: Option<Value>,
    }

    /// The metadata of a turn.
    pub struct TurnMetadata {
        /// The session.
        pub session_id: Option<String>,
        /// The request to poll, when `escalated`.
        pub request_id: Option<String>,
        /// True if the turn failed and is tried again in the background.
        pub escalated: Option<bool>,
        /// True if the turn was cancelled.
        pub cancelled: Option<bool>,
        /// The delivery of an escalated turn's outcome: `polling`, `webhook` or `channel`.
        pub delivery: Option<Delivery>,
        /// Why the turn was refused, such as `INPUT_VALIDATION_ERROR`.
        pub error_code: Option<String>,
        /// The kind of `error_code`.
        pub error_type: Option<String>,
        /// True if the turn ends in a question to the user.
        pub clarification: Option<bool>,
        /// The mode of the clarification.
        pub mode: Option<String>,
        /// The workflow that answered.
        pub workflow_id: Option<String>,
        /// The workflow's status at its end, such as `completed`.
        pub workflow_status: Option<String>,
        /// The number of the workflow's tasks.
        pub total_tasks: Option<u64>,
        /// The number of completed tasks.
        pub completed_tasks: Option<u64>,
        /// The number of failed tasks.
        pub failed_tasks: Option<u64>,
        /// The duration of the workflow in seconds.
        pub execution_time: Option<f64>,
        /// The method by which the answer was made from the tasks.
        pub synthesis_method: Option<String>,
        /// The component that answered small talk.
        pub handled_by: Option<String>,
        /// True if there was something to do.
        pub is_actionable: Option<bool>,
        /// True if the short path was taken.
        pub fast_path: Option<bool>,
        /// True if a rule chose the short path.
        pub early_heuristic: Option<bool>,
        /// The duration of the turn in milliseconds.
        pub processing_time_ms: Option<f64>,
    }
}

/// The content of an assistant's message.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Content {
    /// All of it as text.
    Text(String),
    /// Part by part.
    Parts(Vec<ContentPart>),
}

impl ChatResult {
    /// Returns what the assistant says; empty when the turn goes on in the background. A turn that failed says so here,
    /// too: see [`error_for_status`](Self::error_for_status).
    pub fn text(&self) -> String {
        self.message.content.as_ref().map(Content::text).unwrap_or_default()
    }

    /// Returns the answer, or an error where the turn failed, so that its text is not taken for an answer. The shipped
    /// runtime marks no turn whose language model is out of order.
    ///
    /// # Errors
    ///
    /// An [`Error`] of kind [`Api`](crate::ErrorKind::Api) with the runtime's code, such as `INPUT_VALIDATION_ERROR`, or
    /// `TURN_FAILED`, `TURN_ESCALATED` (the formation tries again in the background: poll the request) or
    /// `TURN_CANCELLED`, the turn's text, and its ids.
    pub fn error_for_status(self) -> Result<Self, Error> {
        self.error_for_status_ref()?;
        Ok(self)
    }

    /// Returns the answer, as [`error_for_status`](Self::error_for_status) does.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn error_for_status_ref(&self) -> Result<&Self, Error> {
        let Some(metadata) = &self.message.metadata else { return Ok(self) };
        let code = match metadata {
            TurnMetadata { error_code: Some(code), .. } => code,
            TurnMetadata { cancelled: Some(true), .. } => "TURN_CANCELLED",
            TurnMetadata { escalated: Some(true), .. } => "TURN_ESCALATED",
            TurnMetadata { workflow_status: Some(status), .. } if status == "failed" => "TURN_FAILED",
            _ => return Ok(self),
        };
        let id = |own: &Option<String>, other: &Option<String>| own.clone().or(other.clone()).unwrap_or_default();
        let session_id = id(&self.session_id, &metadata.session_id);
        let request_id = id(&self.request_id, &metadata.request_id);
        Err(Error::of_turn(code, &self.text(), &session_id, &request_id))
    }
}

impl Content {
    /// The text; that of the parts one after the other.
    pub fn text(&self) -> String {
        match self {
            Content::Text(text) => text.clone(),
            Content::Parts(parts) => parts.iter().filter_map(|part| part.text.as_deref()).collect(),
        }
    }
}

/// Reads a message that may be a bare text.
fn message<'de, D: Deserializer<'de>>(source: D) -> Result<ChatMessage, D::Error> {
    text_or(source, |text| json!({"role": "assistant", "content": text}))
}

#[cfg(any(test, feature = "__strict"))]
impl super::strict::Strict for Content {
    fn unknown(&self, at: &str, found: &mut Vec<String>) {
        if let Content::Parts(parts) = self {
            parts.unknown(at, found);
        }
    }
}
