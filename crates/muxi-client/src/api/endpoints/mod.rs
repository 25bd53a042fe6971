//! The table: every operation of both APIs, declared once.
pub mod formation;
pub mod server;
