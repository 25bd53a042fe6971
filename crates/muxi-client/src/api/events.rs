//! The events of each kind of stream, typed. Events, kinds and fields that this version does not know are kept as they
//! came.
//!
//! As JSON an event is an object with `type`, the variant in snake case, and `data`.

use super::{
    event::Event,
    types::{
        ChatFrame, FormationLogLine, LifecycleComplete, LifecycleProgress, LogEvent, Token, TokenKind, UserEvent,
        Widget,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// An event of a typed stream.
pub trait StreamEvent: Sized + Send + 'static {
    /// Reads an event as it came. There is none that it refuses.
    fn from_event(event: Event) -> Self;

    /// Returns the event of a chat turn, if it is one.
    fn chat(&self) -> Option<&ChatEvent> {
        None
    }
}

impl StreamEvent for Event {
    fn from_event(event: Event) -> Self {
        event
    }
}

/// An event of a chat turn.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatEvent {
    /// A step of the turn: what happens, a slice of the answer, or (kind `completed`) all of it.
    Token(Box<Token>),
    /// Widgets to show beside the answer.
    Ui(Vec<Widget>),
    /// The turn is over.
    Done,
    /// An event that this version does not know.
    Other(Event),
}

impl ChatEvent {
    /// The token, when it is one.
    pub fn token(&self) -> Option<&Token> {
        match self {
            Self::Token(token) => Some(token),
            _ => None,
        }
    }

    /// The slice of the answer that this event brings.
    pub fn text(&self) -> Option<&str> {
        self.token().filter(|token| token.kind == TokenKind::Content).map(|token| token.content.as_str())
    }
}

impl StreamEvent for ChatEvent {
    fn from_event(event: Event) -> Self {
        let frame = match &*event.event {
            "done" => return Self::Done,
            "message" | "ui" => event.json::<ChatFrame>().ok(),
            _ => None,
        };
        match frame {
            Some(ChatFrame { token: Some(token), .. }) => Self::Token(Box::new(token)),
            Some(ChatFrame { ui, .. }) if !ui.is_empty() => Self::Ui(ui),
            _ => Self::Other(event),
        }
    }

    fn chat(&self) -> Option<&ChatEvent> {
        Some(self)
    }
}

/// An event of a change of a formation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LifecycleEvent {
    /// A step was taken.
    Progress(Box<LifecycleProgress>),
    /// The change is made.
    Complete(Box<LifecycleComplete>),
    /// An event that this version does not know.
    Other(Event),
}

impl StreamEvent for LifecycleEvent {
    fn from_event(event: Event) -> Self {
        match &*event.event {
            "progress" => known(event, |step| Self::Progress(Box::new(step)), Self::Other),
            "complete" => known(event, |end| Self::Complete(Box::new(end)), Self::Other),
            _ => Self::Other(event),
        }
    }
}

/// An event of a formation's output.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutputEvent {
    /// The output is followed from now on.
    Connected(FormationLogLine),
    /// A new line.
    Line(FormationLogLine),
    /// An event that this version does not know.
    Other(Event),
}

impl OutputEvent {
    /// The new line, when it is one.
    pub fn line(&self) -> Option<&str> {
        match self {
            Self::Line(line) => line.line.as_deref(),
            _ => None,
        }
    }
}

impl StreamEvent for OutputEvent {
    fn from_event(event: Event) -> Self {
        match &*event.event {
            "connected" => known(event, Self::Connected, Self::Other),
            "log" => known(event, Self::Line, Self::Other),
            _ => Self::Other(event),
        }
    }
}

/// An event of a user's activity.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActivityEvent {
    /// Something happened.
    Happened(Box<UserEvent>),
    /// An event that this version does not know.
    Other(Event),
}

impl StreamEvent for ActivityEvent {
    fn from_event(event: Event) -> Self {
        known(event, |what| Self::Happened(Box::new(what)), Self::Other)
    }
}

/// An event of a request.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestEvent {
    /// A step, or the kinds `stream_open` and `stream_completed`.
    Token(Box<Token>),
    /// An event that this version does not know.
    Other(Event),
}

impl StreamEvent for RequestEvent {
    fn from_event(event: Event) -> Self {
        known(event, |token| Self::Token(Box::new(token)), Self::Other)
    }
}

/// A live log entry.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogEntryEvent {
    /// An entry.
    Entry(Box<LogEvent>),
    /// An event that this version does not know.
    Other(Event),
}

impl StreamEvent for LogEntryEvent {
    fn from_event(event: Event) -> Self {
        match &*event.event {
            "log" | "message" => known(event, |entry| Self::Entry(Box::new(entry)), Self::Other),
            _ => Self::Other(event),
        }
    }
}

/// The event by its data, or as it came when its data is something else.
fn known<T: DeserializeOwned, E>(event: Event, make: impl FnOnce(T) -> E, other: impl FnOnce(Event) -> E) -> E {
    match event.json() {
        Ok(data) => make(data),
        Err(_) => other(event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::Stage;

    fn event(name: &str, data: &str) -> Event {
        Event { event: name.into(), data: data.to_owned() }
    }

    #[test]
    fn known_events_are_typed_and_all_others_are_kept() {
        let read = |name, data| ChatEvent::from_event(event(name, data));
        let token = read("message", r#"{"token":{"type":"content","content":"Hi","stage":"brooding","new":1}}"#);
        assert_eq!(token.text(), Some("Hi"));
        assert_eq!(token.token().unwrap().stage, Some(Stage::Other("brooding".to_owned())));
        assert_eq!(token.token().unwrap().extra["new"], 1);
        assert_eq!(read("message", r#"{"token":"Hi"}"#).text(), Some("Hi"));
        assert!(
            matches!(read("ui", r#"{"ui":[{"type":"options","id":"ui_1"}]}"#), ChatEvent::Ui(w) if w[0].id == "ui_1")
        );
        assert!(matches!(read("done", "{}"), ChatEvent::Done));
        for (name, data) in
            [("mood", "{}"), ("message", "[1]"), ("message", "{}"), ("message", r#"{"token":{"type":1}}"#)]
        {
            assert!(matches!(read(name, data), ChatEvent::Other(e) if e == event(name, data)), "{name} {data}");
        }
        let odd = event("complete", r#"{"port":"x"}"#);
        assert!(matches!(LifecycleEvent::from_event(odd.clone()), LifecycleEvent::Other(e) if e == odd));
    }
}
