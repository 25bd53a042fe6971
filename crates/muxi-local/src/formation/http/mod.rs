//! The parts that every operation needs for its call and its answer.

pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod envelope;
pub(crate) mod idempotency;
