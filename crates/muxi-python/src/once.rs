//! Values that are made once, at their first use.
//!
//! PyO3's own cells, and `intern!` with them, let go of the GIL before they make their value. A fork by another thread then
//! finds the cell half made, and the child waits for ever for who makes it. These are filled while the GIL is held.

use pyo3::{
    prelude::*,
    types::{PyMapping, PySequence, PyString},
};
use std::{convert::Infallible, sync::OnceLock};

/// Fills the cells inside of PyO3 that this module uses, when it is imported.
pub(crate) fn fill_cells(py: Python<'_>) {
    let none = py.None();
    let none = none.bind(py);
    // Each looks up a class or a name at its first use. The results for `None` do not matter.
    let _ = (none.cast::<PyMapping>().is_ok(), none.cast::<PySequence>().is_ok(), none.get_type().name().is_ok());
}

/// A value that is made at its first use.
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The value. Two threads may make it at the same time, since that may run Python; the first one's is kept.
    pub(crate) fn get_or_make<E>(&self, _: Python<'_>, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        if let Some(value) = self.0.get() {
            return Ok(value);
        }
        let value = make()?;
        Ok(self.0.get_or_init(|| value))
    }
}

impl Once<Py<PyAny>> {
    /// An object of a Python module.
    pub(crate) fn import<'py>(&self, py: Python<'py>, module: &str, name: &str) -> PyResult<&Bound<'py, PyAny>> {
        Ok(self.get_or_make(py, || PyResult::Ok(py.import(module)?.getattr(name)?.unbind()))?.bind(py))
    }
}

/// A string that is made once; made by [`interned`].
pub(crate) struct Interned {
    text: &'static str,
    made: Once<Py<PyString>>,
}

impl Interned {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text, made: Once::new() }
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        let make = || Ok::<_, Infallible>(PyString::intern(py, self.text).unbind());
        let Ok(made) = self.made.get_or_make(py, make);
        made.bind(py)
    }
}

/// The Python string of a literal, made at its first use here.
macro_rules! interned {
    ($py:expr, $text:literal) => {{
        static INTERNED: $crate::once::Interned = $crate::once::Interned::new($text);
        INTERNED.get($py)
    }};
}
pub(crate) use interned;
