//! The clients, their calls and what those return.

pub(crate) mod call;
#[allow(clippy::module_inception)]
mod client;
mod file;
pub(crate) mod index;
mod jobs;
mod operations;
mod response;
mod route;
mod wait;

pub use call::{Call, Outcome};
pub use client::{ApiKind, Async, Builder, Client, Formation, FormationClient, Handle, Mode, Server, ServerClient};
pub use response::Response;
pub use route::Route;
