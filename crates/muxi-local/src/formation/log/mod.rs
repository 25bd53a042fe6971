//! Reports about a formation: events, audit log and webhooks.

pub(crate) mod audit;
pub(crate) mod events;
pub(crate) mod sample_webhook;
pub(crate) mod webhooks;
