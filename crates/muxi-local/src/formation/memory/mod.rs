//! Memories, and the events, logs and sources that they come from.

pub(crate) mod admin;
pub(crate) mod captains_log;
pub(crate) mod distilled;
pub(crate) mod distilleries;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod ingestion;
pub(crate) mod knowledge;
pub(crate) mod memories;
