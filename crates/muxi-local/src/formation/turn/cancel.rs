//! Cancelling: a turn is told to stop, and does so at its next step.

use super::plan::Step;
use super::requests::End;
use super::running::{Reply, Turn};
use crate::quirks::Quirk;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The time after which the shipped runtime gives up a stream that it has left without its end.
const GIVE_UP_AFTER: Duration = Duration::from_secs(600);

/// The turns that run, by their numbers, and whether each is to stop.
#[derive(Debug, Default)]
pub(crate) struct Cancels(Mutex<HashMap<u64, watch::Sender<bool>>>);

impl Cancels {
    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, watch::Sender<bool>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a turn; what comes back says when it is to stop.
    pub(crate) fn enter(&self, serial: u64) -> watch::Receiver<bool> {
        let sender = watch::Sender::new(false);
        let receiver = sender.subscribe();
        self.open().insert(serial, sender);
        receiver
    }

    /// Forgets a turn that has ended.
    pub(crate) fn leave(&self, serial: u64) {
        self.open().remove(&serial);
    }

    /// Tells a turn to stop; `false` where no such turn runs.
    pub(crate) fn ask(&self, serial: u64) -> bool {
        self.open().get(&serial).map(|sender| sender.send_replace(true)).is_some()
    }
}

impl Turn {
    /// True if the turn has been told to stop and still listens.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.listens() && *self.cancel.borrow()
    }

    /// True if the turn would stop if it were told to. The shipped runtime's does not once its answer has begun.
    fn listens(&self) -> bool {
        self.open && !(self.answering && self.late_cancel())
    }

    fn late_cancel(&self) -> bool {
        self.formation.quirk(Quirk::LateCancel)
    }

    /// Resolves when the turn is told to stop.
    pub(crate) async fn cancelled(&mut self) {
        if !self.listens() || self.cancel.wait_for(|told| *told).await.is_err() {
            std::future::pending().await
        }
    }

    /// Ends the turn where it stands. A stream gets an empty `completed` with status `cancelled`, and `done`; in the
    /// shipped runtime it gets nothing but keepalives.
    pub(crate) fn stop(&mut self) {
        self.steps.clear();
        self.source = None;
        self.failure = None;
        self.pause = Duration::ZERO;
        self.close(End::Cancelled);
        self.reply = Ok(Reply {
            content: String::new(),
            artifacts: Vec::new(),
            metadata: json!({ "cancelled": true, "request_id": self.request_id }),
            widgets: Vec::new(),
        });
        if !self.streamed {
            return;
        }
        if self.late_cancel() {
            self.steps.push_back(Step::Pause(GIVE_UP_AFTER));
        } else {
            let extra = json!({ "status": "cancelled", "processing_time_ms": null });
            self.steps.push_back(Step::Token("completed".into(), String::new(), extra));
        }
        self.steps.push_back(Step::Frame("event: done\ndata: {\"finished\":true}\n\n".to_owned()));
    }
}
