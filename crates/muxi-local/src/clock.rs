//! The time as one server sees it: the real one, plus what a test has moved it by.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::sync::watch;

/// A clock that can be moved forward.
#[derive(Debug)]
pub(crate) struct Clock(watch::Sender<SignedDuration>);

impl Default for Clock {
    fn default() -> Self {
        Self(watch::Sender::new(SignedDuration::ZERO))
    }
}

impl Clock {
    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        // A clock moved beyond what a timestamp holds stays at the end of time.
        Timestamp::now().checked_add(*self.0.borrow()).unwrap_or(Timestamp::MAX)
    }

    /// The time by which the clock is ahead of the real time.
    pub(crate) fn offset(&self) -> SignedDuration {
        *self.0.borrow()
    }

    /// The time by which the clock can still be moved forward.
    pub(crate) fn left(&self) -> Duration {
        Duration::try_from(Timestamp::MAX.duration_since(self.now())).unwrap_or_default()
    }

    /// Moves the clock forward, and wakes the tasks that sleep until a time that has now come.
    pub(crate) fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.0.send_modify(|offset| *offset = offset.saturating_add(by));
    }

    /// Puts the clock back to the real time.
    pub(crate) fn reset(&self) {
        self.0.send_replace(SignedDuration::ZERO);
    }

    /// Waits until that time has come.
    pub(crate) async fn sleep_until(&self, time: Timestamp) {
        let mut moved = self.0.subscribe();
        loop {
            let Ok(left) = Duration::try_from(time.duration_since(self.now())) else { return };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                // The sender is this clock's own, so it lives as long as the wait.
                _ = moved.changed() => {}
            }
        }
    }

    /// Waits for that long.
    pub(crate) async fn sleep(&self, time: Duration) {
        let end = SignedDuration::try_from(time).ok().and_then(|time| self.now().checked_add(time).ok());
        self.sleep_until(end.unwrap_or(Timestamp::MAX)).await;
    }
}
