//! Calls of routes that are not in the table.

use super::{
    call::{Outcome, call_options},
    client::{Async, Client, Handle},
};
use crate::{
    api::{
        arg::serialized_json,
        error::Result,
        request::{Body, Request, USER_HEADER},
        table::reply,
        types::RawEvents,
    },
    config::CallOptions,
};
use serde::Serialize;
use serde_json::Value;
use std::{
    fmt::{self, Display},
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
};

/// A call of a route that is not in the table. An async one is sent when it is awaited, a blocking one by
/// `send`. `F` is the form of its reply.
#[must_use = "a call does nothing until it is sent"]
pub struct Route<M, F = reply::json<Value>> {
    handle: Arc<Handle>,
    method: String,
    path: String,
    query: Vec<(String, String)>,
    body: Result<Body>,
    options: CallOptions,
    idempotency_key: Option<String>,
    kind: PhantomData<fn() -> (M, F)>,
}

impl<M, F> fmt::Debug for Route<M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

impl<A, M> Client<A, M> {
    /// Begins a call of a route that is not in the table.
    ///
    /// `path` is below the base URL, begins with `/` and is percent-encoded, without query. The client's keys go with
    /// it. The reply is the data of the envelope, as any JSON, unless [`Route`] is told otherwise.
    ///
    /// ```no_run
    /// # async fn ask(formation: muxi_client::FormationClient) -> muxi_client::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Weather {
    ///     degrees: f64,
    /// }
    ///
    /// let weather = formation.request("GET", "/weather").query("city", "Oslo").reply_as::<Weather>().await?;
    /// println!("{}", weather.degrees);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: impl AsRef<str>, path: impl Into<String>) -> Route<M> {
        Route {
            handle: self.shared().clone(),
            method: method.as_ref().to_owned(),
            path: path.into(),
            query: Vec::new(),
            body: Ok(Body::Empty),
            options: CallOptions::default(),
            idempotency_key: None,
            kind: PhantomData,
        }
    }

    /// Begins to open a stream of events of a route that is not in the table. See [`request`](Self::request).
    pub fn stream(&self, method: impl AsRef<str>, path: impl Into<String>) -> Route<M, reply::sse<RawEvents>> {
        self.request(method, path).form()
    }
}

impl<M, F> Route<M, F> {
    call_options!();

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Sets the JSON body.
    pub fn json(mut self, body: impl Serialize) -> Self {
        self.body = serialized_json(&body).map(|json| Body::Json(json.into()));
        self
    }

    /// The user on whose behalf the call is made.
    pub fn user_id(self, user_id: impl Into<String>) -> Self {
        self.header(USER_HEADER.as_str(), user_id)
    }

    fn form<G>(self) -> Route<M, G> {
        let Self { handle, method, path, query, body, options, idempotency_key, .. } = self;
        Route { handle, method, path, query, body, options, idempotency_key, kind: PhantomData }
    }

    pub(crate) fn into_parts(self) -> (Arc<Handle>, Result<Request>, CallOptions) {
        let request = self.body.and_then(|body| Request::raw(&self.method, &self.path, &self.query, body));
        let request = request.map(|request| request.with_idempotency_key(self.idempotency_key));
        let options = self.options.over(&self.handle.defaults);
        (self.handle, request, options)
    }
}

impl<M> Route<M> {
    /// The data of the reply is JSON of type `T`.
    pub fn reply_as<T>(self) -> Route<M, reply::json<T>> {
        self.form()
    }

    /// The reply is plain text.
    pub fn text(self) -> Route<M, reply::text<String>> {
        self.form()
    }

    /// The reply is bytes.
    pub fn bytes(self) -> Route<M, reply::bytes<Vec<u8>>> {
        self.form()
    }
}

impl<F: Outcome + 'static> IntoFuture for Route<Async, F> {
    type Output = Result<F::Output>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let (handle, request, options) = self.into_parts();
        Box::pin(async move { F::send(handle, request?, options).await })
    }
}
