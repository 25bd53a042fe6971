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
