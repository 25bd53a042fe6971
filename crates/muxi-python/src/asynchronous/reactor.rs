//! The one background thread of the async clients. It never takes the GIL.

use crate::process::{ProcessBound, lock};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{runtime::Builder, sync::Notify};

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

static REACTOR: Mutex<Option<ProcessBound<Arc<Reactor>>>> = Mutex::new(None);

/// Runs jobs on a thread of its own.
pub(super) struct Reactor {
    jobs: Mutex<Vec<Job>>,
    wake: Notify,
    woken: AtomicBool,
}

/// The background thread of this process.
pub(super) fn reactor() -> PyResult<Arc<Reactor>> {
    let mut reactor = lock(&REACTOR);
    if let Some(found) = reactor.as_ref().and_then(ProcessBound::get) {
        return Ok(found.clone());
    }
    let made = Reactor::start()?;
    *reactor = Some(ProcessBound::new(made.clone()));
    Ok(made)
}

impl Reactor {
    fn start() -> PyResult<Arc<Self>> {
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
                    let jobs = std::mem::take(&mut *lock(&serving.jobs));
                    jobs.into_iter().for_each(|job| drop(tokio::spawn(job)));
                }
            });
        });
        started.map_err(|e| PyRuntimeError::new_err(format!("the background thread cannot start: {e}")))?;
        Ok(reactor)
    }

    /// Hands over a job. Jobs that come in a burst cost one wake-up.
    pub(super) fn submit(&self, job: impl Future<Output = ()> + Send + 'static) {
        lock(&self.jobs).push(Box::pin(job));
        if !self.woken.swap(true, Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }
}
