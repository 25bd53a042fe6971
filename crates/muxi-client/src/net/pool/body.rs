//! The body of a response, which drives its connection and gives it back when all has come.

use super::{
    connection::{Connection, noop_context},
    http2::Place,
    idle::IdleConnections,
};
use crate::net::error::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    mem,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

/// The body of a response of the pool.
pub(crate) struct PooledBody {
    incoming: Incoming,
    /// True if the body has been asked for.
    asked: bool,
    over: bool,
    source: Source,
}

enum Source {
    Http1 {
        connection: Box<Connection>,
        idle: Weak<IdleConnections>,
    },
    /// A task drives the connection; the place on it is taken until the body is gone.
    Http2 {
        _place: Place,
    },
    Gone,
}

impl PooledBody {
    pub(super) fn http1(incoming: Incoming, connection: Box<Connection>, idle: &Arc<IdleConnections>) -> Self {
        let source = Source::Http1 { connection, idle: Arc::downgrade(idle) };
        Self { incoming, asked: false, over: false, source }
    }

    pub(super) fn http2(incoming: Incoming, place: Place) -> Self {
        Self { incoming, asked: false, over: false, source: Source::Http2 { _place: place } }
    }
}

impl Body for PooledBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { incoming, asked, over, source } = &mut *self;
        let mut incoming = Pin::new(incoming);
        let frame = match source {
            Source::Http2 { .. } | Source::Gone => incoming.as_mut().poll_frame(cx),
            Source::Http1 { connection, .. } => {
                // The connection reads no body before it is asked for one, and after its end there is none to read.
                let ask = !mem::replace(asked, true) || incoming.is_end_stream();
                let first = ask.then(|| incoming.as_mut().poll_frame(&mut noop_context()));
                match first {
                    Some(frame @ Poll::Ready(_)) => frame,
                    _ => {
                        let _ = connection.drive(cx);
                        incoming.as_mut().poll_frame(&mut noop_context())
                    }
                }
            }
        };
        *over = matches!(frame, Poll::Ready(None));
        if *over && matches!(source, Source::Http2 { .. }) && !incoming.is_end_stream() {
            // hyper takes any reset with `NO_ERROR` for an end.
            return Poll::Ready(Some(Err("the reply was reset before its end".into())));
        }
        frame.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for PooledBody {
    fn drop(&mut self) {
        if !self.is_end_stream() {
            return;
        }
        if let Source::Http1 { mut connection, idle } = mem::replace(&mut self.source, Source::Gone)
            && let Some(idle) = idle.upgrade()
            && connection.is_ready()
        {
            idle.put(connection);
        }
    }
}
