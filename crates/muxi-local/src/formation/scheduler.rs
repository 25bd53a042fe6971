//! Scheduled jobs. They are kept and checked; none is ever run.

use super::call::Call;
use super::check::Check;
use super::envelope::{Failure, Outcome, ok, with_status};
use super::ids;
use croner::parser::{CronParser, Seconds, Year};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

const ACTIVE: &str = "ACTIVE";
const PAUSED: &str = "PAUSED";

/// One job.
#[derive(Debug, Clone)]
struct Job {
    id: String,
    user: String,
    title: String,
    message: String,
    schedule: Schedule,
    status: &'static str,
    created: Timestamp,
    updated: Timestamp,
}

#[derive(Debug, Clone)]
enum Schedule {
    Once(Timestamp),
    Cron(String),
}

/// All jobs, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Vec<Job>);

impl Jobs {
    fn find(&mut self, id: &str) -> Result<&mut Job, Failure> {
        let found = self.0.iter_mut().find(|job| job.id == id);
        found.ok_or_else(|| Failure::no_resource(format!("Scheduled job '{id}' not found")))
    }
}

impl Job {
    fn new(user: &str, title: String, message: String, schedule: Schedule) -> Self {
        let now = Timestamp::now();
        let (id, user) = (ids::random("job_", 16), user.to_owned());
        Self { id, user, title, message, schedule, status: ACTIVE, created: now, updated: now }
    }

    fn row(&self) -> Value {
        let (cron, once) = match &self.schedule {
            Schedule::Cron(line) => (Some(line), None),
            Schedule::Once(time) => (None, Some(time.to_string())),
        };
        json!({
            "id": self.id, "user_id": self.user, "title": self.title, "original_prompt": self.message,
            "execution_prompt": self.message, "is_recurring": cron.is_some(), "cron_expression": cron,
            "scheduled_for": once, "exclusion_rules": [], "status": self.status,
            "created_at": ids::iso_z(self.created), "updated_at": ids::iso_z(self.updated), "last_run_at": null,
            "last_run_status": null, "last_run_failure_message": null, "total_runs": 0, "total_failures": 0,
            "consecutive_failures": 0, "job_metadata": {},
        })
    }
}

fn invalid(status: u16, message: &str, data: Value) -> Failure {
    Failure::new(status, "VALIDATION_ERROR", message).with(data)
}

impl Schedule {
    fn read(recurring: bool, text: &str) -> Result<Self, Failure> {
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
            let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Optional).build();
            return match parser.parse(text) {
                Ok(_) => Ok(Self::Cron(text.to_owned())),
                Err(error) => fail(message, expected, &error.to_string()),
            };
        }
        let (message, expected) =
            ("Invalid datetime for one-time job", "Future ISO 8601 datetime (e.g., '2030-01-01T09:00:00Z')");
        match ids::parse_iso(text) {
            None => fail(message, expected, "Not an ISO 8601 datetime"),
            Some(time) if time <= Timestamp::now() => fail(message, expected, "The time is in the past"),
            Some(time) => Ok(Self::Once(time)),
        }
    }
}

pub(super) fn list(call: &Call) -> Outcome {
    let user = call.user_filter()?;
    let state = call.formation.state();
    let mine = state.jobs.0.iter().rev().filter(|job| user.is_none_or(|user| user == job.user));
    let rows: Vec<Value> = mine.map(Job::row).collect();
    ok("scheduled_job_list", "scheduler.jobs.list", json!({ "count": rows.len(), "jobs": rows }))
}

pub(super) fn get(call: &Call) -> Outcome {
    let row = call.formation.state().jobs.find(call.path("job_id"))?.row();
    ok("scheduled_job", "scheduler.job.retrieved", row)
}

pub(super) fn create(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (kind, schedule, message) = (check.text("type"), check.text("schedule"), check.text("message"));
    check.done()?;
    if !["one_time", "recurring"].contains(&kind.as_str()) {
        let message = format!("Invalid job type '{kind}'. Must be 'one_time' or 'recurring'");
        return Err(Failure::new(400, "VALIDATION_ERROR", message));
    }
    let schedule = Schedule::read(kind == "recurring", &schedule)?;
    let job = Job::new(call.user_or_default(), message.clone(), message, schedule);
    let row = job.row();
    call.formation.state().jobs.0.push(job);
    with_status(StatusCode::CREATED, "scheduled_job", "scheduler.job.created", row)
}

/// A new message or schedule replaces the job by one with a new id that belongs to the user of the call.
pub(super) fn update(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (message, schedule) = (check.opt_text("message"), check.opt_text("schedule"));
    let title = check.opt_text("title");
    check.done()?;
    let mut state = call.formation.state();
    let job = state.jobs.find(call.path("job_id"))?;
    let recurring = matches!(job.schedule, Schedule::Cron(_));
    let schedule = schedule.map(|text| Schedule::read(recurring, &text)).transpose()?;
    if message.is_some() || schedule.is_some() {
        let old = job.clone();
        let message = message.unwrap_or(old.message);
        let title = title.unwrap_or_else(|| message.clone());
        *job = Job::new(call.user_or_default(), title, message, schedule.unwrap_or(old.schedule));
    } else if let Some(title) = title {
        job.title = title;
        job.updated = Timestamp::now();
    }
    ok("scheduled_job", "scheduler.job.updated", job.row())
}

pub(super) fn delete(call: &Call) -> Outcome {
    let id = call.path("job_id");
    let mut state = call.formation.state();
    state.jobs.find(id)?;
    state.jobs.0.retain(|job| job.id != id);
    let data = json!({ "message": format!("Scheduled job '{id}' removed successfully") });
    ok("message", "scheduler.job.deleted", data)
}

pub(super) fn pause(call: &Call) -> Outcome {
    switch(call, ACTIVE, PAUSED, "scheduler.job.paused")
}

pub(super) fn resume(call: &Call) -> Outcome {
    switch(call, PAUSED, ACTIVE, "scheduler.job.resumed")
}

/// A job in the wrong state is not found, as in the runtime.
fn switch(call: &Call, from: &'static str, to: &'static str, kind: &'static str) -> Outcome {
    let id = call.path("job_id");
    let mut state = call.formation.state();
    let absent = || Failure::no_resource(format!("Scheduled job '{id}' not found or not in {from} state"));
    let job = state.jobs.find(id).map_err(|_| absent())?;
    if job.status != from {
        return Err(absent());
    }
    job.status = to;
    job.updated = Timestamp::now();
    ok("scheduled_job", kind, json!({ "id": id, "status": to }))
}
