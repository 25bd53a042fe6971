//! Closing a stream from elsewhere.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// Closes a stream from another task or thread, also while it is being read: the read then ends at once. A copy closes the
/// same stream. It keeps nothing open.
#[derive(Clone, Debug, Default)]
pub struct CloseHandle(Arc<Closing>);

#[derive(Debug, Default)]
struct Closing {
    closed: AtomicBool,
    reader: Mutex<Option<Waker>>,
}

impl CloseHandle {
    /// Closes the stream: its connection goes, which cancels a chat turn. Events that have come and were not read are
    /// dropped. A stream that is over stays as it is.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        let reader = self.reader().take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Tells whether the stream has been closed.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    /// Waits until the stream is closed.
    pub(super) fn poll_closed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut reader = self.reader();
        if !reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
            *reader = Some(cx.waker().clone());
        }
        drop(reader);
        // After the waker is there: whoever closes it now finds the waker, and has set the flag before.
        if self.is_closed() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn reader(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
