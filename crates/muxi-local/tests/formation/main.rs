//! The formation API: shapes against the recorded samples, and behaviour.
#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests

mod behaviour;
mod captains_log;
mod samples;
mod streams;
mod support;
