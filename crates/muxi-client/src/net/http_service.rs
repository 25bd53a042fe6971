//! The seam below a client: what sends an HTTP request and brings the response.
//!
//! A client has its own, with a pool of connections, TLS and proxies. Another one takes its place by
//! [`Builder::http_service`](crate::client::Builder::http_service): in memory for tests, or over a network that only you
//! know. Keys, retries, timeouts and the reading of replies and streams stay the client's.
//!
//! ```
//! use muxi_client::{FormationClient, http_service::Body};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let formation = FormationClient::builder()
//!     .url("http://in-memory")
//!     .http_service(|request: http::Request<Body>| async move {
//!         assert_eq!(request.uri().path(), "/v1/health");
//!         Ok(http::Response::new(Body::from(r#"{"status":"healthy","version":"1.0.0","uptime_seconds":1}"#)))
//!     })
//!     .build()?;
//! assert_eq!(formation.health().await?.version, "1.0.0");
//! # Ok::<(), muxi_client::Error>(())
//! # }).unwrap();
//! ```

use super::{outgoing::Outgoing, pool::PooledBody};

pub use super::error::BoxError;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// The future of a service's answer.
pub type Answer = Pin<Box<dyn Future<Output = Result<http::Response<Body>, BoxError>> + Send>>;

/// Sends requests. A function from request to future is one.
pub trait HttpService: Send + Sync + 'static {
    /// Sends a request, and answers with the response as soon as its head is there. An error counts as a broken
    /// connection, one of [`io::ErrorKind::TimedOut`](std::io::ErrorKind::TimedOut) as a timeout; both are retried as the
    /// client is told. The future may be dropped at any time, and the body of the response too.
    fn call(&self, request: http::Request<Body>) -> Answer;
}

impl<F, A> HttpService for F
where
    F: Fn(http::Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<http::Response<Body>, BoxError>> + Send + 'static,
{
    fn call(&self, request: http::Request<Body>) -> Answer {
        Box::pin(self(request))
    }
}

/// The body of a request or a response. It is an [`http_body::Body`].
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Outgoing(Outgoing),
    Pooled(PooledBody),
    Other(UnsyncBoxBody<Bytes, BoxError>),
}

impl Body {
    /// A body from another kind of body, such as one that comes in pieces.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Kind::Other(body.map_err(Into::into).boxed_unsync()))
    }

    pub(crate) fn outgoing(body: Outgoing) -> Self {
        Self(Kind::Outgoing(body))
    }

    pub(crate) fn pooled(body: PooledBody) -> Self {
        Self(Kind::Pooled(body))
    }

    /// All of the body.
    pub async fn bytes(self) -> Result<Bytes, BoxError> {
        Ok(self.collect().await?.to_bytes())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self(Kind::Outgoing(Outgoing::Whole(Some(bytes.into()))))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Pooled(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Kind::Outgoing(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Kind::Other(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Pooled(body) => body.is_end_stream(),
            Kind::Outgoing(body) => body.is_end_stream(),
            Kind::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Pooled(body) => body.size_hint(),
            Kind::Outgoing(body) => body.size_hint(),
            Kind::Other(body) => body.size_hint(),
        }
    }
}
