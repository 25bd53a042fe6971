//! Leaving the interpreter for work that needs no Python, and coming back.

use crate::{
    errors::panicked,
    process::{Returning, is_main_thread},
};
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work` without the GIL. A panic becomes an exception.
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let is_main = is_main_thread(py)?;
    let (done, returning) = py.detach(|| {
        let done = catch_unwind(AssertUnwindSafe(work));
        (done, Returning::begin(is_main))
    });
    drop(returning);
    done.map_err(|panic| panicked(py, &*panic))
}

/// Attaches to the interpreter from within `detached`. Returns `None` if the interpreter has ended: the finalizers of its
/// modules, which run on the main thread then, may make calls, but CPython lets no code attach anew.
pub(crate) fn attached<T>(is_main: bool, work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    let returning = Returning::begin(is_main);
    Python::try_attach(|py| {
        drop(returning);
        work(py)
    })
}

/// The same for work that may run any Python code, as `to_the_end`.
pub(crate) fn attached_to_the_end<T>(is_main: bool, work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    let _returning = Returning::begin(is_main);
    Python::try_attach(work)
}
