//! The envelope around every JSON reply, and the errors that go into it.

use crate::formation::ids;
use crate::store::unsaved;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The result of a handler.
pub(crate) type Outcome = Result<Answer, Failure>;

/// A successful reply.
pub(crate) enum Answer {
    /// Goes into the envelope.
    Data(Data),
    /// Goes out as it is: streams, bytes and `/health`.
    Whole(Response),
}

/// The parts of a successful envelope that an operation chooses.
pub(crate) struct Data {
    pub(crate) status: StatusCode,
    pub(crate) object: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) data: Value,
    /// The envelope's `request.id`, where it is not the id of the HTTP call.
    pub(crate) request_id: Option<String>,
}

/// A successful reply with status 200.
pub(crate) fn ok(object: &'static str, kind: &'static str, data: Value) -> Outcome {
    with_status(StatusCode::OK, object, kind, data)
}

/// A successful reply with a status of its own.
pub(crate) fn with_status(status: StatusCode, object: &'static str, kind: &'static str, data: Value) -> Outcome {
    Ok(Answer::Data(Data { status, object, kind, data, request_id: None }))
}

/// A failed reply.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    data: Option<Value>,
}

impl Failure {
    /// A failure; the status must be a valid one.
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code, message: message.into(), data: None }
    }

    /// Adds `error.data`.
    pub(crate) fn with(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// 400: something the route itself checks.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_REQUEST", message)
    }

    /// 404: no such thing.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(404, "NOT_FOUND", message)
    }

    /// 404 with the code that sessions, users, credentials, jobs and unknown URLs use.
    pub(crate) fn no_resource(message: impl Into<String>) -> Self {
        Self::new(404, "RESOURCE_NOT_FOUND", message)
    }

    /// 422: a rule of the route beyond the schema.
    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(422, "INVALID_PARAMS", message)
    }

    /// 503: the formation has no such feature.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "SERVICE_UNAVAILABLE", message)
    }

    /// 500: the disk refuses what the call changed.
    pub(crate) fn unsaved(error: &str) -> Self {
        Self::new(500, "INTERNAL_ERROR", unsaved(error))
    }

    /// 422: the schema, item by item.
    pub(crate) fn invalid(errors: Vec<Value>) -> Self {
        Self::params(format!("Validation failed: {} error(s)", errors.len()))
            .with(json!({ "validation_errors": errors }))
    }

    /// 405.
    pub(crate) fn wrong_method() -> Self {
        Self::new(405, "METHOD_NOT_ALLOWED", "Method Not Allowed")
    }

    /// 404 for a URL that is no route.
    pub(crate) fn no_route() -> Self {
        Self::no_resource("Not Found")
    }

    /// `type` of the envelope. The runtime types its newer codes `error.internal`, whatever they mean.
    fn kind(&self) -> &'static str {
        match self.code {
            "INVALID_REQUEST" | "INVALID_PARAMS" | "PARSE_ERROR" | "UNPROCESSABLE_ENTITY" => "error.validation",
            "UNAUTHORIZED" | "BAD_CREDENTIALS" => "error.authentication",
            "FORBIDDEN" => "error.authorization",
            "AGENT_NOT_FOUND" | "RESOURCE_NOT_FOUND" | "METHOD_NOT_FOUND" => "error.not_found",
            "PROCESSING_ERROR" | "LLM_ERROR" | "TOOL_EXECUTION_ERROR" => "error.processing",
            _ => "error.internal",
        }
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    object: &'a str,
    timestamp: i64,
    #[serde(rename = "type")]
    kind: &'a str,
    request: Request<'a>,
    success: bool,
    error: Option<Error<'a>>,
    data: &'a Value,
}

#[derive(Serialize)]
struct Request<'a> {
    id: &'a str,
    idempotency_key: Option<&'a str>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
    data: Option<&'a Value>,
}

/// A reply ready to be sent, and to be sent again.
pub(crate) enum Rendered {
    /// JSON.
    Json(StatusCode, Bytes),
    /// Anything else; cannot be repeated.
    Whole(Response),
}

/// Puts an outcome into its final form. `id` is the id of the HTTP call, `key` the idempotency key to echo.
pub(crate) fn render(outcome: Outcome, id: &str, key: Option<&str>, now: jiff::Timestamp) -> Rendered {
    let timestamp = now.as_millisecond();
    match outcome {
        Ok(Answer::Whole(response)) => Rendered::Whole(response),
        Ok(Answer::Data(reply)) => {
            let request = Request { id: reply.request_id.as_deref().unwrap_or(id), idempotency_key: key };
            let success = Envelope {
                object: reply.object,
                timestamp,
                kind: reply.kind,
                request,
                success: true,
                error: None,
                data: &reply.data,
            };
            Rendered::Json(reply.status, compact(&success))
        }
        Err(failure) => {
            let error = Error { code: failure.code, message: &failure.message, data: failure.data.as_ref() };
            let envelope = Envelope {
                object: "error",
                timestamp,
                kind: failure.kind(),
                request: Request { id, idempotency_key: None },
                success: false,
                error: Some(error),
                data: &Value::Object(Map::new()),
            };
            Rendered::Json(failure.status, compact(&envelope))
        }
    }
}

/// The reply to a call that reached no operation.
pub(crate) fn refuse(failure: Failure, now: jiff::Timestamp) -> Response {
    render(Err(failure), &ids::request(), None, now).into_response()
}

impl Rendered {
    /// As an HTTP response.
    pub(crate) fn into_response(self) -> Response {
        match self {
            Self::Whole(response) => response,
            Self::Json(status, bytes) => json_response(status, bytes),
        }
    }
}

/// A JSON response of ready bytes.
pub(crate) fn json_response(status: StatusCode, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Compact JSON.
pub(crate) fn compact<T: Serialize>(value: &T) -> Bytes {
    // Maps have text keys only and nothing here fails to serialise.
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

/// A response of server-sent events.
pub(crate) fn event_response(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive"));
    response
}
