//! The table: every operation of both APIs, declared once.
//!
//! The arguments of the Rust and Python methods, their documentation, the reference and muxi-local's routes derive from
//! it.

mod arg_type;
mod endpoint;
pub mod formation;
mod macros;
mod operation;
pub mod server;

pub use arg_type::ArgType;
use endpoint::joined;
pub use endpoint::{Api, Auth, Composite, Constant, Endpoint, Field, Flags, Kind, Param, Place, Reply, StreamEnd};
pub(crate) use macros::endpoints;
pub use operation::{Operation, ReplyForm, reply};

/// All operations of an API.
pub fn all(api: Api) -> &'static [&'static Endpoint] {
    match api {
        Api::Server => server::ENDPOINTS,
        Api::Formation => formation::ENDPOINTS,
    }
}
