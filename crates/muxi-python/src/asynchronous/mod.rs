//! Calls and streams of event loops. One background thread does the work of all of them; it never takes the GIL.

mod ahead;
mod engine;
mod iterators;
mod mailbox;
mod reactor;
mod stream;
mod wake;

pub(crate) use engine::AsyncEngine;
pub(crate) use iterators::{AsyncEvents, AsyncText};
pub(crate) use mailbox::{Delivery, Mailbox};
pub(crate) use stream::AsyncStream;
