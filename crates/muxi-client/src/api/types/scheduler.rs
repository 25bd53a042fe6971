//! Scheduled jobs.

use super::{IsoTime, JobStatus, Object};
use serde_json::Value;

replies! {
    /// The scheduler's settings.
    pub struct SchedulerConfig {
        /// True if it runs.
        pub enabled: bool,
        /// Its time zone.
        pub timezone: Option<String>,
        /// Minutes between two looks at the jobs.
        pub check_interval_minutes: Option<f64>,
        /// The maximum number of jobs that run at once.
        pub max_concurrent_jobs: Option<u64>,
        /// The number of failures in a row after which a job is paused.
        pub max_failures_before_pause: Option<u64>,
        /// The time of day for jobs that name none, such as `09:00`.
        pub default_time: Option<String>,
    }

    /// Scheduled jobs.
    pub struct JobList {
        /// The jobs, newest first.
        pub jobs: Vec<Job>,
        /// The number of jobs.
        pub count: u64,
    }

    /// One scheduled job.
    pub struct Job {
        /// Its id; a new one after a change of message or schedule.
        pub id: String,
        /// The owner.
        pub user_id: String,
        /// Its title.
        pub title: String,
        /// The message as it was given.
        pub original_prompt: String,
        /// The message as it is sent.
        pub execution_prompt: String,
        /// True if it runs again and again.
        pub is_recurring: bool,
        /// When it runs, as a cron line.
        pub cron_expression: Option<String>,
        /// When it runs once, ISO 8601.
        pub scheduled_for: Option<IsoTime>,
        /// When it does not run.
        #[serde(default)]
        pub exclusion_rules: Vec<Value>,
        /// `ACTIVE`, `PAUSED` or another state.
        pub status: JobStatus,
        /// When it was made, ISO 8601.
        pub created_at: IsoTime,
        /// When it was changed last, ISO 8601.
        pub updated_at: Option<IsoTime>,
        /// When it ran last, ISO 8601.
        pub last_run_at: Option<IsoTime>,
        /// The status of its last run.
        pub last_run_status: Option<String>,
        /// Why it failed.
        pub last_run_failure_message: Option<String>,
        /// The number of runs.
        pub total_runs: u64,
        /// The number of failed runs.
        pub total_failures: u64,
        /// The number of failed runs in a row.
        pub consecutive_failures: u64,
        /// More about it.
        pub job_metadata: Option<Object>,
    }

    /// The state of a paused or resumed job.
    pub struct JobState {
        /// Its id.
        pub id: String,
        /// `PAUSED` or `ACTIVE`.
        pub status: JobStatus,
    }
}
