//! The local server over a real socket, held against the recorded samples of the real one.

// Clippy's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod auth;
mod bundles;
mod cli;
mod client;
mod cors;
mod drafts;
mod durable;
mod faults;
mod folders;
mod inspect;
mod killed;
mod lifecycle;
mod limits;
mod logged;
mod process;
mod proxy;
mod quirks;
mod reading;
mod samples;
mod shared_routes;
mod unread;
