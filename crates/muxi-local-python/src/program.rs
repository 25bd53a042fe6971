//! The program.

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the local server until it is stopped, and returns the exit status. The first argument is the program's name.
#[pyfunction]
pub(crate) fn main(py: Python<'_>, arguments: Vec<OsString>) -> i32 {
    py.detach(|| muxi_local::cli(arguments))
}
