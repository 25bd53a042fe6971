//! The compiled module of the `muxi` Python package: requests, streams and their way to Python. Nothing here knows
//! a single operation: those are in the table.

mod convert;
mod decode;
mod engine;
mod errors;
mod local;
mod port;
mod reactor;
mod settings;
mod stream;
mod webhook;

use pyo3::prelude::*;

/// The compiled module.
#[pymodule(gil_used = false)]
mod _muxi {
    #[pymodule_export]
    use crate::{
        convert::PyBundle,
        decode::loads,
        engine::{Engine, after_fork},
        errors::{default_code, error_class},
        local::{LocalServer, local_main},
        port::{Port, Task},
        stream::{AsyncStream, SyncStream},
        webhook::{webhook_parse, webhook_verify},
    };
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
