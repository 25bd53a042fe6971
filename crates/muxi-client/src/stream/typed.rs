//! Typed streams.

use super::{close::CloseHandle, raw::EventStream};
use crate::api::{
    error::Result,
    event::Event,
    events::{ActivityEvent, ChatEvent, LifecycleEvent, LogEntryEvent, OutputEvent, RequestEvent, StreamEvent},
    ids::TurnIds,
    turn::{Turn, TurnReader},
};
use futures_core::Stream;
use http::HeaderMap;
use std::{
    borrow::BorrowMut,
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
/// The activity of a user, live. See [`Events`].
pub type ActivityStream = Events<ActivityEvent>;
/// The events of a request, live. See [`Events`].
pub type RequestStream = Events<RequestEvent>;
/// Log entries, live. See [`Events`].
pub type LogStream = Events<LogEntryEvent>;

/// An open stream of typed events: a [`Stream`], and [`next`](Self::next) without another crate.
///
/// It ends after its last event, and with an error when the server reports one or the stream was cut. A read that is
/// dropped, for instance by a timeout of your own, loses nothing: the next one goes on where it stopped. Dropping the stream
/// closes its connection, which cancels a chat turn. At most 1 MiB of events, or one longer event, is read ahead.
pub struct Events<E> {
    raw: EventStream,
    /// The turn as far as it has come.
    turn: TurnReader,
    kind: PhantomData<fn() -> E>,
}

impl<E> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.raw).finish()
    }
}

impl<E: StreamEvent> Events<E> {
    /// Makes a typed stream of one that is not.
    pub fn new(raw: EventStream) -> Self {
        Self { turn: TurnReader::new(raw.turn()), raw, kind: PhantomData }
    }

    /// Reads the next event; `None` when the stream is over or closed. A failure is told once, and the next call returns
    /// `None`.
    pub async fn next(&mut self) -> Option<Result<E>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Reads the next event if it has come already.
    #[cfg(feature = "blocking")]
    pub(crate) fn next_ready(&mut self) -> Option<E> {
        self.raw.next_ready().map(|event| self.typed(event))
    }

    fn typed(&mut self, event: Event) -> E {
        let event = E::from_event(event);
        if let Some(chat) = event.chat() {
            self.turn.take(chat);
        }
        event
    }

    /// Closes the connection, which cancels a chat turn. Events that have come and were not read are dropped.
    pub fn close(&mut self) {
        self.raw.close();
    }

    /// Returns a handle that closes the stream from another task or thread.
    pub fn close_handle(&self) -> CloseHandle {
        self.raw.close_handle()
    }

    /// Returns the stream of events as they come, from here on.
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
        let event = ready!(Pin::new(&mut self.raw).poll_next(cx));
        Poll::Ready(event.map(|event| event.map(|event| self.typed(event))))
    }
}

impl Events<ChatEvent> {
    /// Reads the answer's text as it arrives; all at once for a turn that does not come in slices.
    pub fn text_deltas(&mut self) -> TextDeltas<&mut Self> {
        TextDeltas { stream: self }
    }

    /// Reads the answer's text as it arrives, as [`text_deltas`](Self::text_deltas) does, and owns the stream: it can be
    /// spawned, boxed or handed to a framework. Dropping it closes the stream, which cancels the turn.
    ///
    /// ```no_run
    /// # async fn ask(formation: muxi_client::FormationClient) -> muxi_client::Result<()> {
    /// let mut answer = formation.chat_stream("Hello!").await?.into_text_deltas();
    /// while let Some(text) = answer.next().await {
    ///     print!("{}", text?);
    /// }
    /// answer.into_inner().collect_turn().await?.error_for_status()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_text_deltas(self) -> TextDeltas<Self> {
        TextDeltas { stream: self }
    }

    /// Reads the turn to its end and returns the whole answer, with what has been read of it before.
    ///
    /// # Errors
    ///
    /// The failure of the stream, also where it has been told before. One of kind
    /// [`Closed`](crate::ErrorKind::Closed) where the stream was closed before its end.
    pub async fn final_text(&mut self) -> Result<String> {
        self.read_to_end().await?;
        Ok(self.turn.text().to_owned())
    }

    /// Reads the turn to its end and returns it, with what has been read of it before: the answer, widgets, files, and how
    /// it ended.
    ///
    /// # Errors
    ///
    /// As [`final_text`](Self::final_text).
    pub async fn collect_turn(&mut self) -> Result<Turn> {
        self.read_to_end().await?;
        Ok(self.turn.turn())
    }

    /// Polls for the next event as it comes.
    pub(super) fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event>>> {
        Pin::new(&mut self.raw).poll_next(cx)
    }

    /// Returns the turn of a stream that has reached its end.
    pub(super) fn ended(&self) -> Result<Turn> {
        self.raw.end().map(|()| self.turn.turn())
    }

    async fn read_to_end(&mut self) -> Result<()> {
        while let Some(event) = self.raw.next().await {
            self.turn.read(&event?);
        }
        self.raw.end()
    }

    /// Reads the next slice if it has come already.
    #[cfg(feature = "blocking")]
    pub(crate) fn slice_ready(&mut self) -> Option<String> {
        loop {
            let event = self.raw.next_ready()?;
            if let Some(text) = self.turn.read(&event) {
                return Some(text);
            }
        }
    }
}

/// The text of a chat turn as it arrives: a [`Stream`], and [`next`](Self::next) without another crate. `S` is the
/// [`ChatStream`], or a reference to it.
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

impl<S: BorrowMut<ChatStream> + Unpin> TextDeltas<S> {
    /// Reads the next slice; `None` when the turn is over.
    pub async fn next(&mut self) -> Option<Result<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<S: BorrowMut<ChatStream> + Unpin> Stream for TextDeltas<S> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Events { raw, turn, .. } = self.stream.borrow_mut();
        loop {
            match ready!(Pin::new(&mut *raw).poll_next(cx)) {
                Some(Ok(event)) => match turn.read(&event) {
                    Some(text) => return Poll::Ready(Some(Ok(text))),
                    None => continue,
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                // A turn that broke off has no rest.
                None => return Poll::Ready(raw.end().ok().and_then(|()| turn.rest()).map(Ok)),
            }
        }
    }
}
