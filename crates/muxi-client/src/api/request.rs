//! From an operation and its arguments to method, path, query and body. Percent-encoding lives here, once.

use super::{
    bundle::BundleSource,
    error::{Error, Result},
    ids::TurnIds,
    table::Endpoint,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::{fmt, sync::Arc};

/// Everything but RFC 3986's unreserved characters.
pub(crate) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The header that names the user.
pub const USER_HEADER: HeaderName = HeaderName::from_static("x-muxi-user-id");
/// The header that is the same for every attempt of one call.
pub const IDEMPOTENCY_HEADER: HeaderName = HeaderName::from_static("x-muxi-idempotency-key");
/// The header with a formation's admin key.
pub const ADMIN_KEY_HEADER: HeaderName = HeaderName::from_static("x-muxi-admin-key");
/// The header with a formation's client key.
pub const CLIENT_KEY_HEADER: HeaderName = HeaderName::from_static("x-muxi-client-key");

/// A body.
#[derive(Clone)]
pub enum Body {
    /// None.
    Empty,
    /// JSON text.
    Json(Bytes),
    /// A bundle, read anew for each attempt.
    Bundle(Arc<dyn BundleSource>),
}

/// A request without what only the client knows: base URL, credentials and headers common to all.
#[derive(Clone)]
pub struct Request {
    /// The operation, or `None` for a route that is not in the table.
    pub endpoint: Option<&'static Endpoint>,
    /// The method.
    pub method: Method,
    /// Path and query below the base URL, encoded.
    pub target: String,
    /// The path as it is signed: decoded, without query.
    pub signed_path: String,
    /// Headers of this operation.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Body,
    /// The session and the request of a chat turn.
    pub turn: Option<Arc<TurnIds>>,
    /// The request to send when the answer is 404.
    pub on_not_found: Option<Box<Request>>,
    /// The argument that [`Composite::PickSecret`](super::table::Composite::PickSecret) looks for.
    pub picks: Option<String>,
    /// The idempotency key; made for each call that has none.
    pub idempotency_key: Option<String>,
}

impl fmt::Debug for Request {
    /// Shows neither query nor body nor the values of headers, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("operation", &self.endpoint.map(|endpoint| endpoint.name))
            .field("method", &self.method)
            .field("path", &self.target.split('?').next().unwrap_or_default())
            .field("headers", &headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Body {
    /// Shows its size.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(json) => write!(f, "Json({} bytes)", json.len()),
            Self::Bundle(source) => write!(f, "Bundle({} bytes)", source.size()),
        }
    }
}

impl Request {
    /// A request to a route that is not in the table.
    ///
    /// `path` is below the base URL and already encoded; `query` is not yet.
    pub fn raw(method: &str, path: &str, query: &[(String, String)], body: Body) -> Result<Self> {
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .map_err(|_| Error::invalid(format!("method must be an HTTP method, got {method:?}")))?;
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '"' | '<' | '>' | '\\' | '^' | '`');
        if !path.starts_with('/') || path.starts_with("//") || !path.chars().all(is_plain) {
            let expected = "must start with one / and be percent-encoded, without query";
            return Err(Error::invalid(format!("path {expected}, got {path:?}")));
        }
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
        if decoded.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(Error::invalid(format!("path must not have the segments . or .., got {path:?}")));
        }
        let mut pairs = Query::default();
        query.iter().for_each(|(key, value)| pairs.push(key, value));
        Ok(Self {
            endpoint: None,
            method,
            target: format!("{path}{}", pairs.0),
            signed_path: decoded,
            headers: Vec::new(),
            body,
            turn: None,
            on_not_found: None,
            picks: None,
            idempotency_key: None,
        })
    }

    /// The request of a call that has an idempotency key of its own.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: Option<String>) -> Self {
        if let Some(other) = &mut self.on_not_found {
            other.idempotency_key.clone_from(&key);
        }
        self.idempotency_key = key;
        self
    }

    /// True if the request names a user.
    pub fn names_user(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == USER_HEADER)
    }
}

/// Checks that `text` can be a header's value. `name` is the argument's.
pub fn header_value(name: &str, text: &str) -> Result<HeaderValue> {
    if let Some(odd) = text.chars().find(|c| !c.is_ascii() || c.is_ascii_control()) {
        let what = if odd.is_control() { "control characters" } else { "characters outside ASCII" };
        return Err(Error::invalid(format!("{name} must not have {what}, which a header cannot carry: {odd:?}")));
    }
    if text.trim() != text {
        return Err(Error::invalid(format!("{name} must not begin or end with a blank, which a header cannot carry")));
    }
    HeaderValue::from_str(text).map_err(|_| Error::invalid(format!("{name} is no valid header value")))
}

#[derive(Default)]
pub(super) struct Query(pub(super) String);

impl Query {
    pub(super) fn push(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.extend(utf8_percent_encode(key, ENCODED));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, ENCODED));
    }
}
