//! Replay of replies by idempotency key: one flight per key, the first success is repeated byte for byte.

use bytes::Bytes;
use http::StatusCode;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Replies kept before the oldest goes.
const CAPACITY: usize = 10_000;

/// The place of one key's reply. Whoever holds it is in flight.
pub(crate) type Slot = Arc<tokio::sync::Mutex<Option<(StatusCode, Bytes)>>>;

/// The replies by key.
#[derive(Debug, Default)]
pub(crate) struct Replays(Mutex<(HashMap<String, Slot>, VecDeque<String>)>);

impl Replays {
    /// The place of a key.
    pub(crate) fn slot(&self, key: String) -> Slot {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (slots, order) = &mut *guard;
        if let Some(slot) = slots.get(&key) {
            return slot.clone();
        }
        if order.len() >= CAPACITY
            && let Some(oldest) = order.pop_front()
        {
            slots.remove(&oldest);
        }
        order.push_back(key.clone());
        slots.entry(key).or_default().clone()
    }
}
