//! What MUXI is: operations, requests, replies, errors and events. No I/O.
pub mod auth;
pub mod bundle;
pub mod endpoint;
pub mod endpoints;
pub mod types;
pub mod webhook;
