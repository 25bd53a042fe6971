//! Connections to one origin, each driven by the call that uses it.
//!
//! A connection has no task of its own: what waits for a reply, or for the next piece of its body, polls the connection
//! too. That saves two passes of the scheduler for each request and for each piece (a third of what an SSE event costs),
//! and a task's memory for each open stream; and a call that is dropped closes its connection at once.

mod body;
mod connection;
mod http2;
mod idle;

pub(crate) use body::PooledBody;

use super::{
    connect::Connector,
    error::{BoxError, Failure, NotConnected, Reached},
    outgoing::Outgoing,
    socket::Counts,
};
use crate::config::Network;
use connection::Connection;
use http::{HeaderValue, Method, Request, Response, Uri, header::HOST};
use http2::{Entry, Http2Connections};
use idle::IdleConnections;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::task::yield_now;

/// With so many other requests in flight, one lets those go first that are about to give their connections back.
const CROWD: usize = 4;

/// Sends requests to one origin. A copy has the same connections.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    connector: Connector,
    host: HeaderValue,
    idle: Arc<IdleConnections>,
    http2: Http2Connections,
    in_flight: AtomicUsize,
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
    /// A pool of connections to the origin that `network` names, whose requests are addressed to `host`.
    pub(crate) fn new(connector: Connector, host: HeaderValue, network: &Network<'_>) -> Self {
        Self(Arc::new(Shared {
            connector,
            host,
            idle: IdleConnections::new(network.pool_idle_timeout),
            http2: Http2Connections::new(network.http2 && network.base.is_secure()),
            in_flight: AtomicUsize::new(0),
        }))
    }

    /// Tells whether a connection is idle, and no request waits for its reply.
    pub(crate) fn is_ready(&self) -> bool {
        self.0.in_flight.load(Ordering::Relaxed) == 0 && !self.0.idle.is_empty()
    }

    /// Sends the request that `make` makes, over an idle connection if there is one. One that cannot have been executed is
    /// made and sent once more, over a fresh connection.
    pub(crate) async fn send<E: From<Failure>>(
        &self,
        method: &Method,
        make: impl Fn() -> Result<Request<Outgoing>, E>,
    ) -> Result<Response<PooledBody>, E> {
        match self.0.exchange(make()?, false).await {
            Err(failure) if failure.may_resend(method) => Ok(Box::pin(self.0.exchange(make()?, true)).await?),
            Err(failure) => Err(failure.into()),
            Ok(response) => Ok(response),
        }
    }
}

impl Shared {
    /// One request, over a fresh connection or over any.
    async fn exchange(&self, mut request: Request<Outgoing>, fresh: bool) -> Result<Response<PooledBody>, Failure> {
        let turn = match self.http2.enter(&self.idle).await {
            Entry::Open(place) => return Box::pin(self.exchange_http2(place, request)).await,
            Entry::Connect(turn) => turn,
        };
        let (_in_flight, others) = InFlight::enter(&self.in_flight);
        if others >= CROWD {
            yield_now().await;
        }
        let idle = if fresh { None } else { self.idle.take() };
        let reused = idle.is_some();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                // In a box: the state of connecting is large, and most requests have no use for it.
                let connected = Box::pin(self.connector.connect()).await;
                let connected = connected.map_err(|error| self.not_connected(error))?;
                if connected.stream.is_http2() {
                    let place = Box::pin(self.http2.open(connected, &self.idle)).await;
                    let place = place.map_err(|error| self.no_handshake(error))?;
                    drop(turn);
                    return Box::pin(self.exchange_http2(place, request)).await;
                }
                self.http2.is_not_spoken();
                Connection::open(connected).await.map_err(|error| self.no_handshake(error))?
            }
        };
        drop(turn);
        let (socket, before) = (connection.socket().clone(), connection.counts());
        self.address(&mut request);
        match connection.send(request).await {
            Ok((connection, response)) => {
                Ok(response.map(|incoming| PooledBody::http1(incoming, connection, &self.idle)))
            }
            Err(error) => {
                let reached = reached(before, socket.counts(), reused);
                Err(Failure { error: error.into(), reached })
            }
        }
    }

    async fn exchange_http2(
        &self,
        place: http2::Place,
        request: Request<Outgoing>,
    ) -> Result<Response<PooledBody>, Failure> {
        let response = self.http2.send(&place, request).await?;
        Ok(response.map(|incoming| PooledBody::http2(incoming, place)))
    }

    fn not_connected(&self, error: NotConnected) -> Failure {
        self.http2.failed();
        Failure::not_connected(error)
    }

    fn no_handshake(&self, error: hyper::Error) -> Failure {
        self.not_connected(NotConnected(BoxError::from(error)))
    }

    /// Brings a request into the form that HTTP/1 has for it.
    fn address(&self, request: &mut Request<Outgoing>) {
        if !self.connector.sends_through_proxy()
            && let Some(path) = request.uri().path_and_query()
        {
            *request.uri_mut() = Uri::from(path.clone());
        }
        request.headers_mut().entry(HOST).or_insert_with(|| self.host.clone());
    }
}

/// The progress of an exchange. A connection carries one request at a time: it was taken out of the pool for this one,
/// and nothing else writes to its socket. So where the socket took no byte since then, no byte of the request has left.
/// (With TLS the bytes may be those of an alert, which counts as sent: an error instead of a second request.)
fn reached(before: Counts, after: Counts, reused: bool) -> Reached {
    if after.answered > before.answered {
        Reached::Answered
    } else if after.written > before.written {
        Reached::Sent { reused }
    } else {
        Reached::NothingSent
    }
}
