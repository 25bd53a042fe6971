//! Client for MUXI servers and formations.
//!
//! [`api`] says what MUXI is and does no I/O; the rest of the crate carries it over HTTP.

pub mod api;
#[cfg(feature = "client")]
mod body;
#[cfg(feature = "bundle")]
pub mod bundle;
#[cfg(feature = "client")]
pub mod call;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub mod config;
#[cfg(feature = "client")]
mod connect;
#[cfg(feature = "client")]
pub mod driver;
#[cfg(feature = "client")]
pub mod events;
#[cfg(feature = "client")]
mod file;
#[cfg(feature = "client")]
mod jobs;
#[cfg(feature = "client")]
pub mod options;
#[cfg(feature = "client")]
pub mod reply;
#[cfg(feature = "client")]
pub mod route;
#[cfg(feature = "client")]
pub mod stream;
#[cfg(feature = "client")]
pub mod transport;

#[cfg(feature = "blocking")]
pub mod blocking;

pub use api::{
    bundle::Bundle,
    error::{Error, ErrorKind, Result},
    events::{ChatEvent, LifecycleEvent},
    params::{AudioRequest, ChatRequest, File, ScheduledJob},
    turn::Turn,
};
#[cfg(feature = "client")]
pub use {
    client::{FormationClient, ServerClient},
    events::{ChatStream, Events},
    options::CallOptions,
    reply::Response,
    stream::EventStream,
};

/// The README's Rust code is compiled with the doctests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
