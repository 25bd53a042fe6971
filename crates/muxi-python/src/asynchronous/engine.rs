//! The engine of the async clients.

use super::{
    mailbox::{Mailbox, Outcome},
    reactor::reactor,
    stream::AsyncStream,
};
use crate::{bundle::Packing, client::Client, log::waking};
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::sync::Arc;
use tokio::sync::Notify;

/// The engine of an async client.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct AsyncEngine(Client);

#[pymethods]
impl AsyncEngine {
    /// An engine for `api` (`server` or `formation`), with the settings that are not `None`.
    #[new]
    fn new(py: Python<'_>, api: &str, settings: &Bound<'_, PyDict>) -> PyResult<Self> {
        Client::new(py, api, false, settings).map(Self)
    }

    /// The URL that paths are appended to.
    #[getter]
    fn base_url(&self) -> String {
        self.0.base_url()
    }

    /// True if the client is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }

    /// The method and the path's template of an operation.
    fn route(&self, name: &str) -> PyResult<(&'static str, &'static str)> {
        self.0.route(name)
    }

    /// The same engine with other options for its calls.
    fn derive(
        &self,
        options: &Bound<'_, PyTuple>,
        max_retries: Option<&Bound<'_, PyAny>>,
        retry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        self.0.derive(options, max_retries, retry).map(Self)
    }

    /// Closes idle connections. Calls from now on are refused.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.0.close(py)
    }

    /// Begins to call an operation, or with `name` `None` the route in `values`. The reply is given to `future` through
    /// `mailbox`; with the id that this returns, the call can be cancelled there. `options` are timeout, deadline, headers
    /// and idempotency key.
    #[allow(clippy::too_many_arguments)]
    fn submit(
        &self,
        py: Python<'_>,
        mailbox: &Bound<'_, Mailbox>,
        future: Py<PyAny>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        options: &Bound<'_, PyTuple>,
        raw: bool,
    ) -> PyResult<u64> {
        let (request, options) = self.0.request(py, name, values, options)?;
        let (state, reactor) = (self.0.state(py)?, reactor()?);
        let (mailbox, queue) = (mailbox.get(), mailbox.get().queue()?);
        let cancelled = Arc::new(Notify::new());
        let id = mailbox.await_answer(future, Some(cancelled.clone()), Some((self.0.clone(), state.clone())));
        let noted = queue.clone();
        let answer = Mailbox::answer(queue, id, request.endpoint, raw);
        let is_ready = state.get().is_some_and(|inner| inner.transport.is_ready());
        let job = async move {
            let Some(inner) = state.get() else { return };
            tokio::select! {
                reply = waking(move || noted.push(id, Outcome::Noted), inner.transport.send(&request, &options)) => {
                    answer.give(reply);
                }
                () = cancelled.notified() => answer.forget(),
            }
        };
        if is_ready {
            reactor.begin(job)
        } else {
            reactor.submit(job)
        }
        Ok(id)
    }

    /// The bundle of a call of an operation, which is to be made on another thread.
    fn pack(&self, name: &str, source: &Bound<'_, PyAny>, options: &Bound<'_, PyTuple>) -> PyResult<Packing> {
        self.0.pack(name, source, options)
    }

    /// Begins to open a stream.
    fn open(
        &self,
        py: Python<'_>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        options: &Bound<'_, PyTuple>,
    ) -> PyResult<AsyncStream> {
        let (request, options) = self.0.request(py, name, values, options)?;
        let (state, reactor) = (self.0.state(py)?, reactor()?);
        let (stream, job) = AsyncStream::open(self.0.clone(), state, request, options);
        reactor.submit(job);
        Ok(stream)
    }
}
