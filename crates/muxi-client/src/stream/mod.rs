//! Streams of events: as they come, and typed.

mod close;
mod raw;
mod relay;
mod timer;
mod typed;

pub use close::CloseHandle;
pub use raw::EventStream;
pub use relay::{Relay, SseBytes};
pub use typed::{
    ActivityStream, ChatStream, Events, LifecycleStream, LogStream, OutputLines, RequestStream, TextDeltas,
};
