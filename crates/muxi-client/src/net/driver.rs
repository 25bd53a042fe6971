//! A runtime that the calling threads drive themselves, so that a blocking call costs no thread hop.

use crate::api::error::{Error, ErrorKind, Result};
use std::{
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, Handle, Runtime, RuntimeFlavor},
    task::{block_in_place, coop::poll_proceed},
};

/// Runs futures on the calling thread. Several threads may do so at once: one drives, the others wait and take over.
#[derive(Debug)]
pub struct Driver {
    /// Taken out on drop.
    runtime: Option<Runtime>,
    /// When the connections were last looked after, in milliseconds since `start`.
    driven: AtomicU64,
    start: Instant,
}

/// The milliseconds without being driven after which connections are looked at before one is used.
const UNDRIVEN_LIMIT: u64 = 20;

impl Driver {
    /// A new runtime.
    pub fn new() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime
            .map_err(|e| Error::new(ErrorKind::Connection, "NO_RUNTIME", "the runtime cannot start").with_source(e))?;
        Ok(Self { runtime: Some(runtime), driven: AtomicU64::new(0), start: Instant::now() })
    }

    /// Runs `work` to its end.
    ///
    /// # Errors
    ///
    /// An [`Error`] inside an async task, whose runtime the blocking call would stall. A runtime that expects blocking
    /// (`spawn_blocking`, `block_in_place`) gives no error.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        if Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed()) {
            let message = "a blocking client cannot be used where the thread's own values are destroyed";
            return Err(Error::new(ErrorKind::InvalidArgument, "THREAD_IS_ENDING", message));
        }
        let Some(runtime) = self.runtime.as_ref().filter(|_| !is_in_async_task()) else {
            let message = "a blocking client cannot be used inside an async runtime, nor in a hook or log handler that \
                           runs within a call: use the async client, or call afterwards";
            return Err(Error::new(ErrorKind::InvalidArgument, "BLOCKING_IN_ASYNC", message));
        };
        let now = || self.start.elapsed().as_millis() as u64;
        let undriven = now().saturating_sub(self.driven.load(Ordering::Relaxed)) >= UNDRIVEN_LIMIT;
        let work = async {
            if undriven {
                poll_sockets().await;
            }
            work.await
        };
        let done = match Handle::try_current().map(|current| current.runtime_flavor()) {
            // After a `block_in_place` the main future of such a runtime has no budget, so that it is not known from other
            // places. Blocking stalls no other task there, but has to be announced.
            Ok(RuntimeFlavor::MultiThread) => block_in_place(|| runtime.block_on(work)),
            _ => runtime.block_on(work),
        };
        self.driven.store(now(), Ordering::Relaxed);
        Ok(done)
    }

    /// Runs `work` to its end, or until `interrupted` says so, which is asked each `tick`, outside of the runtime: it may
    /// use this driver itself.
    pub fn run_until<T>(
        &self,
        mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>,
        tick: Duration,
        mut interrupted: impl FnMut() -> bool,
    ) -> Result<ControlFlow<(), T>> {
        loop {
            match self.run(async { tokio::time::timeout(tick, work.as_mut()).await })? {
                Ok(done) => return Ok(ControlFlow::Continue(done)),
                Err(_) if interrupted() => return Ok(ControlFlow::Break(())),
                Err(_) => {}
            }
        }
    }

    /// Lets an HTTP/2 connection, which has a task of its own, notice that a request on it was let go.
    pub fn settle(&self) {
        // Inside an async runtime nothing may block; the next call settles it then.
        let _ = self.run(poll_sockets());
    }
}

/// Polls the sockets once, since the connections were not driven since the last call: one that the peer has
/// closed meanwhile is not used again.
async fn poll_sockets() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Tells whether this code runs in an async task. Tokio has no question for it: there is a current runtime also in
/// `spawn_blocking`, in `block_in_place` and after `Runtime::enter`. But only tasks have a budget of steps, and it ends.
fn is_in_async_task() -> bool {
    const MORE_THAN_ANY_BUDGET: u32 = 1 << 10;
    if Handle::try_current().is_err() {
        return false;
    }
    let mut cx = Context::from_waker(Waker::noop());
    (0..MORE_THAN_ANY_BUDGET).any(|_| match poll_proceed(&mut cx) {
        Poll::Ready(step) => {
            step.made_progress();
            false
        }
        Poll::Pending => true,
    })
}
