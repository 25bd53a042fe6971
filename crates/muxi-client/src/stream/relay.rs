//! A chat turn as the bytes of a response to a browser.

use super::{timer::Timer, typed::ChatStream};
use crate::api::{
    error::{Error, Result},
    ids::TurnIds,
    turn::Turn,
};
use bytes::Bytes;
use futures_core::Stream;
use serde_json::json;
use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Instant;

/// The way in which [`into_sse`](crate::ChatStream::into_sse) relays a chat turn.
#[derive(Clone, Copy, Debug)]
pub struct Relay {
    relays_events: bool,
    keepalive: Duration,
}

impl Relay {
    /// The headers of a response with these events, which no cache or proxy may keep back.
    pub const HEADERS: [(&'static str, &'static str); 3] =
        [("content-type", "text/event-stream"), ("cache-control", "no-cache"), ("x-accel-buffering", "no")];

    /// Relays the answer's text: an event `delta` with `{"text": ...}` for each slice, then `done` with `status`,
    /// `session_id`, `request_id` and `text`, the whole answer. A turn that failed is told by the status.
    pub fn text() -> Self {
        Self { relays_events: false, keepalive: Duration::from_secs(15) }
    }

    /// Relays each event as the formation sent it, `done` included.
    pub fn events() -> Self {
        Self { relays_events: true, ..Self::text() }
    }

    /// Sets the silence after which a comment keeps the connection alive: 15 seconds by default. `Duration::MAX` means
    /// none.
    #[must_use]
    pub fn keepalive(mut self, silence: Duration) -> Self {
        self.keepalive = silence;
        self
    }
}

impl ChatStream {
    /// Relays the turn to a browser, as the body of a response with [`Relay::HEADERS`].
    ///
    /// A failure of the stream, and its closing by [`close_handle`](Self::close_handle), is the last event: `error`,
    /// with `code`, `message`, `request_id` and `session_id`. Dropping the body, as servers do when the reader leaves,
    /// cancels the turn.
    ///
    /// ```
    /// use axum::{Router, body::Body, extract::{Query, State}, response::{IntoResponse, Response}, routing::get};
    /// use muxi_client::{FormationClient, Relay};
    /// # #[derive(serde::Deserialize)]
    /// # struct Question { message: String }
    ///
    /// async fn chat(State(formation): State<FormationClient>, Query(question): Query<Question>) -> Response {
    ///     match formation.chat_stream(question.message).await {
    ///         Ok(turn) => (Relay::HEADERS, Body::from_stream(turn.into_sse(Relay::text()))).into_response(),
    ///         Err(error) => (axum::http::StatusCode::BAD_GATEWAY, error.code().to_owned()).into_response(),
    ///     }
    /// }
    /// # let _: Router<FormationClient> = Router::new().route("/chat", get(chat));
    /// ```
    pub fn into_sse(self, relay: Relay) -> SseBytes {
        // A silence that is too long for the clock never passes.
        let keepalive = Instant::now().checked_add(relay.keepalive).filter(|_| !relay.keepalive.is_zero());
        SseBytes { turn: Some(self), relay, keepalive: keepalive.map(Timer::new) }
    }
}

/// The bytes of a response of server-sent events: a [`Stream`] that never fails, and [`next`](Self::next) without
/// another crate. Dropping it closes the chat stream, which cancels the turn.
pub struct SseBytes {
    /// Gone after the last event.
    turn: Option<ChatStream>,
    relay: Relay,
    keepalive: Option<Timer>,
}

impl fmt::Debug for SseBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseBytes").field("turn", &self.turn).field("relay", &self.relay).finish_non_exhaustive()
    }
}

impl SseBytes {
    /// Reads the next bytes: one or more whole events, or a comment; `None` after the last event.
    pub async fn next(&mut self) -> Option<Result<Bytes, Infallible>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next event, and whether it is the last one.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Bytes, bool)>> {
        let Some(turn) = &mut self.turn else { return Poll::Ready(None) };
        let next = match self.relay.relays_events {
            true => ready!(turn.poll_raw(cx)).map(|event| event.map(|event| written(&event.event, &event.data))),
            false => ready!(Pin::new(&mut turn.text_deltas()).poll_next(cx))
                .map(|text| text.map(|text| written("delta", &json!({ "text": text }).to_string()))),
        };
        Poll::Ready(match next {
            Some(Ok(event)) => Some((event, false)),
            Some(Err(error)) => Some((failure(&error, turn.ids()), true)),
            None => match turn.ended() {
                Err(error) => Some((failure(&error, turn.ids()), true)),
                Ok(_) if self.relay.relays_events => None,
                Ok(result) => Some((done(&result), true)),
            },
        })
    }
}

impl Stream for SseBytes {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = self.poll_event(cx).map(|event| self.pass(event));
        let silence = self.relay.keepalive;
        let Some(timer) = &mut self.keepalive else { return event };
        let bytes = match event {
            Poll::Ready(event) => event,
            Poll::Pending => {
                ready!(timer.poll(cx));
                Some(Ok(Bytes::from_static(b": keepalive\n\n")))
            }
        };
        if let Some(end) = Instant::now().checked_add(silence) {
            timer.move_to(end);
        }
        Poll::Ready(bytes)
    }
}

impl SseBytes {
    /// Passes an event on. After the last one the chat stream is let go.
    fn pass(&mut self, event: Option<(Bytes, bool)>) -> Option<Result<Bytes, Infallible>> {
        if event.as_ref().is_none_or(|(_, is_last)| *is_last) {
            self.turn = None;
        }
        event.map(|(bytes, _)| Ok(bytes))
    }
}

/// An event as it is written: a line break of any kind ends a line of its data.
fn written(event: &str, data: &str) -> Bytes {
    let mut text = format!("event: {event}\n");
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text.into()
}

fn done(turn: &Turn) -> Bytes {
    let Turn { status, session_id, request_id, text, .. } = turn;
    let data = json!({ "status": status, "session_id": session_id, "request_id": request_id, "text": text });
    written("done", &data.to_string())
}

/// A failure; one that names no turn is of this one.
fn failure(error: &Error, ids: Option<&TurnIds>) -> Bytes {
    let (code, message) = (error.code(), error.message());
    let request_id = error.request_id().or(ids.map(|ids| ids.request_id.as_str()));
    let session_id = error.session_id().or(ids.map(|ids| ids.session_id.as_str()));
    let data = json!({ "code": code, "message": message, "request_id": request_id, "session_id": session_id });
    written("error", &data.to_string())
}

#[cfg(test)]
mod tests {
    /// No stream brings a carriage return in an event's data, since the parser ends a line there.
    #[test]
    fn a_line_break_of_any_kind_ends_a_line_of_data() {
        let lines = "event: ui\ndata: a\ndata: b\ndata: c\ndata: \ndata: d\ndata: \n\n";
        assert_eq!(super::written("ui", "a\rb\r\nc\n\rd\r"), lines);
    }
}
