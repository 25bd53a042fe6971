//! The specification of a formation, its secrets, and how both are shown.

pub(crate) mod config;
pub(crate) mod secrets;
pub(crate) mod shown;
pub(crate) mod spec;
