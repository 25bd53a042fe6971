//! The life of the process: what a fork and the end of the interpreter ask of code that works without the GIL.

use crate::once::{Once, interned};
use pyo3::prelude::*;
use std::{
    cell::Cell,
    mem,
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
    // It may have forked within Python's code that the interpreter's end is to wait for.
    RETURNING.store(usize::from(HELD.get() > 0), Ordering::SeqCst);
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

/// Runs `work`, which may run any Python code, while attached: the interpreter does not end before it is done. It would end
/// the thread in the middle of that code, and unwind these frames, which aborts the process. It must not wait for the network.
pub(crate) fn to_the_end<T>(py: Python<'_>, work: impl FnOnce() -> T) -> T {
    let _returning = Returning::begin_attached(py);
    work()
}

/// A thread on its way back to the interpreter, or in code that the interpreter's end is to wait for. It ends when the
/// thread has arrived, or that code is done.
pub(crate) struct Returning;

impl Returning {
    pub(crate) fn begin(is_main: bool) -> Self {
        Self::begin_unless(|| !is_main, |park| park())
    }

    fn begin_attached(py: Python<'_>) -> Self {
        Self::begin_unless(|| !is_main_thread(py).unwrap_or(true), |park| py.detach(park))
    }

    /// Begins, or stays outside if the interpreter is about to end. The main thread ends it itself, and may make calls
    /// until it is done; a thread that it waits for may, too.
    fn begin_unless(is_other: impl FnOnce() -> bool, stay: impl FnOnce(fn())) -> Self {
        if HELD.get() == 0 {
            RETURNING.fetch_add(1, Ordering::SeqCst);
            if ENDING.load(Ordering::SeqCst) && is_other() {
                RETURNING.fetch_sub(1, Ordering::SeqCst);
                stay(|| {
                    loop {
                        thread::park();
                    }
                });
            }
        }
        HELD.set(HELD.get() + 1);
        Self
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        HELD.set(HELD.get() - 1);
        if HELD.get() == 0 {
            RETURNING.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

thread_local! {
    /// How often this thread has begun to return, one within the other.
    static HELD: Cell<usize> = const { Cell::new(0) };
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
