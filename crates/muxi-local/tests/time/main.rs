//! Events in time, over real sockets: jobs, background work, webhooks, streams of events, memory.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)] // helpers of tests

mod background;
mod cancelling;
mod distilleries;
mod events;
mod memory;
mod quirks;
mod scheduler;
mod support;
