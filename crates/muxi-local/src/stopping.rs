//! Tells the holders of open streams that the server stops.

use tokio::sync::watch;

/// The signal that the server stops.
#[derive(Debug)]
pub(crate) struct Stopping(watch::Sender<bool>);

impl Default for Stopping {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stopping {
    /// The server stops from now on.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Waits until the server stops.
    pub(crate) async fn begun(&self) {
        // The sender is this value's own, so it lives as long as the wait.
        let _ = self.0.subscribe().wait_for(|stops| *stops).await;
    }
}
