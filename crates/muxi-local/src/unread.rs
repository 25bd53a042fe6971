//! Bodies of requests that nobody has read to the end.
//!
//! A connection with the rest of a body on its way takes no other request. A peer that is not told so sends one all the
//! same, and finds the connection closed.

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

/// Bytes that are read before the answer, at most: as many as Go's HTTP server reads, on which the real server stands.
const MOST: u64 = 256 << 10;
/// The time for which they are waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// The body of a request. One that is dropped before its end leaves the rest to [`Unread`].
pub(crate) struct Received {
    /// Gone at its end.
    body: Option<Incoming>,
    unread: Arc<Mutex<Option<Incoming>>>,
}

/// The part of a request's body that nobody has read.
pub(crate) struct Unread {
    body: Arc<Mutex<Option<Incoming>>>,
    /// True if the peer sends it only when it is asked to.
    is_held: bool,
}

/// Watches over the body of a request.
pub(crate) fn watch(request: Request<Incoming>) -> (Request<Received>, Unread) {
    let unread = Arc::new(Mutex::new(None));
    let left = Unread { body: unread.clone(), is_held: request.headers().contains_key(header::EXPECT) };
    (request.map(|body| Received { body: Some(body), unread }), left)
}

impl Unread {
    /// Reads what is left, so that the connection can take the next request after this answer; or says in the answer that
    /// it will be closed.
    pub(crate) async fn clear(self, mut response: Response) -> Response {
        let left = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(body) = left
            && (self.is_held || !tokio::time::timeout(PATIENCE, drain(body)).await.unwrap_or(false))
        {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Reads a body to its end, and tells whether it came and was not too long.
async fn drain(mut body: Incoming) -> bool {
    let mut left = MOST;
    while body.size_hint().lower() <= left {
        match body.frame().await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => {
                let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, |data| data.len() as u64)) else { break };
                left = rest;
            }
        }
    }
    false
}

impl Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = frame {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.unread.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}
