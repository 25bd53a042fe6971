//! The way of finished results to an event loop: a queue, and one wake-up for all that is in it.

use crate::{decode, errors::exception, stream::AsyncStream};
use muxi_client::{Result, api::table::Endpoint, reply::Reply};
use pyo3::{exceptions::PyOSError, intern, prelude::*};
use std::{
    collections::HashMap,
    io::{Read, Write},
    os::{fd::AsRawFd, unix::net::UnixStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;

/// What a job has come to.
pub(crate) enum Outcome {
    /// A reply.
    Reply { endpoint: Option<&'static Endpoint>, raw: bool, reply: Result<Reply> },
    /// An open stream.
    Stream(Result<Box<AsyncStream>>),
    /// Something can be taken.
    Ready,
}

/// The part of a port that the background thread sees.
pub(crate) struct Queue {
    done: Mutex<Vec<(u64, Outcome)>>,
    woken: AtomicBool,
    wake: UnixStream,
}

impl Queue {
    /// Hands over what a job has come to.
    pub(crate) fn push(&self, id: u64, outcome: Outcome) {
        lock(&self.done).push((id, outcome));
        if !self.woken.swap(true, Ordering::SeqCst) {
            // A full pipe means that the loop is going to wake up anyway; a closed one, that it is gone.
            let _ = (&self.wake).write(&[1]);
        }
    }
}

/// One event loop's results.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct Port {
    queue: Arc<Queue>,
    woken: UnixStream,
    waiting: Mutex<HashMap<u64, Py<PyAny>>>,
    next: AtomicU64,
}

impl Port {
    /// The part for the background thread.
    pub(crate) fn queue(&self) -> Arc<Queue> {
        self.queue.clone()
    }

    /// Notes that `future` waits, and returns the id to answer it by.
    pub(crate) fn expect(&self, future: Py<PyAny>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting).insert(id, future);
        id
    }
}

#[pymethods]
impl Port {
    #[new]
    fn new() -> PyResult<Self> {
        let (woken, wake) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        let queue = Queue { done: Mutex::default(), woken: AtomicBool::new(false), wake };
        Ok(Self { queue: Arc::new(queue), woken, waiting: Mutex::default(), next: AtomicU64::new(0) })
    }

    /// The file descriptor that becomes readable when there are results.
    fn fileno(&self) -> i32 {
        self.woken.as_raw_fd()
    }

    /// Gives the futures their results.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        match (&self.woken).read(&mut [0; 16]) {
            Err(e) if e.kind() != std::io::ErrorKind::WouldBlock => return Err(PyOSError::new_err(e.to_string())),
            _ => {}
        }
        self.queue.woken.store(false, Ordering::SeqCst);
        let done = std::mem::take(&mut *lock(&self.queue.done));
        for (id, outcome) in done {
            let Some(future) = lock(&self.waiting).remove(&id) else { continue };
            let future = future.bind(py);
            if future.call_method0(intern!(py, "done"))?.is_truthy()? {
                continue;
            }
            match value(py, outcome) {
                Ok(value) => future.call_method1(intern!(py, "set_result"), (value,))?,
                Err(error) => future.call_method1(intern!(py, "set_exception"), (error.into_value(py),))?,
            };
        }
        Ok(())
    }
}

fn value(py: Python<'_>, outcome: Outcome) -> PyResult<Py<PyAny>> {
    Ok(match outcome {
        Outcome::Reply { endpoint, raw, reply } => {
            let reply = reply.map_err(|e| exception(py, &e))?;
            decode::reply(py, endpoint, &reply, raw)?.unbind()
        }
        Outcome::Stream(stream) => {
            let stream = stream.map_err(|e| exception(py, &e))?;
            Py::new(py, *stream)?.into_any()
        }
        Outcome::Ready => py.None(),
    })
}

/// One job, to be cancelled.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct Task {
    cancel: Arc<Notify>,
    port: Py<Port>,
    id: u64,
}

impl Task {
    /// The job that answers `id`; it ends when the flag is raised.
    pub(crate) fn new(port: &Bound<'_, Port>, id: u64) -> (Self, Arc<Notify>) {
        let cancel = Arc::new(Notify::new());
        (Self { cancel: cancel.clone(), port: port.clone().unbind(), id }, cancel)
    }
}

#[pymethods]
impl Task {
    /// Ends the job; its connection is closed.
    fn cancel(&self) {
        lock(&self.port.get().waiting).remove(&self.id);
        self.cancel.notify_one();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
