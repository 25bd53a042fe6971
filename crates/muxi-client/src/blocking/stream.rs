//! Streams whose iteration blocks.

use crate::{
    api::{
        error::Result,
        event::Event,
        events::{ChatEvent, StreamEvent},
        ids::TurnIds,
        turn::Turn,
    },
    net::driver::Driver,
    stream::{self, CloseHandle},
};
use http::HeaderMap;
use std::{borrow::BorrowMut, fmt, future::Future, sync::Arc};

/// A chat turn, live. See [`Events`].
pub type ChatStream = Events<ChatEvent>;

/// An open stream of typed events, whose iteration blocks.
///
/// It ends after its last event, and with an error when the server reports one or the stream was cut. Dropping it
/// closes its connection, which cancels a chat turn.
pub struct Events<E> {
    events: stream::Events<E>,
    driver: Settled,
}

/// A driver that settles when it is dropped, after the stream that it belongs to.
struct Settled(Arc<Driver>);

impl Settled {
    fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.0.run(work).flatten()
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        self.0.settle();
    }
}

impl<E> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.events.fmt(f)
    }
}

impl<E: StreamEvent> Events<E> {
    pub(super) fn new(events: stream::Events<E>, driver: Arc<Driver>) -> Self {
        Self { events, driver: Settled(driver) }
    }

    /// Returns the stream of events as they come, from here on.
    pub fn into_raw(self) -> EventStream {
        EventStream { stream: self.events.into_raw(), driver: self.driver }
    }

    /// Closes the connection, which cancels a chat turn. Events that have come and were not read are dropped.
    pub fn close(&mut self) {
        self.events.close();
        self.driver.0.settle();
    }

    /// Returns a handle that closes the stream from another thread, also while this one waits for an event.
    pub fn close_handle(&self) -> CloseHandle {
        self.events.close_handle()
    }

    /// Returns the session and the request of a chat turn.
    pub fn ids(&self) -> Option<&TurnIds> {
        self.events.ids()
    }
    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.events.status()
    }
    /// Returns the HTTP headers.
    pub fn headers(&self) -> &HeaderMap {
        self.events.headers()
    }
    /// Returns the idempotency key that was sent.
    pub fn idempotency_key(&self) -> &str {
        self.events.idempotency_key()
    }
}

/// The next item of a stream that may be there already; otherwise the thread waits for it.
fn next<T>(driver: &Settled, wait: impl Future<Output = Option<Result<T>>>) -> Option<Result<T>> {
    driver.run(async { wait.await.transpose() }).inspect_err(|_| driver.0.settle()).transpose()
}

impl<E: StreamEvent> Iterator for Events<E> {
    type Item = Result<E>;

    fn next(&mut self) -> Option<Result<E>> {
        match self.events.next_ready() {
            Some(event) => Some(Ok(event)),
            None => next(&self.driver, self.events.next()),
        }
    }
}

impl Events<ChatEvent> {
    /// Reads the answer's text as it arrives; all at once for a turn that does not come in slices.
    pub fn text_deltas(&mut self) -> TextDeltas<&mut Self> {
        TextDeltas { stream: self }
    }

    /// Reads the answer's text as it arrives, as [`text_deltas`](Self::text_deltas) does, and owns the stream. Dropping it
    /// closes the stream, which cancels the turn.
    pub fn into_text_deltas(self) -> TextDeltas<Self> {
        TextDeltas { stream: self }
    }

    /// Reads the turn to its end and returns the whole answer, with what has been read of it before.
    ///
    /// # Errors
    ///
    /// The failure of the stream, also where it has been told before. One of kind
    /// [`Closed`](crate::ErrorKind::Closed) where the stream was closed before its end.
    pub fn final_text(&mut self) -> Result<String> {
        self.driver.run(self.events.final_text())
    }

    /// Reads the turn to its end and returns it, with what has been read of it before: the answer, widgets, files, and how
    /// it ended.
    ///
    /// # Errors
    ///
    /// As [`final_text`](Self::final_text).
    pub fn collect_turn(&mut self) -> Result<Turn> {
        self.driver.run(self.events.collect_turn())
    }
}

/// The text of a chat turn as it arrives. `S` is the [`ChatStream`], or a reference to it.
#[derive(Debug)]
pub struct TextDeltas<S = ChatStream> {
    stream: S,
}

impl<S> TextDeltas<S> {
    /// Returns the stream, from here on, for the turn's result.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: BorrowMut<ChatStream>> Iterator for TextDeltas<S> {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        let ChatStream { events, driver } = self.stream.borrow_mut();
        match events.slice_ready() {
            Some(text) => Some(Ok(text)),
            None => next(driver, async { events.text_deltas().next().await }),
        }
    }
}

/// A stream of events whose iteration blocks. Dropping it closes its connection, which cancels a chat turn.
pub struct EventStream {
    stream: stream::EventStream,
    driver: Settled,
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}

impl EventStream {
    /// Returns the stream behind this one, for its ids and headers.
    pub fn get_ref(&self) -> &stream::EventStream {
        &self.stream
    }
}

impl Iterator for EventStream {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Result<Event>> {
        match self.stream.next_ready() {
            Some(event) => Some(Ok(event)),
            None => next(&self.driver, self.stream.next()),
        }
    }
}
