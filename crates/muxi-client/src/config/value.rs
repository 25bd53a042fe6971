//! Checks of single values. `name` is the setting, or the variable that its value comes from.

use crate::api::{
    error::{Error, Result},
    request::header_value,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

/// Checks a time limit in seconds; infinity stands for none.
pub fn seconds(name: &str, value: f64) -> Result<Option<Duration>> {
    if value == f64::INFINITY {
        return Ok(None);
    }
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
        _ => Err(Error::invalid(format!("{name} must be a number of seconds above 0, got {value}"))),
    }
}

/// Checks a header's name.
pub fn header_name(name: &str) -> Result<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| Error::invalid(format!("headers: {name:?} is no header name")))
}

/// Checks headers. Of those with the same name the last counts.
pub(super) fn header_map(headers: &[(String, String)]) -> Result<HeaderMap> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        map.insert(header_name(name)?, header_value(name, value)?);
    }
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
