//! Connections to one origin, each driven by the call that uses it.
//!
//! A connection has no task of its own: who waits for a reply, or for the next piece of its body, polls the connection
//! too. That saves two passes of the scheduler for each request and for each piece (a third of what an SSE event costs),
//! and a task's memory for each open stream; and a call that is dropped closes its connection at once.

use super::{
    body::Outgoing,
    connect::{Connection, Connector, Stream},
    error::{Failure, NotConnected, Reached},
    http_service::Body,
    socket::{Counts, Socket},
};
use crate::{
    api::{error::Result, request::header_value},
    config::Config,
};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body::{Frame, SizeHint};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use std::{
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};
use tokio::{
    runtime::{Handle, Id},
    task::{unconstrained, yield_now},
    time::Instant,
};

mod http2;

/// The runtime closes idle connections after 5 s: one must not be used that is about to be closed.
const IDLE: Duration = Duration::from_secs(4);

/// With so many other requests in flight, one lets those go first that are about to give their connections back.
const CROWD: usize = 4;

/// Sends requests to one origin. A copy has the same connections.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    connector: Connector,
    host: HeaderValue,
    idle: Mutex<Idle>,
    in_flight: AtomicUsize,
    http2: http2::Shared,
}

/// The connections that nobody uses.
#[derive(Default)]
struct Idle {
    /// The one that was used last is at the end.
    connections: Vec<IdleConnection>,
    /// Whether a task waits to close those that have been idle for too long.
    watched: bool,
}

struct IdleConnection {
    since: Instant,
    /// The runtime that opened it, and whose driver wakes up who waits for it.
    runtime: Option<Id>,
    lease: Box<Lease>,
}

fn current_runtime() -> Option<Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

/// Counts a request among those in flight.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    /// Counts a request; with it comes the number of others.
    fn enter(count: &'a AtomicUsize) -> (Self, usize) {
        let others = count.fetch_add(1, Ordering::Relaxed);
        (Self(count), others)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub(crate) fn new(connector: Connector, config: &Config) -> Result<Self> {
        let host = header_value("url", config.base.host_header())?;
        let idle = Mutex::default();
        let http2 = http2::Shared::new(config);
        Ok(Self(Arc::new(Shared { connector, host, idle, in_flight: AtomicUsize::new(0), http2 })))
    }

    /// Sends a request, over an idle connection if there is one and `fresh` does not forbid it.
    pub(crate) async fn send(
        &self,
        request: Request<Outgoing>,
        fresh: bool,
    ) -> std::result::Result<Response<Body>, Failure> {
        let turn = match self.0.http2.enter().await {
            http2::Entry::Open(place) => return self.0.http2.send(place, request).await,
            http2::Entry::Connect(turn) => turn,
        };
        let (_in_flight, others) = InFlight::enter(&self.0.in_flight);
        if others >= CROWD {
            yield_now().await;
        }
        let idle = if fresh { None } else { self.0.take_idle() };
        let reused = idle.is_some();
        let lease = match idle {
            Some(lease) => lease,
            None => {
                let failed = |error| {
                    self.0.http2.failed();
                    Failure::not_connected(error)
                };
                let Connection { stream, socket } = self.0.connector.connect().await.map_err(failed)?;
                if stream.is_http2() {
                    let place = self.0.http2.open(stream).await.map_err(|e| failed(NotConnected(e.into())))?;
                    drop(turn);
                    return self.0.http2.send(place, request).await;
                }
                self.0.http2.is_not_spoken();
                let handshake = http1::handshake(stream).await;
                let (sender, connection) = handshake.map_err(|e| failed(NotConnected(e.into())))?;
                Box::new(Lease { sender, connection: Some(connection), socket })
            }
        };
        drop(turn);
        let (socket, before) = (lease.socket.clone(), lease.socket.counts());
        let sent = lease.send(self.0.addressed(request)).await;
        let failed =
            |error: hyper::Error| Failure { error: error.into(), reached: reached(before, socket.counts(), reused) };
        let (lease, response) = sent.map_err(failed)?;
        let pool = Arc::downgrade(&self.0);
        Ok(response.map(|incoming| {
            Body::incoming(Driven { incoming, asked: false, over: false, lease: Some(lease), pool, _place: None })
        }))
    }
}

impl Shared {
    /// The idle connection that this runtime used last, if it still stands.
    fn take_idle(&self) -> Option<Box<Lease>> {
        let own = current_runtime();
        loop {
            let IdleConnection { since, mut lease, .. } = {
                let connections = &mut self.idle().connections;
                let at = connections.iter().rposition(|idle| idle.runtime == own)?;
                connections.remove(at)
            };
            if since.elapsed() < IDLE && lease.socket.is_quiet() && lease.is_ready() {
                return Some(lease);
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request in the form that HTTP/1 has for it.
    fn addressed(&self, mut request: Request<Outgoing>) -> Request<Outgoing> {
        if !self.connector.sends_through_proxy()
            && let Some(path) = request.uri().path_and_query()
        {
            *request.uri_mut() = Uri::from(path.clone());
        }
        request.headers_mut().entry(HOST).or_insert_with(|| self.host.clone());
        request
    }

    /// Keeps a connection for the next request.
    fn give_back(self: &Arc<Self>, lease: Box<Lease>) {
        let watched = {
            let mut idle = self.idle();
            idle.connections.push(IdleConnection { since: Instant::now(), runtime: current_runtime(), lease });
            mem::replace(&mut idle.watched, true)
        };
        if !watched {
            let watch = Watch(Arc::downgrade(self));
            // A runtime that shuts down drops the task at once, and so the lock must be free here.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(watch.run());
            }
        }
    }
}

/// Closes connections that have been idle for too long, until none is left.
struct Watch(Weak<Shared>);

impl Watch {
    async fn run(mut self) {
        loop {
            tokio::time::sleep(IDLE).await;
            let Some(pool) = self.0.upgrade() else { return };
            let mut idle = pool.idle();
            idle.connections.retain(|idle| idle.since.elapsed() < IDLE);
            if idle.connections.is_empty() {
                idle.watched = false;
                self.0 = Weak::new();
                return;
            }
        }
    }
}

/// There is no runtime to run the task, or it is gone: the next connection that lies idle gets a new one.
impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(pool) = self.0.upgrade() {
            pool.idle().watched = false;
        }
    }
}

/// A connection, and what sends requests to it.
struct Lease {
    sender: SendRequest<Outgoing>,
    /// Gone when it has closed.
    connection: Option<http1::Connection<Stream, Outgoing>>,
    socket: Socket,
}

/// How far an exchange came. A connection carries one request at a time: it was taken out of the pool for this one, and
/// nothing else writes to its socket. So where the socket took no byte since then, no byte of the request has left. (With
/// TLS the bytes may be those of an alert, which counts as sent: an error instead of a second request.)
fn reached(before: Counts, after: Counts, reused: bool) -> Reached {
    if after.read > before.read {
        Reached::Answered
    } else if after.written > before.written {
        Reached::Sent { reused }
    } else {
        Reached::NothingSent
    }
}

impl Lease {
    /// Does what can be done on the connection, and asks to be woken when there is more.
    fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(connection) = &mut self.connection {
            // Its error, if any, is also that of the response or of the body.
            let _ = ready!(Pin::new(connection).poll(cx));
            self.connection = None;
        }
        Poll::Ready(())
    }

    /// Whether it could take a request now.
    fn is_ready(&mut self) -> bool {
        self.drive(&mut unheard()).is_pending() && self.sender.is_ready()
    }

    async fn send(mut self: Box<Self>, request: Request<Outgoing>) -> hyper::Result<(Box<Self>, Response<Incoming>)> {
        // Without a budget: where that has run out, a future asks to be polled again, and here nobody hears it.
        let mut answer = pin!(unconstrained(self.sender.send_request(request)));
        let response = poll_fn(|cx| {
            let _ = self.drive(cx);
            answer.as_mut().poll(&mut unheard())
        });
        let response = response.await?;
        Ok((self, response))
    }
}

/// For what only the driving of the connection moves on. Were it heard, each reply and each piece of a body would wake the
/// task that is just taking it, and have it polled once more for nothing.
fn unheard() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// The body of a response, which drives its connection and gives it back when all has come.
pub(crate) struct Driven {
    incoming: Incoming,
    /// Whether somebody has asked for it.
    asked: bool,
    over: bool,
    lease: Option<Box<Lease>>,
    pool: Weak<Shared>,
    /// Its place on a connection that it shares.
    _place: Option<http2::Place>,
}

impl Driven {
    fn shared(incoming: Incoming, place: http2::Place) -> Self {
        Self { incoming, asked: false, over: false, lease: None, pool: Weak::new(), _place: Some(place) }
    }
}

impl http_body::Body for Driven {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Self { incoming, asked, over, lease, .. } = &mut *self;
        let mut incoming = Pin::new(incoming);
        let frame = match lease {
            None => incoming.poll_frame(cx),
            Some(lease) => {
                // The connection reads no body before somebody has asked for it, and after its end there is none to read.
                let ask = !mem::replace(asked, true) || incoming.is_end_stream();
                let first = ask.then(|| incoming.as_mut().poll_frame(&mut unheard()));
                match first {
                    Some(frame @ Poll::Ready(_)) => frame,
                    _ => {
                        let _ = lease.drive(cx);
                        incoming.poll_frame(&mut unheard())
                    }
                }
            }
        };
        *over = matches!(frame, Poll::Ready(None));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if !http_body::Body::is_end_stream(self) {
            return;
        }
        if let (Some(mut lease), Some(pool)) = (self.lease.take(), self.pool.upgrade())
            && lease.is_ready()
        {
            pool.give_back(lease);
        }
    }
}
