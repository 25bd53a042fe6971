//! What every operation needs of its call and its answer.

pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod envelope;
pub(crate) mod idempotency;
