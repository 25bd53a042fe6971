//! A local MUXI server: control plane and formations in one process.
pub mod formation;
