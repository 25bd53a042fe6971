//! Typed streams.

use crate::{
    api::{
        error::Result,
        events::{ActivityEvent, ChatEvent, LifecycleEvent, LogEntryEvent, OutputEvent, RequestEvent, StreamEvent},
        ids::TurnIds,
        turn::{TextReader, Turn, TurnReader},
    },
    stream::EventStream,
};
use futures_core::Stream;
use http::HeaderMap;
use std::{
    fmt,
    future::poll_fn,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A chat turn, live. See [`Events`].
pub type ChatStream = Events<ChatEvent>;
/// A change of a formation, live. See [`Events`].
pub type LifecycleStream = Events<LifecycleEvent>;
/// A formation's output, live. See [`Events`].
pub type OutputLines = Events<OutputEvent>;
/// What happens for a user, live. See [`Events`].
pub type ActivityStream = Events<ActivityEvent>;
/// What happens in a request, live. See [`Events`].
pub type RequestStream = Events<RequestEvent>;
/// Log entries, live. See [`Events`].
pub type LogStream = Events<LogEntryEvent>;

/// An open stream of typed events: a [`Stream`], and [`next`](Self::next) without another crate.
///
/// It ends after its last event, and with an error when the other side reports one or the stream was cut. Dropping it
/// closes its connection, which cancels a chat turn. At most a few hundred events are read ahead.
pub struct Events<E> {
    raw: EventStream,
    kind: PhantomData<fn() -> E>,
}

impl<E> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.raw).finish()
    }
}

impl<E: StreamEvent> Events<E> {
    /// The typed form of a stream.
    pub fn new(raw: EventStream) -> Self {
        Self { raw, kind: PhantomData }
    }

    /// The next event; `None` when the stream is over.
    pub async fn next(&mut self) -> Option<Result<E>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Closes the connection. Events that have come already can still be taken.
    pub fn close(&mut self) {
        self.raw.close();
    }

    /// The events as they come from here on.
    pub fn into_raw(self) -> EventStream {
        self.raw
    }

    /// The session and the request of a chat turn.
    pub fn ids(&self) -> Option<&TurnIds> {
        self.raw.turn()
    }
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.raw.status()
    }
    /// The HTTP headers.
    pub fn headers(&self) -> &HeaderMap {
        self.raw.headers()
    }
    /// The idempotency key that was sent.
    pub fn idempotency_key(&self) -> &str {
        self.raw.idempotency_key()
    }
}

impl<E: StreamEvent> Stream for Events<E> {
    type Item = Result<E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.raw).poll_next(cx).map(|event| event.map(|event| event.map(E::from_event)))
    }
}

impl Events<ChatEvent> {
    /// The answer's text as it arrives; all at once for a turn that does not come in slices.
    pub fn text_deltas(&mut self) -> TextDeltas<'_> {
        TextDeltas { raw: &mut self.raw, reader: TextReader::default() }
    }

    /// Reads the turn to its end and returns the whole answer.
    pub async fn final_text(&mut self) -> Result<String> {
        let mut deltas = self.text_deltas();
        let mut text = String::new();
        while let Some(slice) = deltas.next().await {
            text.push_str(&slice?);
        }
        Ok(deltas.reader.whole().unwrap_or(text))
    }

    /// Reads the turn to its end: the answer, widgets, files, and how it ended.
    pub async fn collect_turn(&mut self) -> Result<Turn> {
        let mut reader = TurnReader::new(self.ids());
        while let Some(event) = self.next().await {
            reader.take(event?);
        }
        Ok(reader.finish())
    }
}

/// The text of a chat turn as it arrives: a [`Stream`], and [`next`](Self::next) without another crate.
#[derive(Debug)]
pub struct TextDeltas<'s> {
    raw: &'s mut EventStream,
    reader: TextReader,
}

impl TextDeltas<'_> {
    /// The next slice; `None` when the turn is over.
    pub async fn next(&mut self) -> Option<Result<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for TextDeltas<'_> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { raw, reader } = &mut *self;
        loop {
            match ready!(Pin::new(&mut **raw).poll_next(cx)) {
                Some(Ok(event)) => match reader.slice(&event) {
                    Some(text) => return Poll::Ready(Some(Ok(text))),
                    None => continue,
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(reader.rest().map(Ok)),
            }
        }
    }
}
