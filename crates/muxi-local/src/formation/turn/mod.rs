//! Turns, from the call that asks for one to the notice of its end.

pub(crate) mod background;
pub(crate) mod cancel;
pub(crate) mod chat;
pub(crate) mod plan;
pub(crate) mod requests;
pub(crate) mod running;
pub(crate) mod triggers;
pub(crate) mod uploads;
pub(crate) mod workflow;
