//! A chat turn, put together from its events.

use super::{
    event::Event,
    events::ChatEvent,
    ids::TurnIds,
    types::{ChatArtifact, Token, TokenKind, TurnStatus, Widget},
};
use std::mem;

/// A chat turn that is over.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Turn {
    /// The whole answer.
    pub text: String,
    /// How it ended. A turn that failed says so only here and in its text; a workflow says nothing.
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
    /// The last token, with all that it says.
    pub completed: Option<Box<Token>>,
}

impl Turn {
    /// Whether the turn ends in a question to the user: answer it with a message in the same session.
    pub fn asks_back(&self) -> bool {
        self.status == Some(TurnStatus::AwaitingClarification)
            || self.completed.as_ref().and_then(|token| token.clarification) == Some(true)
    }
}

/// Puts a [`Turn`] together.
#[derive(Debug, Default)]
pub struct TurnReader(Turn);

impl TurnReader {
    /// A reader of the turn with these ids.
    pub fn new(ids: Option<&TurnIds>) -> Self {
        let mut turn = Turn::default();
        if let Some(ids) = ids {
            (turn.session_id, turn.request_id) = (ids.session_id.clone(), ids.request_id.clone());
        }
        Self(turn)
    }

    /// Takes the next event.
    pub fn take(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::Ui(widgets) => self.0.widgets.extend(widgets),
            ChatEvent::Token(token) => self.token(token),
            ChatEvent::Done | ChatEvent::Other(_) => {}
        }
    }

    fn token(&mut self, token: Box<Token>) {
        match token.kind {
            TokenKind::Content => self.0.text.push_str(&token.content),
            TokenKind::Completed => self.0.completed = Some(token),
            _ => {}
        }
    }

    /// The turn.
    pub fn finish(self) -> Turn {
        let Self(mut turn) = self;
        if let Some(token) = &mut turn.completed {
            // What the last token says is the answer, whatever the slices were.
            turn.text.clone_from(&token.content);
            turn.status.clone_from(&token.status);
            turn.artifacts = token.artifacts.take().unwrap_or_default();
            turn.agent.clone_from(&token.agent_used);
        }
        turn
    }
}

/// Picks the text out of a turn's events without reading all else.
#[derive(Debug, Default)]
pub struct TextReader {
    any: bool,
    whole: Option<String>,
}

impl TextReader {
    /// The slice that an event brings.
    pub fn slice(&mut self, event: &Event) -> Option<String> {
        let (kind, text) = event.kind_and_content()?;
        match &*kind {
            "content" if !text.is_empty() => {
                self.any = true;
                Some(text)
            }
            "completed" => {
                self.whole = Some(text);
                None
            }
            _ => None,
        }
    }

    /// The whole answer, as the last token said it.
    pub fn whole(&mut self) -> Option<String> {
        self.whole.take()
    }

    /// The answer of a turn that came without slices, once.
    pub fn rest(&mut self) -> Option<String> {
        if mem::replace(&mut self.any, true) { None } else { self.whole.clone().filter(|text| !text.is_empty()) }
    }
}
