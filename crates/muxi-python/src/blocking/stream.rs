//! Streams that the reading thread drives: an iterator that goes on after any interruption.

use super::run::block_on;
use crate::{
    client::State,
    errors::{closed_early, exception, inherited},
    events::{Head, list, to_python},
    gil::detached,
    process::{ProcessBound, lock},
};
use muxi_client::{
    CloseHandle, Error, EventStream,
    api::{event::Event, turn::TextReader},
    engine::OpenedStream,
};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyDict, PyList},
};
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard},
    vec,
};

/// A stream that the reading thread drives.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct SyncStream {
    reading: Mutex<Reading>,
    close: CloseHandle,
    state: Arc<State>,
    head: Head,
}

struct Reading {
    ready: vec::IntoIter<Event>,
    text: TextReader,
    /// Taken out by the thread that waits for more.
    stream: Option<ProcessBound<EventStream>>,
    is_waiting: bool,
    /// True if it was closed before all of it had been read.
    is_cut_short: bool,
    failure: Option<Error>,
}

impl SyncStream {
    pub(super) fn new(opened: OpenedStream, state: Arc<State>) -> Self {
        let stream = EventStream::new(opened);
        let (head, close) = (Head::of(&stream), stream.close_handle());
        let reading = Mutex::new(Reading {
            ready: Vec::new().into_iter(),
            text: TextReader::default(),
            stream: Some(ProcessBound::new(stream)),
            is_waiting: false,
            is_cut_short: false,
            failure: None,
        });
        Self { reading, close, state, head }
    }

    /// The result of `take` on the next event for which it has one; `None` at the end.
    fn next<T>(
        &self,
        py: Python<'_>,
        mut take: impl FnMut(&mut TextReader, Event) -> Option<T>,
    ) -> PyResult<Option<T>> {
        // Events that were read before a fork are the parent's to deliver.
        if self.state.get().is_none() {
            return Err(inherited(py));
        }
        loop {
            let mut reading = lock(&self.reading);
            while let Some(event) = reading.ready.next() {
                if let Some(taken) = take(&mut reading.text, event) {
                    return Ok(Some(taken));
                }
            }
            if let Some(failure) = &reading.failure {
                let failure = failure.clone();
                drop(reading);
                return Err(exception(py, &failure));
            }
            if reading.is_waiting {
                return Err(PyRuntimeError::new_err("another thread is reading this stream"));
            }
            let Some(stream) = reading.stream.take() else { return Ok(None) };
            reading.is_waiting = true;
            drop(reading);
            self.wait(py, stream)?;
            // An exception of a handler would take the place of the event that this returns.
            py.check_signals()?;
        }
    }

    /// Waits for events, with the stream taken out of the lock, and puts it back whatever happens.
    fn wait(&self, py: Python<'_>, mut stream: ProcessBound<EventStream>) -> PyResult<()> {
        let read = match stream.get_mut() {
            Some(stream) => block_on(py, &self.state, async { Ok(stream.next_batch().await) }),
            None => Err(inherited(py)),
        };
        let mut reading = lock(&self.reading);
        reading.is_waiting = false;
        let mut rest = None;
        let outcome = match read {
            // A signal's handler raised. The stream stays, unless the handler has closed it.
            Err(error) => {
                if reading.is_cut_short {
                    rest = Some(stream);
                } else {
                    reading.stream = Some(stream);
                }
                Err(error)
            }
            _ if reading.is_cut_short => {
                rest = Some(stream);
                Ok(())
            }
            Ok(Ok(batch)) if batch.is_empty() => {
                rest = Some(stream);
                Ok(())
            }
            Ok(Ok(batch)) => {
                (reading.ready, reading.stream) = (batch.into_iter(), Some(stream));
                Ok(())
            }
            Ok(Err(failure)) => {
                reading.failure = Some(failure);
                rest = Some(stream);
                Ok(())
            }
        };
        drop(reading);
        if rest.is_some() {
            detached(py, || drop(rest))?;
        }
        outcome
    }

    fn read_to_end(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Reading>> {
        while self.next_slice(py)?.is_some() {}
        let reading = lock(&self.reading);
        if reading.is_cut_short {
            drop(reading);
            return Err(closed_early(py));
        }
        Ok(reading)
    }

    fn next_slice(&self, py: Python<'_>) -> PyResult<Option<String>> {
        match self.next(py, |text, event| text.read(&event))? {
            Some(slice) => Ok(Some(slice)),
            None => {
                let mut reading = lock(&self.reading);
                // A turn that was cut short has no rest.
                Ok(if reading.is_cut_short { None } else { reading.text.rest() })
            }
        }
    }
}

#[pymethods]
impl SyncStream {
    /// Ids and head of the stream.
    fn head<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.head.dict(py)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let is_chat = self.head.is_chat();
        let event = self.next(py, |text, event| {
            if is_chat {
                text.read(&event);
            }
            Some(event)
        })?;
        event.map(|event| to_python(py, event)).transpose()
    }

    /// The answer's text as it arrives.
    fn text_deltas(slf: Bound<'_, Self>) -> SyncText {
        SyncText { stream: slf.unbind() }
    }

    /// Reads to the end, and returns the whole answer.
    fn final_text(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.read_to_end(py)?.text.text().to_owned())
    }

    /// Reads to the end, and returns the whole answer and the events that say more.
    fn result<'py>(&self, py: Python<'py>) -> PyResult<(String, Bound<'py, PyList>)> {
        let reading = self.read_to_end(py)?;
        let (text, notes) = (reading.text.text().to_owned(), reading.text.notes().to_vec());
        drop(reading);
        Ok((text, list(py, notes)?))
    }

    /// Lets the connection go, and ends a read that is under way.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let mut reading = lock(&self.reading);
        let is_over = reading.failure.is_some() || (reading.stream.is_none() && !reading.is_waiting);
        reading.is_cut_short |= !is_over || reading.ready.len() > 0;
        let (stream, ready) = (reading.stream.take(), mem::take(&mut reading.ready));
        drop(reading);
        if self.state.get().is_none() {
            drop((stream, ready));
            return Ok(());
        }
        detached(py, || {
            self.close.close();
            drop((stream, ready));
        })
    }
}

impl Drop for SyncStream {
    fn drop(&mut self) {
        // In a child the lock may be held for ever, and the stream is the parent's.
        let stream = self.state.get().and_then(|_| lock(&self.reading).stream.take());
        drop(stream);
    }
}

/// The answer's text as it arrives: an iterator.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct SyncText {
    stream: Py<SyncStream>,
}

#[pymethods]
impl SyncText {
    /// Closes the stream, as that of a generator does.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.stream.get().close(py)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.stream.get().next_slice(py)
    }
}
