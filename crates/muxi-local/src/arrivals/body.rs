//! Bodies of requests, as the log keeps them.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a body that are kept; of a longer one nothing is.
const LONGEST: usize = 16 << 20;

/// A body on its way in.
#[derive(Debug)]
pub(super) struct Body(Mutex<State>);

#[derive(Debug)]
struct State {
    /// None where it is not to be kept.
    bytes: Option<Vec<u8>>,
    /// Bytes that have been told of.
    told: usize,
}

impl Body {
    /// The body of a request with those headers to that operation. Bundles are not kept.
    pub(super) fn of(headers: &HeaderMap, operation: Option<&str>) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_text = kind.contains("json") || kind.starts_with("text/");
        Self(Mutex::new(State { bytes: (is_text && !is_secret(operation)).then(Vec::new), told: 0 }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a piece.
    pub(super) fn add(&self, piece: &Bytes) {
        let mut state = self.state();
        match state.bytes.as_mut().filter(|bytes| bytes.len() + piece.len() <= LONGEST) {
            Some(bytes) => bytes.extend_from_slice(piece),
            None => state.bytes = None,
        }
    }

    /// The body as far as it has come, parsed, or its text where it is no JSON; and the number of its bytes. None where
    /// nothing has come since it was asked for.
    pub(super) fn news(&self) -> Option<(Value, usize)> {
        let mut state = self.state();
        let bytes = state.bytes.as_deref().filter(|bytes| bytes.len() > state.told)?;
        let parsed = serde_json::from_slice(bytes);
        let parsed = parsed.unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into());
        state.told = bytes.len();
        Some((parsed, state.told))
    }
}

/// Tells whether an operation's body holds a secret.
fn is_secret(operation: Option<&str>) -> bool {
    operation.is_some_and(|name| name.contains("secret") || name.contains("credential"))
}
