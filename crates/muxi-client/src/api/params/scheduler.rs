//! Scheduled jobs.

use crate::api::types::{IsoTime, JobType};

/// A message for the formation to get at a time, once or again and again.
///
/// ```
/// use muxi_client::api::params::ScheduledJob;
/// use std::time::{Duration, SystemTime};
///
/// let once = ScheduledJob::one_time(SystemTime::now() + Duration::from_secs(3600), "Call Ann");
/// let daily = ScheduledJob::recurring("0 9 * * *", "Water the plants").owner("ada");
/// # assert_ne!(once, daily);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduledJob {
    /// Once, or again and again.
    pub job_type: JobType,
    /// A future ISO 8601 time, or a cron line.
    pub schedule: String,
    /// The message to the formation when it is time.
    pub message: String,
    /// The owner; an empty text means the user "0".
    pub owner: String,
}

impl ScheduledJob {
    /// A job that runs once, in the future.
    pub fn one_time(at: impl Into<IsoTime>, message: impl Into<String>) -> Self {
        Self::new(JobType::OneTime, at.into().as_str(), message)
    }

    /// A job that runs whenever the cron line says so; five fields, in the scheduler's time zone.
    pub fn recurring(cron: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(JobType::Recurring, cron, message)
    }

    fn new(job_type: JobType, schedule: impl Into<String>, message: impl Into<String>) -> Self {
        Self { job_type, schedule: schedule.into(), message: message.into(), owner: String::new() }
    }

    /// The user to whom the job belongs.
    #[must_use]
    pub fn owner(mut self, user_id: impl Into<String>) -> Self {
        self.owner = user_id.into();
        self
    }
}
