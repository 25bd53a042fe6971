//! The canonical form of a webhook's payload, which is what a formation signs.

use super::error::WebhookError;
use crate::api::surrogates::mend;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt};

/// A canonical form deeper than this is not made: real payloads have a handful of levels.
const MAX_DEPTH: usize = 32;

/// The canonical form of a payload, which is what a formation signs: compact JSON with keys sorted at every level and
/// nothing escaped that need not be.
///
/// # Errors
///
/// A payload that is not JSON, has half of a surrogate pair or one name twice in an object, or is nested too deeply.
pub fn canonical(payload: &[u8]) -> Result<Vec<u8>, WebhookError> {
    read::<&RawValue>(payload)?;
    if std::str::from_utf8(payload).is_ok_and(|text| mend(text).is_some()) {
        return Err(WebhookError::NotJson("half of a surrogate pair, which no formation can sign".to_owned()));
    }
    canonical_with(payload, Exponents::AsSent)
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
pub(super) fn canonical_with(payload: &[u8], exponents: Exponents) -> Result<Vec<u8>, WebhookError> {
    let mut out = Vec::with_capacity(payload.len());
    write_canonical(read(payload)?, exponents, MAX_DEPTH, &mut out)?;
    Ok(out)
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, WebhookError> {
    serde_json::from_slice(json).map_err(not_json)
}

fn not_json(error: serde_json::Error) -> WebhookError {
    WebhookError::NotJson(error.to_string())
}

/// Works on the JSON text itself, so that numbers of any size keep their digits.
fn write_canonical(
    value: &RawValue,
    exponents: Exponents,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), WebhookError> {
    let depth = depth.checked_sub(1).ok_or(WebhookError::TooDeep)?;
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let Fields(fields) = read(text.as_bytes())?;
            out.push(b'{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                out.extend_from_slice(if index > 0 { b"," } else { b"" });
                serde_json::to_writer(&mut *out, &name).map_err(not_json)?;
                out.push(b':');
                write_canonical(value, exponents, depth, out)?;
            }
            out.push(b'}');
        }
        Some(b'[') => {
            out.push(b'[');
            for (index, value) in read::<Vec<&RawValue>>(text.as_bytes())?.into_iter().enumerate() {
                out.extend_from_slice(if index > 0 { b"," } else { b"" });
                write_canonical(value, exponents, depth, out)?;
            }
            out.push(b']');
        }
        Some(b'"') => serde_json::to_writer(out, &read::<String>(text.as_bytes())?).map_err(not_json)?,
        Some(b'-' | b'0'..=b'9') if exponents != Exponents::AsSent && text.contains(['e', 'E']) => {
            let short = serde_json::to_string(&read::<f64>(text.as_bytes())?).map_err(not_json)?;
            let sign = if exponents == Exponents::Unsigned { "+" } else { "" };
            out.extend_from_slice(short.replace(sign, "").as_bytes());
        }
        _ => out.extend_from_slice(text.as_bytes()),
    }
    Ok(())
}

/// The fields of an object, sorted. One that has a name twice is refused: its readers would not agree which of them counts,
/// so that a field could be added to a signed payload.
struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if fields.insert(name, value).is_some() {
                        return Err(A::Error::custom("an object has a name twice"));
                    }
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}
