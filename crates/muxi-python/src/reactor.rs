//! The one background thread of the async clients. It never takes the GIL.

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{runtime::Builder, sync::Notify};

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs jobs on a thread of its own.
pub(crate) struct Reactor {
    jobs: Mutex<Vec<Job>>,
    wake: Notify,
    woken: AtomicBool,
}

impl Reactor {
    /// Starts the thread.
    pub(crate) fn start() -> PyResult<Arc<Self>> {
        let reactor = Arc::new(Self { jobs: Mutex::default(), wake: Notify::new(), woken: AtomicBool::new(false) });
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| PyRuntimeError::new_err(format!("the runtime cannot start: {e}")))?;
        let serving = reactor.clone();
        let thread = std::thread::Builder::new().name("muxi".to_owned());
        let started = thread.spawn(move || {
            runtime.block_on(async {
                loop {
                    serving.wake.notified().await;
                    serving.woken.store(false, Ordering::SeqCst);
                    let jobs = std::mem::take(&mut *serving.jobs.lock().unwrap_or_else(PoisonError::into_inner));
                    jobs.into_iter().for_each(|job| drop(tokio::spawn(job)));
                }
            });
        });
        started.map_err(|e| PyRuntimeError::new_err(format!("the background thread cannot start: {e}")))?;
        Ok(reactor)
    }

    /// Hands over a job. Jobs that come in a burst cost one wake-up.
    pub(crate) fn submit(&self, job: impl Future<Output = ()> + Send + 'static) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(job));
        if !self.woken.swap(true, Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }
}
