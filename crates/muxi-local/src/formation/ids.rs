//! Identifiers and times in the forms the runtime uses.

use jiff::Timestamp;

const ALPHABET: &[u8] = b"_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// `prefix` and `length` random characters of `[_0-9a-zA-Z]`.
pub(crate) fn random(prefix: &str, length: usize) -> String {
    let tail = (0..length).map(|_| char::from(ALPHABET[fastrand::usize(..ALPHABET.len())]));
    prefix.chars().chain(tail).collect()
}

/// A request id.
pub(crate) fn request() -> String {
    random("req_", 21)
}

/// A time in seconds.
pub(crate) fn as_seconds(time: Timestamp) -> f64 {
    time.as_microsecond() as f64 / 1e6
}

/// The time of so many seconds; `None` beyond what a time holds.
pub(crate) fn from_seconds(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()
}

/// ISO 8601 with microseconds and `Z`.
pub(crate) fn iso_z(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// ISO 8601 with microseconds and without a zone: some of the runtime's rows come so.
pub(crate) fn iso_bare(time: Timestamp) -> String {
    iso_z(time).trim_end_matches('Z').to_owned()
}

/// Reads ISO 8601; a time without a zone is UTC, a date is its midnight.
pub(crate) fn parse_iso(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
}

/// Reads a date in ISO 8601, such as `2026-11-20` or `20261120`; a date with a time is none.
pub(crate) fn parse_date(text: &str) -> Option<jiff::civil::Date> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.parse().ok().filter(|_| plain && matches!(text.len(), 8 | 10))
}
