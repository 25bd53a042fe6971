//! Streams of server-sent events, as they come.

use super::{close::CloseHandle, timer::Timer};
use crate::{
    api::{
        error::{Error, ErrorKind, Result},
        event::Event,
        gate::Gate,
        ids::TurnIds,
        sse::SseParser,
        table::StreamEnd,
    },
    net::{
        error::{stream_broke, timed_out},
        fairness::give_way,
        http_service::Body,
        limits::End,
        reply::{OpenedStream, StreamHead},
    },
};
use futures_core::Stream;
use http::HeaderMap;
use http_body::Body as _;
use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Instant;

/// Longest event, in bytes. A turn with an artifact of the largest size fits.
const LONGEST_EVENT: usize = 128 << 20;
/// Events that are read ahead, at most.
const AHEAD: usize = 512;
/// Bytes of the events that are read ahead, at most; a longer event is read ahead alone.
const AHEAD_BYTES: usize = 512 << 10;
/// Pieces of the body that one poll reads, at most.
const FRAMES_AT_ONCE: u32 = 1024;

/// An open stream of events. Dropping it closes its connection, which cancels a chat turn.
///
/// It ends after the stream's last event, and with an error when the server reports one or the stream was cut. A read
/// that is dropped, for instance by a timeout of your own, loses nothing: the next one goes on where it stopped.
pub struct EventStream {
    /// Only there while it is polled; between two polls the close handle has it. Gone when the stream is over.
    body: Option<Body>,
    parser: SseParser,
    gate: Gate,
    ready: VecDeque<Event>,
    ready_bytes: usize,
    failure: Option<Error>,
    /// True if the iteration has raised the failure, after which it ends.
    is_raised: bool,
    /// True if it was closed before all of it had been read.
    is_cut_short: bool,
    limits: Limits,
    head: StreamHead,
    origin: Arc<str>,
    close: CloseHandle,
}

struct Limits {
    /// The silence after which the stream fails.
    idle: Option<(Duration, Timer)>,
    /// The end of the whole call.
    deadline: Option<(End, Timer)>,
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("open", &self.close.has_body())
            .field("turn", &self.head.turn)
            .finish_non_exhaustive()
    }
}

impl EventStream {
    /// Begins to read an opened stream.
    pub fn new(opened: OpenedStream) -> Self {
        let OpenedStream { head, body, end, idle_timeout, deadline, origin } = opened;
        Self {
            body: None,
            parser: SseParser::new(LONGEST_EVENT),
            gate: Gate::new(end),
            ready: VecDeque::new(),
            ready_bytes: 0,
            failure: None,
            is_raised: false,
            is_cut_short: false,
            limits: Limits {
                idle: idle_timeout.and_then(|limit| Some((limit, Timer::new(Instant::now().checked_add(limit)?)))),
                deadline: deadline.map(|end| (end, Timer::new(end.at))),
            },
            head,
            origin,
            close: CloseHandle::new(body),
        }
    }

    /// Returns the ids of the chat turn that this stream carries.
    pub fn turn(&self) -> Option<&TurnIds> {
        self.head.turn.as_deref()
    }
    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.head.status
    }
    /// Returns the HTTP headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }
    /// Returns the rule by which the stream ends.
    #[doc(hidden)]
    pub fn ends_with(&self) -> StreamEnd {
        self.gate.end()
    }
    /// Returns the idempotency key that was sent.
    pub fn idempotency_key(&self) -> &str {
        &self.head.idempotency_key
    }

    /// Closes the connection, which cancels a chat turn. Events that have come and were not read are dropped.
    pub fn close(&mut self) {
        self.close.close();
        self.shut();
    }

    /// Returns a handle that closes the stream from another task or thread.
    pub fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }

    /// Returns an error where the stream did not reach its end: it failed, or was closed.
    pub(crate) fn end(&self) -> Result<()> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.is_cut_short {
            return Err(Error::new(ErrorKind::Closed, "STREAM_CLOSED", "the stream was closed before its end"));
        }
        Ok(())
    }

    /// Reads the next events: all that have come already, at least one; none when the stream is over or closed.
    ///
    /// # Errors
    ///
    /// The failure of the stream, at each call from then on.
    pub async fn next_batch(&mut self) -> Result<Vec<Event>> {
        poll_fn(|cx| self.poll_ready(cx)).await;
        if let (true, Some(failure)) = (self.ready.is_empty(), &self.failure) {
            return Err(failure.clone());
        }
        self.ready_bytes = 0;
        Ok(mem::take(&mut self.ready).into())
    }

    /// Reads the next event; `None` when the stream is over or closed. A failure is told once, and the next call returns
    /// `None`.
    pub async fn next(&mut self) -> Option<Result<Event>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Reads the next event if it has come already.
    pub(crate) fn next_ready(&mut self) -> Option<Event> {
        if self.close.is_closed() {
            self.shut();
        }
        let event = self.ready.pop_front()?;
        self.ready_bytes -= event.size();
        Some(event)
    }

    /// Drops what is left of a stream that was closed.
    fn shut(&mut self) {
        self.is_cut_short |= self.body.take().is_some() || self.close.was_open() || !self.ready.is_empty();
        self.ready.clear();
        self.ready_bytes = 0;
    }

    /// Waits until there is an event, or the stream is over.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.body = self.close.take();
        let ready = self.poll_body(cx);
        let body = self.body.take();
        if self.close.park(body, ready.is_pending().then(|| cx.waker())) {
            self.shut();
            return Poll::Ready(());
        }
        ready
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (mut frames, mut has_looked_again) = (0, false);
        loop {
            if self.close.is_closed() {
                self.shut();
            }
            if self.ready.len() >= AHEAD || self.ready_bytes >= AHEAD_BYTES {
                return Poll::Ready(());
            }
            let Some(body) = &mut self.body else { return Poll::Ready(()) };
            if let Some(end) = self.limits.passed_deadline() {
                let failure = end.error("no end of the stream", &self.origin);
                self.finish(Some(failure));
                continue;
            }
            frames += 1;
            let frame = match frames {
                // A peer can send more than is read, and nothing that ends the wait: limits and other tasks have their turn.
                FRAMES_AT_ONCE => give_way(cx),
                _ => Pin::new(body).poll_frame(cx),
            };
            match frame {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some((limit, timer)) = &mut self.limits.idle
                        && let Some(end) = Instant::now().checked_add(*limit)
                    {
                        timer.move_to(end);
                    }
                    if let Ok(bytes) = frame.into_data() {
                        self.take_in(&bytes);
                    }
                }
                Poll::Ready(Some(Err(error))) if !self.gate.has_ended() => {
                    let failure = stream_broke(error, &self.origin);
                    self.finish(Some(failure));
                }
                Poll::Ready(_) => {
                    let Self { gate, ready, ready_bytes, .. } = self;
                    let failure = gate.finish(|event| keep(event, ready, ready_bytes)).err();
                    self.finish(failure);
                }
                // The last event has come. A body that goes on after it is not waited for.
                Poll::Pending if self.gate.has_ended() => self.finish(None),
                Poll::Pending if !self.ready.is_empty() => return Poll::Ready(()),
                Poll::Pending => {
                    let failure = ready!(self.limits.poll(cx, &self.origin));
                    // A socket that gave way to others has not been looked at, and what has come is no silence.
                    if mem::replace(&mut has_looked_again, true) {
                        self.finish(Some(failure));
                    }
                }
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) {
        let Self { parser, gate, ready, ready_bytes, .. } = self;
        let mut failed = None;
        let parsed = parser.push(bytes, |event| {
            if failed.is_none() && !gate.has_ended() {
                failed = gate.admit(event, |event| keep(event, ready, ready_bytes)).err();
            }
        });
        if parsed.is_err() && failed.is_none() {
            let message = format!("an event is longer than {LONGEST_EVENT} bytes");
            failed = Some(Error::new(ErrorKind::Connection, "EVENT_TOO_LONG", message));
        }
        if failed.is_some() {
            self.finish(failed);
        }
    }

    fn finish(&mut self, failure: Option<Error>) {
        self.body = None;
        let StreamHead { attempts, turn, .. } = &self.head;
        self.failure = failure.map(|error| error.of_call(*attempts, turn.as_deref()));
    }
}

fn keep(event: Event, ready: &mut VecDeque<Event>, bytes: &mut usize) {
    *bytes += event.size();
    ready.push_back(event);
}

/// A close handle that outlives the stream keeps nothing open.
impl Drop for EventStream {
    fn drop(&mut self) {
        drop(self.close.take());
    }
}

impl Limits {
    /// The deadline, where it has passed: events may come so fast that its timer is not looked at.
    fn passed_deadline(&self) -> Option<End> {
        self.deadline.as_ref().filter(|(_, timer)| timer.has_passed()).map(|(end, _)| *end)
    }

    /// The error of the limit that is reached.
    fn poll(&mut self, cx: &mut Context<'_>, origin: &str) -> Poll<Error> {
        if let Some((end, timer)) = &mut self.deadline
            && timer.poll(cx).is_ready()
        {
            return Poll::Ready(end.error("no end of the stream", origin));
        }
        match &mut self.idle {
            Some((limit, timer)) => {
                ready!(timer.poll(cx));
                Poll::Ready(timed_out("nothing came in the stream", origin, "", *limit))
            }
            None => Poll::Pending,
        }
    }
}

impl Stream for EventStream {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ready.is_empty() || self.close.is_closed() {
            ready!(self.poll_ready(cx));
        }
        let next = self.next_ready();
        if next.is_none() && !self.is_raised && self.failure.is_some() {
            self.is_raised = true;
            return Poll::Ready(self.failure.clone().map(Err));
        }
        Poll::Ready(next.map(Ok))
    }
}
