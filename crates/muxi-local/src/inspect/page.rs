//! The page for people.

use super::with_type;
use axum::{body::Body, response::Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, header};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const PAGE: &str = include_str!("page.html");

/// The page may run its own script and style, and talk to this server; nothing else.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let script = hash("<script>", "</script>")?;
    let style = hash("<style>", "</style>")?;
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src {style}; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
});

/// The hash of the page's only element between these tags, as a policy names it.
fn hash(start: &str, end: &str) -> Option<String> {
    let (_, rest) = PAGE.split_once(start)?;
    let (text, _) = rest.split_once(end)?;
    Some(format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text))))
}

pub(super) async fn page() -> Response {
    let mut response = with_type("text/html; charset=utf-8", Body::from(PAGE));
    let headers = response.headers_mut();
    headers.extend(POLICY.clone().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
