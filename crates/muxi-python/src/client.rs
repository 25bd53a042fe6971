//! A client, as far as it is the same for blocking and for async calls: requests, options, and what a fork renews.

use crate::{
    bundle::{Packing, PyBundle},
    convert,
    errors::exception,
    fields,
    gil::detached,
    log::{Notes, Sink},
    process::{ProcessBound, lock, to_the_end},
    settings::{self, pairs, read_settings, wrong},
};
use muxi_client::{
    CallOptions, Error, ErrorKind,
    api::{
        request::{Body, Request},
        table,
        table::{Api, Endpoint, Reply},
    },
    config::{Config, seconds},
    engine::{Driver, Transport, time_limits},
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

type Names = HashMap<&'static str, &'static Endpoint>;

fn names(api: Api) -> &'static Names {
    static TABLES: LazyLock<[Names; 2]> = LazyLock::new(|| {
        [Api::Server, Api::Formation].map(|api| table::all(api).iter().map(|e| (e.name, *e)).collect())
    });
    &TABLES[usize::from(api == Api::Formation)]
}

/// A client and the options of its calls. A copy has the same connections.
#[derive(Clone)]
pub(crate) struct Client {
    shared: Arc<Shared>,
    defaults: CallOptions,
}

/// The part that clients share which are made of one another.
struct Shared {
    api: Api,
    config: Config,
    blocking: bool,
    closed: AtomicBool,
    state: Mutex<Option<Arc<State>>>,
    sink: Arc<Sink>,
}

/// The part that a fork makes useless.
pub(crate) struct State(ProcessBound<Inner>);

pub(crate) struct Inner {
    pub(crate) transport: Transport,
    /// The driver of a blocking client.
    pub(crate) driver: Option<Driver>,
    notes: Arc<Notes>,
}

impl State {
    /// The state, in the process that made it.
    pub(crate) fn get(&self) -> Option<&Inner> {
        self.0.get()
    }
}

impl Client {
    /// Makes a client for `api` (`server` or `formation`), with the settings that are not `None`.
    pub(crate) fn new(py: Python<'_>, api: &str, blocking: bool, settings: &Bound<'_, PyDict>) -> PyResult<Self> {
        let api = if api == "server" { Api::Server } else { Api::Formation };
        let settings = settings.copy()?;
        let taken = |name: &str| Ok::<_, PyErr>(settings.call_method1("pop", (name, py.None()))?.unbind());
        let logger = Some(taken("logger")?).filter(|logger| !logger.is_none(py));
        let hooks = Some(taken("_hooks")?).filter(|hooks| !hooks.is_none(py));
        let telemetry = taken("telemetry")?;
        if !telemetry.is_none(py) && telemetry.extract::<bool>(py).is_err() {
            return Err(wrong("telemetry", "a bool", telemetry.bind(py)));
        }
        let mut config = read_settings(api, &settings)?.check(api).map_err(|e| exception(py, &e))?;
        let sink = Arc::new(Sink::new(logger, config.take_debug(), hooks, blocking));
        let (closed, state) = (AtomicBool::new(false), Mutex::new(None));
        let shared = Arc::new(Shared { api, config, blocking, closed, state, sink });
        let client = Self { shared, defaults: CallOptions::default() };
        // Errors in certificates or a proxy show now and not at the first call.
        client.state(py)?;
        Ok(client)
    }

    pub(crate) fn base_url(&self) -> String {
        self.shared.config.base_url()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Relaxed)
    }

    /// Makes the same client with other options for its calls.
    pub(crate) fn derive(
        &self,
        options: &Bound<'_, PyTuple>,
        max_retries: Option<&Bound<'_, PyAny>>,
        retry: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let max_retries = max_retries.map(|times| settings::count(times, "max_retries")).transpose()?;
        let retry = retry.map(settings::retry).transpose()?;
        let options = CallOptions { max_retries, retry, ..call_options(options)?.0 };
        options.check_headers().map_err(|e| PyValueError::new_err(e.message().to_owned()))?;
        for (setting, limit) in [("timeout", options.timeout), ("deadline", options.deadline)] {
            if let Some(limit) = limit {
                seconds(setting, limit).map_err(|e| PyValueError::new_err(e.message().to_owned()))?;
            }
        }
        Ok(Self { shared: self.shared.clone(), defaults: options.over(&self.defaults) })
    }

    /// Closes idle connections. Calls from now on are refused.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.shared.closed.store(true, Ordering::SeqCst);
        let Some(state) = lock(&self.shared.state).take() else { return Ok(()) };
        detached(py, || {
            if let Some(inner) = state.get() {
                inner.transport.close();
            }
            drop(state);
        })
    }

    /// The transport and the driver, made anew after a fork.
    pub(crate) fn state(&self, py: Python<'_>) -> PyResult<Arc<State>> {
        // The exception is made outside of the lock: that runs Python, which may let another thread have the GIL.
        self.shared.state().map_err(|e| exception(py, &e))
    }

    /// Reads what a call is given: the name of an operation and the values of its arguments, or for a route that is not in
    /// the table `None` and method, path, query and body.
    pub(crate) fn request(
        &self,
        py: Python<'_>,
        name: Option<&str>,
        values: &Bound<'_, PyTuple>,
        options: &Bound<'_, PyTuple>,
    ) -> PyResult<(Request, CallOptions)> {
        if self.is_closed() {
            return Err(exception(py, &Error::of(ErrorKind::Closed, "client is closed")));
        }
        self.shared.sink.look(py);
        let (options, idempotency_key) = call_options(options)?;
        let mut options = options.over(&self.defaults);
        let request = match name {
            None => raw_request(values)?,
            Some(name) => {
                let endpoint = self.endpoint(name)?;
                let mut bundle = |source: &Bound<'_, PyAny>| {
                    let made = match source.cast::<PyBundle>() {
                        Ok(made) => made.get().clone(),
                        Err(_) => self.packing(py, endpoint, source, &options)?.run(py)?,
                    };
                    // The time that the bundle has taken is a part of the call.
                    options.deadline = made.left.or(options.deadline);
                    Ok(match (made.on_progress, self.state(py)?.get()) {
                        (Some(tell), Some(inner)) => {
                            let notes = inner.notes.clone();
                            made.bundle.on_progress(move |sent, total| notes.upload(&tell, sent, total))
                        }
                        _ => made.bundle,
                    })
                };
                fields::check(endpoint, values, self.shared.sink.logger.as_ref())?;
                convert::args(endpoint, values, &mut bundle)?.build()
            }
        };
        let request = request.map_err(|e| exception(py, &e))?;
        Ok((request.with_idempotency_key(idempotency_key), options))
    }

    /// The bundle of a call, which is to be made.
    pub(crate) fn pack(
        &self,
        name: &str,
        source: &Bound<'_, PyAny>,
        options: &Bound<'_, PyTuple>,
    ) -> PyResult<Packing> {
        let options = call_options(options)?.0.over(&self.defaults);
        self.packing(source.py(), self.endpoint(name)?, source, &options)
    }

    fn packing(
        &self,
        py: Python<'_>,
        endpoint: &Endpoint,
        source: &Bound<'_, PyAny>,
        options: &CallOptions,
    ) -> PyResult<Packing> {
        let is_stream = matches!(endpoint.reply, Reply::Events(_));
        let limits = time_limits(Some(endpoint), options, &self.shared.config, is_stream);
        Ok(Packing::new(source, limits.map_err(|e| exception(py, &e))?))
    }

    /// The method and the path's template of an operation.
    pub(crate) fn route(&self, name: &str) -> PyResult<(&'static str, &'static str)> {
        self.endpoint(name).map(|endpoint| (endpoint.method, endpoint.path))
    }

    fn endpoint(&self, name: &str) -> PyResult<&'static Endpoint> {
        let found = names(self.shared.api).get(name).copied();
        found.ok_or_else(|| PyValueError::new_err(format!("there is no operation {name:?}")))
    }

    /// Writes the log lines that calls have left.
    pub(crate) fn write_log(&self, py: Python<'_>, state: &State) {
        if let Some(inner) = state.get() {
            to_the_end(py, || inner.notes.write(py));
        }
    }
}

impl Shared {
    fn state(&self) -> muxi_client::Result<Arc<State>> {
        let mut state = lock(&self.state);
        if let Some(found) = state.as_ref().filter(|state| state.get().is_some()) {
            return Ok(found.clone());
        }
        let made = Arc::new(self.make()?);
        *state = Some(made.clone());
        Ok(made)
    }

    fn make(&self) -> muxi_client::Result<State> {
        let notes = Arc::new(Notes::new(self.sink.clone()));
        let mut config = self.config.clone();
        let updates = notes.clone();
        config.set_on_update(move |latest| updates.update(latest));
        let driver = self.blocking.then(Driver::new).transpose()?;
        let transport = Transport::new(config)?.observed_by(notes.clone());
        Ok(State(ProcessBound::new(Inner { transport, driver, notes })))
    }
}

/// The options of one call: timeout, deadline, headers and idempotency key.
fn call_options(options: &Bound<'_, PyTuple>) -> PyResult<(CallOptions, Option<String>)> {
    let given = |at: usize| Ok::<_, PyErr>(Some(options.get_borrowed_item(at)?).filter(|value| !value.is_none()));
    let seconds = |at, name: &str| given(at)?.map(|value| settings::seconds(&value, name)).transpose();
    let key = given(3)?.map(|value| value.extract().map_err(|_| wrong("idempotency_key", "a str", &value)));
    let options = CallOptions {
        timeout: seconds(0, "timeout")?,
        deadline: seconds(1, "deadline")?,
        headers: pairs(given(2)?.as_deref(), "headers")?,
        max_retries: None,
        retry: None,
    };
    Ok((options, key.transpose()?))
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
