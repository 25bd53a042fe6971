//! One call: an operation with its arguments, ready to be sent.

use super::{
    client::{Async, Handle},
    response::Response,
};
use crate::{
    api::{
        arg::IntoArg,
        args::Args,
        error::Result,
        request::Request,
        response::{Metadata, decode},
        table::{
            Operation,
            reply::{self, EventsOf},
        },
    },
    config::CallOptions,
    stream::{EventStream, Events},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::{
    fmt,
    future::{Future, IntoFuture, ready},
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
};

/// The options that every call takes.
macro_rules! call_options {
    () => {
        /// Sets the limit of one attempt, or of the wait for the stream's beginning. `Duration::MAX` means no limit.
        pub fn timeout(mut self, limit: std::time::Duration) -> Self {
            self.options = self.options.with_timeout(limit);
            self
        }

        /// Sets the limit of the whole call: all attempts, the waits between them, and the whole stream. `Duration::MAX`
        /// means no limit.
        pub fn deadline(mut self, limit: std::time::Duration) -> Self {
            self.options = self.options.with_deadline(limit);
            self
        }

        /// Sets how often to try again, by the client's rule.
        pub fn max_retries(mut self, times: u32) -> Self {
            self.options = self.options.with_max_retries(times);
            self
        }

        /// Sets the rule for further attempts, the number included.
        pub fn retry(mut self, retry: crate::Retry) -> Self {
            self.options = self.options.with_retry(retry);
            self
        }

        /// A header for this call.
        pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.options.headers.push((name.into(), value.into()));
            self
        }

        /// The idempotency key of this call; made when there is none.
        pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
            self.idempotency_key = Some(key.into());
            self
        }
    };
}
pub(crate) use call_options;

/// A call. An async one is sent when it is awaited, a blocking one by `send`. It keeps what it needs of its client, so
/// that it can be sent anywhere: `tokio::spawn(formation.chat("Hello!").user_id("ada").into_future())`.
#[must_use = "a call does nothing until it is sent"]
pub struct Call<M, O> {
    handle: Arc<Handle>,
    args: Args,
    options: CallOptions,
    idempotency_key: Option<String>,
    kind: PhantomData<fn() -> (M, O)>,
}

impl<M, O> fmt::Debug for Call<M, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &self.args.endpoint().name).finish_non_exhaustive()
    }
}

impl<M, O: Operation> Call<M, O> {
    pub(crate) fn new(handle: Arc<Handle>) -> Self {
        let (args, options) = (Args::new(O::ENDPOINT), CallOptions::default());
        Self { handle, args, options, idempotency_key: None, kind: PhantomData }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl IntoArg) {
        self.args.set(name, value);
    }

    call_options!();

    pub(crate) fn into_parts(self) -> (Arc<Handle>, Result<Request>, CallOptions) {
        let request = self.args.build().map(|request| request.with_idempotency_key(self.idempotency_key));
        let options = self.options.over(&self.handle.defaults);
        (self.handle, request, options)
    }
}

/// The result of a call, by the form of its reply.
pub trait Outcome {
    /// The result of an awaited call.
    type Output: Send;
    /// Sends the request.
    fn send(
        handle: Arc<Handle>,
        request: Request,
        options: CallOptions,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

impl<T: DeserializeOwned + Send + 'static> Outcome for reply::json<T> {
    type Output = Response<T>;
    async fn send(handle: Arc<Handle>, request: Request, options: CallOptions) -> Result<Response<T>> {
        let reply = handle.transport.send(&request, &options).await?;
        let whole = request.endpoint.is_some_and(|e| e.flags.whole);
        let (data, metadata) =
            decode(whole, reply.status, &reply.headers, &reply.body).map_err(|e| reply.explain(e))?;
        Ok(Response { data, metadata, reply })
    }
}

impl<T> Outcome for reply::bytes<T> {
    type Output = Response<Bytes>;
    async fn send(handle: Arc<Handle>, request: Request, options: CallOptions) -> Result<Response<Bytes>> {
        let reply = handle.transport.send(&request, &options).await?;
        Ok(Response { data: reply.body.clone(), metadata: Metadata::default(), reply })
    }
}

impl<T> Outcome for reply::text<T> {
    type Output = Response<String>;
    async fn send(handle: Arc<Handle>, request: Request, options: CallOptions) -> Result<Response<String>> {
        let reply = handle.transport.send(&request, &options).await?;
        let data = String::from_utf8_lossy(&reply.body).into_owned();
        Ok(Response { data, metadata: Metadata::default(), reply })
    }
}

impl<T: EventsOf> Outcome for reply::sse<T> {
    type Output = Events<T::Event>;
    async fn send(handle: Arc<Handle>, request: Request, options: CallOptions) -> Result<Events<T::Event>> {
        let opened = handle.transport.open(&request, &options).await?;
        Ok(Events::new(EventStream::new(opened)))
    }
}

impl<O: Operation> IntoFuture for Call<Async, O>
where
    O::Reply: Outcome,
{
    type Output = Result<<O::Reply as Outcome>::Output>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        match self.into_parts() {
            (handle, Ok(request), options) => Box::pin(O::Reply::send(handle, request, options)),
            (_, Err(error), _) => Box::pin(ready(Err(error))),
        }
    }
}
