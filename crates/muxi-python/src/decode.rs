//! From reply bytes to Python objects.

use crate::{
    errors::exception,
    json::parse,
    once::{Once, interned},
    process::to_the_end,
    reply::typed,
};
use muxi_client::{
    Error,
    api::{
        response::{Shape, beginning, failure, shape},
        table::{Endpoint, Reply as Form},
    },
    engine::Reply,
};
use pyo3::{
    prelude::*,
    types::{PyBool, PyBytes, PyDict, PyList, PyString},
};

/// The Python value that a call returns.
pub(crate) fn reply<'py>(
    py: Python<'py>,
    endpoint: Option<&Endpoint>,
    reply: &Reply,
    raw: bool,
) -> PyResult<Bound<'py, PyAny>> {
    to_the_end(py, || if raw { raw_response(py, endpoint, reply) } else { value(py, endpoint, reply) })
}

fn value<'py>(py: Python<'py>, endpoint: Option<&Endpoint>, reply: &Reply) -> PyResult<Bound<'py, PyAny>> {
    match endpoint {
        None if reply.body.is_empty() => Ok(py.None().into_bound(py)),
        None => match parse(py, &reply.body) {
            Ok(value) => data(py, false, value, reply),
            Err(_) => Ok(text(py, &reply.body).into_any()),
        },
        Some(endpoint) => match endpoint.reply {
            Form::Text => Ok(text(py, &reply.body).into_any()),
            Form::Bytes => Ok(PyBytes::new(py, &reply.body).into_any()),
            Form::Json | Form::Events(_) if reply.body.is_empty() => typed(endpoint, PyDict::new(py).into_any()),
            Form::Json | Form::Events(_) => {
                let value = parse(py, &reply.body).map_err(|e| not_json(py, reply, &e))?;
                if !value.is_instance_of::<PyDict>() {
                    let message = "the reply is JSON, but not the object that the operation promises";
                    return Err(exception(
                        py,
                        &reply.explain(Error::unexpected_reply(reply.status, message, &reply.body)),
                    ));
                }
                typed(endpoint, data(py, endpoint.flags.whole, value, reply)?)
            }
        },
    }
}

fn text<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    PyString::new(py, &String::from_utf8_lossy(bytes))
}

fn not_json(py: Python<'_>, reply: &Reply, why: &PyErr) -> PyErr {
    let message = format!("the reply is not JSON: {}{}", why.value(py), beginning(&reply.body));
    exception(py, &reply.explain(Error::unexpected_reply(reply.status, message, &reply.body)))
}

/// Takes the data out of its envelope, and adds the envelope's metadata where the data has none of its own.
fn data<'py>(py: Python<'py>, whole: bool, value: Bound<'py, PyAny>, reply: &Reply) -> PyResult<Bound<'py, PyAny>> {
    let Ok(envelope) = value.cast::<PyDict>() else { return Ok(value) };
    let success = envelope.get_item(interned!(py, "success"))?;
    let success = success.and_then(|v| v.cast::<PyBool>().ok().map(|b| b.is_true()));
    let inner = envelope.get_item(interned!(py, "data"))?.filter(|v| !v.is_none());
    match shape(whole, success, inner.is_some()) {
        Shape::Failure => Err(exception(py, &reply.explain(failure(reply.status, &reply.headers, &reply.body)))),
        Shape::Bare => Ok(value),
        Shape::Envelope => {
            let Some(inner) = inner else { return Ok(value) };
            if let Ok(data) = inner.cast::<PyDict>() {
                let timestamp = envelope.get_item(interned!(py, "timestamp"))?;
                add(data, interned!(py, "timestamp"), timestamp)?;
                if let Some(request) = envelope.get_item(interned!(py, "request"))?
                    && let Ok(request) = request.cast::<PyDict>()
                {
                    add(data, interned!(py, "request_id"), request.get_item(interned!(py, "id"))?)?;
                    let key = interned!(py, "idempotency_key");
                    add(data, key, request.get_item(key)?)?;
                }
            }
            Ok(inner)
        }
    }
}

fn add(data: &Bound<'_, PyDict>, key: &Bound<'_, PyString>, value: Option<Bound<'_, PyAny>>) -> PyResult<()> {
    match value.filter(|v| !v.is_none()) {
        Some(value) if data.get_item(key)?.is_none_or(|own| own.is_none()) => data.set_item(key, value),
        _ => Ok(()),
    }
}

fn raw_response<'py>(py: Python<'py>, endpoint: Option<&Endpoint>, got: &Reply) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: Once<Py<PyAny>> = Once::new();
    let class = CLASS.import(py, "muxi._raw_response", "RawResponse")?;
    let headers = PyList::empty(py);
    for (name, value) in &got.headers {
        headers.append((name.as_str(), String::from_utf8_lossy(value.as_bytes())))?;
    }
    let parsed = value(py, endpoint, got);
    let (parsed, failed) = match parsed {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(error.into_value(py))),
    };
    class.call1((got.status, headers, PyBytes::new(py, &got.body), &got.idempotency_key, parsed, failed))
}
