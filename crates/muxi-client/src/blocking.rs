//! Blocking clients: the calling thread does the work.

use crate::{
    api::{
        error::{Error, Result},
        event::Event,
        events::{ChatEvent, StreamEvent},
        ids::TurnIds,
        request::Request,
        turn::{TextReader, Turn, TurnReader},
    },
    call::Outcome,
    client::{Client, Formation, Handle, Mode, Server},
    driver::Driver,
    events,
    options::CallOptions,
    reply::Response,
    stream,
};
use http::HeaderMap;
use std::{fmt, marker::PhantomData, sync::Arc, vec};

/// Marks a client whose calls block.
#[derive(Debug)]
pub enum Blocking {}

/// Blocking client of a MUXI server.
pub type ServerClient = Client<Server, Blocking>;
/// Blocking client of a formation.
pub type FormationClient = Client<Formation, Blocking>;

impl Mode for Blocking {
    fn driver() -> Result<Option<Arc<Driver>>> {
        Ok(Some(Arc::new(Driver::new()?)))
    }
}

/// Sends a request and waits for its outcome.
pub(crate) fn send<F>(
    handle: &Handle,
    request: Request,
    options: CallOptions,
) -> Result<<F::Output as IntoBlocking>::Blocking>
where
    F: Outcome,
    F::Output: IntoBlocking,
{
    let driver = handle.driver.clone().ok_or_else(|| Error::invalid("the client has nothing to drive its calls"))?;
    // What the error leaves behind, a timed out connection above all, is to go now and not with the next call.
    let outcome = driver.run(F::send(handle, request, options)).flatten().inspect_err(|_| driver.settle())?;
    Ok(outcome.into_blocking(driver))
}

/// What an outcome is in a blocking client.
pub trait IntoBlocking {
    /// That.
    type Blocking;
    /// Turns it into that.
    fn into_blocking(self, driver: Arc<Driver>) -> Self::Blocking;
}

impl<T> IntoBlocking for Response<T> {
    type Blocking = Self;
    fn into_blocking(self, _: Arc<Driver>) -> Self {
        self
    }
}

impl<E: StreamEvent> IntoBlocking for events::Events<E> {
    type Blocking = Events<E>;
    fn into_blocking(self, driver: Arc<Driver>) -> Events<E> {
        let raw = EventStream { stream: self.into_raw(), driver, batch: Vec::new().into_iter() };
        Events { raw, kind: PhantomData }
    }
}

/// A chat turn, live. See [`Events`].
pub type ChatStream = Events<ChatEvent>;

/// An open stream of typed events, whose iteration blocks.
///
/// It ends after its last event, and with an error when the other side reports one or the stream was cut. Dropping it
/// closes its connection, which cancels a chat turn.
pub struct Events<E> {
    raw: EventStream,
    kind: PhantomData<fn() -> E>,
}

impl<E> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.raw).finish()
    }
}

impl<E> Events<E> {
    /// The events as they come from here on.
    pub fn into_raw(self) -> EventStream {
        self.raw
    }

    /// The session and the request of a chat turn.
    pub fn ids(&self) -> Option<&TurnIds> {
        self.raw.stream.turn()
    }
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.raw.stream.status()
    }
    /// The HTTP headers.
    pub fn headers(&self) -> &HeaderMap {
        self.raw.stream.headers()
    }
    /// The idempotency key that was sent.
    pub fn idempotency_key(&self) -> &str {
        self.raw.stream.idempotency_key()
    }
}

impl<E: StreamEvent> Iterator for Events<E> {
    type Item = Result<E>;

    fn next(&mut self) -> Option<Result<E>> {
        self.raw.next().map(|event| event.map(E::from_event))
    }
}

impl Events<ChatEvent> {
    /// The answer's text as it arrives; all at once for a turn that does not come in slices.
    pub fn text_deltas(&mut self) -> TextDeltas<'_> {
        TextDeltas { raw: &mut self.raw, reader: TextReader::default() }
    }

    /// Reads the turn to its end and returns the whole answer.
    pub fn final_text(&mut self) -> Result<String> {
        let mut deltas = self.text_deltas();
        let text = deltas.by_ref().collect::<Result<String>>()?;
        Ok(deltas.reader.whole().unwrap_or(text))
    }

    /// Reads the turn to its end: the answer, widgets, files, and how it ended.
    pub fn collect_turn(&mut self) -> Result<Turn> {
        let mut reader = TurnReader::new(self.ids());
        for event in self {
            reader.take(event?);
        }
        Ok(reader.finish())
    }
}

/// The text of a chat turn as it arrives.
#[derive(Debug)]
pub struct TextDeltas<'s> {
    raw: &'s mut EventStream,
    reader: TextReader,
}

impl Iterator for TextDeltas<'_> {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        loop {
            match self.raw.next() {
                Some(Ok(event)) => match self.reader.slice(&event) {
                    Some(text) => return Some(Ok(text)),
                    None => continue,
                },
                Some(Err(error)) => return Some(Err(error)),
                None => return self.reader.rest().map(Ok),
            }
        }
    }
}

/// A stream of events whose iteration blocks. Dropping it closes its connection, which cancels a chat turn.
#[derive(Debug)]
pub struct EventStream {
    stream: stream::EventStream,
    driver: Arc<Driver>,
    batch: vec::IntoIter<Event>,
}

impl EventStream {
    /// The stream behind this one, for its ids and headers.
    pub fn get_ref(&self) -> &stream::EventStream {
        &self.stream
    }
}

impl Iterator for EventStream {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Result<Event>> {
        if let Some(event) = self.batch.next() {
            return Some(Ok(event));
        }
        match self.driver.run(self.stream.next_batch()).flatten() {
            Ok(batch) => self.batch = batch.into_iter(),
            Err(error) => {
                self.driver.settle();
                return Some(Err(error));
            }
        }
        self.batch.next().map(Ok)
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.stream.close();
        self.driver.settle();
    }
}
