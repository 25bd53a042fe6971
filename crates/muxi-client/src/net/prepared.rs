//! A call that is ready to be sent.

use super::{
    error::{BoxError, broken},
    limits::{End, Limits},
    outgoing::{Outgoing, Upload},
    proxy::Proxy,
};
use crate::{
    api::{
        error::Error,
        error::Result,
        request::{ADMIN_KEY_HEADER, Body, CLIENT_KEY_HEADER, IDEMPOTENCY_HEADER, Request, header_value},
        retry::Retry,
        table::{Auth, Endpoint, StreamEnd},
    },
    config::{CallOptions, Config, add_headers, needed, rows, seconds},
};
use http::{HeaderMap, HeaderValue, Uri, header};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;

pub(super) const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Everything that stays the same in all attempts at a call.
pub(super) struct Prepared<'a> {
    pub(super) request: &'a Request,
    options: &'a CallOptions,
    pub(super) config: &'a Config,
    proxy: Option<&'a Proxy>,
    pub(super) uri: Uri,
    pub(super) idempotency_key: String,
    pub(super) retry: &'a Retry,
    pub(super) max_retries: u32,
    pub(super) limits: Limits,
    is_stream: bool,
    asks_for_compression: bool,
    /// Those of the first request; made anew for another one.
    headers: Mutex<Option<Headers>>,
}

/// The headers of all requests of a call, without a signature.
struct Headers {
    map: HeaderMap,
    is_signed: bool,
}

impl<'a> Prepared<'a> {
    /// Checks the options, and puts together what is to be sent. `stream` tells how the stream ends that the call opens.
    pub(super) fn new(
        request: &'a Request,
        options: &'a CallOptions,
        config: &'a Config,
        proxy: Option<&'a Proxy>,
        stream: Option<StreamEnd>,
    ) -> Result<Self> {
        // Its text may be long, and its query may hold a secret.
        let length = request.target.len();
        let wrong = |e| Error::invalid(format!("the URL with a path and query of {length} bytes: {e}")).with_source(e);
        let is_stream = stream.is_some();
        let retry = match &options.retry {
            Some(retry) => retry.check(rows::retry.name).map(|()| retry)?,
            None => &config.retry,
        };
        let mut prepared = Self {
            request,
            options,
            config,
            proxy,
            uri: config.base.join(&request.target).map_err(wrong)?,
            idempotency_key: request.idempotency_key.clone().unwrap_or_else(|| Uuid::new_v4().to_string()),
            retry,
            max_retries: options.max_retries.unwrap_or(retry.max_retries()),
            limits: limits(request, options, config, is_stream)?,
            is_stream,
            asks_for_compression: false,
            headers: Mutex::default(),
        };
        let headers = prepared.headers()?;
        let accepted = headers.map.get(header::ACCEPT_ENCODING);
        prepared.asks_for_compression = accepted.is_some_and(|accepted| accepted != "identity");
        prepared.headers = Mutex::new(Some(headers));
        Ok(prepared)
    }

    fn headers(&self) -> Result<Headers> {
        let Self { request, options, config, .. } = self;
        let mut map = config.headers.clone();
        let is_signed = authorize(request, config, &mut map)?;
        map.insert(IDEMPOTENCY_HEADER, header_value("idempotency_key", &self.idempotency_key)?);
        let body_type = match &request.body {
            Body::Empty => None,
            Body::Json(_) => Some("application/json"),
            Body::Bundle(_) => Some("application/gzip"),
        };
        if let Some(body_type) = body_type {
            map.insert(header::CONTENT_TYPE, HeaderValue::from_static(body_type));
        }
        if self.is_stream {
            map.insert(header::ACCEPT, EVENT_STREAM);
        }
        for (name, value) in &request.headers {
            map.insert(name, value.clone());
        }
        add_headers(&mut map, &options.headers)?;
        // TLS goes through a tunnel, which has asked for the header itself.
        if let Some(authorization) = self.proxy.filter(|_| !config.base.is_secure()).and_then(Proxy::authorization) {
            map.insert(header::PROXY_AUTHORIZATION, authorization);
        }
        Ok(Headers { map, is_signed })
    }

    /// The request of one attempt, signed anew.
    pub(super) fn outgoing(&self, upload: &Upload) -> Result<http::Request<Outgoing>> {
        let body = match &self.request.body {
            Body::Empty => Outgoing::Whole(None),
            Body::Json(json) => Outgoing::Whole(Some(json.clone())),
            Body::Bundle(source) => Outgoing::read(source, upload.clone())?,
        };
        let first = self.headers.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Headers { mut map, is_signed } = first.map_or_else(|| self.headers(), Ok)?;
        if let (true, Some(signer)) = (is_signed, &self.config.signer) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let value = signer.header(now, self.request.method.as_str(), &self.request.signed_path);
            let mut value = header_value("key_id", &value)?;
            value.set_sensitive(true);
            map.insert(header::AUTHORIZATION, value);
        }
        let mut request = http::Request::new(body);
        *request.method_mut() = self.request.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = map;
        Ok(request)
    }

    /// The error for a connection that could not be made or broke.
    pub(super) fn broken(&self, error: BoxError) -> Error {
        broken(self.proxy.iter().fold(error, |error, proxy| proxy.explain(error)), self.config.origin())
    }

    /// Tells whether a route that is not in the table is asked for a compressed body: its bytes are the caller's to read.
    pub(super) fn asks_for_compression(&self) -> bool {
        self.request.endpoint.is_none() && self.asks_for_compression
    }

    /// The progress of the body of one attempt.
    pub(super) fn upload(&self) -> Upload {
        match self.request.body {
            Body::Bundle(_) => Upload::in_pieces(),
            Body::Empty | Body::Json(_) => Upload::default(),
        }
    }
}

/// The limits of an attempt and of the whole call, as far as there are any.
pub fn time_limits(
    endpoint: Option<&Endpoint>,
    options: &CallOptions,
    config: &Config,
    is_stream: bool,
) -> Result<(Option<Duration>, Option<Duration>)> {
    let own = |name, given: Option<f64>, default| given.map_or(Ok(default), |given| seconds(name, given));
    let is_slow = config.timeout_is_default && endpoint.is_some_and(|e| e.flags.slow);
    let default = match is_stream {
        true => None,
        false if is_slow => Some(Duration::from_secs(Endpoint::SLOW_SECONDS)),
        false => config.timeout,
    };
    let attempt = own(rows::timeout.name, options.timeout, default)?;
    Ok((attempt, own(rows::deadline.name, options.deadline, config.deadline)?))
}

fn limits(request: &Request, options: &CallOptions, config: &Config, is_stream: bool) -> Result<Limits> {
    let (attempt, deadline) = time_limits(request.endpoint, options, config, is_stream)?;
    let idle = config.stream_idle_timeout.filter(|_| is_stream);
    Ok(Limits { attempt, idle, deadline: deadline.and_then(End::deadline) })
}

/// Adds the keys. Returns whether each attempt is to be signed.
fn authorize(request: &Request, config: &Config, headers: &mut HeaderMap) -> Result<bool> {
    let Config { admin_key, client_key, signer, .. } = config;
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
        Auth::Client => (CLIENT_KEY_HEADER, client_key.as_ref().ok_or_else(|| needed(name, &[&rows::client_key], ""))?),
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
