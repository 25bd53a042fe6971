//! The table: every operation of both APIs, declared once.
pub mod formation;
pub mod server;

use super::endpoint::{Api, Endpoint};

/// All operations of an API.
pub fn all(api: Api) -> &'static [&'static Endpoint] {
    match api {
        Api::Server => server::ENDPOINTS,
        Api::Formation => formation::ENDPOINTS,
    }
}
