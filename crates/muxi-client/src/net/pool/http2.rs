//! Connections that requests share. Each has a task of its own, since no single call could drive it.

use super::idle::current_runtime;
use crate::net::{
    connect::Stream,
    error::{Failure, Reached},
    outgoing::Outgoing,
};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::http2::{Builder, Connection, SendRequest},
};
use hyper_util::rt::TokioExecutor;
use std::{
    error::Error as _,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{runtime::Id, sync::OwnedMutexGuard};

/// How much of all streams together may lie unread. Each has a limit of its own: with one for the connection that a few
/// streams can reach, those that nobody reads would hold up all others.
const CONNECTION_WINDOW: u32 = 1 << 30;

/// The connections to one origin, usually one for each runtime: a server that allows too few streams on it gets more.
pub(super) struct Http2Connections {
    connections: Mutex<Vec<Place>>,
    /// Whether the other side may speak HTTP/2: calls that start at once then wait for the first one's connection.
    possible: AtomicBool,
    connecting: Mutex<Vec<(Option<Id>, Turn)>>,
    /// How many connections could not be made.
    failures: AtomicUsize,
}

/// Who holds it connects, and the others in its runtime wait. Another runtime would wait for one that may stand still.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// How far an exchange came. Requests share the connection, so that its bytes say nothing. What hyper hands back never
/// left, and a stream that is refused has not been processed (RFC 9113, 8.7).
fn reached(handed_back: bool, error: &hyper::Error) -> Reached {
    let source = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    let refused = source.and_then(h2::Error::reason) == Some(h2::Reason::REFUSED_STREAM);
    if handed_back || refused { Reached::NothingSent } else { Reached::Sent { reused: false } }
}

/// A request's place on a connection, kept until its reply has been read. The list has one of each connection, too.
#[derive(Clone)]
pub(super) struct Place(Arc<Connected>);

struct Connected {
    sender: SendRequest<Outgoing>,
    /// Where its task runs.
    runtime: Option<Id>,
    /// That task has it.
    connection: Weak<Mutex<Connection<Stream, Outgoing, TokioExecutor>>>,
}

impl Connected {
    /// How many streams the other side allows; until it has said so, the 100 that a server is expected to allow.
    fn allowed(&self) -> usize {
        self.connection.upgrade().map_or(0, |connection| lock(&connection).current_max_send_streams())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a call is to do.
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
    pub(super) async fn enter(&self) -> Entry {
        let is_impossible = || !self.possible.load(Ordering::Relaxed);
        if is_impossible() {
            return Entry::Connect(None);
        }
        if let Some(place) = self.free() {
            return Entry::Open(place);
        }
        let failures = self.failures.load(Ordering::Relaxed);
        let turn = self.turn().lock_owned().await;
        if let Some(place) = self.free() {
            return Entry::Open(place);
        }
        // Where one could not connect, those who waited for it try at once, and not one after another.
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
    fn free(&self) -> Option<Place> {
        let own = current_runtime();
        let mut connections = lock(&self.connections);
        connections.retain(|place| !place.0.sender.is_closed());
        // The list's own is none of a request.
        let has_room = |place: &Place| Arc::strong_count(&place.0) <= place.0.allowed();
        connections.iter().find(|place| place.0.runtime == own && has_room(place)).cloned()
    }

    /// The other side has not agreed to HTTP/2.
    pub(super) fn is_not_spoken(&self) {
        self.possible.store(false, Ordering::Relaxed);
    }

    /// No connection could be made.
    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Uses that connection from now on.
    pub(super) async fn open(&self, stream: Stream) -> hyper::Result<Place> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_connection_window_size(CONNECTION_WINDOW);
        let (sender, connection) = builder.handshake(stream).await?;
        let connection = Arc::new(Mutex::new(connection));
        let (runtime, connection_of_task) = (current_runtime(), Arc::downgrade(&connection));
        let place = Place(Arc::new(Connected { sender, runtime, connection: connection_of_task }));
        tokio::spawn(poll_fn(move |cx| Pin::new(&mut *lock(&connection)).poll(cx)));
        lock(&self.connections).push(place.clone());
        self.possible.store(true, Ordering::Relaxed);
        Ok(place)
    }

    pub(super) async fn send(&self, place: &Place, request: Request<Outgoing>) -> Result<Response<Incoming>, Failure> {
        match place.0.sender.clone().try_send_request(request).await {
            Ok(response) => Ok(response),
            Err(mut failed) => {
                // The next request takes another connection; what is under way on this one goes on.
                lock(&self.connections).retain(|other| !Arc::ptr_eq(&other.0, &place.0));
                let handed_back = failed.take_message().is_some();
                let error = failed.into_error();
                Err(Failure { reached: reached(handed_back, &error), error: error.into() })
            }
        }
    }
}
