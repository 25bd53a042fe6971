//! Log lines and hooks of calls. Notes of what happens are kept while the GIL is not held. A blocking call writes them at
//! once, on its own thread; those of an async call are written by the event loop, which is woken for them.

use crate::{
    gil::attached_to_the_end,
    once::{Once, interned},
    process::{is_known_main, lock},
};
use muxi_client::{config::Attempt, engine::Observer};
use pyo3::{
    exceptions::PyKeyboardInterrupt,
    prelude::*,
    types::{PyDict, PyList},
};
use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// Notes that wait to be written, at most.
const MOST: usize = 1000;
/// The level `DEBUG` of Python's logging.
const DEBUG: u32 = 10;

tokio::task_local! {
    static WAKE: Arc<dyn Fn() + Send + Sync>;
}

/// Runs the `work` of an async call, whose event loop `wake` wakes.
pub(crate) async fn waking<T>(wake: impl Fn() + Send + Sync + 'static, work: impl Future<Output = T>) -> T {
    WAKE.scope(Arc::new(wake), work).await
}

/// The destination of a client's notes.
pub(crate) struct Sink {
    /// The client's own logger.
    pub(crate) logger: Option<Py<PyAny>>,
    /// The setting `debug`.
    pub(crate) debug: bool,
    /// A weak reference to the hooks, if there are any: the garbage collector does not see what this refers to.
    pub(crate) hooks: Option<Py<PyAny>>,
    /// True if calls block.
    pub(crate) blocking: bool,
    /// True if every attempt is of interest, as far as the last call knew.
    wants_all: AtomicBool,
}

impl Sink {
    pub(crate) fn new(logger: Option<Py<PyAny>>, debug: bool, hooks: Option<Py<PyAny>>, blocking: bool) -> Self {
        Self { logger, debug, hooks, blocking, wants_all: AtomicBool::new(false) }
    }

    /// Looks at the logger's level, which a program may change at any time.
    pub(crate) fn look(&self, py: Python<'_>) {
        let wants_all = self.debug || self.hooks.is_some() || self.is_logged(py);
        self.wants_all.store(wants_all, Ordering::Relaxed);
    }

    fn is_logged(&self, py: Python<'_>) -> bool {
        let logger = match &self.logger {
            Some(own) => Some(own.bind(py)),
            None => common_logger(py),
        };
        // A logger keeps the answer. One of another library may not have the question.
        let asked = logger.map(|logger| logger.call_method1(interned!(py, "isEnabledFor"), (DEBUG,)));
        asked.is_some_and(|answer| answer.is_ok_and(|answer| answer.is_truthy().unwrap_or(false)))
    }
}

/// The logger `muxi`; none while the program has not loaded `logging`, and so has set no level.
fn common_logger(py: Python<'_>) -> Option<&Bound<'_, PyAny>> {
    static MODULES: Once<Py<PyAny>> = Once::new();
    static LOGGER: Once<Py<PyAny>> = Once::new();
    let modules = MODULES.import(py, "sys", "modules").ok()?.cast::<PyDict>().ok()?;
    let made = LOGGER.get_or_make(py, || match modules.get_item(interned!(py, "logging")) {
        Ok(Some(logging)) => logging.call_method1("getLogger", ("muxi",)).map(Bound::unbind).map_err(drop),
        _ => Err(()),
    });
    made.ok().map(|logger| logger.bind(py))
}

/// Something that happened.
enum Note {
    /// A server knows a newer version of this SDK.
    Update(String),
    Before(Attempt),
    After(Attempt),
    /// A function is to be told of the bytes sent, and of their total.
    Upload(Arc<Py<PyAny>>, u64, u64),
}

/// The notes that wait to be written.
pub(crate) struct Notes {
    sink: Arc<Sink>,
    any: AtomicBool,
    waiting: Mutex<Vec<Note>>,
}

impl Notes {
    pub(crate) fn new(sink: Arc<Sink>) -> Self {
        Self { sink, any: AtomicBool::new(false), waiting: Mutex::default() }
    }

    /// Notes that there is a newer version of this SDK.
    pub(crate) fn update(&self, latest: &str) {
        self.add(Note::Update(latest.to_owned()));
    }

    /// Notes how far an upload is.
    pub(crate) fn upload(&self, tell: &Arc<Py<PyAny>>, sent: u64, total: u64) {
        self.add(Note::Upload(tell.clone(), sent, total));
    }

    fn add(&self, note: Note) {
        let mut waiting = lock(&self.waiting);
        // A slow event loop is told of the newest progress only.
        if let (Some(Note::Upload(last, ..)), Note::Upload(tell, ..)) = (waiting.last(), &note)
            && Arc::ptr_eq(last, tell)
        {
            waiting.pop();
        }
        if waiting.len() < MOST {
            waiting.push(note);
        }
        drop(waiting);
        self.any.store(true, Ordering::Release);
        if self.sink.blocking {
            // An interpreter that has ended has no loggers and hooks any more.
            let _ = attached_to_the_end(is_known_main(), |py| self.write(py));
        } else {
            // Without a call, nothing waits.
            let _ = WAKE.try_with(|wake| wake());
        }
    }

    /// Writes the notes. An exception of a handler is shown, and fails no call.
    pub(crate) fn write(&self, py: Python<'_>) {
        if !self.any.swap(false, Ordering::AcqRel) {
            return;
        }
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        if let Err(error) = self.hand_over(py, waiting) {
            // Ctrl-C in a hook is meant for the call, which looks for signals.
            if error.is_instance_of::<PyKeyboardInterrupt>(py)
                && py.import("_thread").and_then(|thread| thread.call_method0("interrupt_main")).is_ok()
            {
                return;
            }
            // An interpreter that ends has no modules any more, and nothing to write with.
            let ends = py.import("sys").and_then(|sys| sys.call_method0("is_finalizing")?.is_truthy());
            if ends.unwrap_or(true) {
                return;
            }
            error.write_unraisable(py, Some(interned!(py, "muxi: a log line was lost").as_any()));
        }
    }

    fn hand_over(&self, py: Python<'_>, waiting: Vec<Note>) -> PyResult<()> {
        static WRITE: Once<Py<PyAny>> = Once::new();
        let notes = PyList::empty(py);
        for note in waiting {
            match note {
                Note::Update(latest) => notes.append(("update", latest))?,
                Note::Upload(tell, sent, total) => notes.append(("upload", (tell.clone_ref(py), sent, total)))?,
                Note::Before(attempt) => notes.append(("request", fields(attempt, false)))?,
                Note::After(attempt) => notes.append(("response", fields(attempt, true)))?,
            }
        }
        let Sink { logger, debug, hooks, .. } = &*self.sink;
        WRITE.import(py, "muxi._log", "write")?.call1((logger, *debug, hooks, notes))?;
        Ok(())
    }
}

type Fields = (
    (String, String, u32, String),
    (Option<u16>, Option<f64>, Option<String>, Option<String>, Option<f64>),
    Option<String>,
);

/// The fields of an attempt, and its line.
fn fields(attempt: Attempt, is_over: bool) -> Fields {
    let line = is_over.then(|| attempt.to_string());
    let Attempt { method, path, number, idempotency_key, status, seconds, request_id, error, retry_in, .. } = attempt;
    let retry_in = retry_in.map(|wait| wait.as_secs_f64());
    let outcome = (status, is_over.then_some(seconds), request_id, error, retry_in);
    ((method, path, number, idempotency_key), outcome, line)
}

impl Observer for Notes {
    fn wants_all(&self) -> bool {
        self.sink.wants_all.load(Ordering::Relaxed)
    }

    fn before(&self, attempt: Attempt) {
        // A log line has the outcome.
        if self.sink.hooks.is_some() {
            self.add(Note::Before(attempt));
        }
    }

    fn after(&self, attempt: Attempt) {
        self.add(Note::After(attempt));
    }
}
