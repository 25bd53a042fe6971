//! The network: connections, the pool of them, and the loop of attempts at a request.

pub(crate) mod body;
mod connect;
pub(crate) mod error;
pub mod http_service;
mod pool;
mod proxy;
mod socket;
mod tls;
pub mod transport;
