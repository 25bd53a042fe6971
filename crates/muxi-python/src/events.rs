//! Events and heads of streams, for Python.

use crate::{
    once::{Once, interned},
    process::to_the_end,
};
use muxi_client::{
    EventStream,
    api::{event::Event, ids::TurnIds, table::StreamEnd},
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyList},
};

/// The event as an object of the class `Event`, which is written in Python.
pub(crate) fn to_python<'py>(py: Python<'py>, event: Event) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: Once<Py<PyAny>> = Once::new();
    let made = to_the_end(py, || CLASS.import(py, "muxi._event", "Event")?.call0())?;
    let dict = made.cast::<PyDict>()?;
    // Nearly all events of a stream are called "message".
    match &*event.event {
        "message" => dict.set_item(interned!(py, "event"), interned!(py, "message"))?,
        other => dict.set_item(interned!(py, "event"), other)?,
    }
    dict.set_item(interned!(py, "data"), event.data)?;
    Ok(made)
}

/// Events as a list of such objects.
pub(crate) fn list(py: Python<'_>, events: Vec<Event>) -> PyResult<Bound<'_, PyList>> {
    let events: Vec<_> = events.into_iter().map(|event| to_python(py, event)).collect::<PyResult<_>>()?;
    PyList::new(py, events)
}

/// Ids and head of a stream.
pub(crate) struct Head {
    turn: Option<TurnIds>,
    status: u16,
    idempotency_key: String,
    is_chat: bool,
}

impl Head {
    pub(crate) fn of(stream: &EventStream) -> Self {
        Self {
            turn: stream.turn().cloned(),
            status: stream.status(),
            idempotency_key: stream.idempotency_key().to_owned(),
            is_chat: stream.ends_with() == StreamEnd::Done,
        }
    }

    /// Tells whether this is the stream of a chat turn.
    pub(crate) fn is_chat(&self) -> bool {
        self.is_chat
    }

    pub(crate) fn dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("session_id", self.turn.as_ref().map(|t| &t.session_id))?;
        dict.set_item("request_id", self.turn.as_ref().map(|t| &t.request_id))?;
        dict.set_item("status_code", self.status)?;
        dict.set_item("idempotency_key", &self.idempotency_key)?;
        Ok(dict)
    }
}
