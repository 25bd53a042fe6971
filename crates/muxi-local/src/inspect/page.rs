//! The page for people: one document, put together from its parts.

use super::with_type;
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, header};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The markup, with an empty element for the style and one for the script.
const MARKUP: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
/// The script; later parts use what earlier ones define.
const SCRIPT: &str = concat!(
    include_str!("page/server.js"),
    include_str!("page/snippets.js"),
    include_str!("page/requests.js"),
    include_str!("page/chat.js"),
    include_str!("page/users.js"),
    include_str!("page/start.js"),
);

static PAGE: LazyLock<Bytes> = LazyLock::new(|| {
    let page = MARKUP.replacen("<style></style>", &format!("<style>{STYLE}</style>"), 1);
    page.replacen("<script></script>", &format!("<script>{SCRIPT}</script>"), 1).into()
});

/// The page may run its own script and style, and talk to this server; nothing else.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    HeaderValue::from_str(&policy).ok()
});

/// The hash of an element's text, as a policy names it.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

pub(super) async fn page() -> Response {
    let mut response = with_type("text/html; charset=utf-8", Body::from(PAGE.clone()));
    let headers = response.headers_mut();
    headers.extend(POLICY.clone().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
