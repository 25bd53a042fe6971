//! Checks of single values. `name` is the setting, or the variable that its value comes from.

use crate::api::{
    error::{Error, Result},
    request::{IDEMPOTENCY_HEADER, header_value},
    retry::Retry,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::Duration;

/// Headers that frame a message or manage its connection: a wrong one would let two requests be read as three.
const FRAMING: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Checks a time limit in seconds. Infinity stands for none, and so does more than a clock can hold.
pub fn seconds(name: &str, value: f64) -> Result<Option<Duration>> {
    if value >= Duration::MAX.as_secs_f64() {
        return Ok(None);
    }
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
        _ => Err(Error::invalid(format!("{name} must be a number of seconds above 0, got {value:?}"))),
    }
}

/// Checks a header that a caller adds. Its value may be a credential, and so no `Debug` form shows it.
fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let wrong = |why: &str| Error::invalid(format!("headers: {name:?} {why}"));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("is no header name"))?;
    if FRAMING.contains(&parsed) {
        return Err(wrong("cannot be given: the client sets what frames a request and manages its connection"));
    }
    if parsed == IDEMPOTENCY_HEADER {
        return Err(wrong("cannot be given: a call takes its key as idempotency_key, and a key belongs to one call"));
    }
    let mut value = header_value(name, value.trim())?;
    value.set_sensitive(true);
    Ok((parsed, value))
}

/// Checks headers that a caller adds, and puts them into `map`. Of those with the same name the last counts.
pub(crate) fn add_headers(map: &mut HeaderMap, headers: &[(String, String)]) -> Result<()> {
    for (name, value) in headers {
        let (name, value) = header(name, value)?;
        map.insert(name, value);
    }
    Ok(())
}

/// Checks a rule for further attempts; without one it is the default rule with `max_retries`.
pub(super) fn retry(name: &str, retry: Option<Retry>, max_retries: u32) -> Result<Retry> {
    let retry = retry.unwrap_or(Retry::new(max_retries));
    retry.check(name)?;
    Ok(retry)
}

/// Checks the headers of a client.
pub(super) fn header_map(headers: &[(String, String)]) -> Result<HeaderMap> {
    let mut map = HeaderMap::with_capacity(headers.len());
    add_headers(&mut map, headers)?;
    Ok(map)
}

/// Checks a key that is sent in a header. A blank one is none.
pub(super) fn key(name: &str, value: Option<&str>) -> Result<Option<HeaderValue>> {
    let Some(text) = not_blank(value) else { return Ok(None) };
    // The text of a key must not be in an error, so `header_value`'s own message will not do.
    let mut value =
        header_value(name, text).map_err(|_| Error::invalid(format!("{name} must be printable ASCII text")))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The text without blanks around it, if anything is left of it.
pub(super) fn not_blank(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|text| !text.is_empty())
}
