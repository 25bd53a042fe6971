//! Webhooks: what a formation sends to your URL when a turn has ended without you waiting for it.

use super::{
    auth::keyed,
    surrogates::{mend, read_mended},
};
use hmac::Mac;
use http::HeaderMap;
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};
use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

/// The header with the signature: `t=<Unix seconds>,v1=<hex>`.
pub const SIGNATURE_HEADER: &str = "X-Muxi-Signature";
/// The header with the signature's time in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "X-Muxi-Timestamp";
/// Seconds by which a signature's time may differ from the clock, as MUXI recommends.
pub const TOLERANCE_SECONDS: u64 = 300;

/// A canonical form deeper than this is not made: real payloads have a handful of levels.
const MAX_DEPTH: usize = 32;
/// Numbers from here on are milliseconds, those below are seconds.
const FIRST_MILLISECONDS: f64 = 1e11;

/// Why a webhook was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// No secret was given.
    #[error("the webhook secret is empty: give the formation's admin key, with which it signs")]
    NoSecret,
    /// The request has no such header.
    #[error("the request has no header `{SIGNATURE_HEADER}`")]
    NoSignature,
    /// The header lacks a part.
    #[error("the signature header has no `{0}=` part: expected `t=<Unix seconds>,v1=<hex>`")]
    MissingPart(&'static str),
    /// The header's time is not a number.
    #[error("the signature's time `{0}` is not a number of seconds")]
    BadTimestamp(String),
    /// The signature is too old, or from the future.
    #[error("the signature's time differs by {difference} s from the clock, allowed are {tolerance} s")]
    OutsideTolerance {
        /// Seconds between the signature's time and the clock.
        difference: u64,
        /// Seconds allowed.
        tolerance: u64,
    },
    /// The signature is not of this payload and secret.
    #[error(
        "the signature does not fit: wrong secret or altered payload \
         (notices of a retried request's end are signed with a random key: poll the request instead)"
    )]
    Mismatch,
    /// The payload is not JSON.
    #[error("the payload is not JSON: {0}")]
    NotJson(String),
    /// The payload is JSON, but not an object.
    #[error("the payload is not a JSON object")]
    NotAnObject,
    /// The payload has no canonical form.
    #[error("the payload is nested too deeply")]
    TooDeep,
}

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
    let canonical_fits = |exponents| canonical_with(payload, exponents).is_some_and(|body| fits(&body));
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

/// The way to write numbers with an exponent. The body has Python's own form, the signed text may have that of
/// `orjson`. All other numbers look alike.
#[derive(Clone, Copy, PartialEq)]
enum Exponents {
    /// `1e+16`, `1e-05`.
    AsSent,
    /// `1e+16`, `0.00001`, as `orjson` and `serde_json` write it.
    Short,
    /// `1e16`, `0.00001`, as older versions of `orjson` write it.
    Unsigned,
}

/// The canonical form, with numbers written in one of the known ways.
fn canonical_with(payload: &[u8], exponents: Exponents) -> Option<Vec<u8>> {
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

/// The kind of event that a webhook reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WebhookKind {
    /// A turn has ended well.
    Completed,
    /// A turn has failed.
    Failed,
    /// A turn waits for an answer of the user.
    Clarification,
    /// A failed turn that was retried in the background has come to its end.
    Escalation,
    /// A message that the formation sends of its own accord.
    Notification,
    /// A result in its plain form, since the transformer that should have changed it did not work.
    TransformerFallback,
    /// Something else; see [`WebhookEvent::raw`].
    Unknown,
}

/// One item of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ContentItem {
    /// `text` or `file`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text.
    pub text: Option<String>,
    /// The file: its `type` and `url`.
    pub file: Option<Map<String, Value>>,
}

/// Why a turn failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorDetails {
    /// A machine-readable code; the state of a retried request that failed.
    pub code: String,
    /// The error message.
    pub message: String,
    /// The trace of the error.
    pub trace: Option<String>,
}

/// The question that a turn waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Clarification {
    /// The question for the user.
    pub question: String,
    /// The request to answer to.
    pub clarification_request_id: Option<String>,
    /// The user's first message.
    pub original_message: Option<String>,
}

/// A webhook's payload of any kind in one form.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WebhookEvent {
    /// The request that it is about.
    pub request_id: String,
    /// `completed`, `failed`, `cancelled`, `awaiting_clarification`, `notification` or `unknown`.
    pub status: String,
    /// The kind of event.
    pub kind: WebhookKind,
    /// When it was made, in Unix milliseconds.
    pub timestamp_ms: Option<i64>,
    /// The answer; the result of a retried request, where that is text.
    pub content: Vec<ContentItem>,
    /// Why it failed.
    pub error: Option<ErrorDetails>,
    /// The question that it waits for.
    pub clarification: Option<Clarification>,
    /// The formation.
    pub formation_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// Seconds that the turn took.
    pub processing_time: Option<f64>,
    /// `async`.
    pub processing_mode: String,
    /// The URL that it was sent to.
    pub webhook_url: Option<String>,
    /// The end of a retried request: `achieved`, `impossible`, `stuck`, `budget_exhausted` or `abandoned`.
    pub state: Option<String>,
    /// The number of attempts of a retried request.
    pub attempts: Option<u64>,
    /// The result of a retried request.
    pub result: Option<Value>,
    /// Why a retried request could not be done, and what would help.
    pub report: Option<Value>,
    /// The payload as it came.
    pub raw: Map<String, Value>,
}

/// Reads a webhook's payload of any kind. It does not check who sent it: call [`verify`] first.
///
/// ```
/// let event = muxi_client::api::webhook::parse(br#"{"request_id": "req_1", "state": "achieved", "result": "Done."}"#)?;
/// assert_eq!((event.status.as_str(), event.content[0].text.as_deref()), ("completed", Some("Done.")));
/// # Ok::<(), muxi_client::api::webhook::WebhookError>(())
/// ```
pub fn parse(payload: &[u8]) -> Result<WebhookEvent, WebhookError> {
    let value = read_mended(payload, |json| serde_json::from_slice::<Value>(json));
    let value = value.map_err(|error| WebhookError::NotJson(error.to_string()))?;
    let Value::Object(raw) = value else { return Err(WebhookError::NotAnObject) };
    let present = |name: &str| raw.get(name).filter(|value| !value.is_null());
    let text = |name: &str| text(raw.get(name));

    let state = text("state");
    let sent_status = text("status").filter(|status| !status.is_empty());
    let (kind, status) = if text("type").as_deref() == Some("notification") {
        (WebhookKind::Notification, sent_status.unwrap_or_else(|| "notification".to_owned()))
    } else if present("transformer_error").is_some() {
        (WebhookKind::TransformerFallback, sent_status.unwrap_or_else(|| "completed".to_owned()))
    } else if let (Some(state), None) = (&state, &sent_status) {
        (WebhookKind::Escalation, status_of(state).to_owned())
    } else {
        let status = sent_status.unwrap_or_else(|| "unknown".to_owned());
        let kind = match status.as_str() {
            "completed" => WebhookKind::Completed,
            "failed" => WebhookKind::Failed,
            "awaiting_clarification" => WebhookKind::Clarification,
            _ => WebhookKind::Unknown,
        };
        (kind, status)
    };

    let (result, report) = (present("result").cloned(), present("report").cloned());
    let mut content = content(raw.get("response"));
    if let (true, WebhookKind::Escalation, Some(Value::String(result))) = (content.is_empty(), kind, &result) {
        content.push(ContentItem { kind: "text".to_owned(), text: Some(result.clone()), file: None });
    }
    let failed_state = state.as_deref().filter(|_| kind == WebhookKind::Escalation && status == "failed");
    let error = present("error").and_then(error_details).or_else(|| {
        let detail = report.as_ref().and_then(|report| self::text(report.get("detail")));
        failed_state.map(|state| ErrorDetails {
            code: state.to_owned(),
            message: detail.unwrap_or_else(|| "The request could not be done".to_owned()),
            trace: None,
        })
    });
    let clarification = (kind == WebhookKind::Clarification).then(|| Clarification {
        question: text("clarification_question").unwrap_or_default(),
        clarification_request_id: text("clarification_request_id"),
        original_message: text("original_message"),
    });
    let timestamp =
        present("timestamp").or_else(|| present("transformer_error").and_then(|error| error.get("timestamp")));
    let as_sent = matches!(kind, WebhookKind::Completed | WebhookKind::Failed);

    Ok(WebhookEvent {
        request_id: text("id").or_else(|| text("request_id")).unwrap_or_default(),
        timestamp_ms: timestamp.and_then(|value| milliseconds(value, as_sent)),
        formation_id: text("formation_id"),
        user_id: text("user_id"),
        processing_time: present("processing_time").and_then(Value::as_f64),
        processing_mode: text("processing_mode").unwrap_or_else(|| "async".to_owned()),
        webhook_url: text("webhook_url"),
        attempts: present("attempts").and_then(Value::as_u64),
        status,
        kind,
        content,
        error,
        clarification,
        state,
        result,
        report,
        raw,
    })
}

/// The request status that goes with a retried request's end.
fn status_of(state: &str) -> &'static str {
    match state {
        "achieved" => "completed",
        "impossible" | "stuck" | "budget_exhausted" => "failed",
        "abandoned" => "cancelled",
        _ => "unknown",
    }
}

/// Text, or a number as text.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn content(response: Option<&Value>) -> Vec<ContentItem> {
    let item = |value: &Value| match value {
        Value::String(_) => ContentItem { kind: "text".to_owned(), text: text(Some(value)), file: None },
        _ => ContentItem {
            kind: text(value.get("type")).unwrap_or_else(|| "text".to_owned()),
            text: text(value.get("text")),
            file: value.get("file").and_then(Value::as_object).cloned(),
        },
    };
    match response {
        Some(Value::Array(items)) => items.iter().map(item).collect(),
        Some(value @ (Value::String(_) | Value::Object(_))) => vec![item(value)],
        _ => Vec::new(),
    }
}

fn error_details(error: &Value) -> Option<ErrorDetails> {
    let message = match error {
        Value::Object(fields) if !fields.is_empty() => text(fields.get("message")),
        Value::String(message) if !message.is_empty() => Some(message.clone()),
        _ => return None,
    };
    Some(ErrorDetails {
        code: text(error.get("code")).unwrap_or_else(|| "unknown".to_owned()),
        message: message.unwrap_or_else(|| "Unknown error".to_owned()),
        trace: text(error.get("trace")),
    })
}

/// Unix milliseconds from milliseconds, seconds or an ISO 8601 time. A whole number may be meant `as_sent`.
fn milliseconds(value: &Value, as_sent: bool) -> Option<i64> {
    match value {
        Value::String(text) => iso_milliseconds(text),
        value => match (value.as_i64(), value.as_f64()?) {
            (Some(whole), number) if as_sent || number.abs() >= FIRST_MILLISECONDS => Some(whole),
            (_, number) if number.abs() >= FIRST_MILLISECONDS => Some(number.round() as i64),
            (_, number) => Some((number * 1000.0).round() as i64),
        },
    }
}

/// `2026-11-23T10:15:30.25+01:00`; without a zone it is UTC.
fn iso_milliseconds(text: &str) -> Option<i64> {
    let (date, time) = text.trim().split_once(['T', ' '])?;
    let mut date = date.split('-');
    let (year, month, day): (u16, u8, u8) =
        (date.next()?.parse().ok()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?);
    if date.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let clock = |text: &str| -> Option<f64> {
        let mut parts = text.split(':');
        let (hours, minutes): (u8, u8) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let seconds: f64 = parts.next().map_or(Some(0.0), |seconds| seconds.parse().ok())?;
        let seconds = f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + seconds;
        (parts.next().is_none() && (0.0..90_000.0).contains(&seconds)).then_some(seconds)
    };
    let (time, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(index) => time.split_at(index),
        None => (time, ""),
    };
    let offset = match zone.split_at_checked(1) {
        Some(("+", zone)) => clock(zone)?,
        Some(("-", zone)) => -clock(zone)?,
        _ => 0.0,
    };
    // Days since 1970, counted in years that begin in March, so that a leap day is the last of its year.
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469;
    Some(days * 86_400_000 + ((clock(time)? - offset) * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests;
