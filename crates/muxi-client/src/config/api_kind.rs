//! The two kinds of client.

use crate::api::table::Api;

/// Marks the client of a server.
#[derive(Debug)]
pub enum Server {}
/// Marks the client of a formation.
#[derive(Debug)]
pub enum Formation {}

/// A kind of API, as far as making a client of it goes.
pub trait ApiKind {
    /// The API.
    const API: Api;
}

impl ApiKind for Server {
    const API: Api = Api::Server;
}
impl ApiKind for Formation {
    const API: Api = Api::Formation;
}
