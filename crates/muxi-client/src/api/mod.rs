//! What MUXI is: operations, requests, replies, errors and events. No I/O.
pub mod arg;
pub mod auth;
pub mod bundle;
pub mod defects;
pub mod error;
pub mod event;
pub mod events;
pub mod ids;
pub mod params;
pub mod request;
pub mod response;
pub mod retry;
mod retry_after;
pub mod sse;
pub mod table;
pub mod turn;
pub mod types;
pub mod webhook;
