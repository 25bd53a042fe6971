//! The formation API: shapes against the recorded samples, and behaviour.

mod behaviour;
mod samples;
mod streams;
mod support;
