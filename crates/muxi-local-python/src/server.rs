//! The server within this process.

use crate::script::Script;
use muxi_local::{Fault, Server, Webhook, WebhookFailure};
use pyo3::{
    exceptions::{PyOSError, PyRuntimeError, PyValueError},
    prelude::*,
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// The time for which moving the clock waits for jobs: one that asks a slow model goes on after that.
const SETTLING: Duration = Duration::from_secs(5);

/// A server on a thread of its own. `None` once it is stopped.
#[pyclass(frozen)]
pub(crate) struct LocalServer(Mutex<Option<Arc<Server>>>);

impl LocalServer {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<Server>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works with the server. The lock is free meanwhile: who waits for it waits with the GIL.
    fn with<T>(&self, work: impl FnOnce(&Server) -> PyResult<T>) -> PyResult<T> {
        let server = self.lock().clone();
        server.map_or_else(|| Err(PyRuntimeError::new_err("the local server is closed")), |server| work(&server))
    }
}

#[pymethods]
impl LocalServer {
    #[new]
    #[pyo3(signature = (formations, script, quirks, data))]
    fn new(
        py: Python<'_>,
        formations: Vec<PathBuf>,
        script: Option<Script>,
        quirks: Option<&str>,
        data: Option<PathBuf>,
    ) -> PyResult<Self> {
        let mut builder = Server::builder();
        for path in formations {
            builder = builder.formation(path);
        }
        if let Some(script) = &script {
            builder = builder.script(script.text.as_str());
        }
        if let Some(quirks) = quirks {
            builder = builder.quirks(quirks);
        }
        if let Some(data) = data {
            builder = builder.data(data);
        }
        let server = py.detach(|| Server::spawn(builder)).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => {
                let wrong = error.get_ref().and_then(|inner| inner.downcast_ref());
                let wrong = wrong.zip(script.as_ref()).map(|(error, script)| script.explain(error));
                PyValueError::new_err(wrong.unwrap_or_else(|| error.to_string()))
            }
            _ => PyOSError::new_err(error.to_string()),
        })?;
        Ok(Self(Mutex::new(Some(Arc::new(server)))))
    }

    /// The URL and the keys, by the names that `muxi-local --json` uses.
    fn describe(&self) -> PyResult<Vec<(&'static str, String)>> {
        self.with(|server| {
            let pairs = [
                ("url", server.url()),
                ("key_id", server.key_id()),
                ("secret_key", server.secret_key()),
                ("formation_id", server.formation_id()),
                ("admin_key", server.admin_key()),
                ("client_key", server.client_key()),
            ];
            Ok(pairs.into_iter().map(|(name, value)| (name, value.to_owned())).collect())
        })
    }

    /// The formations that it was started with: id, admin key, client key.
    fn formations(&self) -> PyResult<Vec<(String, String, String)>> {
        self.with(|server| {
            let row =
                |served: &muxi_local::Served| (served.id.clone(), served.admin_key.clone(), served.client_key.clone());
            Ok(server.formations().iter().map(row).collect())
        })
    }

    /// The oddities of these formations, each with the formation's id.
    fn warnings(&self) -> PyResult<Vec<String>> {
        self.with(|server| {
            let of = |served: &muxi_local::Served| {
                let id = served.id.clone();
                served.warnings.clone().into_iter().map(move |warning| format!("{id}: {warning}"))
            };
            Ok(server.formations().iter().flat_map(of).collect())
        })
    }

    /// The environment variables for clients.
    fn environment(&self) -> PyResult<Vec<(&'static str, String)>> {
        self.with(|server| Ok(server.environment().map(|(name, value)| (name, value.to_owned())).into()))
    }

    fn script(&self, script: Script) -> PyResult<()> {
        self.with(|server| server.script(&script.text).map_err(|error| PyValueError::new_err(script.explain(&error))))
    }

    fn fail(&self, fault: &str) -> PyResult<()> {
        let wrong = |error: &dyn std::fmt::Display| PyValueError::new_err(error.to_string());
        let parts: serde_json::Value = serde_json::from_str(fault).map_err(|error| wrong(&error))?;
        let fault = Fault::from_json(&parts).map_err(|error| wrong(&error))?;
        self.with(|server| server.fail(fault).map_err(|error| wrong(&error)))
    }

    /// The answers, as JSON. Nothing of this server's runtime is waited for.
    fn send_webhook(&self, py: Python<'_>, webhook: &str) -> PyResult<String> {
        let wrong = |error: &dyn std::fmt::Display| PyValueError::new_err(error.to_string());
        let parts: serde_json::Value = serde_json::from_str(webhook).map_err(|error| wrong(&error))?;
        let webhook = Webhook::from_json(&parts).map_err(|error| wrong(&error))?;
        let failed = |error: &dyn std::fmt::Display| PyOSError::new_err(error.to_string());
        py.detach(|| {
            self.with(|server| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| failed(&error))?;
                let answers = runtime.block_on(server.send_webhook(&webhook)).map_err(|error| match error {
                    WebhookFailure::Invalid(_) => wrong(&error),
                    _ => failed(&error),
                })?;
                serde_json::to_string(&answers).map_err(|error| failed(&error))
            })
        })
    }

    /// The armed faults, as JSON.
    fn faults(&self) -> PyResult<String> {
        self.with(|server| Ok(server.faults().to_string()))
    }

    fn clear_faults(&self) -> PyResult<()> {
        self.with(|server| {
            server.clear_faults();
            Ok(())
        })
    }

    /// The requests that have arrived, as JSON.
    fn requests(&self) -> PyResult<String> {
        let wrong = |error: &dyn std::fmt::Display| PyRuntimeError::new_err(error.to_string());
        self.with(|server| {
            let requests = server.requests().map_err(|error| wrong(&error))?;
            serde_json::to_string(&requests).map_err(|error| wrong(&error))
        })
    }

    fn clear_requests(&self) -> PyResult<()> {
        self.with(|server| {
            server.clear_requests();
            Ok(())
        })
    }

    fn now(&self) -> PyResult<SystemTime> {
        self.with(|server| Ok(server.now()))
    }

    /// Returns when the jobs that are due by then have run, or after [`SETTLING`].
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let by = Duration::try_from_secs_f64(seconds).map_err(|_| {
            PyValueError::new_err(format!("by must be a time that is finite and not negative, not {seconds} seconds"))
        })?;
        py.detach(|| {
            self.with(|server| {
                server.advance(by);
                let end = Instant::now() + SETTLING;
                while !server.is_settled() && Instant::now() < end && self.lock().is_some() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            })
        })
    }

    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| {
            self.with(|server| {
                server.reset();
                Ok(())
            })
        })
    }

    fn close(&self, py: Python<'_>) {
        let server = self.lock().take();
        py.detach(|| drop(server));
    }
}
