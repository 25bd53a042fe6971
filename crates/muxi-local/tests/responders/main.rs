//! Answers to messages, over real sockets: scripts and language models.

// Clippy's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod endpoint;
mod faults;
mod local;
mod model;
mod program;
mod prompt;
mod script;
mod turns;
mod voice;
mod wrong;
