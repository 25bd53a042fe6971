//! The table: every operation of both APIs, declared once.
//!
//! What the Rust and Python methods take, their documentation, the reference and muxi-local's routes derive from it.

mod endpoint;
pub mod formation;
mod macros;
mod operation;
pub mod server;

pub use endpoint::{Api, Auth, Composite, Constant, Endpoint, Flags, Kind, Param, Place, Reply, StreamEnd};
pub(crate) use macros::endpoints;
pub use operation::{ArgType, Operation, ReplyForm, reply};

/// All operations of an API.
pub fn all(api: Api) -> &'static [&'static Endpoint] {
    match api {
        Api::Server => server::ENDPOINTS,
        Api::Formation => formation::ENDPOINTS,
    }
}

/// The rows of several tables in one.
const fn joined<const N: usize>(tables: &[&[&'static Endpoint]]) -> [&'static Endpoint; N] {
    let mut rows = [tables[0][0]; N];
    let (mut table, mut row, mut at) = (0, 0, 0);
    while at < N {
        if row == tables[table].len() {
            (table, row) = (table + 1, 0);
        } else {
            rows[at] = tables[table][row];
            (row, at) = (row + 1, at + 1);
        }
    }
    rows
}
