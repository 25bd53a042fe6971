//! Defects of the shipped runtime and server that can be turned on, singly or all at once.

use std::{
    collections::BTreeSet,
    sync::{PoisonError, RwLock},
};

/// The defects that are on, by name.
#[derive(Debug)]
pub(crate) struct Quirks(RwLock<BTreeSet<&'static str>>);

impl Default for Quirks {
    fn default() -> Self {
        Self(RwLock::new(BTreeSet::from(["webhook-encoding"])))
    }
}

impl Quirks {
    /// Whether a defect is on.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(name)
    }
}
