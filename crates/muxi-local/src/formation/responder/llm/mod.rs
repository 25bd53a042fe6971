//! Answers of a language model behind an OpenAI-compatible endpoint.
//!
//! The model is asked with `POST {url}/chat/completions` and `stream: true`, and its pieces go on to the reader as
//! they come. It is told the overlord's soul and the agent's system message, what is remembered of the user, what
//! was said in the session, and the message with its texts and images. It is given no tools, and a tool call that it
//! makes all the same is not run.
//!
//! A call that fails, or that brings nothing for as long as the formation's `llm.settings.timeout_seconds` (60 unless
//! set), makes the turn fail as it does in the runtime. The runtime asks a model many times in a turn and leaves it
//! alone for a minute once five calls in a row have failed, which the first turn in an outage brings about. So does a
//! call here that brings no answer. One whose answer breaks off does not: the calls before it went well.
//!
//! Voice notes are sent to `POST {url}/audio/transcriptions`, where there is one.

mod prompt;
mod reply;
mod transcription;

use super::{Answer, Course, Deltas, Question};
use crate::formation::Formation;
use crate::host::Host;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderValue, Response, Uri, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use jiff::{SignedDuration, Timestamp};
use reply::Reply;
use serde_json::{Value, json};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// For how long the model is left alone.
const ALONE: SignedDuration = SignedDuration::from_secs(60);
/// The time for which a model may be silent, unless the formation says otherwise.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);
/// Bytes that are read of an answer which is no stream.
const LARGEST: usize = 16 << 20;
/// Characters of an error message that are passed on.
const LONGEST: usize = 300;

/// An endpoint and the model to ask there.
pub(crate) struct Llm {
    /// Without a slash at its end.
    url: String,
    /// The formation's own model where none is given.
    model: Option<String>,
    key: Option<String>,
    authorization: Option<HeaderValue>,
    left_alone_until: Mutex<Option<Timestamp>>,
}

impl fmt::Debug for Llm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Llm").field("url", &self.url).field("model", &self.model).finish_non_exhaustive()
    }
}

impl Llm {
    /// An endpoint by its base URL, such as `https://api.openai.com/v1`. The error says what is wrong with an
    /// argument.
    pub(crate) fn new(url: &str, model: Option<String>, key: Option<String>) -> Result<Self, String> {
        let uri: Option<Uri> = url.parse().ok();
        if !uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()) {
            return Err(format!(
                "the model's URL '{url}' is not one that can be called: expected something like \
                 https://api.openai.com/v1"
            ));
        }
        let key = key.filter(|key| !key.is_empty());
        let authorization = match &key {
            None => None,
            Some(key) => {
                let value = HeaderValue::from_str(&format!("Bearer {key}"));
                let mut value = value.map_err(|_| "the model's key has characters that no header can hold")?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let url = url.trim_end_matches('/').to_owned();
        let model = model.filter(|model| !model.is_empty());
        Ok(Self { url, model, key, authorization, left_alone_until: Mutex::default() })
    }

    /// Answers a message; the text comes while the turn runs.
    pub(super) fn answer(self: Arc<Self>, question: &Question<'_>) -> Answer {
        let host = question.formation.host.clone();
        if self.is_left_alone(host.clock.now()) {
            return Answer { course: Course::Breaker, ..Answer::default() };
        }
        let Some(model) = self.model.clone().or_else(|| model_of(question.formation, "text")) else {
            let text = "no model is named: give --llm-model, or a text model in the formation's llm.models";
            return Answer { course: Course::ModelDown(text.to_owned()), ..Answer::default() };
        };
        let body = json!({ "model": model, "stream": true, "messages": prompt::messages(question) });
        let call = Call { silence_limit: silence_limit(question.formation), host, llm: self };
        let opened = async move { call.start(body.to_string().into()).await };
        let deltas = stream::once(opened)
            .map_ok(|reply| {
                stream::try_unfold(
                    reply,
                    |mut reply| async move { Ok(reply.next().await?.map(|delta| (delta, reply))) },
                )
            })
            .try_flatten();
        Answer { deltas: Some(Deltas(deltas.boxed())), ..Answer::default() }
    }

    fn is_left_alone(&self, now: Timestamp) -> bool {
        self.left_alone_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|end| now < end)
    }

    /// The model brought no answer.
    fn leave_alone(&self, now: Timestamp) {
        *self.left_alone_until.lock().unwrap_or_else(PoisonError::into_inner) = now.checked_add(ALONE).ok();
    }

    /// A server's text, without the key that it may have repeated.
    fn quote(&self, text: &str) -> String {
        let text = self.key.as_ref().map_or_else(|| text.to_owned(), |key| text.replace(key, "[key]"));
        text.chars().take(LONGEST).collect()
    }
}

/// The model that the formation names for a purpose, without its provider.
fn model_of(formation: &Formation, purpose: &str) -> Option<String> {
    let models = formation.spec.document.pointer("/llm/models").and_then(Value::as_array)?;
    let name = models.iter().find_map(|model| model.get(purpose)?.as_str())?;
    Some(name.split_once('/').map_or(name, |(_, name)| name).to_owned())
}

/// The time for which a model may be silent.
fn silence_limit(formation: &Formation) -> Duration {
    let seconds = formation.spec.document.pointer("/llm/settings/timeout_seconds").and_then(Value::as_f64);
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(SILENCE_LIMIT)
}

/// One call of the endpoint.
struct Call {
    llm: Arc<Llm>,
    host: Arc<Host>,
    silence_limit: Duration,
}

impl Call {
    /// Asks; gives the reply once its head is there. After a failure the model is left alone.
    async fn start(self, body: Bytes) -> Result<Reply, String> {
        let response = self.ask("chat/completions", HeaderValue::from_static("application/json"), body).await;
        let result = match response {
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => Err(self.refusal(response).await),
            Err(error) => Err(error),
        };
        match result {
            Ok(response) => Ok(Reply::new(self, response)),
            Err(error) => {
                self.llm.leave_alone(self.host.clock.now());
                Err(error)
            }
        }
    }

    /// Posts to a path below the endpoint.
    async fn ask(&self, path: &str, content_type: HeaderValue, body: Bytes) -> Result<Response<Incoming>, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type);
        if let Some(value) = &self.llm.authorization {
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        let url = format!("{}/{path}", self.llm.url);
        let response = self.timely(self.host.outbound.post(&url, headers, body)).await?;
        response.map_err(|error| format!("the model cannot be reached: {error}"))
    }

    /// Waits as long as a model may be silent, by the server's clock.
    async fn timely<T>(&self, wait: impl Future<Output = T>) -> Result<T, String> {
        tokio::select! {
            biased;
            done = wait => Ok(done),
            () = self.host.clock.sleep(self.silence_limit) => {
                Err(format!("the model was silent for {} seconds", self.silence_limit.as_secs_f64()))
            }
        }
    }

    /// All of a response.
    async fn whole(&self, body: impl Body<Data = Bytes, Error = hyper::Error>) -> Result<Bytes, String> {
        let whole = self.timely(Limited::new(body, LARGEST).collect()).await?;
        whole.map(|body| body.to_bytes()).map_err(|error| format!("the model's answer broke off: {error}"))
    }

    /// The message of a response with an error status.
    async fn refusal(&self, response: Response<Incoming>) -> String {
        let status = response.status();
        let text = self.whole(response.into_body()).await.unwrap_or_default();
        let said = serde_json::from_slice(&text).ok().and_then(|value| error_in(&value));
        match said {
            Some(said) => format!("the model's endpoint answered {status}: {}", self.llm.quote(&said)),
            None => format!("the model's endpoint answered {status}"),
        }
    }
}

/// The words of an error object.
fn error_in(value: &Value) -> Option<String> {
    let error = value.get("error").filter(|error| !error.is_null())?;
    let message = error.get("message").unwrap_or(error);
    Some(message.as_str().map_or_else(|| message.to_string(), str::to_owned))
}
