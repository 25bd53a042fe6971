//! The task that runs scheduled jobs, one for each formation, asleep until a job is due or the jobs have changed.

use super::scheduler::{Job, Run, Schedule, Status};
use super::zone::CronTime;
use crate::formation::Formation;
use crate::formation::log::events::Happening;
use crate::formation::responder::{Ask, Channel};
use crate::formation::turn::requests::End;
use crate::formation::turn::running::Turn;
use croner::parser::{CronParser, Seconds, Year};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::Notify;

/// The most runs of one job when the clock has jumped over many of its times; the others are left out.
const MOST_AT_ONCE: u32 = 1000;
/// Failures in a row after which a job is paused.
const MOST_FAILURES: u64 = 3;

/// The bell that wakes the task.
#[derive(Debug, Default)]
pub(crate) struct Clockwork {
    bell: Arc<Notify>,
    runs: AtomicBool,
    /// True if a job runs right now.
    busy: AtomicBool,
    /// True if the formation was made anew from changed files: the new one runs the jobs.
    replaced: AtomicBool,
}

impl Clockwork {
    /// Makes the task look at the jobs again.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// The clockwork that takes over; this one's task ends.
    pub(crate) fn succeed(&self) -> Self {
        self.replaced.store(true, Ordering::Relaxed);
        self.ring();
        let no = || AtomicBool::new(false);
        Self { bell: self.bell.clone(), runs: no(), busy: no(), replaced: no() }
    }
}

impl Drop for Clockwork {
    fn drop(&mut self) {
        self.ring();
    }
}

/// Starts the task, unless it runs already or the scheduler is off. Does nothing outside a tokio runtime, so calls
/// come here too.
pub(crate) fn start(formation: &Arc<Formation>) {
    let clockwork = &formation.clockwork;
    let ended = clockwork.replaced.load(Ordering::Relaxed);
    if ended || clockwork.runs.load(Ordering::Relaxed) || setting(formation, "enabled") == Some(Value::Bool(false)) {
        return;
    }
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    if !clockwork.runs.swap(true, Ordering::Relaxed) {
        runtime.spawn(watch(Arc::downgrade(formation), clockwork.bell.clone()));
    }
}

/// Leaves out what recurring jobs missed while no server ran; ones for a single time are late.
pub(crate) fn skip_missed(formation: &Formation) {
    let (now, occurrences) = (formation.now(), occurrences(formation));
    let mut state = formation.state();
    if !std::mem::take(&mut state.restored) {
        return;
    }
    let missed = |job: &Job| matches!(job.schedule, Schedule::Cron(_)) && job.next.is_some_and(|next| next <= now);
    let missed: Vec<u64> = state.jobs.0.iter().filter(|(_, job)| missed(job)).map(|(number, _)| *number).collect();
    for number in missed {
        if let Some(job) = state.jobs.0.get_mut(&number) {
            job.next = job.schedule.after(now, &occurrences);
        }
    }
}

fn setting(formation: &Formation, name: &str) -> Option<Value> {
    formation.spec.document.get("scheduler")?.get(name).cloned()
}

/// The times at which cron expressions fall, in one time zone.
pub(crate) struct Occurrences(TimeZone);

/// The times in the scheduler's zone. An unknown one counts as UTC.
pub(crate) fn occurrences(formation: &Formation) -> Occurrences {
    let zone = setting(formation, "timezone").and_then(|zone| TimeZone::get(zone.as_str()?).ok());
    Occurrences(zone.unwrap_or(TimeZone::UTC))
}

impl Occurrences {
    /// The first one after `time`; `None` where there is none.
    pub(crate) fn after(&self, cron: &str, time: Timestamp) -> Option<Timestamp> {
        let start = CronTime::new(time, self.0.clone());
        Some(parser().parse(cron).ok()?.find_next_occurrence(&start, false).ok()?.timestamp())
    }
}

/// Reads cron expressions of five to seven columns.
pub(crate) fn parser() -> CronParser {
    CronParser::builder().seconds(Seconds::Optional).year(Year::Optional).build()
}

/// Runs jobs until the formation is gone. It is held only while there is something to do for it.
async fn watch(formation: Weak<Formation>, bell: Arc<Notify>) {
    loop {
        let Some(held) = current(&formation) else { return };
        let (host, next) = (held.host.clone(), next(&held));
        drop(held);
        match next {
            None => bell.notified().await,
            Some(time) => tokio::select! {
                () = host.clock.sleep_until(time) => {}
                () = bell.notified() => {}
            },
        }
        let mut runs = HashMap::new();
        while let Some(held) = current(&formation) {
            // Before the job is taken: between the two it would be neither due nor running.
            held.clockwork.busy.store(true, Ordering::Relaxed);
            let Some((id, due)) = take(&held, &mut runs) else {
                held.clockwork.busy.store(false, Ordering::Relaxed);
                break;
            };
            run(&held, &id, due).await;
        }
    }
}

/// The formation, if it is still there and its jobs are its own to run.
fn current(formation: &Weak<Formation>) -> Option<Arc<Formation>> {
    formation.upgrade().filter(|held| !held.clockwork.replaced.load(Ordering::Relaxed))
}

/// True if no job runs and none that is due waits to be run.
pub(crate) fn settled(formation: &Formation) -> bool {
    let clockwork = &formation.clockwork;
    let waits = clockwork.runs.load(Ordering::Relaxed) && next(formation).is_some_and(|time| time <= formation.now());
    !waits && !clockwork.busy.load(Ordering::Relaxed)
}

/// When the next job is due.
fn next(formation: &Formation) -> Option<Timestamp> {
    let state = formation.state();
    state.jobs.0.values().filter(|job| job.status == Status::Active).filter_map(|job| job.next).min()
}

/// Takes the job that has been due for longest, and when it was; ones due at the same time come in the order of their
/// making. Its next time is set.
fn take(formation: &Formation, runs: &mut HashMap<String, u32>) -> Option<(String, Timestamp)> {
    let now = formation.now();
    let occurrences = occurrences(formation);
    let mut state = formation.state();
    loop {
        let active = state.jobs.0.iter().filter(|(_, job)| job.status == Status::Active);
        let (due, number) = active
            .filter_map(|(number, job)| Some((job.next.filter(|next| *next <= now)?, *number)))
            .min_by_key(|(due, _)| *due)?;
        let job = state.jobs.0.get_mut(&number)?;
        let count = runs.entry(job.id.clone()).or_default();
        *count += 1;
        let skips = *count > MOST_AT_ONCE;
        job.next = match job.schedule {
            Schedule::Once(_) => None,
            Schedule::Cron(_) => job.schedule.after(if skips { now } else { due }, &occurrences),
        };
        if !skips {
            return Some((job.id.clone(), due));
        }
    }
}

/// One run: a turn of the job's user, in a session of its own.
async fn run(formation: &Arc<Formation>, id: &str, due: Timestamp) {
    let asked = formation.state().jobs.find(id).ok().map(|(_, job)| (job.user.clone(), job.message.clone()));
    let Some((user, message)) = asked else { return };
    let ask = Ask { user, message, channel: Channel::Job, ..Ask::default() };
    let mut turn = Turn::start(formation, &ask);
    tell(formation, "scheduler.job.started", "info", id, &turn, "started");
    turn.run().await;
    let failure = match &turn.end {
        Some(End::Failed(error)) => Some(error.clone()),
        Some(End::Cancelled) => Some("The run was cancelled".to_owned()),
        Some(End::Completed(_)) | None => None,
    };
    let most = setting(formation, "max_failures_before_pause").and_then(|most| most.as_u64()).unwrap_or(MOST_FAILURES);
    let failed = failure.is_some();
    let run = Run { at: due, failure, request_id: turn.request_id.clone(), session_id: turn.session_id.clone() };
    let mut paused = false;
    if let Ok(job) = formation.state().jobs.find_mut(id) {
        job.note(run, most);
        paused = job.status == Status::Paused;
    }
    // No caller waits for this; a change that fails here is tried again with the next one.
    let _ = formation.commit().await;
    match failed {
        true => tell(formation, "scheduler.job.failed", "error", id, &turn, "failed"),
        false => tell(formation, "scheduler.job.completed", "info", id, &turn, "completed"),
    }
    if failed && paused {
        tell(formation, "scheduler.job.paused", "warning", id, &turn, "paused after too many failures");
    }
}

fn tell(formation: &Formation, kind: &'static str, level: &'static str, id: &str, turn: &Turn, what: &str) {
    formation.note(Happening {
        kind,
        level,
        time: formation.seconds(),
        message: format!("Scheduled job '{id}' {what}"),
        user: Some(turn.user.clone()),
        session: Some(turn.session_id.clone()),
        request: Some(turn.request_id.clone()),
        data: json!({ "job_id": id }),
        ..Happening::default()
    });
}
