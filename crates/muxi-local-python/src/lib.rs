//! The compiled module of the `muxi_local` Python package: the local server's program, and the server in this process.

mod program;
mod script;
mod server;

use pyo3::prelude::*;

/// The compiled module. No test has run without the GIL.
#[pymodule(gil_used = true)]
mod _muxi_local {
    #[pymodule_export]
    use crate::{program::main, server::LocalServer};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
