//! The part of a stream that the background thread fills, ahead of the reader.

use super::mailbox::{Outcome, Queue};
use crate::{client::State, errors::internal, events::Head, log::waking, process::lock};
use muxi_client::{
    CallOptions, CloseHandle, Error, EventStream,
    api::{event::Event, request::Request},
};
use std::{
    mem,
    sync::{Arc, Mutex},
};
use tokio::sync::Notify;

/// So many events, and so many bytes of them, lie ready at most before the connection waits for the reader.
const AHEAD: usize = 1024;
const AHEAD_BYTES: usize = 512 << 10;

/// The part of a stream that the background thread fills.
#[derive(Default)]
pub(super) struct Ahead {
    /// There as soon as the stream is open.
    pub(super) head: Option<Arc<Head>>,
    pub(super) close: Option<CloseHandle>,
    pub(super) ready: Vec<Event>,
    pub(super) bytes: usize,
    pub(super) failure: Option<Error>,
    pub(super) is_over: bool,
    /// True if it was closed before all of it had been read.
    pub(super) is_cut_short: bool,
    pub(super) waiters: Vec<(Arc<Queue>, u64)>,
}

#[derive(Default)]
pub(super) struct Shared {
    pub(super) ahead: Mutex<Ahead>,
    /// There is room again, or the stream is closed.
    pub(super) room: Notify,
    /// The stream is closed while it is being opened.
    closed: Notify,
}

impl Shared {
    /// Changes what is ahead, and tells those who wait.
    pub(super) fn change(&self, change: impl FnOnce(&mut Ahead)) {
        let mut ahead = lock(&self.ahead);
        change(&mut ahead);
        let waiters = mem::take(&mut ahead.waiters);
        drop(ahead);
        for (queue, id) in waiters {
            queue.push(id, Outcome::Ready);
        }
    }

    fn fail(&self, failure: Error) {
        self.change(|ahead| {
            if !ahead.is_over {
                (ahead.failure, ahead.is_over) = (Some(failure), true);
            }
        });
    }

    fn is_full(&self) -> bool {
        let ahead = lock(&self.ahead);
        !ahead.is_over && (ahead.ready.len() >= AHEAD || ahead.bytes >= AHEAD_BYTES)
    }

    pub(super) fn close(&self) {
        self.change(|ahead| {
            ahead.is_cut_short |= !ahead.is_over || !ahead.ready.is_empty();
            (ahead.is_over, ahead.bytes) = (true, 0);
            ahead.ready.clear();
            if let Some(close) = &ahead.close {
                close.close();
            }
        });
        self.room.notify_one();
        self.closed.notify_one();
    }
}

/// The filling of a stream by the background thread. One that ends before the stream does, by a panic, is its failure.
pub(super) struct Filling(pub(super) Arc<Shared>);

impl Drop for Filling {
    fn drop(&mut self) {
        if !lock(&self.0.ahead).is_over {
            self.0.fail(internal("a stream ended without its end"));
        }
    }
}

impl Filling {
    pub(super) async fn open(self, state: Arc<State>, request: Request, options: CallOptions) {
        let Some(inner) = state.get() else { return };
        let shared = self.0.clone();
        let opened = tokio::select! {
            opened = waking(move || shared.change(|_| {}), inner.transport.open(&request, &options)) => opened,
            () = self.0.closed.notified() => return,
        };
        match opened {
            Err(error) => self.0.fail(error),
            Ok(opened) => {
                let stream = EventStream::new(opened);
                self.0.change(|ahead| {
                    ahead.head = Some(Arc::new(Head::of(&stream)));
                    ahead.close = Some(stream.close_handle());
                });
                // A task of its own: this one has room for all that opening takes, and the stream may last long.
                tokio::spawn(self.read(stream));
            }
        }
    }

    async fn read(self, mut stream: EventStream) {
        while !lock(&self.0.ahead).is_over {
            let batch = stream.next_batch().await;
            self.0.change(|ahead| match batch {
                _ if ahead.is_over => {}
                Ok(batch) => {
                    ahead.is_over = batch.is_empty();
                    ahead.bytes += batch.iter().map(Event::size).sum::<usize>();
                    ahead.ready.extend(batch);
                }
                Err(failure) => (ahead.failure, ahead.is_over) = (Some(failure), true),
            });
            while self.0.is_full() {
                self.0.room.notified().await;
            }
        }
    }
}
