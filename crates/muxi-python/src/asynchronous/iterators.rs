//! The iterators over a stream.

use super::stream::AsyncStream;
use pyo3::{
    exceptions::{PyRuntimeError, PyStopIteration},
    prelude::*,
    sync::PyOnceLock,
};
use std::ops::ControlFlow;

/// The iterator over an async stream's events. An event leaves its buffer in the moment in which its `await` returns it.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct AsyncEvents {
    step: Py<PyAny>,
    stream: PyOnceLock<Py<AsyncStream>>,
}

#[pymethods]
impl AsyncEvents {
    /// An iterator that awaits `step(self)` where it has no event: it opens the stream, or waits.
    #[new]
    fn new(step: Py<PyAny>) -> Self {
        Self { step, stream: PyOnceLock::new() }
    }

    /// Tells which stream it is, once that is open.
    fn attach(&self, py: Python<'_>, stream: Py<AsyncStream>) {
        let _ = self.stream.set(py, stream);
    }

    fn __aiter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __anext__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match slf.get().stream.get(py) {
            Some(stream) if stream.get().find_event() => Ok(stream.bind(py).clone().into_any()),
            _ => slf.get().step.bind(py).call1((slf,)),
        }
    }
}

/// The iterator over the slices of an answer, and what `await` is given for one that has come.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct AsyncText {
    step: Py<PyAny>,
    close: Py<PyAny>,
    stream: PyOnceLock<Py<AsyncStream>>,
}

#[pymethods]
impl AsyncText {
    /// An iterator that awaits `step(self)` where it has no slice, and `close()` to be closed.
    #[new]
    fn new(step: Py<PyAny>, close: Py<PyAny>) -> Self {
        Self { step, close, stream: PyOnceLock::new() }
    }

    /// Closes the stream, as that of a generator does.
    fn aclose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.close.bind(py).call0()
    }

    /// Tells which stream it is, once that is open.
    fn attach(&self, py: Python<'_>, stream: Py<AsyncStream>) {
        let _ = self.stream.set(py, stream);
    }

    fn __aiter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __anext__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match slf.get().stream.get(py) {
            Some(stream) if stream.get().find_slice() => Ok(slf.clone().into_any()),
            _ => slf.get().step.bind(py).call1((slf,)),
        }
    }

    fn __await__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    /// Ends the `await` with the next slice, which has come already.
    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let Some(stream) = self.stream.get(py) else {
            return Err(PyRuntimeError::new_err("the stream is not open"));
        };
        let ControlFlow::Break(slice) = stream.get().take_slice() else { return Ok(py.None()) };
        Err(match slice {
            Some(slice) => PyStopIteration::new_err(slice),
            None => stream.get().gone(py)?,
        })
    }
}
