//! From errors to Python exceptions.

use crate::{
    once::{Once, interned},
    process::to_the_end,
};
use muxi_client::{Error, ErrorKind};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyType},
};
use std::{any::Any, collections::HashMap};

/// The Python exception for an error.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    to_the_end(py, || made(py, error)).unwrap_or_else(|failed| failed)
}

fn made(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let class = class_of(py, error.kind())?;
    // A builtin exception has a text and no more.
    if error.kind().python().base.is_none() {
        return Ok(PyErr::from_value(class.call1((error.message(),))?));
    }
    let details = serde_json::to_vec(error.details()).unwrap_or_default();
    let arguments = PyDict::new(py);
    arguments.set_item(interned!(py, "code"), error.code())?;
    arguments.set_item(interned!(py, "message"), error.message())?;
    arguments.set_item(interned!(py, "status_code"), error.status().unwrap_or(0))?;
    arguments.set_item(interned!(py, "details"), crate::json::parse(py, &details)?)?;
    arguments.set_item(interned!(py, "retry_after"), error.retry_after().map(|delay| delay.as_secs_f64()))?;
    arguments.set_item(interned!(py, "request_id"), error.request_id())?;
    arguments.set_item(interned!(py, "session_id"), error.session_id())?;
    arguments.set_item(interned!(py, "attempts"), error.attempts())?;
    arguments.set_item(interned!(py, "body"), PyBytes::new(py, error.body()))?;
    arguments.set_item(interned!(py, "text"), error.to_string())?;
    Ok(PyErr::from_value(class.call((), Some(&arguments))?))
}

/// The exception for the result of a stream that was closed before its end.
pub(crate) fn closed_early(py: Python<'_>) -> PyErr {
    exception(py, &Error::new(ErrorKind::Closed, "STREAM_CLOSED", "the stream was closed before its end"))
}

fn class_of(py: Python<'_>, kind: ErrorKind) -> PyResult<Bound<'_, PyAny>> {
    static CLASSES: Once<HashMap<ErrorKind, Py<PyAny>>> = Once::new();
    let classes = CLASSES.get_or_make(py, || {
        let (builtins, errors) = (py.import("builtins")?, py.import("muxi.errors")?);
        let class = |kind: &ErrorKind| {
            let python = kind.python();
            let home = if python.base.is_some() { &errors } else { &builtins };
            Ok((*kind, home.getattr(python.name)?.unbind()))
        };
        ErrorKind::ALL.iter().map(class).collect::<PyResult<_>>()
    })?;
    match classes.get(&kind) {
        Some(class) => Ok(class.bind(py).clone()),
        None => py.import("muxi.errors")?.getattr("MuxiError"),
    }
}

/// The exception class of replies with that status.
#[pyfunction]
pub(crate) fn error_class(py: Python<'_>, status: i64) -> PyResult<Bound<'_, PyType>> {
    Ok(class_of(py, ErrorKind::of_status(known(status)))?.cast_into()?)
}

/// The code of replies with that status that name none.
#[pyfunction]
pub(crate) fn default_code(status: i64) -> &'static str {
    ErrorKind::code_of_status(known(status))
}

/// The status, or 0 for a number that is none.
fn known(status: i64) -> u16 {
    u16::try_from(status).unwrap_or_default()
}

/// The error for something that was made before a fork.
pub(crate) fn inherited(py: Python<'_>) -> PyErr {
    let message = "the stream was opened before a fork, and belongs to the parent process: open a new one";
    exception(py, &Error::new(ErrorKind::Connection, "FORKED", message))
}

/// The exception for a panic, which is a defect of this package.
pub(crate) fn panicked(py: Python<'_>, panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    exception(py, &internal(text.unwrap_or("a panic")))
}

/// The error for a defect of this package.
pub(crate) fn internal(what: &str) -> Error {
    Error::new(ErrorKind::Api, "CLIENT_DEFECT", format!("muxi-client has a defect, please report it: {what}"))
}
