//! Replay of replies by idempotency key: one flight per key, the first success is repeated byte for byte.

use crate::store::{Rows, Table};
use bytes::Bytes;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// Replies kept before the oldest goes.
const CAPACITY: usize = 10_000;
/// The time for which a reply is repeated.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// A reply that is repeated for its key.
#[derive(Debug, Serialize, Deserialize)]
struct Reply {
    created: Timestamp,
    status: u16,
    body: String,
}

/// The replies by key.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    all: Table<String, Reply>,
    /// The keys, oldest reply first.
    order: VecDeque<String>,
}

impl Replies {
    /// The reply to repeat for a key.
    pub(crate) fn get(&self, key: &str, now: Timestamp) -> Option<(StatusCode, Bytes)> {
        let reply = self.all.get(key).filter(|reply| reply.is_alive(now))?;
        Some((StatusCode::from_u16(reply.status).ok()?, Bytes::from(reply.body.clone())))
    }

    /// Keeps the reply of a key that has none.
    pub(crate) fn keep(&mut self, key: &str, status: StatusCode, body: &Bytes, now: Timestamp) {
        let Ok(body) = std::str::from_utf8(body) else { return };
        while let Some(oldest) = self.order.front()
            && (self.order.len() >= CAPACITY || self.all.get(oldest).is_none_or(|reply| !reply.is_alive(now)))
        {
            self.all.remove(oldest);
            self.order.pop_front();
        }
        let reply = Reply { created: now, status: status.as_u16(), body: body.to_owned() };
        self.all.insert(key.to_owned(), reply);
        self.order.push_back(key.to_owned());
    }

    pub(crate) fn table(&mut self) -> &mut dyn Rows {
        &mut self.all
    }

    /// Puts stored replies in order.
    pub(crate) fn index(&mut self) {
        let mut keys: Vec<(Timestamp, &String)> = self.all.iter().map(|(key, reply)| (reply.created, key)).collect();
        keys.sort();
        self.order = keys.into_iter().map(|(_, key)| key.clone()).collect();
    }
}

impl Reply {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.created) < LIFETIME
    }
}

/// The keys whose first call is under way.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Flights {
    /// Waits until no other call with this key is under way.
    pub(crate) async fn enter(&self, key: &str) -> OwnedMutexGuard<()> {
        let flight = {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Keys that no call holds or waits for any more.
            flights.retain(|_, flight| Arc::strong_count(flight) > 1);
            flights.entry(key.to_owned()).or_default().clone()
        };
        flight.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, LIFETIME, Replies};
    use bytes::Bytes;
    use http::StatusCode;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn a_reply_is_repeated_for_a_day() {
        let (mut replies, start) = (Replies::default(), Timestamp::UNIX_EPOCH);
        let body = Bytes::from_static(b"{}");
        replies.keep("a", StatusCode::CREATED, &body, start);
        let last = start + LIFETIME - SignedDuration::from_secs(1);
        assert_eq!(replies.get("a", last), Some((StatusCode::CREATED, body.clone())));
        assert_eq!(replies.get("a", start + LIFETIME), None);
        replies.keep("a", StatusCode::OK, &body, start + LIFETIME);
        assert_eq!((replies.all.len(), replies.order.len()), (1, 1));
        for number in 0..CAPACITY {
            replies.keep(&number.to_string(), StatusCode::OK, &body, start + LIFETIME);
        }
        assert_eq!((replies.all.len(), replies.get("a", start + LIFETIME)), (CAPACITY, None));
    }
}
