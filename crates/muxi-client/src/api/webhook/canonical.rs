//! The canonical form of a webhook's payload, which is what a formation signs.

use super::error::WebhookError;
use crate::api::surrogates::mend;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A canonical form deeper than this is not made: real payloads have a handful of levels.
const MAX_DEPTH: usize = 32;

/// The canonical form of a payload, which is what a formation signs: compact JSON with keys sorted at every level and
/// nothing escaped that need not be.
///
/// # Errors
///
/// A payload that is not JSON, or nested too deeply.
pub fn canonical(payload: &[u8]) -> Result<Vec<u8>, WebhookError> {
    if let Err(error) = serde_json::from_slice::<&RawValue>(payload) {
        return Err(WebhookError::NotJson(error.to_string()));
    }
    if std::str::from_utf8(payload).is_ok_and(|text| mend(text).is_some()) {
        return Err(WebhookError::NotJson("half of a surrogate pair, which no formation can sign".to_owned()));
    }
    canonical_with(payload, Exponents::AsSent).ok_or(WebhookError::TooDeep)
}

/// The way to write numbers with an exponent. The body has Python's own form, the signed text may have that of
/// `orjson`. All other numbers look alike.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Exponents {
    /// `1e+16`, `1e-05`.
    AsSent,
    /// `1e+16`, `0.00001`, as `orjson` and `serde_json` write it.
    Short,
    /// `1e16`, `0.00001`, as older versions of `orjson` write it.
    Unsigned,
}

/// The canonical form, with numbers written in one of the known ways.
pub(super) fn canonical_with(payload: &[u8], exponents: Exponents) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(payload.len());
    write_canonical(serde_json::from_slice(payload).ok()?, exponents, MAX_DEPTH, &mut out)?;
    Some(out)
}

/// Works on the JSON text itself, so that numbers of any size keep their digits.
fn write_canonical(value: &RawValue, exponents: Exponents, depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let text = value.get();
    match text.as_bytes().first()? {
        b'{' => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            out.push(b'{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                out.extend_from_slice(if index > 0 { b"," } else { b"" });
                serde_json::to_writer(&mut *out, &name).ok()?;
                out.push(b':');
                write_canonical(value, exponents, depth, out)?;
            }
            out.push(b'}');
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            out.push(b'[');
            for (index, value) in items.into_iter().enumerate() {
                out.extend_from_slice(if index > 0 { b"," } else { b"" });
                write_canonical(value, exponents, depth, out)?;
            }
            out.push(b']');
        }
        b'"' => serde_json::to_writer(out, &serde_json::from_str::<String>(text).ok()?).ok()?,
        b'-' | b'0'..=b'9' if exponents != Exponents::AsSent && text.contains(['e', 'E']) => {
            let short = serde_json::to_string(&text.parse::<f64>().ok()?).ok()?;
            let sign = if exponents == Exponents::Unsigned { "+" } else { "" };
            out.extend_from_slice(short.replace(sign, "").as_bytes());
        }
        _ => out.extend_from_slice(text.as_bytes()),
    }
    Some(())
}
