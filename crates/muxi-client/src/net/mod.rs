//! The network: connections, the pool of them, and the loop of attempts at a request.

mod attempt;
mod collect;
mod connect;
pub(crate) mod driver;
pub(crate) mod error;
pub(crate) mod fairness;
mod http_client;
pub mod http_service;
mod io_stream;
pub(crate) mod limits;
mod no_proxy;
pub(crate) mod observer;
mod outgoing;
mod pool;
pub(crate) mod prepared;
mod proxy;
pub(crate) mod reply;
mod socket;
mod tls;
mod trace;
pub(crate) mod transport;
