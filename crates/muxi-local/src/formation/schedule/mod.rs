//! Scheduled jobs, and the clock that runs them.

pub(crate) mod clockwork;
pub(crate) mod scheduler;
pub(crate) mod zone;
