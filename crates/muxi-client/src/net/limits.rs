//! Limits of time.

use super::{error::timed_out, outgoing::Upload};
use crate::api::error::{Error, Result};
use std::{future::Future, pin::Pin, time::Duration};
use tokio::time::{Instant, timeout_at};

/// The moment at which a wait ends, and the limit that it stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) at: Instant,
    limit: Duration,
    /// True if it ends the whole call, and not only a part of it.
    pub(crate) is_deadline: bool,
}

/// The limits of one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Of one attempt; for a stream, of the wait for its head.
    pub(super) attempt: Option<Duration>,
    /// Of silence in a stream.
    pub(super) idle: Option<Duration>,
    /// Of all of it.
    pub(super) deadline: Option<End>,
}

impl Limits {
    /// The end of an attempt that begins now.
    pub(super) fn attempt_end(&self) -> Option<End> {
        earlier(self.attempt.and_then(End::after), self.deadline)
    }
}

impl End {
    /// The end of a wait that begins now; none where the clock cannot hold it.
    pub(super) fn after(limit: Duration) -> Option<Self> {
        Some(Self { at: Instant::now().checked_add(limit)?, limit, is_deadline: false })
    }

    /// The end of a call that begins now.
    pub(super) fn deadline(limit: Duration) -> Option<Self> {
        Some(Self { is_deadline: true, ..Self::after(limit)? })
    }

    /// Tells whether it has come, or comes before that much time has passed.
    pub(super) fn is_within(&self, delay: Duration) -> bool {
        self.at.saturating_duration_since(Instant::now()) <= delay
    }

    /// The error for `what` that has not come by then.
    pub(crate) fn error(&self, what: &str, origin: &str) -> Error {
        timed_out(what, origin, if self.is_deadline { "the deadline of " } else { "" }, self.limit)
    }
}

pub(super) fn earlier(one: Option<End>, other: Option<End>) -> Option<End> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if one.at <= other.at { one } else { other }),
        (one, other) => one.or(other),
    }
}

/// The result of `work`, unless the time ends before. Pinned by the caller, a future is not copied into the states of these.
pub(super) async fn until<T>(
    end: Option<End>,
    what: &str,
    origin: &str,
    work: Pin<&mut impl Future<Output = T>>,
) -> Result<T> {
    match end {
        None => Ok(work.await),
        Some(end) => timeout_at(end.at, work).await.map_err(|_| end.error(what, origin)),
    }
}

/// The result of `work`, unless there is silence for too long after the last byte of the upload.
pub(super) async fn until_silent<T>(
    idle: Option<Duration>,
    upload: &Upload,
    origin: &str,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Result<T> {
    let Some(idle) = idle else { return Ok(work.await) };
    let mut from = Instant::now();
    loop {
        let Some(at) = from.checked_add(idle) else { return Ok(work.await) };
        if let Ok(done) = timeout_at(at, work.as_mut()).await {
            return Ok(done);
        }
        match upload.sent_after(from) {
            Some(later) => from = later,
            None => return Err(timed_out("nothing came in the stream", origin, "", idle)),
        }
    }
}
