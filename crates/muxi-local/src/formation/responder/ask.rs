//! The message that a turn answers.

use serde::Deserialize;
use serde_json::Value;

/// By which way a message came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Channel {
    #[default]
    Chat,
    Audio,
    Trigger,
    Job,
}

/// The input of a turn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) user: String,
    pub(crate) session_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) agent_id: Option<String>,
    pub(crate) message: String,
    pub(crate) stream: bool,
    /// The files that came with the message, as they were sent.
    pub(crate) files: Vec<Value>,
    pub(crate) channel: Channel,
    /// The trigger that the message comes from.
    pub(crate) trigger: Option<Fired>,
    /// The URL that is told of the end of work in background.
    pub(crate) webhook: Option<String>,
}

/// A trigger that was fired.
#[derive(Debug, Clone)]
pub(crate) struct Fired {
    pub(crate) name: String,
    pub(crate) data: Value,
}
