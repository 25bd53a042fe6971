//! The local server over a real socket, held against the recorded samples of the real one.

mod auth;
mod bundles;
mod client;
mod drafts;
mod lifecycle;
mod proxy;
mod reading;
mod samples;
