//! Defects of the shipped runtime and server that can be turned on, singly or all at once.

use std::{
    collections::BTreeSet,
    sync::{PoisonError, RwLock},
};

/// On unless something else is asked for: an application that takes webhooks has to stand what the shipped runtime sends.
const DEFAULT: [&str; 3] = ["escalation-key", "unsigned-notifications", "webhook-encoding"];

/// The defects that are on, by name.
#[derive(Debug)]
pub(crate) struct Quirks(RwLock<BTreeSet<String>>);

impl Default for Quirks {
    fn default() -> Self {
        Self(RwLock::new(DEFAULT.map(str::to_owned).into()))
    }
}

impl Quirks {
    /// Whether a defect is on.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Turns defects on: a list with commas, read from the left. `fixed` turns all off.
    pub(crate) fn set(&self, selection: &str) {
        let mut quirks = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for word in selection.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "fixed" => quirks.clear(),
                name => drop(quirks.insert(name.to_owned())),
            }
        }
    }
}
