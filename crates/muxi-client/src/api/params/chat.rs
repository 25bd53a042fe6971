//! Chat turns.

use super::File;
use crate::api::types::{ChatResult, Widget};
use serde::Serialize;

params! {
    /// A chat turn. A text is enough for one: `formation.chat("Hello!")`.
    pub struct ChatRequest {
        /// The user's message; at most 100 000 characters.
        #[required]
        message: String,
        /// Files for the turn.
        #[by_hand]
        files: Vec<Object>,
        /// The answer to a widget: its `id` and the chosen `value`.
        #[by_hand]
        ui_response: Object,
        /// The conversation that the turn belongs to; made when there is none.
        session_id: String,
        /// The turn's id, to poll and cancel it by; made when there is none.
        request_id: String,
        /// The agent to talk to, instead of the one that the formation chooses.
        agent_id: String,
        /// The URL for the result of a turn that goes on in the background, instead of the formation's URL.
        webhook_url: String,
        /// Seconds from which a workflow is meant to go on in the background. The shipped runtime ignores it.
        threshold_seconds: f64,
        /// The channel that the message came over, such as `slack`.
        source_channel: String,
        /// A group that the turn belongs to. The shipped runtime does not use it.
        group_id: String,
        /// The mode of the turn. The shipped runtime refuses `async` with 501.
        mode: String,
    }

    /// Voice notes as a chat turn.
    pub struct AudioRequest {
        /// Voice notes: `filename`, `content` in base64, `content_type` audio/...
        #[required]
        files: Vec<Object>,
        /// The conversation that the turn belongs to; made when there is none.
        session_id: String,
        /// The turn's id; made when there is none.
        request_id: String,
        /// The agent to talk to, instead of the one that the formation chooses.
        agent_id: String,
    }
}

impl ChatRequest {
    /// A turn that says `message`; at most 100 000 characters.
    pub fn new(message: impl Into<String>) -> Self {
        Self::default().with("message", message.into())
    }

    /// In the session of an earlier turn.
    #[must_use]
    pub fn in_session_of(self, turn: &ChatResult) -> Self {
        let own = turn.message.metadata.as_ref().and_then(|metadata| metadata.session_id.as_ref());
        match turn.session_id.as_ref().or(own) {
            Some(id) => self.session_id(id),
            None => self,
        }
    }

    /// Adds a file. May be called again.
    #[must_use]
    pub fn file(mut self, file: impl Into<File>) -> Self {
        self.0.push("files", file.into());
        self
    }

    /// Adds files.
    #[must_use]
    pub fn files(self, files: impl IntoIterator<Item = File>) -> Self {
        files.into_iter().fold(self, Self::file)
    }

    /// The answer to an `options` widget: its id and the chosen value. Belongs into the widget's session.
    #[must_use]
    pub fn ui_response(self, id: impl Into<String>, value: impl Serialize) -> Self {
        self.with("ui_response", Answer { id: id.into(), value })
    }

    /// The answer to a widget of the turn before.
    #[must_use]
    pub fn answering(self, widget: &Widget, value: impl Serialize) -> Self {
        self.ui_response(&widget.id, value)
    }
}

impl AudioRequest {
    /// A turn that says what is in the voice notes, all of the type `audio/*`.
    pub fn new(files: impl IntoIterator<Item = File>) -> Self {
        let mut request = Self::default();
        files.into_iter().for_each(|file| request.0.push("files", file));
        request
    }
}

#[derive(Serialize)]
struct Answer<T> {
    id: String,
    value: T,
}

impl From<&str> for ChatRequest {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<&String> for ChatRequest {
    fn from(message: &String) -> Self {
        Self::new(message)
    }
}

impl From<String> for ChatRequest {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<File> for AudioRequest {
    fn from(file: File) -> Self {
        Self::new([file])
    }
}
