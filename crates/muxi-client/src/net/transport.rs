//! The only request loop, and the only sleep.

use super::{
    attempt::{Form, Stream, WholeReply, attempt},
    http_client::HttpClient,
    limits::End,
    observer::Observer,
    prepared::Prepared,
    proxy::Proxy,
    reply::{OpenedStream, Reply},
    trace::CallSpan,
};
use crate::{
    api::{
        defects,
        error::{Error, ErrorKind, Result},
        request::Request,
        response::pick_secret,
        table::{Endpoint, Reply as ReplyForm, StreamEnd},
    },
    config::{Attempt, CallOptions, Config},
};
use http::HeaderMap;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Sends requests to one base URL.
pub struct Transport {
    config: Arc<Config>,
    proxy: Option<Proxy>,
    observer: Option<Arc<dyn Observer>>,
    /// Taken out when the client is closed.
    http: Mutex<Option<HttpClient>>,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("base_url", &self.config.base_url()).finish_non_exhaustive()
    }
}

impl Transport {
    /// A transport for that configuration.
    pub fn new(config: Config) -> Result<Self> {
        let (http, proxy) = match &config.http_service {
            Some(service) => (HttpClient::Service(service.clone()), None),
            None => HttpClient::pool(&config.network())?,
        };
        Ok(Self { config: Arc::new(config), proxy, observer: None, http: Mutex::new(Some(http)) })
    }

    /// Tells `observer` of all attempts.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Tells whether it is closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.http.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Tells whether a request would go out at once: a connection stands ready, and no other request is in flight.
    pub fn is_ready(&self) -> bool {
        matches!(&*self.http.lock().unwrap_or_else(PoisonError::into_inner), Some(HttpClient::Pool(pool)) if pool.is_ready())
    }

    /// Closes the idle connections. Calls from now on are refused.
    pub fn close(&self) {
        let http = self.http.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(http);
    }

    /// Sends a request and reads the whole reply.
    pub async fn send(&self, request: &Request, options: &CallOptions) -> Result<Reply> {
        self.send_before(request, options, None).await
    }

    /// Sends a request whose deadline, if it is not the first of its call, has begun before.
    async fn send_before(&self, request: &Request, options: &CallOptions, deadline: Option<End>) -> Result<Reply> {
        let mut prepared = self.prepare(request, options, None)?;
        prepared.limits.deadline = deadline.or(prepared.limits.deadline);
        let sent = self.attempts(&prepared, &WholeReply).await;
        match (sent, &request.on_not_found, &request.picks) {
            (Err(error), Some(other), _) if error.kind() == ErrorKind::NotFound => {
                Box::pin(self.send_before(other, options, prepared.limits.deadline)).await.map_err(|e| {
                    let attempts = e.attempts() + error.attempts();
                    e.of_call(attempts, None)
                })
            }
            (Err(error), ..) if defects::buffers_are_clear(request.endpoint, &error) => {
                Ok(cleared(&error, prepared.idempotency_key))
            }
            (Ok(mut reply), _, Some(key)) => {
                let picked = pick_secret(key, reply.status, &reply.headers, &reply.body);
                reply.body = picked.map_err(|e| reply.explain(e))?.into();
                Ok(reply)
            }
            (outcome, ..) => outcome,
        }
    }

    /// Sends a request and opens the stream of its reply.
    pub async fn open(&self, request: &Request, options: &CallOptions) -> Result<OpenedStream> {
        let end = match request.endpoint.map(|e| e.reply) {
            Some(ReplyForm::Events(end)) => end,
            _ => StreamEnd::Open,
        };
        let prepared = self.prepare(request, options, Some(end))?;
        self.attempts(&prepared, &Stream(end)).await
    }

    fn prepare<'a>(
        &'a self,
        request: &'a Request,
        options: &'a CallOptions,
        stream: Option<StreamEnd>,
    ) -> Result<Prepared<'a>> {
        Prepared::new(request, options, &self.config, self.proxy.as_ref(), stream)
    }

    fn http(&self) -> Result<HttpClient> {
        let http = self.http.lock().unwrap_or_else(PoisonError::into_inner);
        http.clone().ok_or_else(|| Error::of(ErrorKind::Closed, "client is closed"))
    }

    async fn attempts<F: Form>(&self, prepared: &Prepared<'_>, form: &F) -> Result<F::Output> {
        let span = CallSpan::new(prepared.request, &self.config);
        let outcome = self.attempts_in(&span, prepared, form).await;
        span.end(&outcome);
        outcome
    }

    async fn attempts_in<F: Form>(&self, span: &CallSpan, prepared: &Prepared<'_>, form: &F) -> Result<F::Output> {
        let mut number = 1;
        loop {
            let http = self.http()?;
            let started = Instant::now();
            if let Some(observer) = self.observer.as_ref().filter(|observer| observer.wants_all()) {
                observer.before(record(prepared, number));
            }
            // In a box: the state of an attempt is large, and each layer above would have room for it.
            let attempted = Box::pin(attempt(http, prepared, form, number));
            let (status, outcome) = span.attempt(number, prepared.uri.path(), attempted).await;
            let error = match outcome {
                Ok(done) => {
                    self.observe(prepared, number, started, status, None);
                    return Ok(done);
                }
                Err(error) => error,
            };
            let endpoint = prepared.request.endpoint;
            let defect = defects::hint(endpoint, &error);
            let is_final = defect.is_some() || defects::buffers_are_clear(endpoint, &error);
            let delay = prepared.retry.delay(&error, number - 1, prepared.max_retries, random()).filter(|_| !is_final);
            let delay = delay.filter(|delay| prepared.limits.deadline.is_none_or(|end| !end.is_within(*delay)));
            self.observe(prepared, number, started, status, Some((&error, delay)));
            match delay {
                Some(delay) => tokio::time::sleep(delay).await,
                None => {
                    let error = hinted(error, defect, endpoint);
                    return Err(error.of_call(number, prepared.request.turn.as_deref()));
                }
            }
            number += 1;
        }
    }

    fn observe(
        &self,
        prepared: &Prepared<'_>,
        number: u32,
        started: Instant,
        status: Option<u16>,
        failed: Option<(&Error, Option<Duration>)>,
    ) {
        let (error, retry_in) = failed.map_or((None, None), |(error, retry_in)| (Some(error), retry_in));
        let observer = self.observer.as_ref().filter(|observer| retry_in.is_some() || observer.wants_all());
        if observer.is_none() && self.config.on_attempt.is_none() {
            return;
        }
        let mut attempt = record(prepared, number);
        attempt.status = status;
        attempt.seconds = started.elapsed().as_secs_f64();
        attempt.request_id = error.and_then(|e| e.request_id().map(str::to_owned)).or(attempt.request_id);
        attempt.error = error.map(|e| e.code().to_owned());
        attempt.retry_in = retry_in;
        if let Some(on_attempt) = &self.config.on_attempt {
            on_attempt(&attempt);
        }
        if let Some(observer) = observer {
            observer.after(attempt);
        }
    }
}

/// An attempt that has not ended.
fn record(prepared: &Prepared<'_>, number: u32) -> Attempt {
    Attempt {
        method: prepared.request.method.to_string(),
        path: prepared.uri.path().to_owned(),
        status: None,
        seconds: 0.0,
        number,
        request_id: prepared.request.turn.as_ref().map(|turn| turn.request_id.clone()),
        idempotency_key: prepared.idempotency_key.clone(),
        error: None,
        retry_in: None,
    }
}

/// A random number in 0..1, for the jitter.
fn random() -> f64 {
    f64::from((Uuid::new_v4().as_u128() >> 96) as u32) / f64::from(u32::MAX)
}

/// The reply of a runtime that tells of its success by an error.
fn cleared(error: &Error, idempotency_key: String) -> Reply {
    let body = serde_json::json!({
        "success": true,
        "request": { "id": error.request_id() },
        "data": { "message": "All message buffers were cleared" },
    });
    let body = body.to_string().into();
    Reply { status: 200, headers: HeaderMap::new(), body, idempotency_key, attempts: error.attempts(), turn: None }
}

/// Adds what helps where the runtime's own words do not.
fn hinted(error: Error, defect: Option<&str>, endpoint: Option<&Endpoint>) -> Error {
    match (defect, endpoint, error.status()) {
        (Some(hint), ..) => error.with_hint(hint),
        (None, Some(Endpoint { name: "send_notification", .. }), Some(502)) => {
            error.with_hint("no channel took the message: see the details")
        }
        _ => error,
    }
}
