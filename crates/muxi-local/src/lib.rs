//! A local MUXI server: control plane and formations in one process.
//!
//! For development, tests and CI of applications: no key, no container, no language model; state in memory, or in a folder
//! as well (see [`Builder::data`]).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let server = muxi_local::Server::builder().start().await?;
//! println!("{} {}", server.url(), server.formation_id());
//! # Ok(()) }
//! ```
//!
//! Without a formation of one's own it serves a built-in demo; [`Builder::formation`] serves folders, files and
//! bundles.

mod arrivals;
mod cli;
mod clock;
mod control;
mod cors;
mod deadline;
mod fault;
mod files;
pub mod formation;
mod front;
#[doc(hidden)]
pub mod fuzzing;
mod host;
mod inspect;
mod keys;
mod near;
mod outbound;
mod pattern;
mod proxy;
mod quirks;
mod reply;
mod serve;
mod server;
mod stopping;
mod store;
mod tally;
mod target;
mod unread;
mod yaml;

pub use arrivals::{Arrival, RequestsForgotten};
pub use cli::cli;
pub use control::{Reload, Served, routes};
pub use fault::{Fault, InvalidFault, Moment};
pub use formation::{Webhook, WebhookAnswer, WebhookFailure, responder::script::ScriptError};
pub use quirks::{QUIRKS, QuirkInfo, UnknownQuirk};
pub use server::{Builder, Server};
