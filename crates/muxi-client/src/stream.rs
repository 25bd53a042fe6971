//! Streams of server-sent events.

use crate::{
    api::{
        error::{Error, ErrorKind, Result},
        event::{Event, Gate},
        ids::TurnIds,
        sse::SseParser,
        table::StreamEnd,
    },
    config::Config,
    net::{
        error::{broken, timed_out},
        http_service::Body,
    },
};
use futures_core::Stream;
use http::HeaderMap;
use http_body::Body as _;
use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// A turn with an artifact of the largest size fits.
const LONGEST_EVENT: usize = 128 << 20;
/// So many events at most wait to be taken.
const BATCH: usize = 512;

/// An open stream of events. Dropping it closes its connection, which cancels a chat turn.
///
/// It ends after the stream's last event, and with an error when the other side reports one or the stream was cut.
pub struct EventStream {
    /// Gone when the stream is over.
    body: Option<Body>,
    parser: SseParser,
    gate: Gate,
    ready: VecDeque<Event>,
    failed: Option<Error>,
    idle: Option<(Duration, Pin<Box<Sleep>>)>,
    status: u16,
    headers: HeaderMap,
    idempotency_key: String,
    turn: Option<Arc<TurnIds>>,
    attempts: u32,
    config: Arc<Config>,
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("open", &self.body.is_some())
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}

impl EventStream {
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn new(
        body: Body,
        end: StreamEnd,
        idle: Option<Duration>,
        status: u16,
        headers: HeaderMap,
        idempotency_key: String,
        turn: Option<Arc<TurnIds>>,
        attempts: u32,
        config: &Arc<Config>,
    ) -> Self {
        Self {
            body: Some(body),
            parser: SseParser::new(LONGEST_EVENT),
            gate: Gate::new(end),
            ready: VecDeque::new(),
            failed: None,
            idle: idle.map(|limit| (limit, Box::pin(tokio::time::sleep(limit)))),
            status,
            headers,
            idempotency_key,
            turn,
            attempts,
            config: config.clone(),
        }
    }

    /// The ids of the chat turn that this stream carries.
    pub fn turn(&self) -> Option<&TurnIds> {
        self.turn.as_deref()
    }
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }
    /// The HTTP headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
    /// The idempotency key that was sent.
    pub fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    /// Closes the connection. Events that have come already can still be taken.
    pub fn close(&mut self) {
        self.body = None;
    }

    /// The next events: all that have come already, at least one; none when the stream is over.
    pub async fn next_batch(&mut self) -> Result<Vec<Event>> {
        poll_fn(|cx| self.poll_ready(cx)).await?;
        Ok(std::mem::take(&mut self.ready).into())
    }

    /// Waits until there is an event, or the stream is over.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            if self.ready.len() >= BATCH {
                return Poll::Ready(Ok(()));
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(match self.failed.take_if(|_| self.ready.is_empty()) {
                    Some(error) => Err(error.of_call(self.attempts, self.turn.as_deref())),
                    None => Ok(()),
                });
            };
            match Pin::new(body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some((limit, timer)) = &mut self.idle {
                        timer.as_mut().reset(Instant::now() + *limit);
                    }
                    if let Ok(bytes) = frame.into_data() {
                        self.take_in(&bytes);
                    }
                }
                Poll::Ready(Some(Err(error))) if !self.gate.has_ended() => {
                    let error = broken(error, &self.config);
                    self.end(Some(Error::stream_cut(error.message()).with_source(error)));
                }
                Poll::Ready(_) => {
                    let failed = self.gate.finish().err();
                    self.end(failed);
                }
                // The last event has come. A body that goes on after it is not waited for.
                Poll::Pending if self.gate.has_ended() => self.end(None),
                Poll::Pending if !self.ready.is_empty() => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    let Some((limit, timer)) = &mut self.idle else { return Poll::Pending };
                    ready!(timer.as_mut().poll(cx));
                    let failed = timed_out(*limit, &self.config, "nothing came in the stream");
                    self.end(Some(failed));
                }
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) {
        let Self { parser, gate, ready, failed, .. } = self;
        let parsed = parser.push(bytes, |event| {
            if failed.is_none() && !gate.has_ended() {
                *failed = gate.admit(event, |event| ready.push_back(event)).err();
            }
        });
        if parsed.is_err() && failed.is_none() {
            let message = format!("an event is longer than {LONGEST_EVENT} bytes");
            *failed = Some(Error::new(ErrorKind::Connection, "EVENT_TOO_LONG", message));
        }
        if failed.is_some() {
            self.body = None;
        }
    }

    fn end(&mut self, failed: Option<Error>) {
        self.body = None;
        self.failed = failed;
    }
}

impl Stream for EventStream {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ready.is_empty()
            && let Err(error) = ready!(self.poll_ready(cx))
        {
            return Poll::Ready(Some(Err(error)));
        }
        Poll::Ready(self.ready.pop_front().map(Ok))
    }
}
