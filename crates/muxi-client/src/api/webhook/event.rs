//! The payloads of webhooks in one form.

use super::error::WebhookError;
use crate::api::{surrogates::read_mended, types::IsoTime};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::{Duration, UNIX_EPOCH};

/// Numbers from here on are milliseconds, those below are seconds.
const FIRST_MILLISECONDS: f64 = 1e11;

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

/// Reads a webhook's payload of any kind. It does not check who sent it: call [`verify`](super::verify) first.
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
pub(super) fn milliseconds(value: &Value, as_sent: bool) -> Option<i64> {
    match value {
        Value::String(text) => iso_milliseconds(text),
        value => match (value.as_i64(), value.as_f64()?) {
            (Some(whole), number) if as_sent || number.abs() >= FIRST_MILLISECONDS => Some(whole),
            (_, number) if number.abs() >= FIRST_MILLISECONDS => Some(number.round() as i64),
            (_, number) => Some((number * 1000.0).round() as i64),
        },
    }
}

/// Unix milliseconds from an ISO 8601 time.
pub(super) fn iso_milliseconds(text: &str) -> Option<i64> {
    let time = IsoTime::from(text).system_time()?;
    let milliseconds = |length: Duration| i64::try_from(length.as_millis()).ok();
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => milliseconds(after),
        Err(before) => milliseconds(before.duration()).map(|before| -before),
    }
}
