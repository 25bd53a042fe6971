//! The way of results to an event loop: a queue, and one wake-up for everything in it.

use super::wake::{Waker, Woken, pair};
use crate::{
    client::{Client, State},
    decode,
    errors::{exception, internal},
    once::interned,
    process::{ProcessBound, lock, to_the_end},
};
use muxi_client::{Result, api::table::Endpoint, engine::Reply};
use pyo3::{PyTraverseError, PyVisit, exceptions::PyOSError, prelude::*};
use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;

/// The result of a job.
pub(super) enum Outcome {
    /// A reply, and what it takes to read it.
    Reply { endpoint: Option<&'static Endpoint>, raw: bool, reply: Result<Reply> },
    /// A stream has something new.
    Ready,
    /// There are notes to be written; the result is still to come.
    Noted,
}

/// The part of a mailbox that the background thread sees.
pub(super) struct Queue {
    done: Mutex<Vec<(u64, Outcome)>>,
    is_woken: AtomicBool,
    waker: Waker,
}

impl Queue {
    /// Hands over a result.
    pub(super) fn push(&self, id: u64, outcome: Outcome) {
        lock(&self.done).push((id, outcome));
        if !self.is_woken.swap(true, Ordering::SeqCst) {
            self.waker.wake();
        }
    }
}

/// The answer that a job owes. A job that ends without one, by a panic, owes it still.
pub(super) struct Answer {
    queue: Arc<Queue>,
    id: u64,
    endpoint: Option<&'static Endpoint>,
    raw: bool,
    is_given: bool,
}

impl Answer {
    pub(super) fn give(mut self, reply: Result<Reply>) {
        self.push(reply);
    }

    /// Gives none: nothing waits for it any more.
    pub(super) fn forget(mut self) {
        self.is_given = true;
    }

    fn push(&mut self, reply: Result<Reply>) {
        self.is_given = true;
        self.queue.push(self.id, Outcome::Reply { endpoint: self.endpoint, raw: self.raw, reply });
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.is_given {
            self.push(Err(internal("a call ended without an answer")));
        }
    }
}

/// A future of the event loop that waits, and its job.
struct Waiter {
    future: Py<PyAny>,
    /// Ends the job; without one, what it waits for goes on.
    cancel: Option<Arc<Notify>>,
    /// The client and its state, for the log.
    source: Option<(Client, Arc<State>)>,
}

type Waiting = Mutex<HashMap<u64, Waiter>>;

/// An event loop's mailbox. It holds neither the loop nor what waits there.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct Mailbox {
    queue: ProcessBound<Arc<Queue>>,
    waiting: Weak<Waiting>,
    next: AtomicU64,
}

impl Mailbox {
    /// The queue for the background thread. A mailbox belongs to a loop, which does not outlive a fork.
    pub(super) fn queue(&self) -> PyResult<Arc<Queue>> {
        let gone =
            || pyo3::exceptions::PyRuntimeError::new_err("the event loop was made before a fork: make a new one");
        self.queue.get().cloned().ok_or_else(gone)
    }

    /// Notes that `future` waits, and returns the id by which it is answered.
    pub(super) fn await_answer(
        &self,
        future: Py<PyAny>,
        cancel: Option<Arc<Notify>>,
        source: Option<(Client, Arc<State>)>,
    ) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(waiting) = self.waiting.upgrade() {
            lock(&waiting).insert(id, Waiter { future, cancel, source });
        }
        id
    }

    /// The answer that a job with that id owes.
    pub(super) fn answer(queue: Arc<Queue>, id: u64, endpoint: Option<&'static Endpoint>, raw: bool) -> Answer {
        Answer { queue, id, endpoint, raw, is_given: false }
    }
}

#[pymethods]
impl Mailbox {
    /// A mailbox, and its delivery, which is to be called when its socket can be read. The event loop owns the delivery:
    /// when the loop goes, so do the calls that wait there.
    #[staticmethod]
    fn open(py: Python<'_>) -> PyResult<(Self, Py<Delivery>)> {
        let (woken, waker) = pair().map_err(|e| PyOSError::new_err(e.to_string()))?;
        let queue = Arc::new(Queue { done: Mutex::default(), is_woken: AtomicBool::new(false), waker });
        let waiting = Arc::new(Waiting::default());
        let mailbox = Self {
            queue: ProcessBound::new(queue.clone()),
            waiting: Arc::downgrade(&waiting),
            next: AtomicU64::new(0),
        };
        let delivery = Delivery { queue: ProcessBound::new(queue), waiting, woken: Mutex::new(Some(woken)) };
        Ok((mailbox, Py::new(py, delivery)?))
    }

    /// Waits no more for the answer with that id, and ends its job.
    pub(super) fn cancel(&self, id: u64) {
        let Some(waiting) = self.waiting.upgrade() else { return };
        let waiter = lock(&waiting).remove(&id);
        if let (Some(Waiter { cancel: Some(cancel), .. }), Some(_)) = (waiter, self.queue.get()) {
            cancel.notify_one();
        }
    }
}

/// The delivery of what is in a mailbox. The event loop calls it.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct Delivery {
    queue: ProcessBound<Arc<Queue>>,
    waiting: Arc<Waiting>,
    /// Gone when Python has taken it.
    woken: Mutex<Option<Woken>>,
}

#[pymethods]
impl Delivery {
    /// The descriptor of the socket that can be read when there are results.
    fn fileno(&self) -> i64 {
        lock(&self.woken).as_ref().map_or(-1, |woken| woken.raw() as i64)
    }

    /// The same, to be read and closed by the caller from now on.
    fn detach(&self) -> i64 {
        lock(&self.woken).take().map_or(-1, |woken| woken.into_raw() as i64)
    }

    /// True if anything waits for results.
    #[getter]
    fn is_awaited(&self) -> bool {
        !lock(&self.waiting).is_empty()
    }

    /// Gives the futures their results.
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        to_the_end(py, || self.deliver(py))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(waiting) = self.waiting.try_lock() {
            for waiter in waiting.values() {
                visit.call(&waiter.future)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        self.end();
    }
}

impl Delivery {
    fn deliver(&self, py: Python<'_>) -> PyResult<()> {
        let Some(queue) = self.queue.get() else { return Ok(()) };
        if let Some(woken) = &*lock(&self.woken) {
            woken.clear().map_err(|e| PyOSError::new_err(e.to_string()))?;
        }
        queue.is_woken.store(false, Ordering::SeqCst);
        let done = mem::take(&mut *lock(&queue.done));
        for (id, outcome) in done {
            if matches!(outcome, Outcome::Noted) {
                let source = lock(&self.waiting).get(&id).and_then(|waiter| waiter.source.clone());
                if let Some((client, state)) = source {
                    client.write_log(py, &state);
                }
                continue;
            }
            let Some(Waiter { future, source, .. }) = lock(&self.waiting).remove(&id) else { continue };
            let future = future.bind(py);
            if future.call_method0(interned!(py, "done"))?.is_truthy()? {
                continue;
            }
            match value(py, outcome) {
                Ok(value) => future.call_method1(interned!(py, "set_result"), (value,))?,
                Err(error) => future.call_method1(interned!(py, "set_exception"), (error.into_value(py),))?,
            };
            if let Some((client, state)) = source {
                client.write_log(py, &state);
            }
        }
        Ok(())
    }

    /// Ends the jobs that something waits for, and lets go of their futures.
    fn end(&self) {
        let waiting = mem::take(&mut *lock(&self.waiting));
        for waiter in waiting.into_values() {
            if let (Some(cancel), Some(_)) = (&waiter.cancel, self.queue.get()) {
                cancel.notify_one();
            }
            drop(waiter);
        }
    }
}

/// The event loop is gone.
impl Drop for Delivery {
    fn drop(&mut self) {
        self.end();
    }
}

fn value(py: Python<'_>, outcome: Outcome) -> PyResult<Py<PyAny>> {
    Ok(match outcome {
        Outcome::Reply { endpoint, raw, reply } => {
            let reply = reply.map_err(|e| exception(py, &e))?;
            decode::reply(py, endpoint, &reply, raw)?.unbind()
        }
        Outcome::Ready | Outcome::Noted => py.None(),
    })
}
