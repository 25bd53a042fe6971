//! Driving a future on the calling thread.

use crate::{
    client::State,
    errors::{exception, inherited},
    gil::{attached, detached},
    process::{ProcessBound, is_main_thread},
};
use pyo3::{exceptions::PyValueError, prelude::*};
use std::{future::Future, ops::ControlFlow, time::Duration};

/// The interval at which a blocking call looks for signals.
const TICK: Duration = Duration::from_millis(50);

/// Drives `work` on this thread without the GIL. On the main thread the handlers of signals run meanwhile, and may make
/// calls of their own.
pub(super) fn block_on<T: Send>(
    py: Python<'_>,
    state: &State,
    work: impl Future<Output = muxi_client::Result<T>> + Send,
) -> PyResult<T> {
    let Some(driver) = state.get().and_then(|inner| inner.driver.as_ref()) else {
        return Err(PyValueError::new_err("an async client cannot block"));
    };
    if !is_main_thread(py)? {
        let done = detached(py, || driver.run(work).flatten())?;
        return done.map_err(|e| exception(py, &e));
    }
    // In a box, so that a child that a handler forks can leave it undropped.
    let mut work = ProcessBound::new(Box::pin(work));
    let mut raised = None;
    let done = detached(py, || {
        let pinned = work.get_mut()?;
        let handled = driver.run_until(pinned.as_mut(), TICK, || {
            raised = attached(true, |py| py.check_signals().err()).flatten();
            raised.is_some() || state.get().is_none()
        });
        Some(handled)
    })?;
    let is_child = state.get().is_none();
    drop(work);
    match (done, raised) {
        (_, Some(signal)) => Err(signal),
        (Some(Ok(ControlFlow::Continue(done))), None) => done.map_err(|e| exception(py, &e)),
        (Some(Err(error)), None) => Err(exception(py, &error)),
        _ if is_child => Err(inherited(py)),
        _ => Err(PyValueError::new_err("the call was interrupted")),
    }
}
