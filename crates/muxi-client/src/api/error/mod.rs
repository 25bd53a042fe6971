//! The one error type: made of replies, of events, and by the client itself.

mod event;
mod kind;
mod reply;

pub use kind::{ErrorKind, PythonClass, Retried};

use super::{ids::TurnIds, types::Object};
use serde_json::Value;
use std::{fmt, sync::Arc, time::Duration};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

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
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    code: String,
    message: String,
    status: Option<u16>,
    details: Object,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    session_id: Option<String>,
    attempts: u32,
    body: Vec<u8>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with that code and message that no reply stands behind.
    pub fn new(kind: ErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: code.into(),
            message: message.into(),
            status: None,
            details: Object::new(),
            retry_after: None,
            request_id: None,
            session_id: None,
            attempts: 0,
            body: Vec::new(),
            source: None,
        }))
    }

    /// An error of that kind, with the kind's own code.
    pub fn of(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, kind.default_code(), message)
    }

    /// A wrong argument or configuration.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::InvalidArgument, message)
    }

    /// A stream that ended before its last event.
    pub fn stream_cut(why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Connection, "STREAM_CUT", format!("the stream was cut: {why}"))
    }

    /// A reply that is not what the operation promises.
    pub fn unexpected_reply(status: u16, message: impl Into<String>, body: &[u8]) -> Self {
        let mut error = Self::new(ErrorKind::Api, "INVALID_REPLY", message);
        error.0.status = Some(status);
        error.0.body = kept(body);
        error
    }

    /// A chat turn that failed. An empty id stands for none.
    pub(crate) fn of_turn(code: &str, text: &str, session_id: &str, request_id: &str) -> Self {
        let message = if text.is_empty() { "the turn failed" } else { text };
        let id = |id: &str| Some(id.to_owned()).filter(|id| !id.is_empty());
        let mut error = Self::new(ErrorKind::Api, code, message);
        (error.0.session_id, error.0.request_id) = (id(session_id), id(request_id));
        error
    }

    #[must_use]
    #[cfg(feature = "client")]
    pub(crate) fn with_code(mut self, code: &str) -> Self {
        code.clone_into(&mut self.0.code);
        self
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
        self.0.source = Some(source.into().into());
        self
    }

    /// Adds the number of attempts, and the ids of the chat turn. They take the place of a request id in the reply: that of
    /// a refused turn is known nowhere else.
    #[must_use]
    pub fn of_call(mut self, attempts: u32, turn: Option<&TurnIds>) -> Self {
        self.0.attempts = attempts;
        if let Some(TurnIds { session_id, request_id }) = turn {
            self.0.session_id = Some(session_id.clone());
            self.0.request_id = Some(request_id.clone());
        }
        self
    }

    /// The kind of the error, by the action that a caller can take.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    /// The machine-readable code: the runtime's own, or the word for the kind. A failure has the same code whether a
    /// reply or a stream reports it.
    pub fn code(&self) -> &str {
        &self.0.code
    }
    /// The message, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    /// The HTTP status of the reply behind the error, if there is one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }
    /// The details that the server adds to the error.
    pub fn details(&self) -> &Object {
        &self.0.details
    }
    /// The time that the server asks to wait before trying again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
    /// The id of the request in the server's logs. For a chat turn it is the turn's, also when no reply came: the
    /// turn can be polled and cancelled by it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
    /// The session of the chat turn that failed.
    pub fn session_id(&self) -> Option<&str> {
        self.0.session_id.as_deref()
    }
    /// The number of attempts: 0 when nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }
    /// The reply's body as it came, its first MiB at most.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }
    /// True if the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.0.kind.is_retried(self.0.status)
    }

    /// The fields of the request that the server objects to, each with its reason or with what it expects.
    fn wrong_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let details = &self.0.details;
        let text = |key: &str| details.get(key).and_then(Value::as_str);
        let errors = details.get("validation_errors").and_then(Value::as_array);
        let several = errors
            .into_iter()
            .flatten()
            .filter_map(|error| Some((error.get("field")?.as_str()?, error.get("msg")?.as_str()?)));
        several.chain(text("field").zip(text("expected")))
    }
}

/// The part of a body that an error keeps.
fn kept(body: &[u8]) -> Vec<u8> {
    const MOST: usize = 1 << 20;
    body.get(..MOST).unwrap_or(body).to_vec()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)?;
        for (at, (field, why)) in self.wrong_fields().enumerate() {
            let before = if at == 0 { ": " } else { "; " };
            match field {
                "" => write!(f, "{before}{why}")?,
                _ => write!(f, "{before}{field}: {why}")?,
            }
        }
        Ok(())
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
            .field("attempts", &self.0.attempts)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}
