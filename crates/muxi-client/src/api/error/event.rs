//! From `error` events of streams to errors.

use super::{Error, ErrorKind};
use crate::api::types::Object;
use serde_json::Value;

/// The code of a failure that a stream reports without saying which.
const STREAM_ERROR: &str = "STREAM_ERROR";
/// The code of an exception in a formation, as its 500 replies have it.
const INTERNAL_ERROR: &str = "INTERNAL_ERROR";

impl Error {
    /// The error in a stream's `error` event. Its code is the one that a reply has for the same failure; the name in
    /// the event is in the [`details`](Error::details).
    pub fn from_event(data: &str) -> Self {
        let object = serde_json::from_str::<Object>(data).unwrap_or_default();
        if let Some(Value::Object(_)) = object.get("error") {
            let mut error = Self::new(ErrorKind::Api, STREAM_ERROR, String::new());
            error.0.read(object);
            return error;
        }
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let (kind, code, message) = match (text("message"), text("error")) {
            // A server names the failure in `error` and explains it in `message`.
            (Some(message), Some(name)) => {
                let kind = ErrorKind::of_event(name);
                (kind.unwrap_or(ErrorKind::Api), kind.map_or(name, |kind| kind.default_code()), message)
            }
            (Some(message), None) => (ErrorKind::Api, text("code").unwrap_or(STREAM_ERROR), message),
            // A formation explains in `error` and names the exception in `type`.
            (None, Some(message)) if text("type").is_some() => (ErrorKind::Server, INTERNAL_ERROR, message),
            (None, Some(message)) => (ErrorKind::Api, text("code").unwrap_or(STREAM_ERROR), message),
            (None, None) if data.is_empty() => (ErrorKind::Api, STREAM_ERROR, "the stream reported an error"),
            (None, None) => (ErrorKind::Api, STREAM_ERROR, data),
        };
        let mut error = Self::new(kind, code, message);
        error.0.details = object;
        error
    }
}
