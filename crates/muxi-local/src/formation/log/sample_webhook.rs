//! Webhooks on request, for the tests of a receiver.

use super::webhooks;
use crate::formation::Formation;
use crate::formation::ids;
use crate::outbound::Outbound;
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// Time for a receiver to answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a receiver's answer that are read.
const LONGEST_ANSWER: usize = 1 << 20;

/// A webhook that [`Server::send_webhook`](crate::Server::send_webhook) sends: the notice of a turn that has ended, signed
/// with the formation's admin key. As JSON it is an object of the fields that the methods here are named after.
#[derive(Clone, Debug)]
pub struct Webhook {
    url: String,
    formation_id: Option<String>,
    payload: Option<Value>,
    status: Status,
    text: String,
    user_id: String,
    signature: Signature,
    /// Seconds.
    age: u32,
    times: u32,
}

/// The fields, as the errors list them.
const FIELDS: &str = "url, formation_id, payload, status, text, user_id, signature, age, times";

/// The end of the turn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Status {
    Completed,
    Failed,
    AwaitingClarification,
}

const STATUSES: [(&str, Status); 3] = [
    ("completed", Status::Completed),
    ("failed", Status::Failed),
    ("awaiting_clarification", Status::AwaitingClarification),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Signature {
    Valid,
    /// With another key.
    Wrong,
    Missing,
}

const SIGNATURES: [(&str, Signature); 3] =
    [("valid", Signature::Valid), ("wrong", Signature::Wrong), ("missing", Signature::Missing)];

/// The text and the user of a turn that says neither.
const GREETING: &str = "Hello!";
const ANYONE: &str = "0";

type Checked<T> = Result<T, WebhookFailure>;

fn expected<T>(name: &str, what: &str, value: &Value) -> Checked<T> {
    Err(WebhookFailure::Invalid(format!("{name} must be {what}, not {value}")))
}

fn text(name: &str, value: &Value) -> Checked<String> {
    value.as_str().map_or_else(|| expected(name, "a text", value), |text| Ok(text.to_owned()))
}

fn number(name: &str, value: &Value, from: u32) -> Checked<u32> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number >= from);
    number.map_or_else(|| expected(name, &format!("a whole number from {from} to {}", u32::MAX), value), Ok)
}

fn word<T: Copy>(name: &str, value: &Value, words: &[(&str, T)]) -> Checked<T> {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
    found.map_or_else(|| expected(name, &format!("one of {}", names.join(", ")), value), |(_, choice)| Ok(*choice))
}

/// A receiver's answer to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WebhookAnswer {
    /// The status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
}

/// A webhook that could not be made or sent, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookFailure {
    /// It cannot be sent as it is: names the field and says what is possible.
    Invalid(String),
    /// It brought no answer.
    Failed(String),
}

impl fmt::Display for WebhookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Invalid(message) | Self::Failed(message)) = self;
        f.write_str(message)
    }
}

impl std::error::Error for WebhookFailure {}

impl Webhook {
    /// The notice that a turn was answered with "Hello!", sent once to that URL.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            formation_id: None,
            payload: None,
            status: Status::Completed,
            text: GREETING.to_owned(),
            user_id: ANYONE.to_owned(),
            signature: Signature::Valid,
            age: 0,
            times: 1,
        }
    }

    /// A webhook from a JSON object of its fields.
    ///
    /// # Errors
    /// [`WebhookFailure::Invalid`] for a field that is missing, unknown or wrong, or for two that exclude each other.
    pub fn from_json(value: &Value) -> Result<Self, WebhookFailure> {
        let Some(fields) = value.as_object() else { return expected("a webhook", "a JSON object", value) };
        let mut webhook = Self::to(text("url", fields.get("url").unwrap_or(&Value::Null))?);
        for (name, value) in fields {
            match name.as_str() {
                "url" => {}
                "formation_id" if value.is_null() => {}
                "formation_id" => webhook.formation_id = Some(text(name, value)?),
                "payload" => webhook.payload = Some(value.clone()).filter(|payload| !payload.is_null()),
                "status" => webhook.status = word(name, value, &STATUSES)?,
                "text" => webhook.text = text(name, value)?,
                "user_id" => webhook.user_id = text(name, value)?,
                "signature" => webhook.signature = word(name, value, &SIGNATURES)?,
                "age" => webhook.age = number(name, value, 0)?,
                "times" => webhook.times = number(name, value, 1)?,
                _ => {
                    let message = format!("a webhook has no field {name:?}; possible are {FIELDS}");
                    return Err(WebhookFailure::Invalid(message));
                }
            }
        }
        webhook.check()?;
        Ok(webhook)
    }

    /// Refuses one that cannot be sent as it is.
    pub(crate) fn check(&self) -> Result<(), WebhookFailure> {
        let url = self.url.parse::<http::Uri>().ok();
        if !url.is_some_and(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some()) {
            return expected("url", "a URL that begins with http:// or https://", &json!(self.url));
        }
        number("times", &json!(self.times), 1)?;
        let told = [
            ("status", self.status != Status::Completed),
            ("text", self.text != GREETING),
            ("user_id", self.user_id != ANYONE),
        ];
        match told.iter().find(|(_, told)| *told) {
            Some((name, _)) if self.payload.is_some() => Err(WebhookFailure::Invalid(format!(
                "payload and {name} exclude each other: a payload takes the place of the turn's"
            ))),
            _ => Ok(()),
        }
    }

    /// The formation that sends it; the first one unless set.
    #[must_use]
    pub fn formation_id(mut self, id: impl Into<String>) -> Self {
        self.formation_id = Some(id.into());
        self
    }

    /// Sends that payload in place of a turn's, so that a status, text and user are not possible beside it.
    #[must_use]
    pub fn payload(mut self, payload: Value) -> Self {
        self.payload = Some(payload);
        self
    }

    /// The answer, the reason of a failure, or the question.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The user of the turn; `0` unless set.
    #[must_use]
    pub fn user_id(mut self, user_id: impl Into<String>) -> Self {
        self.user_id = user_id.into();
        self
    }

    /// The turn failed.
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.status = Status::Failed;
        self
    }

    /// The turn waits for an answer.
    #[must_use]
    pub fn awaiting_clarification(mut self) -> Self {
        self.status = Status::AwaitingClarification;
        self
    }

    /// Signs with another key, so that a receiver must refuse it.
    #[must_use]
    pub fn wrongly_signed(mut self) -> Self {
        self.signature = Signature::Wrong;
        self
    }

    /// Sends no signature.
    #[must_use]
    pub fn unsigned(mut self) -> Self {
        self.signature = Signature::Missing;
        self
    }

    /// Signs with a time that many seconds ago, as of a webhook that comes late or is replayed.
    #[must_use]
    pub fn age(mut self, seconds: u32) -> Self {
        self.age = seconds;
        self
    }

    /// Sends the same webhook that often, at least once, as a formation does that got no answer.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The id of the formation that is to send it.
    pub(crate) fn sender(&self) -> Option<&str> {
        self.formation_id.as_deref()
    }

    /// Sends it. The time of the signature is that of this machine: the receiver's clock cannot be moved.
    pub(crate) async fn send(&self, formation: &Formation) -> Result<Vec<WebhookAnswer>, WebhookFailure> {
        let now = Timestamp::now();
        let payload = &self.payload.clone().unwrap_or_else(|| self.notice(formation, now));
        let time = u64::try_from(now.as_second()).unwrap_or_default().saturating_sub(self.age.into());
        let wrong = ids::random("", 32);
        let secret = match self.signature {
            Signature::Valid => Some(&formation.spec.admin_key),
            Signature::Wrong => Some(&wrong),
            Signature::Missing => None,
        };
        let headers = webhooks::signed(payload, secret.map(String::as_str), time);
        let body = webhooks::encoded(formation, payload);
        // Of its own: this runs on the caller's runtime, and so do its connections.
        let outbound = Outbound::default();
        let mut answers = Vec::new();
        for _ in 0..self.times {
            let failed =
                |why: &dyn fmt::Display| WebhookFailure::Failed(format!("the webhook to {} failed: {why}", self.url));
            let answer = async {
                let answer = outbound.post(&self.url, headers.clone(), body.clone()).await;
                let (head, body) = answer.map_err(|error| failed(&error))?.into_parts();
                let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(|error| failed(&error))?;
                let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
                Ok(WebhookAnswer { status: head.status.as_u16(), body })
            };
            let late = |_| failed(&format!("no answer within {} s", TIMEOUT.as_secs()));
            answers.push(tokio::time::timeout(TIMEOUT, answer).await.map_err(late)??);
        }
        Ok(answers)
    }

    fn notice(&self, formation: &Formation, now: Timestamp) -> Value {
        let request = ids::random("req_", 21);
        let text = &self.text;
        let (status, response, error) = match self.status {
            Status::Completed => ("completed", json!([{ "type": "text", "text": text }]), Value::Null),
            Status::Failed => {
                ("failed", json!([]), json!({ "code": "processing_failed", "message": text, "trace": null }))
            }
            Status::AwaitingClarification => {
                return json!({
                    "request_id": request, "status": "awaiting_clarification", "clarification_question": text,
                    "clarification_request_id": request, "original_message": "Hi", "user_id": self.user_id,
                    "timestamp": now.as_millisecond() as f64 / 1e3,
                });
            }
        };
        json!({
            "id": request, "object": "response", "status": status, "timestamp": now.as_millisecond(),
            "formation_id": formation.spec.id, "user_id": self.user_id, "processing_time": 0.5,
            "processing_mode": "async", "webhook_url": self.url, "error": error, "response": response,
        })
    }
}
