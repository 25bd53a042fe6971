//! Streams that the background thread reads.

use super::{
    ahead::{Filling, Shared},
    mailbox::Mailbox,
};
use crate::{
    client::{Client, State},
    errors::{closed_early, exception, inherited},
    events::{list, to_python},
    process::{ProcessBound, lock},
};
use muxi_client::{
    CallOptions, Error,
    api::{event::Event, request::Request, turn::TextReader},
};
use pyo3::{
    exceptions::{PyRuntimeError, PyStopAsyncIteration, PyStopIteration},
    prelude::*,
    types::{PyDict, PyList},
};
use std::{
    future::Future,
    mem,
    ops::ControlFlow,
    sync::{Arc, Mutex},
    vec,
};

/// After so many events that lay ready, the event loop has its turn.
const TURN: u32 = 4096;

/// A stream that the background thread reads. It is also what `await` is given for an event that lies ready.
#[pyclass(frozen, module = "muxi._muxi")]
pub(crate) struct AsyncStream {
    shared: ProcessBound<Arc<Shared>>,
    own: Mutex<Own>,
    client: Client,
    state: Arc<State>,
}

/// The reader's part: events are taken out of `shared` in batches, so that the two threads meet once for each.
#[derive(Default)]
struct Own {
    events: vec::IntoIter<Event>,
    text: TextReader,
    /// A slice that waits to be delivered.
    slice: Option<String>,
    is_chat: bool,
    /// Events since the event loop had its turn.
    run: u32,
}

/// The state of a stream in which there is nothing to take.
enum Empty {
    /// More may come.
    Waiting,
    Over,
    Failed(Error),
}

impl AsyncStream {
    /// A stream that the job opens, and then reads.
    pub(super) fn open(
        client: Client,
        state: Arc<State>,
        request: Request,
        options: CallOptions,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let shared = Arc::new(Shared::default());
        let job = Filling(shared.clone()).open(state.clone(), request, options);
        (Self { shared: ProcessBound::new(shared), own: Mutex::default(), client, state }, job)
    }

    fn shared(&self, py: Python<'_>) -> PyResult<&Arc<Shared>> {
        self.shared.get().ok_or_else(|| inherited(py))
    }

    /// True if there are events, after taking over those that have come. A forked child has none: they are its
    /// parent's.
    fn refill(&self, own: &mut Own) -> bool {
        let Some(shared) = self.shared.get() else { return false };
        if own.events.len() > 0 {
            return true;
        }
        let mut ahead = lock(&shared.ahead);
        (own.events, ahead.bytes) = (mem::take(&mut ahead.ready).into_iter(), 0);
        own.is_chat = ahead.head.as_ref().is_some_and(|head| head.is_chat());
        drop(ahead);
        shared.room.notify_one();
        own.events.len() > 0
    }

    /// True if there are events.
    pub(super) fn find_event(&self) -> bool {
        self.refill(&mut lock(&self.own))
    }

    /// Takes the slice that waits to be delivered; `Continue` where the event loop is to have its turn first.
    pub(super) fn take_slice(&self) -> ControlFlow<Option<String>> {
        let mut own = lock(&self.own);
        if Self::is_turn(&mut own) { ControlFlow::Continue(()) } else { ControlFlow::Break(own.slice.take()) }
    }

    /// True if a slice of the answer waits to be delivered, after looking for one in the events that have come.
    pub(super) fn find_slice(&self) -> bool {
        let mut own = lock(&self.own);
        while own.slice.is_none() && self.refill(&mut own) {
            let Own { events, text, slice, .. } = &mut *own;
            *slice = events.find_map(|event| text.read(&event));
        }
        own.slice.is_some()
    }

    fn empty(&self, py: Python<'_>) -> PyResult<Empty> {
        let ahead = lock(&self.shared(py)?.ahead);
        Ok(match &ahead.failure {
            _ if !ahead.ready.is_empty() => Empty::Waiting,
            Some(failure) => Empty::Failed(failure.clone()),
            None if ahead.is_over => Empty::Over,
            None => Empty::Waiting,
        })
    }

    /// The exception for an event or a slice that had come, and went in the event loop's turn: the stream was closed, or
    /// another task has taken it.
    pub(super) fn gone(&self, py: Python<'_>) -> PyResult<PyErr> {
        Ok(match self.empty(py)? {
            Empty::Waiting => PyRuntimeError::new_err("another task is reading this stream"),
            Empty::Over => PyStopAsyncIteration::new_err(()),
            Empty::Failed(failure) => exception(py, &failure),
        })
    }

    /// Gives the event loop a turn from time to time.
    fn is_turn(own: &mut Own) -> bool {
        own.run += 1;
        let is_turn = own.run >= TURN;
        if is_turn {
            own.run = 0;
        }
        is_turn
    }
}

#[pymethods]
impl AsyncStream {
    /// Ids and head of the stream; `None` until it is open.
    fn head<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let head = lock(&self.shared(py)?.ahead).head.clone();
        head.map(|head| head.dict(py)).transpose()
    }

    /// True if the stream is open; raises the error of its opening.
    fn is_open(&self, py: Python<'_>) -> PyResult<bool> {
        self.client.write_log(py, &self.state);
        let ahead = lock(&self.shared(py)?.ahead);
        match &ahead.failure {
            _ if ahead.head.is_some() => Ok(true),
            Some(failure) => {
                let failure = failure.clone();
                drop(ahead);
                Err(exception(py, &failure))
            }
            None if ahead.is_over => Err(PyRuntimeError::new_err("the stream is closed")),
            None => Ok(false),
        }
    }

    /// True if there are events; at the end it raises `StopAsyncIteration`, or the error of the stream.
    fn has_event(&self, py: Python<'_>) -> PyResult<bool> {
        if self.refill(&mut lock(&self.own)) {
            return Ok(true);
        }
        match self.empty(py)? {
            Empty::Waiting => Ok(false),
            Empty::Over => Err(PyStopAsyncIteration::new_err(())),
            Empty::Failed(failure) => Err(exception(py, &failure)),
        }
    }

    /// True if there is a slice of the answer; otherwise as `has_event`.
    fn has_slice(&self, py: Python<'_>) -> PyResult<bool> {
        if self.find_slice() {
            return Ok(true);
        }
        match self.empty(py)? {
            Empty::Waiting => Ok(false),
            Empty::Failed(failure) => Err(exception(py, &failure)),
            Empty::Over => {
                let is_cut_short = lock(&self.shared(py)?.ahead).is_cut_short;
                let mut own = lock(&self.own);
                own.slice = if is_cut_short { None } else { own.text.rest() };
                if own.slice.is_some() { Ok(true) } else { Err(PyStopAsyncIteration::new_err(())) }
            }
        }
    }

    /// Reads the events that have come, without delivering them. Returns whether that was the last of the stream.
    fn skim(&self, py: Python<'_>) -> PyResult<bool> {
        {
            let mut own = lock(&self.own);
            own.slice = None;
            while self.refill(&mut own) {
                let Own { events, text, .. } = &mut *own;
                events.for_each(|event| drop(text.read(&event)));
            }
        }
        match self.empty(py)? {
            Empty::Waiting => Ok(false),
            Empty::Over => Ok(true),
            Empty::Failed(failure) => Err(exception(py, &failure)),
        }
    }

    /// The whole answer, at the end of the stream.
    fn text(&self, py: Python<'_>) -> PyResult<String> {
        if lock(&self.shared(py)?.ahead).is_cut_short {
            return Err(closed_early(py));
        }
        Ok(lock(&self.own).text.text().to_owned())
    }

    /// The events that say more than the text.
    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let notes = lock(&self.own).text.notes().to_vec();
        list(py, notes)
    }

    fn __await__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    /// Before 3.12, asyncio delegates to what is awaited by `yield from`.
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    /// Ends the `await` with the next event, which has come already.
    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let mut own = lock(&self.own);
        if Self::is_turn(&mut own) {
            return Ok(py.None());
        }
        let event = if self.refill(&mut own) { own.events.next() } else { None };
        if let (Some(event), true) = (&event, own.is_chat) {
            own.text.read(event);
        }
        drop(own);
        Err(match event {
            Some(event) => PyStopIteration::new_err(to_python(py, event)?.unbind()),
            None => self.gone(py)?,
        })
    }

    /// Gives `future` a result as soon as there is something new. Returns the id by which the mailbox knows it.
    fn wait(&self, py: Python<'_>, mailbox: &Bound<'_, Mailbox>, future: Py<PyAny>) -> PyResult<u64> {
        let shared = self.shared(py)?;
        let (queue, id) = (mailbox.get().queue()?, mailbox.get().await_answer(future, None, None));
        let mut ahead = lock(&shared.ahead);
        ahead.waiters.push((queue, id));
        // Something may have come since the caller looked.
        let is_new = !ahead.ready.is_empty() || ahead.is_over;
        drop(ahead);
        if is_new {
            shared.change(|_| {});
        }
        Ok(id)
    }

    /// Forgets a future that waits no more.
    fn stop_waiting(&self, mailbox: &Bound<'_, Mailbox>, id: u64) {
        mailbox.get().cancel(id);
        if let (Some(shared), Ok(queue)) = (self.shared.get(), mailbox.get().queue()) {
            lock(&shared.ahead).waiters.retain(|(other, waiter)| *waiter != id || !Arc::ptr_eq(other, &queue));
        }
    }

    /// Lets the connection go, and wakes up those who wait.
    fn close(&self) {
        let Some(shared) = self.shared.get() else { return };
        let mut own = lock(&self.own);
        let has_events = own.events.len() > 0 || own.slice.is_some();
        (own.events, own.slice) = (Vec::new().into_iter(), None);
        drop(own);
        if has_events {
            lock(&shared.ahead).is_cut_short = true;
        }
        shared.close();
    }
}

impl Drop for AsyncStream {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.get() {
            shared.close();
        }
    }
}
