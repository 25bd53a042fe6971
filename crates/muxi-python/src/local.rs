//! `python -m muxi.local`.

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the local server until it is stopped, and returns the exit status.
#[pyfunction]
pub(crate) fn local_main(py: Python<'_>, arguments: Vec<OsString>) -> i32 {
    let name = OsString::from("python -m muxi.local");
    py.detach(|| muxi_local::cli([name].into_iter().chain(arguments)))
}
