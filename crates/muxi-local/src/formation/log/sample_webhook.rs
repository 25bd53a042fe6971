//! Webhooks on request, for the tests of a receiver.

use super::webhooks;
use crate::formation::Formation;
use crate::formation::ids;
use crate::outbound::Outbound;
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// Time for a receiver to answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a receiver's answer that are read.
const LONGEST_ANSWER: usize = 1 << 20;

/// A webhook that [`Server::send_webhook`](crate::Server::send_webhook) sends: the notice of a turn that has ended, signed
/// with the formation's admin key. As JSON it is an object of the fields that the methods here are named after.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    url: String,
    #[serde(default)]
    formation_id: Option<String>,
    #[serde(default)]
    payload: Option<Value>,
    #[serde(default)]
    status: Status,
    #[serde(default = "greeting")]
    text: String,
    #[serde(default = "anyone")]
    user_id: String,
    #[serde(default)]
    signature: Signature,
    /// Seconds.
    #[serde(default)]
    age: u32,
    #[serde(default = "once")]
    times: u32,
}

/// The end of the turn.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    #[default]
    Completed,
    Failed,
    AwaitingClarification,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Signature {
    #[default]
    Valid,
    /// With another key.
    Wrong,
    Missing,
}

fn greeting() -> String {
    "Hello!".to_owned()
}

fn anyone() -> String {
    "0".to_owned()
}

fn once() -> u32 {
    1
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

/// A webhook that could not be made or sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookFailure(pub(crate) String);

impl fmt::Display for WebhookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
            text: greeting(),
            user_id: anyone(),
            signature: Signature::Valid,
            age: 0,
            times: once(),
        }
    }

    /// A webhook from a JSON object of its fields.
    ///
    /// # Errors
    /// A field that is missing, unknown or of a wrong type.
    pub fn from_json(value: &Value) -> Result<Self, WebhookFailure> {
        Self::deserialize(value).map_err(|error| WebhookFailure(format!("not a webhook: {error}")))
    }

    /// The formation that sends it; the first one unless set.
    #[must_use]
    pub fn formation_id(mut self, id: impl Into<String>) -> Self {
        self.formation_id = Some(id.into());
        self
    }

    /// Sends that payload in place of a turn's.
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

    /// Signs with a time that many seconds ago, as of a webhook that comes late or is sent again by somebody else.
    #[must_use]
    pub fn age(mut self, seconds: u32) -> Self {
        self.age = seconds;
        self
    }

    /// Sends the same webhook that often, as a formation does that got no answer.
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
            let failed = |why: &dyn fmt::Display| WebhookFailure(format!("the webhook to {} failed: {why}", self.url));
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
