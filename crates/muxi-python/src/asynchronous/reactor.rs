//! The one background thread of the async clients. It never takes the GIL.

use crate::process::{ProcessBound, lock};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle},
    sync::Notify,
    time::sleep,
};

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The pause of the timer that is always set while jobs are begun by their callers.
const TICK: Duration = Duration::from_secs(1);

static REACTOR: Mutex<Option<ProcessBound<Arc<Reactor>>>> = Mutex::new(None);

/// Runs jobs on a thread of its own.
pub(super) struct Reactor {
    jobs: Mutex<Vec<Job>>,
    wake: Notify,
    woken: AtomicBool,
    runtime: Handle,
    /// A job was begun by its caller since the last tick.
    has_begun: AtomicBool,
    begun: Notify,
}

/// A job that its caller has begun, and that the background thread goes on with when there is something to do.
struct Begun {
    job: Mutex<Option<Job>>,
    is_woken: AtomicBool,
    runtime: Handle,
}

impl Begun {
    fn go_on(&self) {
        let job = lock(&self.job).take();
        if let Some(job) = job {
            self.runtime.spawn(job);
        }
    }
}

impl Wake for Begun {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        self.go_on();
    }
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
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| PyRuntimeError::new_err(format!("the runtime cannot start: {e}")))?;
        let reactor = Arc::new(Self {
            jobs: Mutex::default(),
            wake: Notify::new(),
            woken: AtomicBool::new(false),
            runtime: runtime.handle().clone(),
            has_begun: AtomicBool::new(false),
            begun: Notify::new(),
        });
        let (serving, ticking) = (reactor.clone(), reactor.clone());
        let thread = std::thread::Builder::new().name("muxi".to_owned());
        let started = thread.spawn(move || {
            runtime.block_on(async {
                tokio::spawn(async move { ticking.tick().await });
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

    /// Begins a job on the caller's thread. One that sends a request over a connection that stands ready saves the wake-up of
    /// the background thread, which then has the reply to wait for.
    pub(super) fn begin(&self, job: impl Future<Output = ()> + Send + 'static) {
        if !self.has_begun.swap(true, Ordering::SeqCst) {
            self.begun.notify_one();
        }
        let _context = self.runtime.enter();
        let (is_woken, runtime) = (AtomicBool::new(false), self.runtime.clone());
        let begun = Arc::new(Begun { job: Mutex::default(), is_woken, runtime });
        let (mut job, waker) = (Box::pin(job), Waker::from(begun.clone()));
        // What a panic leaves undone is told by the destructors of the job, as in a task.
        let begin = || job.as_mut().poll(&mut Context::from_waker(&waker)).is_pending();
        if catch_unwind(AssertUnwindSafe(begin)).unwrap_or(false) {
            *lock(&begun.job) = Some(job);
            if begun.is_woken.load(Ordering::SeqCst) {
                begun.go_on();
            }
        }
    }

    /// Keeps a timer set while jobs are begun by their callers: one that is set later than the next wakes up nobody.
    async fn tick(&self) {
        loop {
            self.begun.notified().await;
            while self.has_begun.swap(false, Ordering::SeqCst) {
                sleep(TICK).await;
            }
        }
    }
}
