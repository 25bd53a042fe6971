//! Blocking clients: the calling thread does the work.

use crate::{
    api::{
        error::{Error, Result},
        event::Event,
    },
    client::{Client, Formation, Handle, Mode, Server},
    driver::Driver,
    reply::Response,
    stream,
};
use std::{sync::Arc, vec};

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

pub(crate) fn driver_of(handle: &Handle) -> Result<Arc<Driver>> {
    handle.driver.clone().ok_or_else(|| Error::invalid("the client has nothing to drive its calls"))
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

impl IntoBlocking for stream::EventStream {
    type Blocking = EventStream;
    fn into_blocking(self, driver: Arc<Driver>) -> EventStream {
        EventStream { stream: self, driver, batch: Vec::new().into_iter() }
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
