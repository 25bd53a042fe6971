//! A runtime that the calling threads drive themselves, so that a blocking call costs no thread hop.

use crate::api::error::{Error, ErrorKind, Result};
use std::{
    future::Future,
    ops::ControlFlow,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Handle, Runtime};

/// Runs futures on the calling thread. Several threads may do so at once: one drives, the others wait and take over.
#[derive(Debug)]
pub struct Driver {
    /// Taken out on drop.
    runtime: Option<Runtime>,
    /// When the connections were last looked after, in milliseconds since `start`.
    driven: AtomicU64,
    start: Instant,
}

/// After so many milliseconds in which nobody drove them, connections are looked at before one is used.
const UNATTENDED: u64 = 20;

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
    /// Inside an async runtime, which a blocking call would stall, it is an error.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let Some(runtime) = self.runtime.as_ref().filter(|_| Handle::try_current().is_err()) else {
            let message = "a blocking client cannot be used inside an async runtime: use the async client";
            return Err(Error::new(ErrorKind::InvalidArgument, "BLOCKING_IN_ASYNC", message));
        };
        let now = || self.start.elapsed().as_millis() as u64;
        let unattended = now().saturating_sub(self.driven.load(Ordering::Relaxed)) >= UNATTENDED;
        let done = runtime.block_on(async {
            if unattended {
                look_around().await;
            }
            work.await
        });
        self.driven.store(now(), Ordering::Relaxed);
        Ok(done)
    }

    /// Runs `work` to its end, or until `interrupted` says so, which is asked each `tick`.
    pub fn run_until<T>(
        &self,
        work: impl Future<Output = T>,
        tick: Duration,
        mut interrupted: impl FnMut() -> bool,
    ) -> Result<ControlFlow<(), T>> {
        self.run(async {
            let mut work = pin!(work);
            loop {
                match tokio::time::timeout(tick, &mut work).await {
                    Ok(done) => return ControlFlow::Continue(done),
                    Err(_) if interrupted() => return ControlFlow::Break(()),
                    Err(_) => {}
                }
            }
        })
    }

    /// Lets an HTTP/2 connection, which has a task of its own, notice that a request on it was let go.
    pub fn settle(&self) {
        // Inside an async runtime nothing may block; the next call settles it then.
        let _ = self.run(look_around());
    }
}

/// Nobody drove the connections since the last call: polls the sockets once, so that one that the other side has
/// closed meanwhile is not used again.
async fn look_around() {
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
