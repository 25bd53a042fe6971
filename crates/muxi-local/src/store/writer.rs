//! The thread that writes.

use super::{Change, Row, database::Database};
use std::sync::{Arc, mpsc};
use tokio::sync::watch;

/// The error of a caller whose batch came too late.
pub(super) const CLOSED: &str = "the server is stopping";

/// A message to the writer.
pub(super) enum Message {
    Write { number: u64, changes: Vec<Change> },
    Read { scope: String, reply: mpsc::Sender<Result<Vec<Row>, String>> },
}

/// The writer's progress.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The last batch that is safe.
    done: u64,
    /// The last batch of a try that failed, and why. The batches are kept for the next try.
    pub(super) failed: Option<(u64, Arc<str>)>,
}

impl Progress {
    /// The outcome of a batch; `None` while it is under way.
    pub(super) fn verdict(&self, number: u64) -> Option<Result<(), String>> {
        match &self.failed {
            _ if self.done >= number => Some(Ok(())),
            Some((last, error)) if *last >= number => Some(Err(error.to_string())),
            _ => None,
        }
    }
}

/// Writes batches until every sender is gone.
pub(super) fn run(mut database: Database, messages: &mpsc::Receiver<Message>, report: &watch::Sender<Progress>) {
    let mut pending = Vec::new();
    while let Ok(message) = messages.recv() {
        let (mut next, mut read) = (Some(message), None);
        let mut last = 0;
        // All that has come meanwhile is one transaction; a reader sees what was sent before it.
        while let Some(message) = next {
            match message {
                Message::Write { number, changes } => {
                    last = number;
                    pending.extend(changes);
                }
                Message::Read { scope, reply } => {
                    read = Some((scope, reply));
                    break;
                }
            }
            next = messages.try_recv().ok();
        }
        let mut written = Ok(());
        if last > 0 || !pending.is_empty() {
            written = database.write(&pending);
            if written.is_ok() {
                pending.clear();
            }
            report.send_modify(|progress| {
                let last = last.max(progress.failed.as_ref().map_or(0, |(number, _)| *number));
                match &written {
                    Ok(()) => *progress = Progress { done: last, failed: None },
                    Err(error) => progress.failed = Some((last, error.as_str().into())),
                }
            });
        }
        if let Some((scope, reply)) = read {
            let rows = written.and_then(|()| database.read(&scope));
            // The caller may have given up.
            let _ = reply.send(rows);
        }
    }
}
