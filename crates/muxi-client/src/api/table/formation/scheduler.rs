//! Scheduled jobs.

use crate::api::{table::endpoints, types::JobType};

endpoints! { Formation;
    /// The scheduler's settings.
    json get_scheduler_config -> SchedulerConfig = GET "/scheduler", admin {}

    /// A user's scheduled jobs, newest first. With an empty user and the admin key: everybody's.
    json get_scheduler_jobs -> JobList = GET "/scheduler/jobs", client_or_admin {
        /// The user on whose behalf the call is made; may be empty with the admin key.
        user_id: String => any_user,
    }

    /// One scheduled job.
    json get_scheduler_job -> Job = GET "/scheduler/jobs/{job_id}", admin {
        /// The job's id.
        job_id: String => path,
    }

    /// Schedule a message. `job_type` is `one_time` (`schedule` is a future ISO 8601 time) or `recurring` (a cron
    /// line).
    json create_scheduler_job -> Job = POST "/scheduler/jobs", admin {
        /// `one_time` or `recurring`.
        job_type: JobType => body as "type",
        /// When: a future ISO 8601 time, or a cron line.
        schedule: String => body,
        /// The message to the formation when it is time.
        message: String => body,
        /// The job's owner; an empty text means user "0".
        user_id: String => any_user,
    }

    /// Delete a scheduled job.
    json delete_scheduler_job -> Message = DELETE "/scheduler/jobs/{job_id}", admin {
        /// The job's id.
        job_id: String => path,
    } with {
        /// The user on whose behalf the call is made; the formation's default user when empty.
        kw user_id: String => any_user,
    }

    /// Change a scheduled job. A new `message` or `schedule` replaces the job: use the id in the reply from then on.
    /// Name the owner in `user_id`, or the replaced job belongs to user "0".
    json update_scheduler_job -> Job = PUT "/scheduler/jobs/{job_id}", admin {
        /// The job's id.
        job_id: String => path,
    } with {
        /// The message to the formation when it is time.
        kw message: String => body,
        /// A future ISO 8601 time, or a cron line.
        kw schedule: String => body,
        /// A title for people.
        kw title: String => body,
        /// The job's owner; an empty text means user "0".
        kw user_id: String => any_user,
    }

    /// Pause a scheduled job.
    json pause_scheduler_job -> JobState = POST "/scheduler/jobs/{job_id}/pause", admin {
        /// The job's id.
        job_id: String => path,
    } with {
        /// The user on whose behalf the call is made; the formation's default user when empty.
        kw user_id: String => any_user,
    }

    /// Resume a paused job.
    json resume_scheduler_job -> JobState = POST "/scheduler/jobs/{job_id}/resume", admin {
        /// The job's id.
        job_id: String => path,
    } with {
        /// The user on whose behalf the call is made; the formation's default user when empty.
        kw user_id: String => any_user,
    }
}
