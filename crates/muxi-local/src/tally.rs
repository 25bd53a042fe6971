//! Counting by key, for a bounded number of keys.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Keys kept before the oldest goes.
const CAPACITY: usize = 10_000;

/// The number of times that each key has come.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<(HashMap<String, u32>, VecDeque<String>)>);

impl Tally {
    /// Counts a key; 1 for the first time.
    pub(crate) fn next(&self, key: &str) -> u32 {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (counts, order) = &mut *guard;
        if let Some(count) = counts.get_mut(key) {
            *count = count.saturating_add(1);
            return *count;
        }
        if order.len() >= CAPACITY
            && let Some(oldest) = order.pop_front()
        {
            counts.remove(&oldest);
        }
        order.push_back(key.to_owned());
        counts.insert(key.to_owned(), 1);
        1
    }

    /// Forgets every key.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }
}
