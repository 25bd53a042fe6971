//! The engine of the blocking clients.

use super::{run::block_on, stream::SyncStream};
use crate::{client::Client, decode};
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};

/// The engine of a blocking client.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct SyncEngine(Client);

#[pymethods]
impl SyncEngine {
    /// An engine for `api` (`server` or `formation`), with the settings that are not `None`.
    #[new]
    fn new(py: Python<'_>, api: &str, settings: &Bound<'_, PyDict>) -> PyResult<Self> {
        Client::new(py, api, true, settings).map(Self)
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

    /// Calls an operation, or with `name` `None` the route in `values`, and waits for the reply. `options` are timeout,
    /// deadline, headers and idempotency key.
    fn call<'py>(
        &self,
        py: Python<'py>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        options: &Bound<'_, PyTuple>,
        raw: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (request, options) = self.0.request(py, name, values, options)?;
        let state = self.0.state(py)?;
        let reply = match state.get() {
            Some(inner) => block_on(py, &state, inner.transport.send(&request, &options)),
            None => Err(crate::errors::inherited(py)),
        };
        self.0.write_log(py, &state);
        decode::reply(py, request.endpoint, &reply?, raw)
    }

    /// Opens a stream and waits for its head.
    fn open(
        &self,
        py: Python<'_>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        options: &Bound<'_, PyTuple>,
    ) -> PyResult<SyncStream> {
        let (request, options) = self.0.request(py, name, values, options)?;
        let state = self.0.state(py)?;
        let opened = match state.get() {
            Some(inner) => block_on(py, &state, inner.transport.open(&request, &options)),
            None => Err(crate::errors::inherited(py)),
        };
        self.0.write_log(py, &state);
        Ok(SyncStream::new(opened?, state))
    }
}
