//! Cross-origin requests: the runtime answers pages of any origin, with any header and with credentials.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, ORIGIN, VARY,
    },
};

/// The methods that a page may use.
const METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY";
/// The request's headers on which the answer to a browser's question depends.
const ASKED: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";
const ASKED_PRIVATE_NETWORK: &str = "access-control-request-private-network";

/// The origin of the page that a request comes from.
pub(crate) fn origin(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(ORIGIN).cloned()
}

/// The answer to a browser that asks first; `None` for any other request.
pub(crate) fn preflight<B>(request: &Request<B>) -> Option<Response> {
    let headers = request.headers();
    let (origin, method) = origin(headers).zip(headers.get(ACCESS_CONTROL_REQUEST_METHOD))?;
    if request.method() != Method::OPTIONS {
        return None;
    }
    let known = METHODS.split(", ").any(|known| known.as_bytes() == method.as_bytes());
    let refused = [(!known, "method"), (headers.contains_key(ASKED_PRIVATE_NETWORK), "private-network")];
    let refused: Vec<&str> = refused.into_iter().filter_map(|(refused, what)| refused.then_some(what)).collect();
    let (status, text) = match refused.as_slice() {
        [] => (StatusCode::OK, "OK".to_owned()),
        some => (StatusCode::BAD_REQUEST, format!("Disallowed CORS {}", some.join(", "))),
    };
    let fixed = [
        (VARY, HeaderValue::from_static(ASKED)),
        (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS)),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
        (ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
        (ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
    ];
    let mut response = (status, fixed, text).into_response();
    if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    Some(response)
}

/// Lets the page of that origin read the response of a formation.
pub(crate) fn allow(origin: Option<HeaderValue>, response: &mut Response) {
    // An exception passes by the layer of the runtime that does this. And a preflight has its headers already.
    let is_exception = response.status() == StatusCode::INTERNAL_SERVER_ERROR;
    let headers = response.headers_mut();
    if is_exception || headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        return;
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    headers.append(VARY, HeaderValue::from_static("Origin"));
}
