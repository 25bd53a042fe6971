//! An HTTP/1.1 connection that the call which uses it drives.

use crate::net::{
    connect::Connected,
    error::MOST_HEADERS,
    outgoing::Outgoing,
    socket::{Counts, Socket},
};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, Waker, ready},
};
use tokio::{
    runtime::{Handle, Id},
    task::unconstrained,
};

/// A connection, and what sends requests to it.
pub(super) struct Connection {
    sender: SendRequest<Outgoing>,
    /// Gone when it has closed.
    connection: Option<http1::Connection<TokioIo<Connected>, Outgoing>>,
    socket: Socket,
    /// The one that opened it, and whose driver wakes up what waits for it.
    runtime: Option<Id>,
}

/// The runtime that drives this code.
pub(super) fn current_runtime() -> Option<Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

impl Connection {
    pub(super) async fn open(connected: Connected) -> hyper::Result<Box<Self>> {
        let socket = connected.socket.clone();
        let mut builder = http1::Builder::new();
        let (sender, connection) = builder.max_headers(MOST_HEADERS).handshake(TokioIo::new(connected)).await?;
        Ok(Box::new(Self { sender, connection: Some(connection), socket, runtime: current_runtime() }))
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(super) fn runtime(&self) -> Option<Id> {
        self.runtime
    }

    pub(super) fn counts(&self) -> Counts {
        self.socket.counts()
    }

    /// Does what can be done on the connection, and asks to be woken when there is more.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(connection) = &mut self.connection {
            // Its error, if any, is also that of the response or of the body.
            let _ = ready!(Pin::new(connection).poll(cx));
            self.connection = None;
        }
        Poll::Ready(())
    }

    /// Tells whether it could take a request now.
    pub(super) fn is_ready(&mut self) -> bool {
        self.drive(&mut noop_context()).is_pending() && self.sender.is_ready()
    }

    /// Sends a request. It is no part of the future, which it would make larger.
    pub(super) fn send(
        mut self: Box<Self>,
        request: Request<Outgoing>,
    ) -> impl Future<Output = hyper::Result<(Box<Self>, Response<Incoming>)>> {
        // Without a budget: where that has run out, a future asks to be polled again, and nothing would do so here.
        let answer = unconstrained(self.sender.send_request(request));
        async move {
            let mut answer = pin!(answer);
            let response = poll_fn(|cx| {
                let _ = self.drive(cx);
                answer.as_mut().poll(&mut noop_context())
            });
            let response = response.await?;
            Ok((self, response))
        }
    }
}

/// For what only the driving of the connection moves on. With the task's own waker each reply and each piece of a body
/// would wake the task that is just taking it, and have it polled once more for nothing.
pub(super) fn noop_context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
