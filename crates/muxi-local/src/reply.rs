//! The forms of the control plane's answers.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// `{"success":true,"data":…}`.
pub(crate) fn ok(data: Value) -> Response {
    created(StatusCode::OK, data)
}

/// The same with another status.
pub(crate) fn created(status: StatusCode, data: Value) -> Response {
    bare(status, &json!({"success": true, "data": data}))
}

/// JSON as it is.
pub(crate) fn bare(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// `{"error":…,"message":…,"code":…}` and a newline.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    line(status, &json!({"error": reason(status), "message": message, "code": status.as_u16()}))
}

/// An authentication error: the same fields in another order.
pub(crate) fn unauthorized(message: &str) -> Response {
    let status = StatusCode::UNAUTHORIZED;
    line(status, &json!({"code": status.as_u16(), "error": reason(status), "message": message}))
}

/// The answer for a formation that is not there.
pub(crate) fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "Formation not found")
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or_default()
}

fn line(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}
