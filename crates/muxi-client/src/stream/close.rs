//! Closing a stream from elsewhere.

use crate::net::http_service::Body;
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

/// Closes a stream from another task or thread, also while it is being read: the read then ends at once. A copy closes the
/// same stream. It keeps nothing open.
#[derive(Clone, Default)]
pub struct CloseHandle(Arc<Closing>);

#[derive(Default)]
struct Closing {
    /// Changes only while `parked` is locked.
    is_closed: AtomicBool,
    parked: Mutex<Parked>,
}

/// The part of a stream that lies here between two polls, so that it can be closed then.
#[derive(Default)]
struct Parked {
    body: Option<Body>,
    /// The task that waits for an event.
    reader: Option<Waker>,
    /// The stream had not been over when it was closed.
    was_open: bool,
}

impl fmt::Debug for CloseHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseHandle").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl CloseHandle {
    /// The handle of a stream that reads this body.
    pub(super) fn new(body: Body) -> Self {
        let parked = Parked { body: Some(body), ..Parked::default() };
        Self(Arc::new(Closing { parked: Mutex::new(parked), ..Closing::default() }))
    }

    /// Closes the stream: its connection goes, which cancels a chat turn. Events that have come and were not read are
    /// dropped. A stream that is over stays as it is.
    pub fn close(&self) {
        let mut parked = self.parked();
        self.0.is_closed.store(true, Ordering::SeqCst);
        let (body, reader) = (parked.body.take(), parked.reader.take());
        parked.was_open |= body.is_some();
        drop(parked);
        drop(body);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Tells whether the stream has been closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::SeqCst)
    }

    /// Takes the body, to poll it.
    pub(super) fn take(&self) -> Option<Body> {
        self.parked().body.take()
    }

    /// Takes the body back, with the waker of a reader that waits. Returns whether the stream was closed meanwhile.
    pub(super) fn park(&self, body: Option<Body>, reader: Option<&Waker>) -> bool {
        let mut parked = self.parked();
        if self.is_closed() {
            parked.was_open |= body.is_some();
            drop(parked);
            return true;
        }
        parked.body = body;
        if let Some(reader) = reader
            && !parked.reader.as_ref().is_some_and(|known| known.will_wake(reader))
        {
            parked.reader = Some(reader.clone());
        }
        false
    }

    /// Tells whether the stream was closed before it was over.
    pub(super) fn was_open(&self) -> bool {
        self.parked().was_open
    }

    /// Tells whether there is a body, which has not been read to its end.
    pub(super) fn has_body(&self) -> bool {
        self.parked().body.is_some()
    }

    fn parked(&self) -> MutexGuard<'_, Parked> {
        self.0.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
