//! Client for MUXI servers and formations.
//!
//! [`api`] says what MUXI is and does no I/O; the rest of the crate carries it over HTTP.
pub mod api;
#[cfg(feature = "bundle")]
pub mod bundle;
