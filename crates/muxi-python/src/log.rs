//! Log lines of calls: kept while the GIL is not held, and written by the next code that holds it.

use crate::{
    once::{Once, interned},
    process::lock,
};
use pyo3::prelude::*;
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

/// Lines that wait to be written, at most.
const MOST: usize = 1000;

/// The lines that wait to be written.
#[derive(Default)]
pub(crate) struct Lines {
    any: AtomicBool,
    waiting: Mutex<Vec<(&'static str, String)>>,
}

impl Lines {
    /// Adds a line of that kind: `debug` or `update`.
    pub(crate) fn add(&self, kind: &'static str, line: String) {
        let mut waiting = lock(&self.waiting);
        if waiting.len() < MOST {
            waiting.push((kind, line));
        }
        self.any.store(true, Ordering::Release);
    }

    /// Writes the lines to `logger`, or to the logger `muxi`. What a handler raises is shown, and fails no call.
    pub(crate) fn write(&self, py: Python<'_>, logger: Option<&Py<PyAny>>) {
        static WRITE: Once<Py<PyAny>> = Once::new();
        if !self.any.swap(false, Ordering::AcqRel) {
            return;
        }
        let lines = std::mem::take(&mut *lock(&self.waiting));
        let written = WRITE.import(py, "muxi._log", "write").and_then(|write| write.call1((logger, lines)));
        if let Err(error) = written {
            error.write_unraisable(py, Some(interned!(py, "muxi: a log line was lost").as_any()));
        }
    }
}
