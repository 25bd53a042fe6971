//! Waits: polls with growing pauses, until a deadline.

use super::{
    call::Outcome,
    client::{Async, Client, Handle},
    response::Response,
};
use crate::{
    api::{
        args::Args,
        error::{Error, ErrorKind, Result},
        table::{Operation, formation, reply::json, server},
        types::{Health, HealthState, IngestionStatus, MemoryJobState, RequestState, RequestStatus, ServerHealth},
    },
    config::{CallOptions, Formation, Server},
};
use serde::de::DeserializeOwned;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The interval at which a pause looks if the client was closed.
const TICK: Duration = Duration::from_millis(50);
/// The number of first polls that may find no request: a formation knows one shortly after it has accepted it.
const EARLY_POLLS: u32 = 3;

/// The polls of a wait.
struct Polls {
    /// The event that has not happened when the deadline has passed.
    what: String,
    deadline: Duration,
    began: Instant,
    pause: Duration,
    last: String,
    /// True if a server that does not answer yet is waited for, too.
    is_tolerant: bool,
    /// The number of next polls that may find nothing.
    early: u32,
}

impl Polls {
    fn new(what: String, deadline: Duration, is_tolerant: bool) -> Self {
        let last = "there was no answer".to_owned();
        Self { what, deadline, began: Instant::now(), pause: FIRST_PAUSE, last, is_tolerant, early: 0 }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.began.elapsed())
    }

    /// Goes on after a poll that found a state.
    fn found(&mut self, state: &str) {
        self.last = format!("the last status was `{state}`");
        self.early = 0;
    }

    /// Goes on after a failed poll, or returns its error.
    fn failed(&mut self, error: Error) -> Result<()> {
        let is_late = error.kind() == ErrorKind::Timeout && self.left().is_zero();
        let is_passing = matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout)
            || matches!(error.status(), Some(502..=504));
        if is_late {
            return Ok(());
        }
        let is_early = error.kind() == ErrorKind::NotFound && self.early > 0;
        self.early = self.early.saturating_sub(1);
        if !(is_early || self.is_tolerant && is_passing) {
            return Err(error);
        }
        self.last = format!("the last error was {error}");
        Ok(())
    }

    /// The pause before the next poll. The last poll is made shortly before the deadline.
    fn next_pause(&mut self) -> Result<Duration> {
        let pause = self.pause.min(self.left().saturating_sub(FIRST_PAUSE));
        if pause.is_zero() {
            let (what, last, seconds) = (&self.what, &self.last, self.deadline.as_secs_f64());
            return Err(Error::of(ErrorKind::Timeout, format!("{what} within the deadline of {seconds} s: {last}")));
        }
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        Ok(pause)
    }
}

/// Calls `O` until `state` gives no word for its reply: that of a state which is not the last.
async fn until<O, T>(
    handle: &Arc<Handle>,
    args: impl Fn(&mut Args),
    mut polls: Polls,
    state: fn(&T) -> Option<&str>,
) -> Result<Response<T>>
where
    O: Operation<Reply = json<T>>,
    T: DeserializeOwned + Send + 'static,
{
    loop {
        let mut made = Args::new(O::ENDPOINT);
        args(&mut made);
        // No deadline is zero.
        let deadline = polls.left().max(Duration::from_millis(1));
        let options = CallOptions::new().with_deadline(deadline).over(&handle.defaults);
        match O::Reply::send(handle.clone(), made.build()?, options).await {
            Ok(reply) => match state(&reply) {
                None => return Ok(reply),
                Some(word) => polls.found(word),
            },
            Err(error) => polls.failed(error)?,
        }
        let end = Instant::now() + polls.next_pause()?;
        // The next poll says that the client was closed.
        while !handle.transport.is_closed() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            tokio::time::sleep(left.min(TICK)).await;
        }
    }
}

async fn server_health(handle: &Arc<Handle>, deadline: Duration) -> Result<Response<ServerHealth>> {
    let what = format!("{} is not healthy", handle.transport.config().base_url());
    let state: fn(&ServerHealth) -> Option<&str> = |health| (!health.success).then_some("unhealthy");
    until::<server::ops::health, _>(handle, |_| {}, Polls::new(what, deadline, true), state).await
}

async fn formation_health(handle: &Arc<Handle>, deadline: Duration) -> Result<Response<Health>> {
    let what = format!("{} is not healthy", handle.transport.config().base_url());
    let state: fn(&Health) -> Option<&str> =
        |health| Some(&health.status).filter(|it| **it != HealthState::Healthy).map(HealthState::as_str);
    until::<formation::ops::health, _>(handle, |_| {}, Polls::new(what, deadline, true), state).await
}

async fn request(handle: &Arc<Handle>, id: &str, user_id: &str, deadline: Duration) -> Result<Response<RequestStatus>> {
    let mut polls = Polls::new(format!("request `{id}` has not ended"), deadline, false);
    polls.early = EARLY_POLLS;
    let args = |args: &mut Args| {
        args.set("request_id", id.to_owned());
        args.set("user_id", user_id.to_owned());
    };
    let state: fn(&RequestStatus) -> Option<&str> = |it| match &it.status {
        word @ (RequestState::Pending | RequestState::Processing | RequestState::Running) => Some(word.as_str()),
        _ => None,
    };
    until::<formation::ops::get_request_status, _>(handle, args, polls, state).await
}

async fn ingestion(
    handle: &Arc<Handle>,
    id: &str,
    user_id: &str,
    deadline: Duration,
) -> Result<Response<IngestionStatus>> {
    let polls = Polls::new(format!("ingestion `{id}` has not ended"), deadline, false);
    let args = |args: &mut Args| {
        args.set("processing_id", id.to_owned());
        args.set("user_id", user_id.to_owned());
    };
    let state: fn(&IngestionStatus) -> Option<&str> = |it| match &it.status {
        word @ (MemoryJobState::Queued | MemoryJobState::Processing) => Some(word.as_str()),
        _ => None,
    };
    until::<formation::ops::get_ingestion_status, _>(handle, args, polls, state).await
}

/// The methods of both ways of calling: `drive` makes of a future what such a method returns.
macro_rules! waits {
    ($mode:ty, $drive:path, $($async:ident, $await:tt)?) => {
        impl Client<Server, $mode> {
            /// Waits until the server is healthy, for `deadline` at most (`Duration::MAX`: no limit).
            ///
            /// It is asked again while the connection is refused or breaks, and while the statuses 502, 503 and 504 come.
            ///
            /// `GET /health`, no key, repeatedly
            ///
            /// # Errors
            ///
            /// A timeout with the last error, when the deadline has passed; every other error at once.
            pub $($async)? fn wait_until_healthy(&self, deadline: Duration) -> Result<Response<ServerHealth>> {
                $drive(self.shared(), server_health(self.shared(), deadline)) $(.$await)?
            }
        }

        impl Client<Formation, $mode> {
            /// Waits until the formation is healthy, for `deadline` at most (`Duration::MAX`: no limit).
            ///
            /// It is asked again while the connection is refused or breaks, while the statuses 502, 503 and 504 come, and
            /// while it says that it is not healthy.
            ///
            /// `GET /health`, no key, repeatedly
            ///
            /// # Errors
            ///
            /// A timeout with the last status or error, when the deadline has passed; every other error at once, such as
            /// that of an unknown formation.
            pub $($async)? fn wait_until_healthy(&self, deadline: Duration) -> Result<Response<Health>> {
                $drive(self.shared(), formation_health(self.shared(), deadline)) $(.$await)?
            }

            /// Waits until a request has ended, such as a chat turn in the background, for `deadline` at most
            /// (`Duration::MAX`: no limit). `user_id` may be empty with the admin key.
            ///
            /// The reply is that of a request that is completed, failed, cancelled or awaiting clarification: a failed one
            /// is no error here.
            ///
            /// `GET /requests/{request_id}`, client or admin key, repeatedly
            ///
            /// # Errors
            ///
            /// A timeout with the last status, when the deadline has passed; the error of a poll. A request that a formation
            /// has just accepted may be unknown to it for a moment: only the fourth poll in a row that finds none fails.
            pub $($async)? fn wait_for_request(
                &self,
                request_id: &str,
                user_id: &str,
                deadline: Duration,
            ) -> Result<Response<RequestStatus>> {
                $drive(self.shared(), request(self.shared(), request_id, user_id, deadline)) $(.$await)?
            }

            /// Waits until an ingestion job has ended, for `deadline` at most (`Duration::MAX`: no limit). `user_id` may be
            /// empty with the admin key.
            ///
            /// The reply is that of a job that is completed or failed: a failed one is no error here.
            ///
            /// `GET /memories/ingestion/{processing_id}`, client or admin key, repeatedly
            ///
            /// # Errors
            ///
            /// A timeout with the last status, when the deadline has passed; the error of a poll.
            pub $($async)? fn wait_for_ingestion(
                &self,
                processing_id: &str,
                user_id: &str,
                deadline: Duration,
            ) -> Result<Response<IngestionStatus>> {
                $drive(self.shared(), ingestion(self.shared(), processing_id, user_id, deadline)) $(.$await)?
            }
        }
    };
}

fn awaited<F: Future>(_: &Handle, work: F) -> F {
    work
}

waits!(Async, awaited, async, await);

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;
    use crate::blocking::Blocking;

    fn driven<T>(handle: &Arc<Handle>, work: impl Future<Output = Result<T>>) -> Result<T> {
        let none = || Error::invalid("the client has nothing to drive its calls");
        handle.driver.as_ref().ok_or_else(none)?.run(work).flatten()
    }

    waits!(Blocking, driven,);
}
