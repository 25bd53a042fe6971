//! From a reply's JSON to its data: both envelope dialects.

use super::{
    endpoint::Rule,
    error::{Error, ErrorKind, Result},
    types::Object,
};
use http::HeaderMap;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::time::SystemTime;

/// What a reply says of itself beside its data.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Metadata {
    /// The id of the request.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The idempotency key that the other side took note of.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// When the reply was made, in Unix milliseconds.
    #[serde(default)]
    pub timestamp: Option<i64>,
}

/// What a JSON object of a 2xx reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The reply itself.
    Bare,
    /// An envelope around `data`.
    Envelope,
    /// An error in spite of its status.
    Failure,
}

/// Tells an envelope from a bare reply. `success` is that field where it is a bool; `has_data` says whether
/// there is a `data` that is not null.
pub fn shape(rule: Rule, success: Option<bool>, has_data: bool) -> Shape {
    match (success, has_data) {
        (Some(false), _) => Shape::Failure,
        (_, true) if rule != Rule::Bare => Shape::Envelope,
        _ => Shape::Bare,
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    success: Option<Value>,
    #[serde(default)]
    request: Option<RequestPart>,
    #[serde(default)]
    timestamp: Option<Value>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct RequestPart {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// The data of a 2xx reply as `T`, with its metadata.
pub fn decode<T: DeserializeOwned>(rule: Rule, status: u16, headers: &HeaderMap, body: &[u8]) -> Result<(T, Metadata)> {
    let body = if body.is_empty() { b"{}" } else { body };
    let broken = |error: serde_json::Error, what: &str| {
        let text = String::from_utf8_lossy(&body[..body.len().min(200)]);
        Error::unexpected_reply(status, format!("the reply is not {what}: {error}; it begins with {text:?}"), body)
            .with_source(error)
    };
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) else {
        let data = serde_json::from_slice(body).map_err(|e| broken(e, "what the operation promises"))?;
        return Ok((data, Metadata::default()));
    };
    let success = envelope.success.as_ref().and_then(Value::as_bool);
    let request = envelope.request.unwrap_or_default();
    let metadata = Metadata {
        request_id: request.id,
        idempotency_key: request.idempotency_key,
        timestamp: envelope.timestamp.and_then(|t| t.as_i64()),
    };
    let data = match (shape(rule, success, envelope.data.is_some()), envelope.data) {
        (Shape::Failure, _) => return Err(failure(status, headers, body)),
        (Shape::Envelope, Some(data)) => data.get().as_bytes(),
        _ => body,
    };
    let data = serde_json::from_slice(data).map_err(|e| broken(e, "what the operation promises"))?;
    Ok((data, metadata))
}

/// The error of a 2xx reply with `success: false`.
pub fn failure(status: u16, headers: &HeaderMap, body: &[u8]) -> Error {
    Error::from_reply(status, headers, body, SystemTime::now())
}

/// The entry `key` of a secret list, in the list's own envelope. None when the body is no such list.
pub fn pick_secret(key: &str, body: &[u8]) -> Result<Option<Vec<u8>>> {
    let Ok(mut envelope) = serde_json::from_slice::<Object>(body) else { return Ok(None) };
    let Some(secrets) = envelope.get("data").and_then(|data| data.get("secrets")) else { return Ok(None) };
    let Some(value) = secrets.get(key).cloned() else {
        return Err(Error::new(ErrorKind::NotFound, "SECRET_NOT_FOUND", format!("there is no secret {key:?}")));
    };
    envelope.insert("data".to_owned(), serde_json::json!({ "key": key, "value": value }));
    Ok(serde_json::to_vec(&envelope).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_picked_from_a_list_and_from_nothing_else() {
        let list = br#"{"success":true,"data":{"secrets":{"KEY":"sk-..."}}}"#;
        let picked = pick_secret("KEY", list).unwrap().unwrap();
        let picked: Value = serde_json::from_slice(&picked).unwrap();
        assert_eq!(picked["data"], serde_json::json!({ "key": "KEY", "value": "sk-..." }));
        assert_eq!(pick_secret("OTHER", list).unwrap_err().code(), "SECRET_NOT_FOUND");
        for other in [&br#"{"success":false,"data":null,"error":{"code":"FAILED"}}"#[..], b"a proxy's page", b""] {
            assert!(pick_secret("KEY", other).unwrap().is_none());
        }
    }
}
