//! Client for MUXI servers and formations: typed, async and blocking, with streams, retries and errors that say what to
//! do. A formation runs agents; a server runs formations.
//!
//! **[Documentation](https://muxi-ai.github.io/muxi-client/)**: quickstart, one page for each task, reliability, testing.
//! Here is the reference of the Rust items.
//!
//! ```no_run
//! use muxi_client::blocking::FormationClient;
//!
//! # fn main() -> muxi_client::Result<()> {
//! let formation = FormationClient::from_env()?; // MUXI_SERVER_URL, MUXI_FORMATION_ID, MUXI_CLIENT_KEY
//! println!("{}", formation.chat("Hello!").user_id("ada").send()?.error_for_status()?.text());
//! # Ok(()) }
//! ```
//!
//! | feature | default | brings |
//! | --- | --- | --- |
//! | `client` | yes | the async clients, on tokio and hyper |
//! | `bundle` | yes | packing and checking of formation bundles; a program that only chats needs none |
//! | `blocking` | yes | the blocking clients, driven by the calling thread |
//! | `native-roots` | yes | trust in the certificates of the operating system; where it has none, in Mozilla's, compiled in |
//! | `webpki-roots` | | trust in Mozilla's certificates, compiled in, in any case |
//! | `tracing` | | a span per call and per attempt, by OpenTelemetry's names |
//!
//! # Overview
//!
//! - [`FormationClient`] and [`ServerClient`] have a method for each operation, with its HTTP route in its
//!   documentation; [`blocking`] has the same ones. [`client::Call`] says what every call takes.
//! - [`api::params`] are the arguments that are more than a text, [`api::types`] the replies, [`api::events`] the events.
//! - [`Response`] is a reply with what goes with it, [`Events`] and [`ChatStream`] are streams.
//! - [`Error`] and [`ErrorKind`] say what went wrong and whether it may be better later.
//! - [`http_service`] is the seam for tests and for networks of your own.
//! - [`api`] says what MUXI is and does no I/O; the rest of the crate carries it over HTTP, on tokio.
//!
//! # Guides
//!
//! | guide | about |
//! | --- | --- |
//! | [`auth`](guide::auth) | keys, the environment, users, TLS, proxies, HTTP/2 |
//! | [`streaming`](guide::streaming) | answers as they arrive, events, the end of a stream, closing, cancelling a turn, other streams |
//! | [`errors_and_retries`](guide::errors_and_retries) | what can go wrong, what is tried again, time limits, bounds |
//! | [`deploying`](guide::deploying) | bundles, progress, updates and going back |
//! | [`webhooks`](guide::webhooks) | receiving and checking what a formation sends |
//! | [`testing`](guide::testing) | tests against a local server: scripts, faults, the clock |

#![cfg_attr(docsrs, feature(doc_cfg))]
// Of clippy's pedantic lints those that find needless work, lost values and calls that are easy to get wrong. The others
// are about taste, or fire on every setter.
#![warn(
    clippy::cloned_instead_of_copied,
    clippy::explicit_iter_loop,
    clippy::flat_map_option,
    clippy::implicit_clone,
    clippy::inefficient_to_string,
    clippy::large_futures,
    clippy::large_types_passed_by_value,
    clippy::manual_let_else,
    clippy::match_wildcard_for_single_variants,
    clippy::redundant_closure_for_method_calls,
    clippy::redundant_else,
    clippy::ref_option,
    clippy::return_self_not_must_use,
    clippy::semicolon_if_nothing_returned,
    clippy::trivially_copy_pass_by_ref,
    clippy::uninlined_format_args,
    clippy::unnecessary_wraps,
    clippy::unused_self
)]

pub mod api;
#[cfg(feature = "bundle")]
pub mod bundle;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub mod config;
#[cfg(feature = "client")]
pub mod guide;
#[cfg(feature = "client")]
mod net;
#[cfg(feature = "client")]
pub mod stream;

#[cfg(feature = "blocking")]
pub mod blocking;

/// The engine without the typed clients, for `muxi-python` alone: it may change at any time.
#[cfg(feature = "client")]
#[doc(hidden)]
pub mod engine {
    pub use crate::net::{
        driver::Driver,
        observer::Observer,
        prepared::time_limits,
        reply::{OpenedStream, Reply},
        transport::Transport,
    };
}

pub use api::{
    bundle::Bundle,
    error::{Error, ErrorKind, Result},
    events::{ChatEvent, LifecycleEvent},
    params::{AudioRequest, ChatRequest, File, ScheduledJob},
    retry::Retry,
    turn::Turn,
};
#[cfg(feature = "client")]
pub use {
    client::{FormationClient, Response, ServerClient},
    config::CallOptions,
    net::http_service,
    stream::{ChatStream, CloseHandle, EventStream, Events, Relay},
};
