//! Scheduling with one argument instead of four.

use super::{call::Call, client::Client};
use crate::{
    api::{params::ScheduledJob, table::formation::ops},
    config::Formation,
};

impl<M> Client<Formation, M> {
    /// Schedules a job: [`create_scheduler_job`](Self::create_scheduler_job), in the words of [`ScheduledJob`].
    ///
    /// `POST /scheduler/jobs`
    ///
    /// ```no_run
    /// # async fn plan(formation: muxi_client::FormationClient) -> muxi_client::Result<()> {
    /// use muxi_client::ScheduledJob;
    ///
    /// let job = formation.schedule(ScheduledJob::recurring("0 9 * * *", "Water the plants").owner("ada")).await?;
    /// formation.pause_scheduler_job(&job.id).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn schedule(&self, job: ScheduledJob) -> Call<M, ops::create_scheduler_job> {
        self.create_scheduler_job(job.job_type, &job.schedule, &job.message, &job.owner)
    }
}
