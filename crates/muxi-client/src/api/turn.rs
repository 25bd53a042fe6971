//! A chat turn, put together from its events.

use super::{
    error::{Error, Result},
    event::Event,
    events::{ChatEvent, StreamEvent},
    ids::TurnIds,
    types::{ChatArtifact, Token, TokenKind, TurnStatus, Widget},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::mem;

/// A chat turn that is over.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Turn {
    /// The whole answer.
    pub text: String,
    /// The status at its end. A turn that failed says so only here and in its text, see
    /// [`error_for_status`](Self::error_for_status); a workflow says nothing.
    pub status: Option<TurnStatus>,
    /// Widgets to show beside the answer.
    pub widgets: Vec<Widget>,
    /// Files that the turn made, with their content.
    pub artifacts: Vec<ChatArtifact>,
    /// The session.
    pub session_id: String,
    /// The request.
    pub request_id: String,
    /// The agent that answered, where it is known.
    pub agent: Option<String>,
    /// The `completed` token, with all its fields.
    pub completed: Option<Box<Token>>,
}

impl Turn {
    /// True if the turn ends in a question to the user: answer it with a message in the same session.
    pub fn asks_back(&self) -> bool {
        self.status == Some(TurnStatus::AwaitingClarification)
            || self.completed.as_ref().and_then(|token| token.clarification) == Some(true)
    }

    /// Returns the turn, or an error where it failed, so that its text is not taken for an answer.
    ///
    /// ```no_run
    /// # async fn ask(formation: muxi_client::FormationClient) -> muxi_client::Result<()> {
    /// let turn = formation.chat_stream("Hello!").await?.collect_turn().await?.error_for_status()?;
    /// println!("{}", turn.text);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An [`Error`] of kind [`Api`](crate::ErrorKind::Api) with the code `TURN_FAILED`, `TURN_ESCALATED` (the formation
    /// tries again in the background: poll the request) or `TURN_CANCELLED`, the turn's text, and its ids.
    pub fn error_for_status(self) -> Result<Self> {
        self.error_for_status_ref()?;
        Ok(self)
    }

    /// Returns the turn, as [`error_for_status`](Self::error_for_status) does.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn error_for_status_ref(&self) -> Result<&Self> {
        let failure = self.status.as_ref().and_then(TurnStatus::failure);
        failure.map_or(Ok(self), |code| Err(Error::of_turn(code, &self.text, &self.session_id, &self.request_id)))
    }
}

/// Reads the text of a turn from its events, in the order in which they come.
#[derive(Debug, Default)]
pub struct TextReader {
    slices: String,
    /// The whole answer, as the last token said it.
    whole: Option<String>,
    /// That answer takes the place of the slices, instead of being made of them.
    is_another: bool,
    /// The rest has been returned.
    is_over: bool,
    /// The events that say more than the text.
    notes: Vec<Event>,
}

impl TextReader {
    /// Takes the next event, and returns the slice of the answer that it brings.
    pub fn read(&mut self, event: &Event) -> Option<String> {
        let Some((kind, content)) = event.kind_and_content() else {
            if &*event.event == "ui" {
                self.notes.push(event.clone());
            }
            return None;
        };
        match &*kind {
            "content" if !content.is_empty() => {
                self.slices.push_str(&content);
                Some(content.into_owned())
            }
            "completed" => {
                self.notes.push(event.clone());
                self.complete(content.into_owned(), event.replaces_slices());
                None
            }
            _ => None,
        }
    }

    /// Takes the last token. One without text says nothing of the slices, unless it declares them void.
    fn complete(&mut self, whole: String, is_another: bool) {
        if is_another || !whole.is_empty() {
            (self.whole, self.is_another) = (Some(whole), is_another);
        }
    }

    /// Returns what the whole answer has beyond the slices, once: all of it for a turn that came without slices, and for
    /// one whose answer takes the place of its slices, after an empty line.
    pub fn rest(&mut self) -> Option<String> {
        if mem::replace(&mut self.is_over, true) {
            return None;
        }
        let whole = self.whole.as_deref()?;
        let rest = match whole.strip_prefix(&*self.slices) {
            Some(rest) => rest.to_owned(),
            None if self.is_another && !whole.is_empty() => format!("\n\n{whole}"),
            None => return None,
        };
        Some(rest).filter(|rest| !rest.is_empty())
    }

    /// Returns the events that say more than the text: the last token, and those with widgets.
    pub fn notes(&self) -> &[Event] {
        &self.notes
    }

    /// Returns the answer: the whole one where the last token has said it, otherwise the slices so far.
    pub fn text(&self) -> &str {
        self.whole.as_deref().unwrap_or(&self.slices)
    }
}

/// Puts a [`Turn`] together from its events, in the order in which they come.
#[derive(Debug, Default)]
pub struct TurnReader {
    text: TextReader,
    /// All but the text.
    turn: Turn,
}

impl TurnReader {
    /// Makes a reader of the turn with these ids.
    pub fn new(ids: Option<&TurnIds>) -> Self {
        let mut reader = Self::default();
        if let Some(ids) = ids {
            reader.turn.session_id.clone_from(&ids.session_id);
            reader.turn.request_id.clone_from(&ids.request_id);
        }
        reader
    }

    /// Takes the next event, and returns the slice of the answer that it brings.
    pub fn read(&mut self, event: &Event) -> Option<String> {
        let slice = self.text.read(event);
        if slice.is_none() {
            self.details(&ChatEvent::from_event(event.clone()));
        }
        slice
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &ChatEvent) {
        match event.token() {
            Some(token) if token.kind == TokenKind::Content && !token.content.is_empty() => {
                self.text.slices.push_str(&token.content);
            }
            Some(token) if token.kind == TokenKind::Completed => {
                self.text.complete(token.content.clone(), token.stream_discontinuity == Some(true));
            }
            Some(_) => {}
            // The rest of a token may be other than the type has it: its text counts all the same.
            None => {
                if let ChatEvent::Other(event) = event {
                    self.text.read(event);
                }
            }
        }
        self.details(event);
    }

    fn details(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::Ui(widgets) => self.turn.widgets.extend_from_slice(widgets),
            ChatEvent::Token(token) if token.kind == TokenKind::Completed => self.turn.completed = Some(token.clone()),
            ChatEvent::Other(event) => self.turn.completed = odd_end(event).or(self.turn.completed.take()),
            ChatEvent::Token(_) | ChatEvent::Done => {}
        }
    }

    /// See [`TextReader::rest`].
    pub fn rest(&mut self) -> Option<String> {
        self.text.rest()
    }

    /// Returns the answer: the whole one where the last token has said it, otherwise the slices so far.
    pub fn text(&self) -> &str {
        self.text.text()
    }

    /// Returns the turn as far as it has been read.
    pub fn turn(&self) -> Turn {
        let mut turn = self.turn.clone();
        // The answer is what the last token says, whatever the slices were.
        self.text().clone_into(&mut turn.text);
        if let Some(token) = &mut turn.completed {
            turn.status.clone_from(&token.status);
            turn.artifacts = token.artifacts.take().unwrap_or_default();
            turn.agent.clone_from(&token.agent_used);
        }
        turn
    }
}

/// The last token where some of its fields are of other types than it has: how the turn ended counts all the same.
fn odd_end(event: &Event) -> Option<Box<Token>> {
    #[derive(Deserialize)]
    struct Frame {
        token: Map<String, Value>,
    }
    let (kind, content) = event.kind_and_content().filter(|(kind, _)| kind == "completed")?;
    let Frame { token } = event.json().ok()?;
    let text = |name| token.get(name).and_then(Value::as_str);
    let plain = json!({
        "type": kind, "content": content, "status": text("status"), "agent_used": text("agent_used"),
    });
    serde_json::from_value(plain).ok()
}
