//! Blocking clients: the calling thread does the work.
//!
//! A call inside an async task, whose runtime it would stall, is an error; `spawn_blocking` and `block_in_place` are places
//! for it.

mod call;
mod mode;
mod stream;

pub use call::IntoBlocking;
pub use mode::{Blocking, FormationClient, ServerClient};
pub use stream::{ChatStream, EventStream, Events, TextDeltas};
