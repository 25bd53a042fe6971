//! The one error type, and the one mapper from replies to errors.

use super::types::Object;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by what a caller can do about it. "Retried" is what a client does that was told to
/// (`max_retries`), and what [`Error::is_retryable`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or the configuration is wrong; nothing was sent. Never retried.
    InvalidArgument,
    /// The client is closed; nothing was sent. Never retried.
    Closed,
    /// The connection could not be made or broke. Retried.
    Connection,
    /// No reply in time. Retried.
    Timeout,
    /// 401: the key is missing or wrong. Never retried.
    Authentication,
    /// 403: the key does not allow this. Never retried.
    Authorization,
    /// 404. Never retried.
    NotFound,
    /// 409. Never retried.
    Conflict,
    /// 400, 413 or 422: the request is not acceptable. Never retried.
    Validation,
    /// 429. Retried.
    RateLimit,
    /// 500 and above. Retried on 500, 502, 503 and 504.
    Server,
    /// Any other error that the other side reports. Retried on 408.
    Api,
}

/// An error of a MUXI server, of a formation, or on the way to them.
///
/// Neither its text nor its `Debug` form holds a key, a signature or the reply's body.
///
/// ```
/// use muxi_client::{Error, ErrorKind};
///
/// fn advice(error: &Error) -> String {
///     match error.kind() {
///         ErrorKind::NotFound => "there is no such thing".to_owned(),
///         ErrorKind::RateLimit => format!("wait {:?}", error.retry_after()),
///         _ if error.is_retryable() => "try again later".to_owned(),
///         _ => format!("{} (request {:?})", error.message(), error.request_id()),
///     }
/// }
/// # assert_eq!(advice(&Error::new(ErrorKind::Timeout, "TIMEOUT", "no reply")), "try again later");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    code: String,
    message: String,
    status: u16,
    details: Object,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    body: Vec<u8>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with that code and message that no reply stands behind.
    pub fn new(kind: ErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: code.into(),
            message: message.into(),
            status: 0,
            details: Object::new(),
            retry_after: None,
            request_id: None,
            body: Vec::new(),
            source: None,
        }))
    }

    /// A wrong argument or configuration.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, "INVALID_ARGUMENT", message)
    }

    /// A reply that is not what the operation promises.
    pub fn unexpected_reply(status: u16, message: impl Into<String>, body: &[u8]) -> Self {
        let mut error = Self::new(ErrorKind::Api, "INVALID_REPLY", message);
        error.0.status = status;
        error.0.body = kept(body);
        error
    }

    /// The error in a stream's `error` event.
    pub fn from_event(data: &str) -> Self {
        let object = serde_json::from_str::<Object>(data).unwrap_or_default();
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        // A formation names the exception in `type`; the server names the failure in `error` and explains in `message`.
        let (code, message) = match (text("message"), text("error")) {
            (Some(message), code) => (code, message),
            (None, Some(message)) => (text("type").or(text("code")), message),
            (None, None) => (None, if data.is_empty() { "the stream reported an error" } else { data }),
        };
        let code = code.unwrap_or("STREAM_ERROR");
        let mut error = Self::new(kind_of_event(code), code, message);
        error.0.details = object;
        error
    }

    /// The error that a reply with a status of 300 and above, or with `success: false`, stands for.
    pub fn from_reply(status: u16, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Self {
        let mut error = Self::new(kind_of_status(status), code_of_status(status), String::new());
        let inner = &mut *error.0;
        inner.status = status;
        inner.body = kept(body);
        inner.retry_after = super::retry::retry_after(headers, now);
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(object)) => inner.read(object),
            _ => inner.message = describe_other(status, headers, body),
        }
        if let Some(location) = headers.get(header::LOCATION).filter(|_| (300..400).contains(&status)) {
            inner.message = format!(
                "redirected to {}; redirects are not followed, so that keys go nowhere else: check the URL and the ids",
                String::from_utf8_lossy(location.as_bytes())
            );
        }
        if inner.message.is_empty() {
            inner.message = format!("the answer was {}", status_line(status));
        }
        if let Some(hint) = clock_hint(status, &inner.message, headers, now) {
            inner.message.push_str(&hint);
        }
        error
    }

    /// Adds what a caller can do to the message.
    #[must_use]
    pub fn with_hint(mut self, hint: &str) -> Self {
        self.0.message = format!("{} ({hint})", self.0.message);
        self
    }

    /// Adds the error behind this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong, by what a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    /// The machine-readable code: the runtime's own, a word for the status, or the name in a progress stream.
    pub fn code(&self) -> &str {
        &self.0.code
    }
    /// What happened, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// The HTTP status, or 0 when no reply stands behind the error.
    pub fn status(&self) -> u16 {
        self.0.status
    }
    /// What the other side adds to the error.
    pub fn details(&self) -> &Object {
        &self.0.details
    }
    /// How long the other side asks to wait before trying again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
    /// The id of the request in the other side's logs.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
    /// The reply's body as it came, its first MiB at most.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Connection | ErrorKind::Timeout) || super::retry::is_retryable(self.0.status)
    }
}

impl Inner {
    /// Reads either dialect: the formation's envelope, or the server's `{error, message, code}`.
    fn read(&mut self, mut object: Object) {
        let text = |v: Option<&Value>| v.and_then(Value::as_str).map(str::to_owned);
        self.request_id = text(object.get("request").and_then(|r| r.get("id"))).or(text(object.get("request_id")));
        let message = text(object.get("message")).or(text(object.get("detail")));
        match object.remove("error") {
            Some(Value::Object(mut error)) => {
                self.message = text(error.get("message")).or(message).unwrap_or_default();
                if let Some(code) = text(error.get("code")) {
                    self.code = code;
                }
                if let Some(Value::Object(data)) = error.remove("data") {
                    self.details = data;
                }
            }
            Some(Value::String(error)) => {
                // `code` is a number there, so `error` is the reason phrase. Without it, one word is a name.
                let is_name = !object.contains_key("code") && !error.is_empty() && !error.contains(char::is_whitespace);
                if is_name {
                    self.code.clone_from(&error);
                }
                self.message = message.unwrap_or(error);
                object.retain(|key, _| !matches!(key.as_str(), "message" | "code" | "success"));
                self.details = object;
            }
            _ => {
                self.message = message.unwrap_or_default();
                if let Some(Value::Object(data)) = object.remove("data") {
                    self.details = data;
                }
            }
        }
    }
}

/// What of a body an error keeps.
fn kept(body: &[u8]) -> Vec<u8> {
    const MOST: usize = 1 << 20;
    body.get(..MOST).unwrap_or(body).to_vec()
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        400 | 413 | 422 => ErrorKind::Validation,
        401 => ErrorKind::Authentication,
        403 => ErrorKind::Authorization,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimit,
        500.. => ErrorKind::Server,
        _ => ErrorKind::Api,
    }
}

fn code_of_status(status: u16) -> &'static str {
    match kind_of_status(status) {
        ErrorKind::Validation => "VALIDATION_ERROR",
        ErrorKind::Authentication => "UNAUTHORIZED",
        ErrorKind::Authorization => "FORBIDDEN",
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::Conflict => "CONFLICT",
        ErrorKind::RateLimit => "RATE_LIMITED",
        ErrorKind::Server => "SERVER_ERROR",
        _ if (300..400).contains(&status) => "REDIRECT",
        _ if status == 405 => "METHOD_NOT_ALLOWED",
        _ => "ERROR",
    }
}

/// The kind of a failure by its name in the server's progress streams.
fn kind_of_event(name: &str) -> ErrorKind {
    match name {
        "NotFound" => ErrorKind::NotFound,
        "FormationExists" | "AlreadyRunning" | "NoChange" => ErrorKind::Conflict,
        "MissingHeader" | "InvalidFormationID" | "ExtractError" | "ParseError" | "SecretsError" | "IDMismatch"
        | "VersionMismatch" | "NoPreviousVersion" | "InvalidRuntime" => ErrorKind::Validation,
        _ if name.ends_with("Error") && name.chars().next().is_some_and(char::is_uppercase) => ErrorKind::Server,
        "HealthCheckFailed" => ErrorKind::Server,
        _ => ErrorKind::Api,
    }
}

fn status_line(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// A message for an answer that is no JSON object.
fn describe_other(status: u16, headers: &HeaderMap, body: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let is_html = headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if is_html || text.starts_with('<') {
        return format!(
            "{}: an HTML page, which is not MUXI's own answer: is a proxy in between?",
            status_line(status)
        );
    }
    if text.is_empty() {
        return String::new();
    }
    let shown: String = text.chars().take(SHOWN).collect();
    let rest = if text.chars().nth(SHOWN).is_some() { "..." } else { "" };
    format!("{}: {shown}{rest}", status_line(status))
}

/// A signature is refused when the clocks differ too much, which the server's message does not say.
fn clock_hint(status: u16, message: &str, headers: &HeaderMap, now: SystemTime) -> Option<String> {
    if status != 401 || !message.contains("expired") {
        return None;
    }
    let server = httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    let (seconds, word) = match now.duration_since(server) {
        Ok(ahead) => (ahead.as_secs(), "ahead of"),
        Err(behind) => (behind.duration().as_secs(), "behind"),
    };
    let limit = super::auth::TOLERANCE_SECONDS;
    (seconds > limit)
        .then(|| format!(" (this machine's clock is {seconds} s {word} the server's; at most {limit} s are accepted)"))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("status", &self.0.status)
            .field("request_id", &self.0.request_id)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests;
