//! The compiled module of the `muxi` Python package: requests, streams and their way to Python. Nothing here knows
//! a single operation: those are in the table.

mod asynchronous;
mod blocking;
mod bundle;
mod client;
mod convert;
mod decode;
mod errors;
mod events;
mod fields;
mod gil;
mod json;
mod log;
mod once;
mod process;
mod reply;
mod settings;
mod webhook;

use pyo3::prelude::*;

/// The compiled module. No test has run without the GIL.
#[pymodule(gil_used = true)]
mod _muxi {
    #[pymodule_export]
    use crate::{
        asynchronous::{AsyncEngine, AsyncEvents, AsyncStream, AsyncText, Delivery, Mailbox},
        blocking::{SyncEngine, SyncStream, SyncText},
        bundle::{Packing, PyBundle},
        convert::file,
        errors::{default_code, error_class},
        json::loads,
        process::{after_fork, before_exit},
        reply::Field,
        settings::check_retry,
        webhook::{webhook_check, webhook_parse, webhook_sign, webhook_verify},
    };
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::once::fill_cells(module.py());
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
