//! Making bundles, which takes long for large ones: signals, time limits and cancelling end it.

use crate::{
    convert::{bytes_of, is_binary, text_of, type_name},
    errors::exception,
    gil::{attached, attached_to_the_end, detached},
    once::interned,
    process::is_main_thread,
};
use muxi_client::{
    Bundle, Error, ErrorKind,
    bundle::{BundleError, Watch},
};
use pyo3::{
    exceptions::{PyOSError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyBytes, PyString},
};
use std::{
    cell::{Cell, RefCell},
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The interval at which the main thread looks for signals.
const TICK: Duration = Duration::from_millis(50);

/// A checked formation bundle.
#[pyclass(frozen, name = "Bundle", module = "muxi._muxi")]
#[derive(Clone)]
pub(crate) struct PyBundle {
    pub(crate) bundle: Bundle,
    /// The seconds that its making has left of the call's deadline.
    pub(crate) left: Option<f64>,
    /// The function that is told how far the upload is.
    pub(crate) on_progress: Option<Arc<Py<PyAny>>>,
}

/// A bundle that is to be made, as a part of a call.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct Packing {
    source: Py<PyAny>,
    on_progress: Option<Arc<Py<PyAny>>>,
    began: Instant,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
    is_cancelled: AtomicBool,
}

/// The source of a bundle.
enum Source {
    Path(String),
    Bytes(Vec<u8>),
    File(Py<PyAny>),
}

/// Why the making has ended early.
enum End {
    Raised(PyErr),
    Late(Duration),
    Cancelled,
}

#[pymethods]
impl Packing {
    /// Makes the bundle.
    pub(crate) fn run(&self, py: Python<'_>) -> PyResult<PyBundle> {
        let source = source(self.source.bind(py))?;
        let is_main = is_main_thread(py)?;
        let (made, end) = detached(py, || self.make(source, is_main))?;
        let bundle = match (end, made) {
            (Some(End::Raised(error)), _) => return Err(error),
            (Some(End::Late(limit)), _) => {
                let message = format!("the bundle could not be read within {} s", limit.as_secs_f64());
                return Err(exception(py, &Error::of(ErrorKind::Timeout, message)));
            }
            (Some(End::Cancelled), _) => return Err(PyValueError::new_err("the call was cancelled")),
            (None, Err(error)) => return Err(refused(error)),
            (None, Ok(bundle)) => bundle,
        };
        let left = self.deadline.map(|limit| limit.saturating_sub(self.began.elapsed()));
        // No deadline is zero: what is left ends the call at once.
        let left = left.map(|left| left.max(Duration::from_millis(1)).as_secs_f64());
        Ok(PyBundle { bundle, left, on_progress: self.on_progress.clone() })
    }

    /// Ends the making, which another thread may be at.
    fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}

impl Packing {
    /// A bundle that is to be made, within the limits of an attempt and of the whole call.
    pub(crate) fn new(source: &Bound<'_, PyAny>, (timeout, deadline): (Option<Duration>, Option<Duration>)) -> Self {
        // A pair has the function that is told how far the upload is.
        let (source, on_progress) = match source.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>() {
            Ok((source, tell)) if tell.is_callable() => (source, Some(Arc::new(tell.unbind()))),
            Ok((source, tell)) if tell.is_none() => (source, None),
            _ => (source.clone(), None),
        };
        let (source, is_cancelled) = (source.unbind(), AtomicBool::new(false));
        Self { source, on_progress, began: Instant::now(), timeout, deadline, is_cancelled }
    }

    fn make(&self, source: Source, is_main: bool) -> (Result<Bundle, BundleError>, Option<End>) {
        let end = RefCell::new(None);
        let looked = Cell::new(Instant::now());
        let check = || {
            let found = self.end(is_main, &looked);
            found.map_or(Ok(()), |found| {
                *end.borrow_mut() = Some(found);
                Err(stopped())
            })
        };
        let watch = Watch(&check);
        let made = match source {
            Source::Path(path) => watch.path(Path::new(&path)),
            Source::Bytes(bytes) => watch.bytes(Arc::<[u8]>::from(bytes)),
            Source::File(file) => watch.reader(BinaryFile { file, is_main, end: &end }),
        };
        (made, end.take())
    }

    /// The reason to stop packing now, if there is one. Only the main thread runs the handlers of signals.
    fn end(&self, is_main: bool, looked: &Cell<Instant>) -> Option<End> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Some(End::Cancelled);
        }
        let now = Instant::now();
        let limit = self.timeout.into_iter().chain(self.deadline).min();
        if let Some(limit) = limit.filter(|limit| now.duration_since(self.began) >= *limit) {
            return Some(End::Late(limit));
        }
        if !is_main || now.duration_since(looked.get()) < TICK {
            return None;
        }
        let raised = attached(true, |py| py.check_signals().err()).flatten();
        looked.set(Instant::now());
        raised.map(End::Raised)
    }
}

/// The exception for a bundle that cannot be made: what the system refuses is an `OSError`, as `open` raises it.
fn refused(error: BundleError) -> PyErr {
    let message = error.to_string();
    let BundleError::Io { what, source } = error else { return PyValueError::new_err(message) };
    let Some(code) = source.raw_os_error() else { return PyValueError::new_err(message) };
    let text = source.to_string();
    let text = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text).to_owned();
    // Windows takes the code from its last place, all others from the first.
    PyOSError::new_err((code, text, what, code))
}

fn stopped() -> io::Error {
    io::Error::other("stopped")
}

/// Reads a Python value: a path (text), bytes, or a binary file.
fn source(value: &Bound<'_, PyAny>) -> PyResult<Source> {
    if let Ok(path) = value.cast::<PyString>() {
        return Ok(Source::Path(text_of(path, "the bundle's path")?));
    }
    if let (true, Some(bytes)) = (is_binary(value), bytes_of(value)) {
        return Ok(Source::Bytes(bytes));
    }
    if value.hasattr(interned!(value.py(), "read"))? {
        return Ok(Source::File(value.clone().unbind()));
    }
    let expected = "a bundle must be a .tar.gz file, a folder, bytes or a binary file";
    Err(PyTypeError::new_err(format!("{expected}, not {}", type_name(value))))
}

/// A Python file object, open for reading bytes. An exception of its `read` ends the packing.
struct BinaryFile<'a> {
    file: Py<PyAny>,
    is_main: bool,
    end: &'a RefCell<Option<End>>,
}

impl io::Read for BinaryFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = attached_to_the_end(self.is_main, |py| {
            let piece = self.file.call_method1(py, interned!(py, "read"), (buffer.len(),))?;
            let piece = piece
                .cast_bound::<PyBytes>(py)
                .map_err(|_| PyValueError::new_err("the file must be open for reading bytes (mode \"rb\")"))?;
            let piece = piece.as_bytes().get(..buffer.len()).unwrap_or(piece.as_bytes());
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        });
        let read = read.ok_or_else(|| io::Error::other("the interpreter has ended"))?;
        read.map_err(|raised: PyErr| {
            *self.end.borrow_mut() = Some(End::Raised(raised));
            stopped()
        })
    }
}
