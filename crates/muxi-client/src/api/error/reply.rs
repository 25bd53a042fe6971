//! From replies to errors: both envelope dialects, and answers that are no MUXI answer.

use super::{Error, ErrorKind, Inner, kept};
use crate::api::{auth, response::compression, retry_after::retry_after, surrogates::read_mended, types::Object};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use std::time::SystemTime;

impl Error {
    /// The error that a reply with a status of 300 and above, or with `success: false`, stands for.
    pub fn from_reply(status: u16, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Self {
        let mut error = Self::new(ErrorKind::of_status(status), ErrorKind::code_of_status(status), String::new());
        let inner = &mut *error.0;
        inner.status = Some(status);
        inner.body = kept(body);
        inner.retry_after = retry_after(headers, now);
        match read_mended(body, |body| serde_json::from_slice::<Value>(body)) {
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
}

impl Inner {
    /// Reads either dialect: the formation's envelope, or the server's `{error, message, code}`.
    pub(super) fn read(&mut self, mut object: Object) {
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
                // `code` is a number there, so `error` is the reason phrase. Without it, one word is a name: that of a
                // failure that has the same code in a progress stream, or one of its own.
                let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
                let phrase = status.and_then(|status| status.canonical_reason());
                let is_word = !error.is_empty() && !error.contains(char::is_whitespace);
                let is_name = is_word && !object.contains_key("code") && phrase != Some(error.as_str());
                if is_name && ErrorKind::of_event(&error).is_none() {
                    self.code.clone_from(&error);
                }
                object.retain(|key, _| !matches!(key.as_str(), "message" | "code" | "success"));
                if is_name && message.is_some() {
                    object.insert("error".to_owned(), Value::String(error.clone()));
                }
                self.message = message.unwrap_or(error);
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

fn status_line(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// A message for an answer that is no JSON object.
fn describe_other(status: u16, headers: &HeaderMap, body: &[u8]) -> String {
    const SHOWN: usize = 200;
    if let Some(coding) = compression(headers) {
        return format!(
            "{}: the body is compressed ({coding}), which the client does not ask for",
            status_line(status)
        );
    }
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
    let limit = auth::TOLERANCE_SECONDS;
    (seconds > limit)
        .then(|| format!(" (this machine's clock is {seconds} s {word} the server's; at most {limit} s are accepted)"))
}

#[cfg(test)]
mod tests;
