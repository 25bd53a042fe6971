//! The connections that no request uses.

use super::connection::{Connection, current_runtime};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// Idle connections to one origin, each for one runtime.
pub(super) struct IdleConnections {
    state: Mutex<State>,
    /// The time after which one is closed.
    timeout: Option<Duration>,
}

/// A connection that many requests use at once.
pub(super) trait SharedConnection: Send + Sync {
    /// Closes it, unless a request uses it.
    fn close_if_unused(&self);
}

#[derive(Default)]
struct State {
    /// The one that was used last is at the end.
    connections: Vec<IdleConnection>,
    /// Those that many requests may use at once, with the moment at which the last one left.
    shared: Vec<(Instant, Arc<dyn SharedConnection>)>,
    /// The thread that closes old ones. A task could not: its runtime may stand still, or end before its time has come.
    closer: Option<Thread>,
}

struct IdleConnection {
    since: Instant,
    connection: Box<Connection>,
}

impl IdleConnections {
    pub(super) fn new(timeout: Option<Duration>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), timeout })
    }

    /// Tells whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.state().connections.is_empty()
    }

    /// The idle connection that this runtime used last, if it still stands.
    pub(super) fn take(&self) -> Option<Box<Connection>> {
        let own = current_runtime();
        loop {
            let IdleConnection { since, mut connection } = {
                let connections = &mut self.state().connections;
                let at = connections.iter().rposition(|idle| idle.connection.runtime() == own)?;
                connections.remove(at)
            };
            if !self.is_old(since) && connection.socket().is_quiet() && connection.is_ready() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(self: &Arc<Self>, connection: Box<Connection>) {
        self.keep(|state| state.connections.push(IdleConnection { since: Instant::now(), connection }));
    }

    /// Closes that connection later, unless it is used again.
    pub(super) fn put_shared(self: &Arc<Self>, connection: Arc<dyn SharedConnection>) {
        if self.timeout.is_none() {
            return;
        }
        self.keep(|state| {
            state.shared.retain(|(_, other)| !Arc::ptr_eq(other, &connection));
            state.shared.push((Instant::now(), connection));
        });
    }

    /// Changes the lists, and sees to it that old connections are closed.
    fn keep(self: &Arc<Self>, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if let (None, Some(timeout)) = (&state.closer, self.timeout) {
            let idle = Arc::downgrade(self);
            let thread = thread::Builder::new().name("muxi-idle".to_owned());
            // Without the thread, old connections close when the next call looks at them.
            let closer = thread.spawn(move || close_old(&idle, timeout));
            state.closer = closer.ok().map(|closer| closer.thread().clone());
        }
    }

    fn is_old(&self, since: Instant) -> bool {
        self.timeout.is_some_and(|timeout| since.elapsed() >= timeout)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes old connections. Returns since when the oldest of the others has been idle.
    fn close_old(&self) -> Option<Instant> {
        let mut state = self.state();
        let State { connections, shared, closer } = &mut *state;
        let old = connections.extract_if(.., |idle| self.is_old(idle.since)).collect::<Vec<_>>();
        let old_shared = shared.extract_if(.., |(since, _)| self.is_old(*since)).collect::<Vec<_>>();
        let since = connections.iter().map(|idle| idle.since).chain(shared.iter().map(|(since, _)| *since)).min();
        if since.is_none() {
            *closer = None;
        }
        drop(state);
        drop(old);
        old_shared.iter().for_each(|(_, connection)| connection.close_if_unused());
        since
    }
}

impl Drop for IdleConnections {
    fn drop(&mut self) {
        if let Some(closer) = self.state().closer.take() {
            closer.unpark();
        }
    }
}

/// Closes connections that have been idle for too long, until none is left.
fn close_old(idle: &Weak<IdleConnections>, timeout: Duration) {
    let mut since = Instant::now();
    loop {
        let until = since.checked_add(timeout);
        until.map_or_else(thread::park, |until| thread::park_timeout(until.saturating_duration_since(Instant::now())));
        let Some(oldest) = idle.upgrade().and_then(|idle| idle.close_old()) else { return };
        since = oldest;
    }
}
