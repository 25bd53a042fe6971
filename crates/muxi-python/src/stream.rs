//! Streams, handed to Python in batches.

use crate::{
    engine::{State, block_on, event_class},
    errors::exception,
    port::{Outcome, Port, Queue, lock},
};
use muxi_client::{
    Error, EventStream,
    api::{event::Event, ids::TurnIds},
};
use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyList, PyString},
};
use std::{
    mem,
    sync::{Arc, Mutex},
};
use tokio::sync::Notify;

/// So many events at most lie ready; then the connection waits for the reader.
const AHEAD: usize = 1024;

fn events<'py>(py: Python<'py>, batch: Vec<Event>) -> PyResult<Bound<'py, PyList>> {
    let class = event_class(py)?;
    let list = PyList::empty(py);
    // Most events of a stream have the same name: one object serves them all.
    let mut name = intern!(py, "message").clone();
    for event in batch {
        if name.to_str()? != &*event.event {
            name = PyString::new(py, &event.event);
        }
        let made = class.call0()?;
        let dict = made.cast::<PyDict>()?;
        dict.set_item(intern!(py, "event"), &name)?;
        dict.set_item(intern!(py, "data"), event.data)?;
        list.append(made)?;
    }
    Ok(list)
}

/// Ids and head of a stream.
struct Head {
    turn: Option<TurnIds>,
    status: u16,
    idempotency_key: String,
}

impl Head {
    fn of(stream: &EventStream) -> Self {
        let idempotency_key = stream.idempotency_key().to_owned();
        Self { turn: stream.turn().cloned(), status: stream.status(), idempotency_key }
    }

    fn dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("session_id", self.turn.as_ref().map(|t| &t.session_id))?;
        dict.set_item("request_id", self.turn.as_ref().map(|t| &t.request_id))?;
        dict.set_item("status_code", self.status)?;
        dict.set_item("idempotency_key", &self.idempotency_key)?;
        Ok(dict)
    }
}

/// A stream that the reading thread drives.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct SyncStream {
    stream: Mutex<Option<EventStream>>,
    state: Arc<State>,
    head: Head,
}

impl SyncStream {
    pub(crate) fn new(stream: EventStream, state: Arc<State>) -> Self {
        Self { head: Head::of(&stream), stream: Mutex::new(Some(stream)), state }
    }
}

#[pymethods]
impl SyncStream {
    /// Ids and head of the stream.
    fn head<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.head.dict(py)
    }

    /// The next events; an empty list when the stream is over.
    fn next_batch<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let Some(mut stream) = lock(&self.stream).take() else { return Ok(PyList::empty(py)) };
        let batch = block_on(py, &self.state, stream.next_batch())?;
        if batch.is_empty() {
            py.detach(|| drop(stream));
        } else {
            *lock(&self.stream) = Some(stream);
        }
        events(py, batch)
    }

    /// Lets the connection go.
    fn close(&self, py: Python<'_>) {
        let stream = lock(&self.stream).take();
        py.detach(|| drop(stream));
    }
}

/// What the background thread has read ahead.
#[derive(Default)]
struct Ahead {
    ready: Vec<Event>,
    failed: Option<Error>,
    over: bool,
    waiter: Option<(Arc<Queue>, u64)>,
}

#[derive(Default)]
struct Shared {
    ahead: Mutex<Ahead>,
    /// There is room again.
    taken: Notify,
    closed: Notify,
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut Ahead)) -> usize {
        let mut ahead = lock(&self.ahead);
        change(&mut ahead);
        let waiter = ahead.waiter.take();
        let ready = ahead.ready.len();
        drop(ahead);
        if let Some((queue, id)) = waiter {
            queue.push(id, Outcome::Ready);
        }
        ready
    }
}

/// A stream that the background thread reads.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct AsyncStream {
    shared: Arc<Shared>,
    head: Head,
}

/// Hands the stream to `queue`, then reads it until it is over or nobody wants it any more.
pub(crate) async fn pump(mut stream: EventStream, queue: Arc<Queue>, id: u64) {
    let shared = Arc::new(Shared::default());
    let handed = AsyncStream { shared: shared.clone(), head: Head::of(&stream) };
    queue.push(id, Outcome::Stream(Ok(Box::new(handed))));
    drop(queue);
    loop {
        let batch = tokio::select! {
            batch = stream.next_batch() => batch,
            () = shared.closed.notified() => return,
        };
        let mut ready = shared.change(|ahead| match batch {
            Ok(batch) => {
                ahead.over = batch.is_empty();
                ahead.ready.extend(batch);
            }
            Err(error) => (ahead.failed, ahead.over) = (Some(error), true),
        });
        if lock(&shared.ahead).over {
            return;
        }
        while ready >= AHEAD {
            tokio::select! {
                () = shared.taken.notified() => ready = lock(&shared.ahead).ready.len(),
                () = shared.closed.notified() => return,
            }
        }
    }
}

#[pymethods]
impl AsyncStream {
    /// Ids and head of the stream.
    fn head<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.head.dict(py)
    }

    /// The events that have come; an empty list when the stream is over; `None` when `wait` has to be asked.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyList>>> {
        let mut ahead = lock(&self.shared.ahead);
        let batch = mem::take(&mut ahead.ready);
        let (failed, over) = if batch.is_empty() { (ahead.failed.take(), ahead.over) } else { (None, false) };
        drop(ahead);
        self.shared.taken.notify_one();
        match (failed, batch.is_empty() && !over) {
            (Some(error), _) => Err(exception(py, &error)),
            (None, true) => Ok(None),
            (None, false) => events(py, batch).map(Some),
        }
    }

    /// Gives `future` a result as soon as there is something to take.
    fn wait(&self, port: &Bound<'_, Port>, future: Py<PyAny>) {
        let (queue, id) = (port.get().queue(), port.get().expect(future));
        let mut ahead = lock(&self.shared.ahead);
        if ahead.ready.is_empty() && !ahead.over {
            ahead.waiter = Some((queue, id));
        } else {
            drop(ahead);
            queue.push(id, Outcome::Ready);
        }
    }

    /// Lets the connection go.
    fn close(&self) {
        lock(&self.shared.ahead).over = true;
        self.shared.closed.notify_one();
    }
}

impl Drop for AsyncStream {
    fn drop(&mut self) {
        self.shared.closed.notify_one();
    }
}
