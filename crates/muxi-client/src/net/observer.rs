//! Observation of attempts, for wrappers in other languages.

use crate::config::Attempt;

/// Told of attempts, on the thread that makes them.
pub trait Observer: Send + Sync {
    /// Tells whether it wants to hear of every attempt. It is told of retries in any case.
    fn wants_all(&self) -> bool;
    /// An attempt is about to be made.
    fn before(&self, attempt: Attempt);
    /// An attempt has ended. A stream's ends with the head of its reply.
    fn after(&self, attempt: Attempt);
}
