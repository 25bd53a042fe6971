//! A moment in the future that moves.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Waits until a moment, which may be moved meanwhile. It needs a runtime from the first wait on only.
pub(super) struct Timer {
    at: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    pub(super) fn new(at: Instant) -> Self {
        Self { at, sleep: None }
    }

    /// Moves the moment. This is cheap: the sleep is set anew when it ends.
    pub(super) fn move_to(&mut self, at: Instant) {
        self.at = at;
    }

    pub(super) fn has_passed(&self) -> bool {
        self.at <= Instant::now()
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(self.at)));
        loop {
            ready!(sleep.as_mut().poll(cx));
            if self.at <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(self.at);
        }
    }
}
