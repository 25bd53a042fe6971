//! Replies and errors: both envelopes, and the headers that ask to wait.

use http::{HeaderMap, HeaderName, HeaderValue};
use muxi_client::api::{error::Error, response, retry::Retry, types};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// The longest wait that a client obeys.
const LONGEST: Duration = Duration::from_secs(120);

/// Reads bytes as a reply: two bytes of status, a line of content type, a line of `Retry-After`, and the body.
pub(crate) fn run(data: &[u8]) {
    let Some((status, rest)) = data.split_first_chunk::<2>() else { return };
    let status = 100 + u16::from_le_bytes(*status) % 500;
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let headers = headers([("content-type", parts.next()), ("retry-after", parts.next())]);
    let body = parts.next().unwrap_or_default();

    let error = Error::from_reply(status, &headers, body, SystemTime::UNIX_EPOCH);
    assert!(!error.to_string().is_empty() && !error.code().is_empty() && !error.message().is_empty());
    assert!(error.body().len() <= body.len());
    assert_eq!(error.status(), Some(status));
    obeys(&error);

    for whole in [false, true] {
        let read = response::decode::<Value>(whole, status, &headers, body);
        if let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(body) {
            let is_failure = object.get("success") == Some(&Value::Bool(false));
            let data = object.get("data").filter(|data| !whole && !data.is_null());
            let expected = data.cloned().unwrap_or_else(|| Value::Object(object.clone()));
            match read {
                Ok((value, _)) => assert!(!is_failure && value == expected, "the data of a reply"),
                Err(_) => assert!(is_failure, "a reply is refused"),
            }
        }
        let _ = response::decode::<types::Object>(whole, status, &headers, body);
        let _ = response::decode::<types::Health>(whole, status, &headers, body);
        let _ = response::pick_secret("a", status, &headers, body);
    }
}

/// Reads bytes as the headers of a 503: a line each for `Retry-After`, `retry-after-ms` and `Date`.
pub(crate) fn retry_after(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut header = |name| (name, lines.next());
    let headers = headers([header("retry-after"), header("retry-after-ms"), header("date")]);
    let error = Error::from_reply(503, &headers, b"", SystemTime::UNIX_EPOCH);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let (None, Some(text)) = (text("retry-after-ms"), text("retry-after"))
        && let Ok(seconds @ 0..1_000_000_000_000) = text.parse::<u64>()
    {
        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
    }
    obeys(&error);
}

/// No answer makes a client wait for longer than it wants to, or try again more often than it was told to.
fn obeys(error: &Error) {
    let wait = Retry::new(1).delay(error, 0, 1, 1.0);
    assert!(wait.is_none_or(|wait| wait <= LONGEST), "{wait:?}");
    assert_eq!(Retry::new(1).delay(error, 1, 1, 1.0), None);
}

fn headers<const N: usize>(given: [(&'static str, Option<&[u8]>); N]) -> HeaderMap {
    let header = |(name, value): (&'static str, Option<&[u8]>)| {
        let value = HeaderValue::from_bytes(value.filter(|value| !value.is_empty())?).ok()?;
        Some((HeaderName::from_static(name), value))
    };
    given.into_iter().filter_map(header).collect()
}
