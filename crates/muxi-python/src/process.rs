//! The life of the process: what a fork and the end of the interpreter ask of code that works without the GIL.

use crate::{
    errors::exception,
    once::{Once, interned},
};
use muxi_client::{Error, ErrorKind};
use pyo3::prelude::*;
use std::{
    any::Any,
    cell::Cell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Counts the forks above this process.
static GENERATION: AtomicU32 = AtomicU32::new(0);
/// True if the interpreter is about to end.
static ENDING: AtomicBool = AtomicBool::new(false);
/// Threads that are done with their work and on their way back to the interpreter.
static RETURNING: AtomicUsize = AtomicUsize::new(0);

/// Locks a mutex. One that is used by Python's threads is only held while attached to the interpreter, and never while
/// waiting for anything or running Python, so that no thread waits for it with the GIL, and none holds it at a fork.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Called in a forked child, whose only thread is the one that forked.
#[pyfunction]
pub(crate) fn after_fork() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
    RETURNING.store(0, Ordering::SeqCst);
    ENDING.store(false, Ordering::SeqCst);
}

/// Called by the main thread after the last handler of `atexit`, before the interpreter ends. Daemon threads that come back
/// from now on stay outside: one that entered an interpreter without threads would crash the process.
#[pyfunction]
pub(crate) fn before_exit(py: Python<'_>) {
    ENDING.store(true, Ordering::SeqCst);
    py.detach(|| {
        while RETURNING.load(Ordering::SeqCst) > 0 {
            thread::sleep(Duration::from_micros(100));
        }
    });
}

/// A value that belongs to the process that made it: a runtime, its sockets, and all that its threads may hold. In a forked
/// child it cannot be had, and is never dropped: tearing it down there would reach into the parent, with which the child
/// shares sockets and their registrations.
#[derive(Debug)]
pub(crate) struct ProcessBound<T> {
    value: Option<T>,
    generation: u32,
}

impl<T> ProcessBound<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value), generation: GENERATION.load(Ordering::Relaxed) }
    }

    fn is_own(&self) -> bool {
        self.generation == GENERATION.load(Ordering::Relaxed)
    }

    /// The value, in the process that made it.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.is_own())
    }

    /// The value, in the process that made it.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        if self.is_own() { self.value.as_mut() } else { None }
    }
}

impl<T> Drop for ProcessBound<T> {
    fn drop(&mut self) {
        if !self.is_own() {
            mem::forget(self.value.take());
        }
    }
}

/// The error for something that was made before a fork.
pub(crate) fn inherited(py: Python<'_>) -> PyErr {
    let message = "the stream was opened before a fork, and belongs to the parent process: open a new one";
    exception(py, &Error::new(ErrorKind::Connection, "FORKED", message))
}

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

/// The same for work that may run any Python code: the interpreter does not end before it is done. It would end the thread
/// in the middle of that code, and unwind these frames, which aborts the process.
pub(crate) fn attached_to_the_end<T>(is_main: bool, work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    let _returning = Returning::begin(is_main);
    Python::try_attach(work)
}

/// A thread on its way back to the interpreter. It ends when the thread has arrived.
struct Returning;

impl Returning {
    fn begin(is_main: bool) -> Self {
        RETURNING.fetch_add(1, Ordering::SeqCst);
        // The main thread ends the interpreter itself, and may make calls until it is done.
        if ENDING.load(Ordering::SeqCst) && !is_main {
            RETURNING.fetch_sub(1, Ordering::SeqCst);
            loop {
                thread::park();
            }
        }
        Self
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        RETURNING.fetch_sub(1, Ordering::SeqCst);
    }
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

thread_local! {
    static KNOWN: Cell<Option<(u32, bool)>> = const { Cell::new(None) };
}

/// The last answer of `is_main_thread` on this thread, for code without the GIL.
pub(crate) fn is_known_main() -> bool {
    KNOWN.get().is_some_and(|(_, is_main)| is_main)
}

/// Tells whether this is Python's main thread, which alone runs the handlers of signals.
pub(crate) fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let generation = GENERATION.load(Ordering::Relaxed);
    if let Some((_, is_main)) = KNOWN.get().filter(|(known, _)| *known == generation) {
        return Ok(is_main);
    }
    static THREADING: Once<Py<PyModule>> = Once::new();
    let threading = THREADING.get_or_make(py, || py.import("threading").map(Bound::unbind))?.bind(py);
    let main = threading.call_method0(interned!(py, "main_thread"))?.getattr(interned!(py, "ident"))?;
    let is_main = threading.call_method0(interned!(py, "get_ident"))?.eq(main)?;
    KNOWN.set(Some((generation, is_main)));
    Ok(is_main)
}
