//! The only request loop, and the only sleep.

use super::{
    body::Outgoing,
    connect::Connector,
    error::{broken, timed_out},
    http_service::{Body as HttpBody, BoxError, HttpService},
    pool::Pool,
};
use crate::{
    api::{
        defects,
        error::{Error, ErrorKind, Result},
        request::{ADMIN_KEY_HEADER, Body, CLIENT_KEY_HEADER, IDEMPOTENCY_HEADER, Request, header_value},
        response::{failure, pick_secret},
        retry,
        table::{Auth, Endpoint, Reply as ReplyForm, StreamEnd},
    },
    config::{Attempt, Config, header_name, needed, rows, seconds},
    options::CallOptions,
    reply::Reply,
    stream::EventStream,
    trace::CallSpan,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header};
use http_body_util::{BodyExt, Limited};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;

const ERROR_BODY_LIMIT: usize = 1 << 20;
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(30);

const LATEST_HEADER: &str = "x-muxi-sdk-latest";
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

type Deadline = tokio::time::Instant;

/// What sends the requests.
#[derive(Clone)]
enum HttpClient {
    /// The client's own, with its pool.
    Pool(Pool),
    /// The caller's.
    Service(Arc<dyn HttpService>),
}

/// Sends requests to one base URL.
pub struct Transport {
    config: Arc<Config>,
    proxy_authorization: Option<HeaderValue>,
    /// Taken out when the client is closed.
    http: Mutex<Option<HttpClient>>,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("base_url", &self.config.base_url()).finish_non_exhaustive()
    }
}

/// A JSON reply that says that it is an error.
#[derive(serde::Deserialize)]
struct FailedReply {
    success: bool,
}

/// A call that is ready to be sent: all that stays the same in every attempt.
struct Prepared<'a> {
    request: &'a Request,
    uri: Uri,
    headers: HeaderMap,
    idempotency_key: String,
    signed: bool,
    max_retries: u32,
    limit: Option<Duration>,
    stream: Option<StreamEnd>,
    /// The status of the last reply, for the log.
    status: AtomicU16,
}

/// One attempt.
type Attempted<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

impl Transport {
    /// A transport for that configuration.
    pub fn new(config: Config) -> Result<Self> {
        let (http, proxy_authorization) = match &config.http_service {
            Some(service) => (HttpClient::Service(service.clone()), None),
            None => {
                let connector = Connector::new(&config)?;
                let proxy_authorization = connector.proxy_authorization().cloned();
                (HttpClient::Pool(Pool::new(connector, &config)?), proxy_authorization)
            }
        };
        Ok(Self { config: Arc::new(config), proxy_authorization, http: Mutex::new(Some(http)) })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Closes the idle connections. Calls from now on are refused.
    pub fn close(&self) {
        self.http.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Sends a request and reads the whole reply.
    pub async fn send(&self, request: &Request, options: &CallOptions) -> Result<Reply> {
        let prepared = self.prepare(request, options, None)?;
        let sent = self.attempts(&prepared, Self::read_reply).await;
        match (sent, &request.on_not_found, &request.picks) {
            (Err(error), Some(other), _) if error.kind() == ErrorKind::NotFound => {
                Box::pin(self.send(other, options)).await.map_err(|e| {
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
    pub async fn open(&self, request: &Request, options: &CallOptions) -> Result<EventStream> {
        let end = match request.endpoint.map(|e| e.reply) {
            Some(ReplyForm::Events(end)) => end,
            _ => StreamEnd::Open,
        };
        let prepared = self.prepare(request, options, Some(end))?;
        self.attempts(&prepared, Self::open_stream).await
    }

    /// One attempt at a whole reply.
    fn read_reply<'a>(&'a self, http: HttpClient, prepared: &'a Prepared<'_>, attempts: u32) -> Attempted<'a, Reply> {
        Box::pin(async move {
            let end = prepared.limit.map(|limit| Deadline::now() + limit);
            let (status, headers, body) = self.exchange(http, prepared, end).await?;
            let body = self
                .until(end, prepared, body.collect())
                .await?
                .map_err(|e| self.broken_after(e, prepared))?
                .to_bytes();
            let (idempotency_key, turn) = (prepared.idempotency_key.clone(), prepared.request.turn.clone());
            Ok(Reply { status, headers, body, idempotency_key, attempts, turn })
        })
    }

    /// One attempt at a stream: it has begun when the head of the reply says so.
    fn open_stream<'a>(
        &'a self,
        http: HttpClient,
        prepared: &'a Prepared<'_>,
        attempts: u32,
    ) -> Attempted<'a, EventStream> {
        Box::pin(async move {
            let end = prepared.limit.map(|limit| Deadline::now() + limit);
            let (status, headers, body) = self.exchange(http, prepared, end).await?;
            let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
            if is_event_stream(kind) {
                let key = prepared.idempotency_key.clone();
                let (end, turn) = (prepared.stream.unwrap_or(StreamEnd::Open), prepared.request.turn.clone());
                return Ok(EventStream::new(
                    body,
                    end,
                    prepared.limit,
                    status,
                    compact(&headers),
                    key,
                    turn,
                    attempts,
                    &self.config,
                ));
            }
            let body = error_body(body, end).await;
            if let Ok(FailedReply { success: false }) = serde_json::from_slice(&body) {
                return Err(failure(status, &headers, &body));
            }
            let message = format!("expected an event stream, got {:?}", String::from_utf8_lossy(kind));
            Err(Error::unexpected_reply(status, message, &body))
        })
    }

    fn http(&self) -> Result<HttpClient> {
        let http = self.http.lock().unwrap_or_else(PoisonError::into_inner);
        http.clone().ok_or_else(|| Error::of(ErrorKind::Closed, "client is closed"))
    }

    fn prepare<'a>(
        &self,
        request: &'a Request,
        options: &CallOptions,
        stream: Option<StreamEnd>,
    ) -> Result<Prepared<'a>> {
        let config = &self.config;
        let mut headers = config.headers.clone();
        let signed = self.authorize(request, &mut headers)?;
        let idempotency_key = options.idempotency_key.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        headers.insert(IDEMPOTENCY_HEADER, header_value("idempotency_key", &idempotency_key)?);
        let body_type = match &request.body {
            Body::Empty => None,
            Body::Json(_) => Some("application/json"),
            Body::Bundle(_) => Some("application/gzip"),
        };
        if let Some(body_type) = body_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(body_type));
        }
        if stream.is_some() {
            headers.insert(header::ACCEPT, EVENT_STREAM);
        }
        for (name, value) in &request.headers {
            headers.insert(name, value.clone());
        }
        for (name, value) in &options.headers {
            headers.insert(header_name(name)?, header_value(name, value)?);
        }
        if let Some(authorization) = &self.proxy_authorization {
            headers.insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
        let slow = config.timeout_is_default && request.endpoint.is_some_and(|e| e.flags.slow);
        let limit = match (options.timeout, stream) {
            (Some(given), _) => seconds("timeout", given)?,
            (None, Some(_)) => config.stream_idle_timeout,
            (None, None) if slow => Some(Duration::from_secs(Endpoint::SLOW_SECONDS)),
            (None, None) => config.timeout,
        };
        let uri = format!("{}{}", config.base_url(), request.target);
        let uri = uri.parse().map_err(|e| Error::invalid(format!("the URL {uri:?} is not valid")).with_source(e))?;
        let max_retries = options.max_retries.unwrap_or(config.max_retries);
        Ok(Prepared {
            request,
            uri,
            headers,
            idempotency_key,
            signed,
            max_retries,
            limit,
            stream,
            status: AtomicU16::new(0),
        })
    }

    /// Adds the keys. Returns whether each attempt is to be signed.
    fn authorize(&self, request: &Request, headers: &mut HeaderMap) -> Result<bool> {
        let Config { admin_key, client_key, signer, .. } = &*self.config;
        let name = request.endpoint.map_or("this request", |e| e.name);
        let auth = match request.endpoint {
            Some(endpoint) => endpoint.auth,
            None => {
                admin_key.iter().for_each(|key| drop(headers.insert(ADMIN_KEY_HEADER, key.clone())));
                client_key.iter().for_each(|key| drop(headers.insert(CLIENT_KEY_HEADER, key.clone())));
                return Ok(signer.is_some());
            }
        };
        let (header, key) = match auth {
            Auth::None => return Ok(false),
            Auth::Hmac if signer.is_some() => return Ok(true),
            Auth::Hmac => return Err(needed(name, &[&rows::key_id, &rows::secret_key], " and ")),
            Auth::Admin => (ADMIN_KEY_HEADER, admin_key.as_ref().ok_or_else(|| needed(name, &[&rows::admin_key], ""))?),
            Auth::Client => {
                (CLIENT_KEY_HEADER, client_key.as_ref().ok_or_else(|| needed(name, &[&rows::client_key], ""))?)
            }
            Auth::ClientOrAdmin => match (client_key, admin_key) {
                // Without a user the admin key sees everybody's; the client key would be refused.
                (Some(_), Some(admin)) if !request.names_user() => (ADMIN_KEY_HEADER, admin),
                (Some(client), _) => (CLIENT_KEY_HEADER, client),
                (None, Some(admin)) => (ADMIN_KEY_HEADER, admin),
                (None, None) => return Err(needed(name, &[&rows::client_key, &rows::admin_key], " or ")),
            },
        };
        headers.insert(header, key.clone());
        Ok(false)
    }

    async fn attempts<T>(
        &self,
        prepared: &Prepared<'_>,
        attempt: impl for<'a> Fn(&'a Self, HttpClient, &'a Prepared<'_>, u32) -> Attempted<'a, T>,
    ) -> Result<T> {
        let span = CallSpan::new(prepared.request, &self.config);
        let outcome = self.attempts_in(&span, prepared, attempt).await;
        span.end(&outcome);
        outcome
    }

    async fn attempts_in<T>(
        &self,
        span: &CallSpan,
        prepared: &Prepared<'_>,
        attempt: impl for<'a> Fn(&'a Self, HttpClient, &'a Prepared<'_>, u32) -> Attempted<'a, T>,
    ) -> Result<T> {
        let mut number = 0;
        loop {
            let http = self.http()?;
            let started = Instant::now();
            let status = || prepared.status.load(Ordering::Relaxed);
            let outcome =
                span.attempt(number, prepared.uri.path(), attempt(self, http, prepared, number + 1), status).await;
            self.observe(prepared, number + 1, started, outcome.as_ref().err());
            let error = match outcome {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let endpoint = prepared.request.endpoint;
            let defect = defects::hint(endpoint, &error);
            let is_final = defect.is_some() || defects::buffers_are_clear(endpoint, &error);
            match retry::delay(&error, number, prepared.max_retries, random()).filter(|_| !is_final) {
                Some(delay) => tokio::time::sleep(delay).await,
                None => {
                    let error = hinted(error, defect, endpoint);
                    return Err(error.of_call(number + 1, prepared.request.turn.as_deref()));
                }
            }
            number += 1;
        }
    }

    fn observe(&self, prepared: &Prepared<'_>, number: u32, started: Instant, error: Option<&Error>) {
        let status = prepared.status.swap(0, Ordering::Relaxed);
        let Some(on_attempt) = &self.config.on_attempt else { return };
        on_attempt(&Attempt {
            method: prepared.request.method.to_string(),
            path: prepared.uri.path().to_owned(),
            status: Some(status).filter(|s| *s != 0),
            seconds: started.elapsed().as_secs_f64(),
            number,
            request_id: error.and_then(|e| e.request_id().map(str::to_owned)),
            error: error.map(|e| e.code().to_owned()),
        });
    }

    /// One request and the head of its reply.
    async fn exchange(
        &self,
        http: HttpClient,
        prepared: &Prepared<'_>,
        end: Option<Deadline>,
    ) -> Result<(u16, HeaderMap, HttpBody)> {
        let answer = match http {
            HttpClient::Pool(pool) => self.until(end, prepared, self.pooled(pool, prepared)).await??,
            HttpClient::Service(service) => {
                let request = self.outgoing(prepared)?.map(HttpBody::outgoing);
                let answer = self.until(end, prepared, service.call(request)).await?;
                answer.map_err(|e| self.broken(e))?
            }
        };
        let (parts, body) = answer.into_parts();
        prepared.status.store(parts.status.as_u16(), Ordering::Relaxed);
        if let Some(latest) = parts.headers.get(LATEST_HEADER).and_then(|v| v.to_str().ok()) {
            self.config.notice(latest);
        }
        if parts.status.is_success() {
            return Ok((parts.status.as_u16(), parts.headers, body));
        }
        let body = error_body(body, end).await;
        Err(Error::from_reply(parts.status.as_u16(), &parts.headers, &body, SystemTime::now()))
    }

    /// One request over the pool. Sending again what cannot have been executed is no attempt of its own.
    async fn pooled(&self, pool: Pool, prepared: &Prepared<'_>) -> Result<http::Response<HttpBody>> {
        let method = &prepared.request.method;
        let sent = match pool.send(self.outgoing(prepared)?, false).await {
            Err(failure) if failure.may_resend(method) => pool.send(self.outgoing(prepared)?, true).await,
            outcome => outcome,
        };
        sent.map_err(|failure| {
            let was_sent = failure.was_sent();
            if was_sent { self.broken_after(failure.error, prepared) } else { self.broken(failure.error) }
        })
    }

    fn outgoing(&self, prepared: &Prepared<'_>) -> Result<http::Request<Outgoing>> {
        let body = match &prepared.request.body {
            Body::Empty => Outgoing::Whole(None),
            Body::Json(json) => Outgoing::Whole(Some(json.clone())),
            Body::Bundle(source) => Outgoing::read(source.as_ref())?,
        };
        let mut request = http::Request::new(body);
        *request.method_mut() = prepared.request.method.clone();
        *request.uri_mut() = prepared.uri.clone();
        *request.headers_mut() = prepared.headers.clone();
        if let (true, Some(signer)) = (prepared.signed, &self.config.signer) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let value = signer.header(now, prepared.request.method.as_str(), &prepared.request.signed_path);
            let mut value = header_value("key_id", &value)?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }

    /// What `work` comes to, unless the attempt's time ends before.
    async fn until<T>(
        &self,
        end: Option<Deadline>,
        prepared: &Prepared<'_>,
        work: impl Future<Output = T>,
    ) -> Result<T> {
        let (Some(end), Some(limit)) = (end, prepared.limit) else { return Ok(work.await) };
        let late = |_| timed_out(limit, &self.config, "no reply");
        tokio::time::timeout_at(end, work).await.map_err(late)
    }

    /// The error for a connection that broke after the request was sent.
    fn broken_after(&self, error: BoxError, prepared: &Prepared<'_>) -> Error {
        let error = self.broken(error);
        if prepared.request.method.is_safe() {
            return error;
        }
        error.with_hint("the request was sent, and may have been executed")
    }

    fn broken(&self, error: BoxError) -> Error {
        broken(error, &self.config)
    }
}

/// A copy of headers that takes no more room than they need. The values are slices of the connection's read buffer, which a
/// stream that kept them would keep too, and the map is the one of the request, made larger.
fn compact(headers: &HeaderMap) -> HeaderMap {
    let mut own = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            own.append(name, value);
        }
    }
    own
}

/// Whether a content type, with parameters or without, is that of an event stream.
fn is_event_stream(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(EVENT_STREAM.as_bytes())
}

/// The body of a reply that is an error. One that breaks off, is late or too long counts as empty: the status is known.
async fn error_body(body: HttpBody, end: Option<Deadline>) -> Bytes {
    let last = Deadline::now() + ERROR_BODY_TIMEOUT;
    let read = Limited::new(body, ERROR_BODY_LIMIT).collect();
    match tokio::time::timeout_at(end.map_or(last, |end| end.min(last)), read).await {
        Ok(Ok(body)) => body.to_bytes(),
        _ => Bytes::new(),
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
        (None, Some(Endpoint { name: "send_notification", .. }), 502) => {
            error.with_hint("no channel took the message: see the details")
        }
        _ => error,
    }
}
