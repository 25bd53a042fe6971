//! Replies with a 2xx status, as the network brings them.

use super::{http_service::Body, limits::End};
use crate::api::{error::Error, ids::TurnIds, table::StreamEnd};
use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use std::{fmt, sync::Arc, time::Duration};

/// A whole reply.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The key that was sent.
    pub idempotency_key: String,
    /// The number of attempts.
    pub attempts: u32,
    /// The ids of the chat turn that it answers.
    pub turn: Option<Arc<TurnIds>>,
}

impl fmt::Debug for Reply {
    /// Shows neither the body nor the values of headers, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("headers", &names(&self.headers))
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

fn names(headers: &HeaderMap) -> Vec<&HeaderName> {
    headers.keys().collect()
}

impl Reply {
    /// Adds to an error in this reply what is known of its call.
    pub fn explain(&self, error: Error) -> Error {
        error.of_call(self.attempts, self.turn.as_deref())
    }
}

/// A reply whose body is a stream of events.
#[derive(Debug)]
pub struct OpenedStream {
    pub(crate) head: StreamHead,
    pub(crate) body: Body,
    /// The rule by which it ends.
    pub(crate) end: StreamEnd,
    /// The silence after which it fails.
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) deadline: Option<End>,
    /// Scheme, host and port, for errors.
    pub(crate) origin: Arc<str>,
}

/// Everything about a stream that is known before its first event.
#[derive(Clone)]
pub(crate) struct StreamHead {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The key that was sent.
    pub idempotency_key: String,
    /// The number of attempts.
    pub attempts: u32,
    /// The ids of the chat turn that it carries.
    pub turn: Option<Arc<TurnIds>>,
}

impl fmt::Debug for StreamHead {
    /// Shows no values of headers, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamHead")
            .field("status", &self.status)
            .field("headers", &names(&self.headers))
            .field("turn", &self.turn)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
