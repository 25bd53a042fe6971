//! Events of a stream, and the rules by which each kind of stream ends.

use super::{
    defects,
    error::{Error, Result},
    sse::SseEvent,
    table::StreamEnd,
};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// One event of a stream.
pub type Event = SseEvent;

impl SseEvent {
    /// The data as JSON of type `T`.
    pub fn json<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.data)
    }

    /// The slice of a chat turn's answer that this event brings.
    pub fn text(&self) -> Option<String> {
        let (kind, content) = self.kind_and_content()?;
        (kind == "content").then_some(content)
    }

    /// Kind and text of a chat turn's token. The rest of the token is skipped.
    pub(crate) fn kind_and_content(&self) -> Option<(Cow<'_, str>, String)> {
        let Slice { kind, content } = self.json_borrowed::<SliceFrame<'_>>()?.token?;
        Some((kind, content))
    }

    fn json_borrowed<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(&self.data).ok()
    }
}

#[derive(Deserialize)]
struct SliceFrame<'a> {
    #[serde(borrow)]
    token: Option<Slice<'a>>,
}

/// A token, as far as its text goes.
struct Slice<'a> {
    kind: Cow<'a, str>,
    content: String,
}

impl<'de: 'a, 'a> Deserialize<'de> for Slice<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(SliceVisitor)
    }
}

/// Reads a token that may be a bare text.
struct SliceVisitor;

impl<'de> Visitor<'de> for SliceVisitor {
    type Value = Slice<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Slice<'de>, E> {
        Ok(Slice { kind: "content".into(), content: text.to_owned() })
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Slice<'de>, M::Error> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
            #[serde(default)]
            content: String,
        }
        let Fields { kind, content } = Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(Slice { kind, content })
    }
}

/// Lets events through, turns an `error` event into an error, and knows whether the stream has ended properly.
#[derive(Debug)]
pub struct Gate {
    end: StreamEnd,
    ended: bool,
}

/// What the shipped runtime puts between `/events` frames instead of two line feeds.
const GLUE: &str = "\\n\\ndata: ";

impl Gate {
    /// A gate for a stream of that kind.
    pub fn new(end: StreamEnd) -> Self {
        Self { end, ended: false }
    }

    /// Whether the last event of the stream has passed.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Lets one event pass.
    pub fn admit(&mut self, event: SseEvent, mut emit: impl FnMut(Event)) -> Result<()> {
        if &*event.event == "error" {
            let error = Error::from_event(&event.data);
            return Err(match defects::stream_hint(&error) {
                Some(hint) if self.end == StreamEnd::Done => error.with_hint(hint),
                _ => error,
            });
        }
        match self.end {
            StreamEnd::Done => self.ended = &*event.event == "done",
            StreamEnd::Complete => self.ended = &*event.event == "complete",
            StreamEnd::Open if event.data.starts_with(r#"{"error":"#) => return Err(Error::from_event(&event.data)),
            // The same characters inside a JSON text are that text's own, and then the whole is JSON.
            StreamEnd::Open if event.data.contains(GLUE) && event.json::<IgnoredAny>().is_err() => {
                let frames = event.data.strip_suffix("\\n\\n").unwrap_or(&event.data).split(GLUE);
                frames.for_each(|data| emit(Event { event: event.event.clone(), data: data.to_owned() }));
                return Ok(());
            }
            StreamEnd::Open => {}
        }
        emit(event);
        Ok(())
    }

    /// What the end of the body means.
    pub fn finish(&self) -> Result<()> {
        let last = match self.end {
            StreamEnd::Done if !self.ended => "done",
            StreamEnd::Complete if !self.ended => "complete",
            _ => return Ok(()),
        };
        Err(Error::stream_cut(format_args!("it ended without an event `{last}` or `error`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error::ErrorKind;

    fn event(name: &str, data: &str) -> SseEvent {
        SseEvent { event: name.into(), data: data.to_owned() }
    }

    #[test]
    fn a_stream_without_its_last_event_was_cut() {
        for (end, last) in [(StreamEnd::Done, "done"), (StreamEnd::Complete, "complete")] {
            let mut gate = Gate::new(end);
            gate.admit(event("message", "{}"), |_| {}).unwrap();
            assert_eq!(gate.finish().unwrap_err().code(), "STREAM_CUT");
            gate.admit(event(last, "{}"), |_| {}).unwrap();
            assert!(gate.has_ended() && gate.finish().is_ok());
        }
        assert!(Gate::new(StreamEnd::Open).finish().is_ok());
    }

    #[test]
    fn error_events_carry_the_other_sides_words() {
        let mut gate = Gate::new(StreamEnd::Done);
        let error = gate.admit(event("error", r#"{"error":"boom","type":"AttributeError"}"#), |_| {}).unwrap_err();
        assert_eq!((error.code(), error.message()), ("INTERNAL_ERROR", "boom"));
        let mut gate = Gate::new(StreamEnd::Complete);
        let data = r#"{"error":"NotFound","message":"Formation not found","stage":"validating"}"#;
        let error = gate.admit(event("error", data), |_| {}).unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.message()),
            (ErrorKind::NotFound, "NOT_FOUND", "Formation not found")
        );
        let mut gate = Gate::new(StreamEnd::Open);
        let error = gate.admit(event("message", r#"{"error":true,"message":"Streaming error occurred"}"#), |_| {});
        assert_eq!(error.unwrap_err().message(), "Streaming error occurred");
    }

    #[test]
    fn glued_frames_come_apart() {
        let mut out = Vec::new();
        let glued = event("message", r#"{"a":1}\n\ndata: {"a":2}\n\n"#);
        Gate::new(StreamEnd::Open).admit(glued, |e| out.push(e.data)).unwrap();
        assert_eq!(out, [r#"{"a":1}"#, r#"{"a":2}"#]);
        let whole = event("message", r#"{"a":"b\n\ndata: c"}"#);
        Gate::new(StreamEnd::Open).admit(whole.clone(), |e| assert_eq!(e, whole)).unwrap();
    }
}
