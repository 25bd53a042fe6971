//! Calls that block.

use super::{mode::Blocking, stream::Events};
use crate::{
    api::{
        error::{Error, Result},
        events::StreamEvent,
        request::Request,
        table::Operation,
    },
    client::{Call, Handle, Outcome, Response, Route},
    config::CallOptions,
    net::driver::Driver,
    stream,
};
use std::sync::Arc;

impl<O: Operation> Call<Blocking, O>
where
    O::Reply: Outcome,
    <O::Reply as Outcome>::Output: IntoBlocking,
{
    /// Sends the call and waits for its outcome.
    ///
    /// # Errors
    ///
    /// An [`Error`], also inside an async task, whose runtime the call would stall.
    pub fn send(self) -> Result<<<O::Reply as Outcome>::Output as IntoBlocking>::Blocking> {
        let (handle, request, options) = self.into_parts();
        send::<O::Reply>(handle, request?, options)
    }
}

impl<F: Outcome> Route<Blocking, F>
where
    F::Output: IntoBlocking,
{
    /// Sends the call and waits for its outcome.
    ///
    /// # Errors
    ///
    /// An [`Error`], also inside an async task, whose runtime the call would stall.
    pub fn send(self) -> Result<<F::Output as IntoBlocking>::Blocking> {
        let (handle, request, options) = self.into_parts();
        send::<F>(handle, request?, options)
    }
}

fn send<F>(handle: Arc<Handle>, request: Request, options: CallOptions) -> Result<<F::Output as IntoBlocking>::Blocking>
where
    F: Outcome,
    F::Output: IntoBlocking,
{
    let driver = handle.driver.clone().ok_or_else(|| Error::invalid("the client has nothing to drive its calls"))?;
    // A connection that the error leaves behind, as after a timeout, is to go now and not with the next call.
    let outcome = driver.run(F::send(handle, request, options)).flatten().inspect_err(|_| driver.settle())?;
    Ok(outcome.into_blocking(driver))
}

/// The blocking form of an outcome.
pub trait IntoBlocking {
    /// That form.
    type Blocking;
    /// Turns the outcome into that form.
    fn into_blocking(self, driver: Arc<Driver>) -> Self::Blocking;
}

impl<T> IntoBlocking for Response<T> {
    type Blocking = Self;
    fn into_blocking(self, _: Arc<Driver>) -> Self {
        self
    }
}

impl<E: StreamEvent> IntoBlocking for stream::Events<E> {
    type Blocking = Events<E>;
    fn into_blocking(self, driver: Arc<Driver>) -> Events<E> {
        Events::new(self, driver)
    }
}
