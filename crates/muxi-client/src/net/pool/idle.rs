//! The connections that no request uses.

use super::connection::Connection;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Handle, Id},
    time::Instant,
};

/// Idle connections to one origin, each for one runtime.
pub(super) struct IdleConnections {
    state: Mutex<State>,
    /// The time after which one is closed.
    timeout: Option<Duration>,
    reaping: Reaping,
}

/// Where the closing of old connections runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaping {
    /// In a task of the runtime that made them.
    Task,
    /// In a thread: the runtime only runs during calls.
    Thread,
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
    /// The runtimes in which a task waits to close those that have been idle for too long. One that stands still closes
    /// none, so that each has its own.
    reaped: Vec<Option<Id>>,
}

struct IdleConnection {
    since: Instant,
    /// The runtime that opened it, and whose driver wakes up what waits for it.
    runtime: Option<Id>,
    connection: Box<Connection>,
}

pub(super) fn current_runtime() -> Option<Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

impl IdleConnections {
    pub(super) fn new(timeout: Option<Duration>, reaping: Reaping) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), timeout, reaping })
    }

    /// The idle connection that this runtime used last, if it still stands.
    pub(super) fn take(&self) -> Option<Box<Connection>> {
        let own = current_runtime();
        loop {
            let IdleConnection { since, mut connection, .. } = {
                let connections = &mut self.state().connections;
                let at = connections.iter().rposition(|idle| idle.runtime == own)?;
                connections.remove(at)
            };
            if !self.is_old(since) && connection.socket().is_quiet() && connection.is_ready() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(self: &Arc<Self>, connection: Box<Connection>) {
        let runtime = current_runtime();
        let idle = IdleConnection { since: Instant::now(), runtime, connection };
        self.keep(runtime, |state| state.connections.push(idle));
    }

    /// Closes that connection later, unless it is used again.
    pub(super) fn put_shared(self: &Arc<Self>, connection: Arc<dyn SharedConnection>) {
        if self.timeout.is_none() {
            return;
        }
        self.keep(current_runtime(), |state| {
            state.shared.retain(|(_, other)| !Arc::ptr_eq(other, &connection));
            state.shared.push((Instant::now(), connection));
        });
    }

    /// Changes the lists, and sees to it that old connections of this runtime are closed.
    fn keep(self: &Arc<Self>, runtime: Option<Id>, change: impl FnOnce(&mut State)) {
        let reaper = runtime.filter(|_| self.reaping == Reaping::Task);
        let reaped = {
            let mut state = self.state();
            change(&mut state);
            let reaped = state.reaped.contains(&reaper);
            if !reaped {
                state.reaped.push(reaper);
            }
            reaped
        };
        let (false, Some(timeout)) = (reaped, self.timeout) else { return };
        let reaper = Reaper { idle: Arc::downgrade(self), timeout, runtime: reaper };
        // The lock is free here: a runtime that shuts down drops the task at once.
        match (self.reaping, Handle::try_current()) {
            (Reaping::Task, Ok(runtime)) => drop(runtime.spawn(reaper.run())),
            (Reaping::Task, Err(_)) => {}
            (Reaping::Thread, _) => {
                let thread = thread::Builder::new().name("muxi-idle".to_owned());
                // Without the thread, old connections close when the next call looks at them.
                let _ = thread.spawn(move || reaper.run_blocking());
            }
        }
    }

    fn is_old(&self, since: Instant) -> bool {
        self.timeout.is_some_and(|timeout| since.elapsed() >= timeout)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes old connections. Returns when that runtime is to look again: never, when none is left.
    fn reap(&self, runtime: Option<Id>) -> Option<Instant> {
        let mut state = self.state();
        let State { connections, shared, reaped } = &mut *state;
        let old = connections.extract_if(.., |idle| self.is_old(idle.since)).collect::<Vec<_>>();
        let old_shared = shared.extract_if(.., |(since, _)| self.is_old(*since)).collect::<Vec<_>>();
        let since = connections.iter().map(|idle| idle.since).chain(shared.iter().map(|(since, _)| *since));
        let next = since.min().zip(self.timeout);
        if next.is_none() {
            reaped.retain(|other| *other != runtime);
        }
        drop(state);
        drop(old);
        old_shared.iter().for_each(|(_, connection)| connection.close_if_unused());
        next.and_then(|(since, timeout)| since.checked_add(timeout))
    }
}

/// Closes connections that have been idle for too long, until none is left.
struct Reaper {
    idle: Weak<IdleConnections>,
    timeout: Duration,
    /// None for a thread.
    runtime: Option<Id>,
}

impl Reaper {
    async fn run(mut self) {
        let mut next = Instant::now().checked_add(self.timeout);
        while let Some(at) = next {
            tokio::time::sleep_until(at).await;
            next = self.reap();
        }
    }

    fn run_blocking(mut self) {
        let mut next = Instant::now().checked_add(self.timeout);
        while let Some(at) = next {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            next = self.reap();
        }
    }

    fn reap(&mut self) -> Option<Instant> {
        let next = self.idle.upgrade()?.reap(self.runtime);
        if next.is_none() {
            self.idle = Weak::new();
        }
        next
    }
}

/// There is no runtime for the task, or it is gone: the next connection that lies idle gets a new one.
impl Drop for Reaper {
    fn drop(&mut self) {
        if let Some(idle) = self.idle.upgrade() {
            idle.state().reaped.retain(|other| *other != self.runtime);
        }
    }
}
