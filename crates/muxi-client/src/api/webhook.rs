//! Webhooks: what a formation sends to your URL when a turn has ended without you waiting for it.

mod canonical;
mod error;
mod event;
#[cfg(test)]
mod tests;

pub use canonical::canonical;
pub use error::{SIGNATURE_HEADER, WebhookError};
pub use event::{Clarification, ContentItem, ErrorDetails, WebhookEvent, WebhookKind, parse};

use super::auth::keyed;
use canonical::{Exponents, canonical_with};
use hmac::Mac;
use http::HeaderMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// The header with the signature's time in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "X-Muxi-Timestamp";
/// Seconds by which a signature's time may differ from the clock, as MUXI recommends.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Checks a webhook's signature and its age. `now_unix` is the clock in Unix seconds.
///
/// A formation signs the canonical form of a payload but sends most payloads in another form, so the signature may be
/// one of the bytes as they came or of their canonical form: compact JSON with keys sorted at every level. If the
/// header has several `v1` parts, one that fits is enough.
///
/// ```
/// use muxi_client::api::webhook::{WebhookError, verify};
///
/// let outcome = verify(b"{}", "t=1790000000,v1=00", "secret", 300, 1_790_000_000);
/// assert_eq!(outcome, Err(WebhookError::Mismatch));
/// ```
pub fn verify(
    payload: &[u8],
    signature_header: &str,
    secret: &str,
    tolerance_seconds: u64,
    now_unix: u64,
) -> Result<(), WebhookError> {
    if secret.is_empty() {
        return Err(WebhookError::NoSecret);
    }
    let (timestamp, signatures) = read_header(signature_header)?;
    let difference = now_unix.abs_diff(timestamp);
    if difference > tolerance_seconds {
        return Err(WebhookError::OutsideTolerance { difference, tolerance: tolerance_seconds });
    }
    let fits = |body: &[u8]| {
        let mac = keyed(secret.as_bytes()).chain_update(format!("{timestamp}.")).chain_update(body);
        signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    };
    let canonical_fits = |exponents| canonical_with(payload, exponents).is_ok_and(|body| fits(&body));
    let exponents = [Exponents::AsSent, Exponents::Short, Exponents::Unsigned];
    if fits(payload) || exponents.into_iter().any(canonical_fits) { Ok(()) } else { Err(WebhookError::Mismatch) }
}

/// The value of [`SIGNATURE_HEADER`] for a payload (JSON), as a formation signs it: over the payload's canonical form.
/// For tests of applications that receive webhooks. `timestamp` is Unix seconds.
///
/// # Errors
///
/// An empty secret, or a payload that [`canonical`] refuses.
///
/// ```
/// use muxi_client::api::webhook::{sign, verify};
///
/// let body = br#"{"id": "req_1", "status": "completed"}"#;
/// let header = sign(body, "fma_secret", 1_790_000_000)?;
/// verify(body, &header, "fma_secret", 300, 1_790_000_010)?;
/// # Ok::<(), muxi_client::api::webhook::WebhookError>(())
/// ```
pub fn sign(payload: &[u8], secret: &str, timestamp: u64) -> Result<String, WebhookError> {
    if secret.is_empty() {
        return Err(WebhookError::NoSecret);
    }
    let body = canonical(payload)?;
    let mac = keyed(secret.as_bytes()).chain_update(format!("{timestamp}.")).chain_update(body);
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("t={timestamp},v1={signature}"))
}

/// Checks a webhook as it came over HTTP, by this machine's clock, and reads it: [`verify`] and [`parse`] in one call.
/// `secret` is the formation's admin key, `tolerance_seconds` usually [`TOLERANCE_SECONDS`].
///
/// # Errors
///
/// A signature that is missing, wrong or old, an empty secret, or a payload that is not a JSON object.
///
/// ```
/// use muxi_client::api::webhook::{TOLERANCE_SECONDS, WebhookError, unwrap};
///
/// let outcome = unwrap(b"{}", &http::HeaderMap::new(), "the admin key", TOLERANCE_SECONDS);
/// assert_eq!(outcome.unwrap_err(), WebhookError::NoSignature);
/// ```
pub fn unwrap(
    payload: &[u8],
    headers: &HeaderMap,
    secret: &str,
    tolerance_seconds: u64,
) -> Result<WebhookEvent, WebhookError> {
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    verify(payload, signature.ok_or(WebhookError::NoSignature)?, secret, tolerance_seconds, now)?;
    parse(payload)
}

/// The time and the signatures.
fn read_header(header: &str) -> Result<(u64, Vec<[u8; 32]>), WebhookError> {
    let mut time = None;
    let mut signatures = None;
    for (name, value) in header.split(',').filter_map(|part| part.trim().split_once('=')) {
        match name {
            "t" => time = Some(value),
            "v1" => signatures.get_or_insert_with(Vec::new).extend(from_hex(value)),
            _ => {}
        }
    }
    let time = time.filter(|time| !time.is_empty()).ok_or(WebhookError::MissingPart("t"))?;
    let signatures = signatures.ok_or(WebhookError::MissingPart("v1"))?;
    Ok((time.parse().map_err(|_| WebhookError::BadTimestamp(time.to_owned()))?, signatures))
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}
