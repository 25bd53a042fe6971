//! Scheduled jobs: their routes, and what they remember. [`Clockwork`] runs them.

use super::clockwork::{Occurrences, occurrences, parser};
use crate::formation::http::call::Call;
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Failure, Outcome, ok, with_status};
use crate::formation::ids;
use crate::quirks::Quirk;
use crate::store::{Rows, Table};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The status of a job. The names are the runtime's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Active,
    Paused,
    /// A one-time job that has run.
    Completed,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
        }
    }
}

/// One job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) title: String,
    pub(crate) message: String,
    pub(crate) schedule: Schedule,
    pub(crate) status: Status,
    created: Timestamp,
    updated: Timestamp,
    /// When it is to run next, while it is active.
    pub(crate) next: Option<Timestamp>,
    last_run: Option<Run>,
    total_runs: u64,
    total_failures: u64,
    consecutive_failures: u64,
}

/// One run of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// When it was due.
    pub(crate) at: Timestamp,
    /// Why it failed.
    pub(crate) failure: Option<String>,
    pub(crate) request_id: String,
    pub(crate) session_id: String,
}

/// When a job runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Schedule {
    Once(Timestamp),
    /// A cron expression, in the scheduler's time zone.
    Cron(String),
}

/// All jobs, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Jobs(pub(crate) Table<u64, Job>);

impl Jobs {
    pub(crate) fn find(&self, id: &str) -> Result<(u64, &Job), Failure> {
        let found = self.0.find(|job| job.id == id).map(|(number, job)| (*number, job));
        found.ok_or_else(|| Failure::no_resource(format!("Scheduled job '{id}' not found")))
    }

    /// A job to be changed.
    pub(crate) fn find_mut(&mut self, id: &str) -> Result<&mut Job, Failure> {
        let number = self.find(id)?.0;
        self.0.get_mut(&number).ok_or_else(|| Failure::no_resource(format!("Scheduled job '{id}' not found")))
    }

    pub(crate) fn table(&mut self) -> &mut dyn Rows {
        &mut self.0
    }
}

impl Job {
    fn new(call: &Call, title: String, message: String, schedule: Schedule) -> Self {
        let now = call.formation.now();
        let next = schedule.after(now, &occurrences(&call.formation));
        Self {
            id: ids::random("job_", 16),
            user: call.user_or_default().to_owned(),
            title,
            message,
            schedule,
            status: Status::Active,
            created: now,
            updated: now,
            next,
            last_run: None,
            total_runs: 0,
            total_failures: 0,
            consecutive_failures: 0,
        }
    }

    /// This job with what a newer one is to do. A job that has run its one time waits for the next.
    fn changed(self, new: Self) -> Self {
        let status = if self.status == Status::Completed { Status::Active } else { self.status };
        Self {
            title: new.title,
            message: new.message,
            schedule: new.schedule,
            next: new.next,
            updated: new.updated,
            status,
            ..self
        }
    }

    /// Notes a run; pauses the job after so many failures in a row.
    pub(crate) fn note(&mut self, run: Run, most_failures: u64) {
        self.total_runs += 1;
        if run.failure.is_some() {
            self.total_failures += 1;
            self.consecutive_failures += 1;
        } else {
            self.consecutive_failures = 0;
        }
        self.last_run = Some(run);
        match self.schedule {
            Schedule::Once(_) => self.status = Status::Completed,
            Schedule::Cron(_) if most_failures > 0 && self.consecutive_failures >= most_failures => {
                self.status = Status::Paused;
            }
            Schedule::Cron(_) => {}
        }
    }

    fn row(&self) -> Value {
        let (cron, once) = match &self.schedule {
            Schedule::Cron(line) => (Some(line), None),
            Schedule::Once(time) => (None, Some(time.to_string())),
        };
        let run = self.last_run.as_ref();
        let status = |run: &Run| if run.failure.is_some() { "failed" } else { "success" };
        let metadata = |run: &Run| json!({ "last_request_id": run.request_id, "last_session_id": run.session_id });
        json!({
            "id": self.id, "user_id": self.user, "title": self.title, "original_prompt": self.message,
            "execution_prompt": self.message, "is_recurring": cron.is_some(), "cron_expression": cron,
            "scheduled_for": once, "exclusion_rules": [], "status": self.status.name(),
            "created_at": ids::iso_z(self.created), "updated_at": ids::iso_z(self.updated),
            "last_run_at": run.map(|run| ids::iso_z(run.at)), "last_run_status": run.map(status),
            "last_run_failure_message": run.and_then(|run| run.failure.as_ref()), "total_runs": self.total_runs,
            "total_failures": self.total_failures, "consecutive_failures": self.consecutive_failures,
            "job_metadata": run.map_or_else(|| json!({}), metadata),
        })
    }
}

fn invalid(status: u16, message: &str, data: Value) -> Failure {
    Failure::new(status, "VALIDATION_ERROR", message).with(data)
}

impl Schedule {
    fn read(recurring: bool, text: &str, now: Timestamp) -> Result<Self, Failure> {
        let fail = |message: &str, expected: &str, error: &str| {
            let data = json!({ "field": "schedule", "value": text, "expected": expected, "error": error });
            Err(invalid(422, message, data))
        };
        if recurring {
            let (message, expected) =
                ("Invalid cron expression for recurring job", "Valid cron expression (e.g., '0 9 * * 1')");
            if !(5..=7).contains(&text.split_whitespace().count()) {
                let error = "Exactly 5, 6 or 7 columns has to be specified for iterator expression.";
                return fail(message, expected, error);
            }
            return match parser().parse(text) {
                Ok(_) => Ok(Self::Cron(text.to_owned())),
                Err(error) => fail(message, expected, &error.to_string()),
            };
        }
        let (message, expected) =
            ("Invalid datetime for one-time job", "Future ISO 8601 datetime (e.g., '2030-01-01T09:00:00Z')");
        match ids::parse_iso(text) {
            None => fail(message, expected, "Not an ISO 8601 datetime"),
            Some(time) if time <= now => fail(message, expected, "The time is in the past"),
            Some(time) => Ok(Self::Once(time)),
        }
    }

    /// The first time after `time` at which a job is to run. One for a single time keeps it until it has run.
    pub(crate) fn after(&self, time: Timestamp, occurrences: &Occurrences) -> Option<Timestamp> {
        match self {
            Self::Once(once) => Some(*once),
            Self::Cron(line) => occurrences.after(line, time),
        }
    }
}

pub(crate) fn list(call: &Call) -> Outcome {
    let user = call.user_filter()?;
    let state = call.formation.state();
    let mine = state.jobs.0.values().rev().filter(|job| user.is_none_or(|user| user == job.user));
    let rows: Vec<Value> = mine.map(Job::row).collect();
    ok("scheduled_job_list", "scheduler.jobs.list", json!({ "count": rows.len(), "jobs": rows }))
}

pub(crate) fn get(call: &Call) -> Outcome {
    let row = call.formation.state().jobs.find(call.path("job_id"))?.1.row();
    ok("scheduled_job", "scheduler.job.retrieved", row)
}

pub(crate) fn create(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (kind, schedule, message) = (check.text("type"), check.text("schedule"), check.text("message"));
    check.done()?;
    if !["one_time", "recurring"].contains(&kind.as_str()) {
        let message = format!("Invalid job type '{kind}'. Must be 'one_time' or 'recurring'");
        return Err(Failure::new(400, "VALIDATION_ERROR", message));
    }
    let schedule = Schedule::read(kind == "recurring", &schedule, call.formation.now())?;
    let job = Job::new(call, message.clone(), message, schedule);
    let row = job.row();
    call.formation.state().jobs.0.push(job);
    call.formation.clockwork.ring();
    with_status(StatusCode::CREATED, "scheduled_job", "scheduler.job.created", row)
}

/// Changes a job. In the shipped runtime a new message or schedule replaces it by one with a new id, which belongs to
/// the user of the call.
pub(crate) fn update(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (message, schedule) = (check.opt_text("message"), check.opt_text("schedule"));
    let title = check.opt_text("title");
    check.done()?;
    let now = call.formation.now();
    let mut state = call.formation.state();
    let job = state.jobs.find_mut(call.path("job_id"))?;
    let recurring = matches!(job.schedule, Schedule::Cron(_));
    let schedule = schedule.map(|text| Schedule::read(recurring, &text, now)).transpose()?;
    if message.is_some() || schedule.is_some() {
        let old = job.clone();
        // The first title is the message, and goes on following it.
        let given = title.or_else(|| Some(old.title.clone()).filter(|title| *title != old.message));
        let message = message.unwrap_or_else(|| old.message.clone());
        let title = given.unwrap_or_else(|| message.clone());
        let new = Job::new(call, title, message, schedule.unwrap_or_else(|| old.schedule.clone()));
        *job = if call.quirk(Quirk::JobIdChanges) { new } else { old.changed(new) };
    } else if let Some(title) = title {
        job.title = title;
        job.updated = now;
    }
    let row = job.row();
    call.formation.clockwork.ring();
    ok("scheduled_job", "scheduler.job.updated", row)
}

pub(crate) fn delete(call: &Call) -> Outcome {
    let id = call.path("job_id");
    let mut state = call.formation.state();
    let number = state.jobs.find(id)?.0;
    state.jobs.0.remove(&number);
    let data = json!({ "message": format!("Scheduled job '{id}' removed successfully") });
    ok("message", "scheduler.job.deleted", data)
}

pub(crate) fn pause(call: &Call) -> Outcome {
    switch(call, Status::Active, Status::Paused, "scheduler.job.paused")
}

pub(crate) fn resume(call: &Call) -> Outcome {
    switch(call, Status::Paused, Status::Active, "scheduler.job.resumed")
}

/// A job in the wrong state is not found, as in the runtime. Runs that were due while a job was paused are not made up
/// for.
fn switch(call: &Call, from: Status, to: Status, kind: &'static str) -> Outcome {
    let id = call.path("job_id");
    let now = call.formation.now();
    let mut state = call.formation.state();
    let absent = || Failure::no_resource(format!("Scheduled job '{id}' not found or not in {} state", from.name()));
    let job = state.jobs.find_mut(id).map_err(|_| absent())?;
    if job.status != from {
        return Err(absent());
    }
    job.status = to;
    job.updated = now;
    if to == Status::Active {
        job.consecutive_failures = 0;
        job.next = job.schedule.after(now, &occurrences(&call.formation));
    }
    call.formation.clockwork.ring();
    ok("scheduled_job", kind, json!({ "id": id, "status": to.name() }))
}
