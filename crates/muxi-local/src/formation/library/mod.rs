//! The documents of a formation and the files that its turns make.

pub(crate) mod artifacts;
pub(crate) mod documents;
pub(crate) mod tuning;
