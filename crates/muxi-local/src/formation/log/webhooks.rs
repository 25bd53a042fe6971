//! Webhooks: what is sent, how it is signed and encoded, and how often it is tried.
//!
//! A formation signs the canonical form of a payload. The body that it sends is, in the shipped runtime, mostly another
//! encoding of the same payload (quirk `webhook-encoding`); otherwise it is the bytes that were signed.

use super::events::Happening;
use crate::formation::Formation;
use crate::formation::ids;
use crate::quirks::Quirk;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use muxi_client::api::webhook::{SIGNATURE_HEADER, TIMESTAMP_HEADER, canonical, sign};
use serde::Serialize;
use serde_json::{Value, json, ser::Formatter};
use std::io;
use std::time::Duration;

/// Tries after the first one.
const RETRIES: u64 = 3;
/// Seconds that one try may take.
const TIMEOUT: f64 = 30.0;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// With what a notice is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The admin key: results and questions.
    Admin,
    /// The client key: ends of retried requests. Such a notice is signed once, for all tries, and sent as signed.
    Client,
    /// The admin key, but nothing in the shipped runtime: notifications.
    Notification,
}

/// Something to tell.
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) url: String,
    pub(crate) payload: Value,
    pub(crate) secret: Secret,
    pub(crate) request: String,
    pub(crate) user: String,
    pub(crate) session: Option<String>,
}

/// Sends a notice, again where it is not accepted, and says whether it was accepted at last.
pub(crate) async fn deliver(formation: &Formation, notice: &Notice) -> bool {
    let section = formation.spec.section("async");
    let retries = section.get("webhook_retries").and_then(Value::as_u64).unwrap_or(RETRIES);
    let timeout = section.get("webhook_timeout").and_then(Value::as_f64).filter(|seconds| *seconds > 0.0);
    let timeout = Duration::try_from_secs_f64(timeout.unwrap_or(TIMEOUT)).unwrap_or(Duration::MAX);
    let mut pause = Duration::from_secs(1);
    let mut signed = None;
    for attempt in 1..=retries.saturating_add(1) {
        let headers = match &signed {
            Some(headers) if notice.secret == Secret::Client => HeaderMap::clone(headers),
            _ => signed.insert(headers(formation, notice)).clone(),
        };
        let outcome = post(formation, notice, headers, timeout).await;
        let last = attempt > retries;
        report(formation, notice, attempt, last, &outcome);
        if outcome.is_ok() {
            return true;
        }
        if !last {
            formation.host.clock.sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }
    false
}

async fn post(formation: &Formation, notice: &Notice, headers: HeaderMap, limit: Duration) -> Result<u16, String> {
    let body = match notice.secret {
        Secret::Client => plain(&notice.payload),
        Secret::Admin | Secret::Notification => encoded(formation, &notice.payload),
    };
    match tokio::time::timeout(limit, formation.host.outbound.post(&notice.url, headers, body)).await {
        Err(_) => Err(format!("no answer within {} s", limit.as_secs_f64())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(answer)) if answer.status().is_success() => Ok(answer.status().as_u16()),
        Ok(Ok(answer)) => Err(format!("status {}", answer.status().as_u16())),
    }
}

/// The bytes to send, as the runtime writes them.
pub(crate) fn encoded(formation: &Formation, payload: &Value) -> Bytes {
    if formation.quirk(Quirk::WebhookEncoding) { spaced(payload).into() } else { plain(payload) }
}

/// The bytes that are signed.
fn plain(payload: &Value) -> Bytes {
    let plain = crate::formation::http::envelope::compact(payload);
    // Payloads that are made here are never nested too deeply.
    canonical(&plain).map_or(plain, Bytes::from)
}

fn headers(formation: &Formation, notice: &Notice) -> HeaderMap {
    let quirks = &formation.host.quirks;
    let random;
    let secret = match notice.secret {
        Secret::Client if quirks.on(Quirk::EscalationKey) => {
            random = ids::random("", 32);
            Some(&random)
        }
        Secret::Client => Some(&formation.spec.client_key),
        Secret::Notification if quirks.on(Quirk::UnsignedNotifications) => None,
        Secret::Notification | Secret::Admin => Some(&formation.spec.admin_key),
    };
    let time = u64::try_from(formation.now().as_second()).unwrap_or_default();
    signed(&notice.payload, secret.map(String::as_str), time)
}

/// The headers of a webhook, signed with that key at that time in Unix seconds.
pub(crate) fn signed(payload: &Value, secret: Option<&str>, time: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("muxi-local/", env!("CARGO_PKG_VERSION"))));
    // Without a key there is no signature, as in the runtime.
    let signature = secret.map(|secret| sign(&crate::formation::http::envelope::compact(payload), secret, time));
    let Some(Ok(signature)) = signature else { return headers };
    for (name, value) in [(SIGNATURE_HEADER, signature), (TIMESTAMP_HEADER, time.to_string())] {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Tells of one try in the logs.
fn report(formation: &Formation, notice: &Notice, attempt: u64, last: bool, outcome: &Result<u16, String>) {
    let url = shown(&notice.url);
    let (kind, level, state) = match outcome {
        Ok(_) => ("webhook.delivered", "info", "delivered"),
        Err(_) if last => ("webhook.failed", "error", "failed"),
        Err(_) => ("webhook.retrying", "warning", "retrying"),
    };
    let message = match outcome {
        Ok(status) => format!("Webhook to {url} delivered at attempt {attempt}: status {status}"),
        Err(error) => format!("Webhook to {url} failed at attempt {attempt}: {error}"),
    };
    let data = json!({ "url": url, "status": state, "attempts": attempt, "error": outcome.as_ref().err() });
    formation.note(Happening {
        kind,
        level,
        time: formation.seconds(),
        message,
        user: Some(notice.user.clone()),
        session: notice.session.clone(),
        request: Some(notice.request.clone()),
        data,
        ..Happening::default()
    });
}

/// A URL without what may be secret in it: user, password and query.
fn shown(url: &str) -> String {
    let Ok(uri) = url.parse::<Uri>() else { return "an invalid URL".to_owned() };
    let host = uri.authority().map_or("", |authority| authority.as_str().rsplit('@').next().unwrap_or_default());
    format!("{}://{host}{}", uri.scheme_str().unwrap_or_default(), uri.path())
}

/// JSON as the runtime's HTTP client writes it: a space after each comma and colon, ASCII only.
fn spaced(payload: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    // Writing to memory does not fail, nor does a value.
    let _ = payload.serialize(&mut writer);
    bytes
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if c.is_ascii() {
                write!(writer, "{c}")?;
            } else {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// A message that the formation sends of its own accord, to a user's webhook.
pub(crate) async fn notify(formation: &Formation, url: &str, user: &str, message: &str, request: &str) -> bool {
    let payload = json!({
        "request_id": request, "formation_id": formation.spec.id, "user_id": user, "type": "notification",
        "source": "api", "response": [{ "type": "text", "text": message }], "timestamp": ids::iso_z(formation.now()),
    });
    send_payload(formation, url, user, request, payload).await
}

/// Sends a payload of the formation's own accord; whether it was taken.
pub(crate) async fn send_payload(formation: &Formation, url: &str, user: &str, request: &str, payload: Value) -> bool {
    let (url, user, request) = (url.to_owned(), user.to_owned(), request.to_owned());
    let notice = Notice { url, payload, secret: Secret::Notification, request, user, session: None };
    deliver(formation, &notice).await
}

#[cfg(test)]
mod tests {
    use super::{shown, spaced};
    use serde_json::json;

    #[test]
    fn writes_json_as_the_runtime_sends_it() {
        let payload = json!({ "b": [1, "é\u{1F600}\n\u{7f}"], "a": { "x": null, "y": 1.5 } });
        let text = "{\"b\": [1, \"\\u00e9\\ud83d\\ude00\\n\u{7f}\"], \"a\": {\"x\": null, \"y\": 1.5}}";
        assert_eq!(String::from_utf8(spaced(&payload)).unwrap_or_default(), text);
    }

    #[test]
    fn shows_no_secret_of_a_url() {
        assert_eq!(shown("https://me:pw@h.example:8443/a/b?token=t#x"), "https://h.example:8443/a/b");
        assert_eq!(shown("no url"), "an invalid URL");
    }
}
