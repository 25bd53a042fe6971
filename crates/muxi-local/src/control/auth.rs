//! The HMAC check, with the real server's words and order.

use super::Control;
use crate::quirks::Quirk;
use axum::extract::Request;
use http::header;
use muxi_client::api::auth::{SCHEME, TOLERANCE_SECONDS};
use percent_encoding::percent_decode_str;
use std::time::{SystemTime, UNIX_EPOCH};

/// The longest difference in seconds that the real server can tell, in nanoseconds. A later time, such as one in
/// milliseconds, has none, and is accepted.
const LONGEST_SECONDS: u64 = i64::MAX as u64 / 1_000_000_000;

/// Why a request is refused; `Ok` when the server's key has signed it.
pub(super) fn check(control: &Control, request: &Request) -> Result<(), &'static str> {
    let header = request.headers().get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let method = request.method().as_str();
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    verify(control, header, method, &path, now)
}

fn verify(control: &Control, header: Option<&str>, method: &str, path: &str, now: u64) -> Result<(), &'static str> {
    let header = header.filter(|header| !header.is_empty()).ok_or("Missing authorization header")?;
    let fields = Fields::parse(header).ok_or("Invalid authorization header format")?;
    if fields.key != control.key_id {
        return Err("Invalid key");
    }
    let overflows =
        |time: u64| control.host.quirks.on(Quirk::MillisecondTimestamps) && time.saturating_sub(now) > LONGEST_SECONDS;
    let timestamp = fields
        .timestamp
        .parse::<u64>()
        .ok()
        .filter(|time| time.abs_diff(now) <= TOLERANCE_SECONDS || overflows(*time))
        .ok_or("Request expired (timestamp too old or in future)")?;
    if control.signer.verify(timestamp, method, path, fields.signature) { Ok(()) } else { Err("Invalid signature") }
}

struct Fields<'a> {
    key: &'a str,
    timestamp: &'a str,
    signature: &'a str,
}

impl<'a> Fields<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let parameters = header.strip_prefix(SCHEME)?.strip_prefix(' ')?;
        let (mut key, mut timestamp, mut signature) = (None, None, None);
        for parameter in parameters.split(", ") {
            let (name, value) = parameter.split_once('=')?;
            match name {
                "key" => key = Some(value),
                "timestamp" => timestamp = Some(value),
                "signature" => signature = Some(value),
                _ => {}
            }
        }
        Some(Self { key: key?, timestamp: timestamp?, signature: signature? })
    }
}
