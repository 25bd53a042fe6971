//! One attempt: a request, and the reading of its reply.

use super::{
    collect::{TooLong, collect},
    error::may_have_run,
    http_client::{HttpClient, NoResponse},
    http_service::{Body, BoxError},
    limits::{End, earlier, until, until_silent},
    prepared::{EVENT_STREAM, Prepared},
    reply::{OpenedStream, Reply, StreamHead},
};
use crate::{
    api::{
        error::{Error, Result},
        response::{compression, failure},
        table::StreamEnd,
    },
    config::rows,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use std::{
    future::Future,
    pin::pin,
    time::{Duration, SystemTime},
};

const ERROR_BODY_LIMIT: usize = 1 << 20;
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(30);

const LATEST_HEADER: &str = "x-muxi-sdk-latest";

/// The head of a reply with a 2xx status, and its body.
pub(super) struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Body,
    end: Option<End>,
}

/// The form in which a reply is read.
pub(super) trait Form: Sync {
    type Output: Send;

    /// Reads a reply.
    fn read(
        &self,
        prepared: &Prepared<'_>,
        answer: Answer,
        attempts: u32,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// Reads the whole reply.
pub(super) struct WholeReply;

/// Opens a stream that ends in that way.
pub(super) struct Stream(pub(super) StreamEnd);

/// Makes an attempt. The status is that of the reply, if there was one.
pub(super) async fn attempt<F: Form>(
    http: HttpClient,
    prepared: &Prepared<'_>,
    form: &F,
    number: u32,
) -> (Option<u16>, Result<F::Output>) {
    let end = prepared.limits.attempt_end();
    let response = match respond(http, prepared, end).await {
        Ok(response) => response,
        Err(error) => return (None, Err(error)),
    };
    let (parts, body) = response.into_parts();
    let (status, headers) = (parts.status.as_u16(), parts.headers);
    if let Some(latest) = headers.get(LATEST_HEADER).and_then(|v| v.to_str().ok()) {
        prepared.config.notice(latest);
    }
    let coding = compression(&headers).filter(|_| !prepared.asks_for_compression());
    let outcome = if let (true, Some(coding)) = (parts.status.is_success(), coding) {
        let message = format!("the reply is compressed ({coding}), which the client does not ask for");
        Err(Error::unexpected_reply(status, message, &[]))
    } else if parts.status.is_success() {
        form.read(prepared, Answer { status, headers, body, end }, number).await
    } else {
        let body = error_body(body, end, prepared.limits.idle).await;
        Err(Error::from_reply(status, &headers, &body, SystemTime::now()))
    };
    (Some(status), outcome)
}

/// One request and the head of its response.
async fn respond(http: HttpClient, prepared: &Prepared<'_>, end: Option<End>) -> Result<Response<Body>> {
    let (method, origin) = (&prepared.request.method, prepared.config.origin());
    let upload = prepared.upload();
    let sent = pin!(http.send(method, || prepared.outgoing(&upload)));
    let sent = pin!(until_silent(prepared.limits.idle, &upload, origin, sent));
    let late = |error| may_have_run(error, method);
    until(end, "no reply", origin, sent).await.map_err(late)?.map_err(late)?.map_err(|failed| match failed {
        NoResponse::Request(error) => error,
        NoResponse::Failure(failure) if failure.was_sent() => may_have_run(prepared.broken(failure.error), method),
        NoResponse::Failure(failure) => prepared.broken(failure.error),
    })
}

impl Form for WholeReply {
    type Output = Reply;

    async fn read(&self, prepared: &Prepared<'_>, answer: Answer, attempts: u32) -> Result<Reply> {
        let Answer { status, headers, body, end } = answer;
        let most = prepared.config.max_reply_bytes;
        let executed = |error| may_have_run(error, &prepared.request.method);
        let read = pin!(collect(body, most as usize));
        let read = until(end, "no whole reply", prepared.config.origin(), read).await.map_err(executed)?;
        let body = read.map_err(|error: BoxError| match error.is::<TooLong>() {
            true => too_long(status, most),
            false => executed(prepared.broken(error)),
        })?;
        let (idempotency_key, turn) = (prepared.idempotency_key.clone(), prepared.request.turn.clone());
        Ok(Reply { status, headers, body, idempotency_key, attempts, turn })
    }
}

fn too_long(status: u16, most: u32) -> Error {
    let name = rows::max_reply_bytes.name;
    let message = format!("the reply is longer than {most} bytes, which {name} allows: ask for less, or raise it");
    Error::unexpected_reply(status, message, b"").with_code("REPLY_TOO_LONG")
}

impl Form for Stream {
    type Output = OpenedStream;

    async fn read(&self, prepared: &Prepared<'_>, answer: Answer, attempts: u32) -> Result<OpenedStream> {
        let Answer { status, headers, body, end } = answer;
        let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        if is_event_stream(kind) {
            let turn = prepared.request.turn.clone();
            let idempotency_key = prepared.idempotency_key.clone();
            return Ok(OpenedStream {
                head: StreamHead { status, headers: compact(&headers), idempotency_key, attempts, turn },
                body,
                end: self.0,
                idle_timeout: prepared.limits.idle,
                deadline: prepared.limits.deadline,
                origin: prepared.config.origin().clone(),
            });
        }
        let body = error_body(body, end, prepared.limits.idle).await;
        if let Ok(FailedReply { success: false }) = serde_json::from_slice(&body) {
            return Err(failure(status, &headers, &body));
        }
        let message = format!("expected an event stream, got {:?}", String::from_utf8_lossy(kind));
        Err(Error::unexpected_reply(status, message, &body))
    }
}

/// A JSON reply that says that it is an error.
#[derive(serde::Deserialize)]
struct FailedReply {
    success: bool,
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

/// Tells whether a content type, with parameters or without, is that of an event stream.
fn is_event_stream(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(EVENT_STREAM.as_bytes())
}

/// The body of a reply that is an error. One that breaks off, is late or too long counts as empty: the status is known.
/// For a stream, the limit of silence is one of this body, too.
async fn error_body(body: Body, end: Option<End>, idle: Option<Duration>) -> Bytes {
    let limit = idle.map_or(ERROR_BODY_TIMEOUT, |idle| idle.min(ERROR_BODY_TIMEOUT));
    let end = earlier(end, End::after(limit));
    match until(end, "", "", pin!(collect(body, ERROR_BODY_LIMIT))).await {
        Ok(Ok(body)) => body,
        _ => Bytes::new(),
    }
}
