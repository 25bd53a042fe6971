//! The compiled half of `muxi.webhook`.

use muxi_client::api::webhook::{self, WebhookError};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyBytes};

/// True if the signature is of this payload and secret, and at most `tolerance` seconds from `now`.
#[pyfunction]
pub(crate) fn webhook_verify(
    payload: &[u8],
    header: &str,
    secret: &str,
    tolerance: u64,
    now: u64,
) -> Result<bool, PyErr> {
    match webhook::verify(payload, header, secret, tolerance, now) {
        Ok(()) => Ok(true),
        Err(error @ WebhookError::NoSecret) => Err(invalid(error)),
        Err(_) => Ok(false),
    }
}

/// The payload of any kind in one form, as JSON without the field `raw`.
#[pyfunction]
pub(crate) fn webhook_parse<'py>(py: Python<'py>, payload: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let mut event = webhook::parse(payload).map_err(invalid)?;
    event.raw.clear();
    let json = serde_json::to_vec(&event).map_err(invalid)?;
    Ok(PyBytes::new(py, &json))
}

/// The value of the signature's header for a payload.
#[pyfunction]
pub(crate) fn webhook_sign(payload: &[u8], secret: &str, timestamp: u64) -> PyResult<String> {
    webhook::sign(payload, secret, timestamp).map_err(invalid)
}

/// Raises an error that says why the signature does not do.
#[pyfunction]
pub(crate) fn webhook_check(
    payload: &[u8],
    header: Option<&str>,
    secret: &str,
    tolerance: u64,
    now: u64,
) -> PyResult<()> {
    let header = header.ok_or(WebhookError::NoSignature).map_err(invalid)?;
    webhook::verify(payload, header, secret, tolerance, now).map_err(invalid)
}

fn invalid(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}
