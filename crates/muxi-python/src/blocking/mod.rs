//! Calls and streams that the calling thread drives.

mod engine;
mod run;
mod stream;

pub(crate) use engine::SyncEngine;
pub(crate) use stream::{SyncStream, SyncText};
