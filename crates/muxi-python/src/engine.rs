//! A client's engine: it builds requests, sends them, and hands over what comes.

use crate::{
    convert::{self, PyBundle},
    decode,
    errors::exception,
    port::{Outcome, Port, Task, lock},
    reactor::Reactor,
    settings::{Notes, pairs, read_settings},
    stream::{SyncStream, pump},
};
use muxi_client::{
    Error, ErrorKind,
    api::{
        request::{Body, Request},
        table,
        table::{Api, Endpoint, Reply as Form, StreamEnd},
    },
    config::Config,
    driver::Driver,
    options::CallOptions,
    transport::Transport,
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyTuple},
};
use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

/// How often a blocking call looks for Ctrl-C.
const TICK: Duration = Duration::from_millis(50);

/// Counts the forks above this process: what was made before a fork does not work after it.
static GENERATION: AtomicU32 = AtomicU32::new(0);
static REACTOR: Mutex<Option<(u32, Arc<Reactor>)>> = Mutex::new(None);

/// Called in a forked child.
#[pyfunction]
pub(crate) fn after_fork() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
}

type Names = HashMap<&'static str, &'static Endpoint>;

fn names(api: Api) -> &'static Names {
    static TABLES: LazyLock<[Names; 2]> = LazyLock::new(|| {
        [Api::Server, Api::Formation].map(|api| table::all(api).iter().map(|e| (e.name, *e)).collect())
    });
    &TABLES[usize::from(api == Api::Formation)]
}

/// A client's engine.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct Engine {
    root: Arc<Root>,
    defaults: CallOptions,
}

/// What clients share that are made of one another.
struct Root {
    api: Api,
    config: Config,
    blocking: bool,
    closed: AtomicBool,
    state: Mutex<Option<(u32, Arc<State>)>>,
    notes: Arc<Notes>,
}

/// What a fork makes useless.
pub(crate) struct State {
    pub(crate) transport: Transport,
    pub(crate) driver: Option<Driver>,
}

impl Root {
    fn state(&self) -> PyResult<Arc<State>> {
        let generation = GENERATION.load(Ordering::Relaxed);
        let mut state = lock(&self.state);
        match &*state {
            Some((made, found)) if *made == generation => return Ok(found.clone()),
            // The parent's runtime cannot be shut down here: its threads and its poll belong to the parent.
            Some((_, old)) => std::mem::forget(old.clone()),
            None => {}
        }
        let make = || -> muxi_client::Result<State> {
            let driver = self.blocking.then(Driver::new).transpose()?;
            Ok(State { transport: Transport::new(self.config.clone())?, driver })
        };
        let made = Arc::new(Python::attach(|py| make().map_err(|e| exception(py, &e)))?);
        // Closed by another thread since the call began.
        if self.closed.load(Ordering::SeqCst) {
            made.transport.close();
        }
        *state = Some((generation, made.clone()));
        Ok(made)
    }
}

fn reactor() -> PyResult<Arc<Reactor>> {
    let generation = GENERATION.load(Ordering::Relaxed);
    let mut reactor = lock(&REACTOR);
    match &*reactor {
        Some((made, found)) if *made == generation => Ok(found.clone()),
        _ => {
            let made = Reactor::start()?;
            *reactor = Some((generation, made.clone()));
            Ok(made)
        }
    }
}

#[pymethods]
impl Engine {
    /// An engine for `api` (`server` or `formation`), with the settings that are not `None`.
    #[new]
    fn new(py: Python<'_>, api: &str, blocking: bool, settings: &Bound<'_, PyDict>) -> PyResult<Self> {
        let notes = Arc::new(Notes::default());
        let api = if api == "server" { Api::Server } else { Api::Formation };
        let mut settings = read_settings(api, settings)?;
        let (updates, lines) = (notes.clone(), notes.clone());
        settings.on_update = Some(Arc::new(move |latest| updates.add("update", latest.to_owned())));
        let mut config = settings.check(api).map_err(|e| exception(py, &e))?;
        config.redirect_debug(move |attempt| lines.add("debug", attempt.to_string()));
        let (closed, state) = (AtomicBool::new(false), Mutex::new(None));
        let root = Arc::new(Root { api, config, blocking, closed, state, notes });
        // What is wrong with certificates or a proxy shows now and not at the first call.
        root.state()?;
        Ok(Self { root, defaults: CallOptions::default() })
    }

    /// The URL that paths are appended to.
    #[getter]
    fn base_url(&self) -> String {
        self.root.config.base_url()
    }

    /// Whether the client is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.root.closed.load(Ordering::Relaxed)
    }

    /// The same engine with other options for its calls.
    #[pyo3(signature = (timeout, max_retries, headers))]
    fn derive(
        &self,
        timeout: Option<f64>,
        max_retries: Option<u32>,
        headers: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let options = CallOptions { timeout, max_retries, headers: pairs(headers, "headers")?, idempotency_key: None };
        if let Some(timeout) = timeout {
            muxi_client::config::seconds("timeout", timeout)
                .map_err(|e| PyValueError::new_err(e.message().to_owned()))?;
        }
        Ok(Self { root: self.root.clone(), defaults: options.over(&self.defaults) })
    }

    /// Closes idle connections. Calls from now on are refused.
    fn close(&self, py: Python<'_>) {
        self.root.closed.store(true, Ordering::SeqCst);
        let Some((generation, state)) = lock(&self.root.state).take() else { return };
        if generation != GENERATION.load(Ordering::Relaxed) {
            return std::mem::forget(state);
        }
        py.detach(|| {
            state.transport.close();
            drop(state);
        });
    }

    /// Calls an operation, or with `name` `None` the route in `values`, and waits for the reply.
    #[pyo3(signature = (name, values, timeout, headers, idempotency_key, raw))]
    #[allow(clippy::too_many_arguments)]
    fn call<'py>(
        &self,
        py: Python<'py>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        timeout: Option<f64>,
        headers: Option<&Bound<'_, PyAny>>,
        idempotency_key: Option<String>,
        raw: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (request, options) = self.request(py, name, values, timeout, headers, idempotency_key)?;
        let state = self.root.state()?;
        let reply = block_on(py, &state, state.transport.send(&request, &options))?;
        decode::reply(py, request.endpoint, &reply, raw)
    }

    /// Opens a stream and waits for its head.
    #[pyo3(signature = (name, values, timeout, headers, idempotency_key))]
    fn open(
        &self,
        py: Python<'_>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        timeout: Option<f64>,
        headers: Option<&Bound<'_, PyAny>>,
        idempotency_key: Option<String>,
    ) -> PyResult<SyncStream> {
        let (request, options) = self.request(py, name, values, timeout, headers, idempotency_key)?;
        let state = self.root.state()?;
        let stream = block_on(py, &state, state.transport.open(&request, &options))?;
        Ok(SyncStream::new(stream, state))
    }

    /// Like `call`, but the reply is given to `future` through `port`.
    #[pyo3(signature = (port, future, name, values, timeout, headers, idempotency_key, raw))]
    #[allow(clippy::too_many_arguments)]
    fn submit(
        &self,
        py: Python<'_>,
        port: &Bound<'_, Port>,
        future: Py<PyAny>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        timeout: Option<f64>,
        headers: Option<&Bound<'_, PyAny>>,
        idempotency_key: Option<String>,
        raw: bool,
    ) -> PyResult<Task> {
        let (request, options) = self.request(py, name, values, timeout, headers, idempotency_key)?;
        let (state, reactor) = (self.root.state()?, reactor()?);
        let (queue, id) = (port.get().queue(), port.get().expect(future));
        let (task, cancelled) = Task::new(port, id);
        reactor.submit(async move {
            let endpoint = request.endpoint;
            tokio::select! {
                reply = state.transport.send(&request, &options) => {
                    queue.push(id, Outcome::Reply { endpoint, raw, reply });
                }
                () = cancelled.notified() => {}
            }
        });
        Ok(task)
    }

    /// Like `open`, but the stream is given to `future` through `port`.
    #[pyo3(signature = (port, future, name, values, timeout, headers, idempotency_key))]
    #[allow(clippy::too_many_arguments)]
    fn submit_open(
        &self,
        py: Python<'_>,
        port: &Bound<'_, Port>,
        future: Py<PyAny>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        timeout: Option<f64>,
        headers: Option<&Bound<'_, PyAny>>,
        idempotency_key: Option<String>,
    ) -> PyResult<Task> {
        let (request, options) = self.request(py, name, values, timeout, headers, idempotency_key)?;
        let (state, reactor) = (self.root.state()?, reactor()?);
        let (queue, id) = (port.get().queue(), port.get().expect(future));
        let (task, cancelled) = Task::new(port, id);
        reactor.submit(async move {
            let opened = tokio::select! {
                opened = state.transport.open(&request, &options) => opened,
                () = cancelled.notified() => return,
            };
            match opened {
                Err(error) => queue.push(id, Outcome::Stream(Err(error))),
                // A task of its own: this one has room for all that opening takes, and the stream may last long.
                Ok(stream) => drop(tokio::spawn(pump(stream, queue, id))),
            }
        });
        Ok(task)
    }

    /// How the stream of an operation ends: `done`, `complete` or `open`.
    fn stream_end(&self, name: &str) -> &'static str {
        match names(self.root.api).get(name).map(|e| e.reply) {
            Some(Form::Events(StreamEnd::Done)) => "done",
            Some(Form::Events(StreamEnd::Complete)) => "complete",
            _ => "open",
        }
    }

    /// A checked bundle from a path, bytes, or a spooled file.
    #[staticmethod]
    fn bundle(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<PyBundle> {
        convert::bundle(py, source)
    }

    /// Log lines and notices since the last time: pairs of kind (`debug` or `update`) and text.
    fn notes(&self) -> Option<Vec<(&'static str, String)>> {
        self.root.notes.take()
    }
}

impl Engine {
    fn request(
        &self,
        py: Python<'_>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        timeout: Option<f64>,
        headers: Option<&Bound<'_, PyAny>>,
        idempotency_key: Option<String>,
    ) -> PyResult<(Request, CallOptions)> {
        if self.root.closed.load(Ordering::Relaxed) {
            return Err(exception(py, &Error::of(ErrorKind::Closed, "client is closed")));
        }
        let request = match name {
            None => raw_request(values)?,
            Some(name) => {
                let unknown = || PyValueError::new_err(format!("there is no operation {name:?}"));
                let endpoint = *names(self.root.api).get(name).ok_or_else(unknown)?;
                convert::args(endpoint, values)?.build()
            }
        };
        let request = request.map_err(|e| exception(py, &e))?;
        let headers = pairs(headers, "headers")?;
        let options = CallOptions { timeout, max_retries: None, headers, idempotency_key };
        Ok((request, options.over(&self.defaults)))
    }
}

/// A route that is not in the table: method, path, query and body.
fn raw_request(values: &Bound<'_, PyTuple>) -> PyResult<muxi_client::Result<Request>> {
    let method: String = values.get_item(0)?.extract()?;
    let path: String = values.get_item(1)?.extract()?;
    let params = values.get_item(2)?;
    let body = values.get_item(3)?;
    let params = pairs(Some(&params).filter(|p| !p.is_none()), "params")?;
    let body = if body.is_none() { Body::Empty } else { Body::Json(convert::json(&body, "body")?.into()) };
    Ok(Request::raw(&method, &path, &params, body))
}

/// Drives `work` on this thread without the GIL, and looks for Ctrl-C meanwhile.
pub(crate) fn block_on<T: Send>(
    py: Python<'_>,
    state: &State,
    work: impl Future<Output = muxi_client::Result<T>> + Send,
) -> PyResult<T> {
    let Some(driver) = &state.driver else {
        return Err(PyValueError::new_err("an async client cannot block"));
    };
    let mut signal = None;
    let done = py.detach(|| {
        driver.run_until(work, TICK, || {
            signal = Python::attach(|py| py.check_signals().err());
            signal.is_some()
        })
    });
    match (done, signal) {
        (Ok(ControlFlow::Break(())), Some(signal)) => Err(signal),
        (Ok(ControlFlow::Continue(done)), _) => done.map_err(|e| exception(py, &e)),
        (Err(error), _) => Err(exception(py, &error)),
        (Ok(ControlFlow::Break(())), None) => Err(PyValueError::new_err("the call was interrupted")),
    }
}

/// The `Event` class, which is written in Python.
pub(crate) fn event_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS.import(py, "muxi._stream", "Event")
}
