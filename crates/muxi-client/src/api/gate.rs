//! The rules by which each kind of stream ends.

use super::{
    defects,
    error::{Error, Result},
    event::Event,
    surrogates::{Joiner, mend},
    table::StreamEnd,
};
use serde::{Deserialize, de::IgnoredAny};
use std::borrow::Cow;

/// Lets events through, turns an `error` event into an error, and knows whether the stream has ended properly.
#[derive(Debug)]
pub struct Gate {
    end: StreamEnd,
    ended: bool,
    joiner: Joiner,
}

/// The text that the shipped runtime puts between `/events` frames instead of two line feeds.
const SEPARATOR: &str = "\\n\\ndata: ";

impl Gate {
    /// A gate for a stream of that kind.
    pub fn new(end: StreamEnd) -> Self {
        Self { end, ended: false, joiner: Joiner::default() }
    }

    /// The kind of stream.
    pub fn end(&self) -> StreamEnd {
        self.end
    }

    /// True if the last event of the stream has passed.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Lets one event pass.
    pub fn admit(&mut self, mut event: Event, mut emit: impl FnMut(Event)) -> Result<()> {
        if &*event.event == "error" {
            self.joiner.finish(&mut emit);
            let error = Error::from_event(&event.data);
            return Err(match defects::stream_hint(&error) {
                Some(hint) if self.end == StreamEnd::Done => error.with_hint(hint),
                _ => error,
            });
        }
        match self.end {
            StreamEnd::Done => {
                self.ended = &*event.event == "done";
                self.joiner.admit(event, &mut emit);
                return Ok(());
            }
            StreamEnd::Complete => self.ended = &*event.event == "complete",
            StreamEnd::Open if is_error(&event.data) => return Err(Error::from_event(&event.data)),
            // The same characters inside a JSON text are that text's own, and then the whole is JSON.
            StreamEnd::Open if event.data.contains(SEPARATOR) && event.json::<IgnoredAny>().is_err() => {
                let frames = event.data.strip_suffix("\\n\\n").unwrap_or(&event.data).split(SEPARATOR);
                frames.for_each(|data| emit(Event { event: event.event.clone(), data: data.to_owned() }));
                return Ok(());
            }
            StreamEnd::Open => {}
        }
        if let Some(mended) = mend(&event.data) {
            event.data = mended;
        }
        emit(event);
        Ok(())
    }

    /// Lets the rest pass when the body has ended, and tells whether it should have gone on.
    pub fn finish(&mut self, mut emit: impl FnMut(Event)) -> Result<()> {
        self.joiner.finish(&mut emit);
        let last = match self.end {
            StreamEnd::Done if !self.ended => "done",
            StreamEnd::Complete if !self.ended => "complete",
            _ => return Ok(()),
        };
        Err(Error::stream_cut(format_args!("it ended without an event `{last}` or `error`")))
    }
}

/// Tells whether the data of an event is an error as open streams have it: `{"error": "..."}`, or
/// `{"error": true, "message": "..."}`.
fn is_error(data: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Failure<'a> {
        #[serde(borrow)]
        error: Flag<'a>,
        message: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag<'a> {
        Bool(bool),
        #[serde(borrow)]
        Text(Cow<'a, str>),
    }
    if !data.starts_with(r#"{"error":"#) {
        return false;
    }
    match serde_json::from_str(data) {
        Ok(Failure { error: Flag::Bool(is_error), .. }) => is_error,
        Ok(Failure { error: Flag::Text(text), message }) => !text.is_empty() && message.is_none(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error::ErrorKind;

    fn event(name: &str, data: &str) -> Event {
        Event { event: name.into(), data: data.to_owned() }
    }

    #[test]
    fn a_stream_without_its_last_event_was_cut() {
        for (end, last) in [(StreamEnd::Done, "done"), (StreamEnd::Complete, "complete")] {
            let mut gate = Gate::new(end);
            gate.admit(event("message", "{}"), |_| {}).unwrap();
            assert_eq!(gate.finish(|_| {}).unwrap_err().code(), "STREAM_CUT");
            gate.admit(event(last, "{}"), |_| {}).unwrap();
            assert!(gate.has_ended() && gate.finish(|_| {}).is_ok());
        }
        assert!(Gate::new(StreamEnd::Open).finish(|_| {}).is_ok());
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
        assert_eq!(gate.admit(event("message", r#"{"error":"boom"}"#), |_| {}).unwrap_err().message(), "boom");
    }

    #[test]
    fn an_entry_about_an_error_ends_no_open_stream() {
        let entries = [
            r#"{"error":null,"level":"info"}"#,
            r#"{"error":"boom","level":"error","message":"a call failed"}"#,
            r#"{"error":false,"message":"well"}"#,
            r#"{"error":{"code":"X"}}"#,
            r#"{"error":""}"#,
            r#"{"error":"#,
        ];
        for data in entries {
            let mut seen = 0;
            Gate::new(StreamEnd::Open).admit(event("message", data), |_| seen += 1).unwrap();
            assert_eq!(seen, 1, "{data}");
        }
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
