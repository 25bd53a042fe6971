//! A local MUXI server: control plane and formations in one process.
//!
//! For development, tests and CI of applications: no key, no container, no language model; state in memory.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let server = muxi_local::Server::builder().start().await?;
//! println!("{} {}", server.url(), server.formation_id());
//! # Ok(()) }
//! ```

mod cli;
mod clock;
mod control;
mod fault;
pub mod formation;
mod front;
mod host;
mod inspect;
mod operation;
mod outbound;
mod pattern;
mod proxy;
mod quirks;
mod serve;
mod server;
mod tally;

pub use cli::cli;
pub use fault::{Fault, InvalidFault, Moment};
pub use formation::responder::script::ScriptError;
pub use inspect::Arrival;
pub use quirks::{QUIRKS, QuirkInfo, UnknownQuirk};
pub use server::{Builder, Server};

use muxi_client::api::endpoint::Endpoint;

/// Every operation of the control plane, and whether it is built (`false`: it answers 501).
pub fn routes() -> Vec<(&'static Endpoint, bool)> {
    control::routes()
}
