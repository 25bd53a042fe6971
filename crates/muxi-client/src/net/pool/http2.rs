//! Connections that requests share. Each has a task of its own, since no single call could drive it.

use super::{
    connection::current_runtime,
    idle::{IdleConnections, SharedConnection},
};
use crate::net::{
    connect::Connected,
    error::{Failure, Reached},
    outgoing::Outgoing,
    socket::{Counts, Socket},
};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::http2::{Builder, Connection, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    error::Error as _,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    runtime::Id,
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
};

/// The unread bytes that all streams together may have. Each has a limit of its own: with one for the connection that a
/// few streams can reach, streams without a reader would hold up all others.
const CONNECTION_WINDOW: u32 = 1 << 30;

/// The connections to one origin, usually one for each runtime: a server that allows too few streams on it gets more.
pub(super) struct Http2Connections {
    connections: Mutex<Vec<Arc<Http2Connection>>>,
    /// True if the peer may speak HTTP/2: calls that start at once then wait for the first one's connection.
    possible: AtomicBool,
    connecting: Mutex<Vec<(Option<Id>, Turn)>>,
    /// The number of connections that could not be made.
    failures: AtomicUsize,
}

/// The turn to connect: its holder connects, and the others in its runtime wait. Another runtime would wait for one
/// that may stand still.
type Turn = Arc<AsyncMutex<()>>;

/// The progress of an exchange. Requests share the connection, so that its bytes say nothing. A request that hyper
/// hands back never left, and a stream that is refused has not been processed (RFC 9113, 8.7).
fn reached(handed_back: bool, error: &hyper::Error) -> Reached {
    let source = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    let refused = source.and_then(h2::Error::reason) == Some(h2::Reason::REFUSED_STREAM);
    if handed_back || refused { Reached::NothingSent } else { Reached::Sent { reused: false } }
}

/// A request's place on a connection, kept until its reply has been read.
pub(super) struct Place {
    connection: Arc<Http2Connection>,
    idle: Weak<IdleConnections>,
}

/// The last request that leaves makes the connection an idle one.
impl Drop for Place {
    fn drop(&mut self) {
        let was_last = self.connection.requests.fetch_sub(1, Ordering::AcqRel) == 1;
        if let (true, Some(idle)) = (was_last, self.idle.upgrade()) {
            idle.put_shared(self.connection.clone());
        }
    }
}

/// A connection, and what sends requests to it.
struct Http2Connection {
    sender: SendRequest<Outgoing>,
    /// The runtime of its task.
    runtime: Option<Id>,
    /// Its task has it.
    connection: Weak<Mutex<Connection<TokioIo<Connected>, Outgoing, TokioExecutor>>>,
    socket: Socket,
    /// The number of requests on it, or `CLOSED`.
    requests: AtomicUsize,
}

/// More requests than any connection takes.
const CLOSED: usize = usize::MAX;

impl Http2Connection {
    /// The number of streams that the peer allows; until it has said so, the 100 that a server is expected to
    /// allow.
    fn allowed(&self) -> usize {
        self.connection.upgrade().map_or(0, |connection| lock(&connection).current_max_send_streams())
    }

    /// A place on it, if there is one. The runtime of an idle one may not have heard that it has ended.
    fn place(self: &Arc<Self>, idle: &Arc<IdleConnections>) -> Option<Place> {
        if self.requests.load(Ordering::Acquire) == 0 && self.socket.has_ended() {
            return None;
        }
        let allowed = self.allowed();
        let one_more = |requests| (requests < allowed).then(|| requests + 1);
        self.requests.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        Some(Place { connection: self.clone(), idle: Arc::downgrade(idle) })
    }
}

impl SharedConnection for Http2Connection {
    /// Its tasks end when their runtime next runs: that of a blocking client stands still between calls.
    fn close_if_unused(&self) {
        if self.requests.compare_exchange(0, CLOSED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.socket.shut_down();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The connection of a call, or the right to make one.
pub(super) enum Entry {
    /// Use that connection.
    Open(Place),
    /// Make one. Others wait for it as long as this is held.
    Connect(Option<OwnedMutexGuard<()>>),
}

impl Http2Connections {
    /// No connections yet; `possible` tells whether there may be any.
    pub(super) fn new(possible: bool) -> Self {
        Self {
            connections: Mutex::default(),
            possible: AtomicBool::new(possible),
            connecting: Mutex::default(),
            failures: AtomicUsize::new(0),
        }
    }

    /// A place on a connection, or the turn to make one.
    pub(super) async fn enter(&self, idle: &Arc<IdleConnections>) -> Entry {
        let is_impossible = || !self.possible.load(Ordering::Relaxed);
        if is_impossible() {
            return Entry::Connect(None);
        }
        if let Some(place) = self.free(idle) {
            return Entry::Open(place);
        }
        let failures = self.failures.load(Ordering::Relaxed);
        let turn = self.turn().lock_owned().await;
        if let Some(place) = self.free(idle) {
            return Entry::Open(place);
        }
        // If the holder could not connect, the calls that waited for it try at once, and not one after another.
        let failed = self.failures.load(Ordering::Relaxed) != failures;
        Entry::Connect(Some(turn).filter(|_| !failed && !is_impossible()))
    }

    /// This runtime's turn to connect.
    fn turn(&self) -> Turn {
        let own = current_runtime();
        let mut turns = lock(&self.connecting);
        turns.retain(|(_, turn)| Arc::strong_count(turn) > 1);
        let turn = turns.iter().find(|(runtime, _)| *runtime == own).map(|(_, turn)| turn.clone());
        turn.unwrap_or_else(|| {
            let turn = Turn::default();
            turns.push((own, turn.clone()));
            turn
        })
    }

    /// A place on this runtime's first connection that stands and has one.
    fn free(&self, idle: &Arc<IdleConnections>) -> Option<Place> {
        let own = current_runtime();
        let mut connections = lock(&self.connections);
        connections.retain(|connection| !connection.sender.is_closed());
        connections.iter().filter(|connection| connection.runtime == own).find_map(|connection| connection.place(idle))
    }

    /// The peer has not agreed to HTTP/2.
    pub(super) fn is_not_spoken(&self) {
        self.possible.store(false, Ordering::Relaxed);
    }

    /// No connection could be made.
    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Uses that connection from now on.
    pub(super) async fn open(&self, connected: Connected, idle: &Arc<IdleConnections>) -> hyper::Result<Place> {
        let socket = connected.socket.clone();
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_connection_window_size(CONNECTION_WINDOW);
        let (sender, connection) = builder.handshake(TokioIo::new(connected)).await?;
        let connection = Arc::new(Mutex::new(connection));
        let shared = Arc::new(Http2Connection {
            sender,
            runtime: current_runtime(),
            connection: Arc::downgrade(&connection),
            socket,
            requests: AtomicUsize::new(1),
        });
        tokio::spawn(poll_fn(move |cx| Pin::new(&mut *lock(&connection)).poll(cx)));
        lock(&self.connections).push(shared.clone());
        self.possible.store(true, Ordering::Relaxed);
        Ok(Place { connection: shared, idle: Arc::downgrade(idle) })
    }

    /// Gives that connection to no other request; what is under way on it goes on.
    fn retire(&self, connection: &Arc<Http2Connection>) {
        lock(&self.connections).retain(|other| !Arc::ptr_eq(other, connection));
    }

    pub(super) async fn send(&self, place: &Place, request: Request<Outgoing>) -> Result<Response<Incoming>, Failure> {
        let unanswered = Unanswered { connections: self, place, before: place.connection.socket.counts() };
        let answer = place.connection.sender.clone().try_send_request(request).await;
        drop(unanswered);
        match answer {
            Ok(response) => Ok(response),
            Err(mut failed) => {
                self.retire(&place.connection);
                let handed_back = failed.take_message().is_some();
                let error = failed.into_error();
                Err(Failure { reached: reached(handed_back, &error), error: error.into() })
            }
        }
    }
}

/// A request that waits for its answer. If it is given up and nothing at all has come meanwhile, the connection may be
/// dead, and is retired.
struct Unanswered<'a> {
    connections: &'a Http2Connections,
    place: &'a Place,
    before: Counts,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let connection = &self.place.connection;
        if connection.socket.counts().answered == self.before.answered {
            self.connections.retire(connection);
        }
    }
}
