//! One operation, two faces: a JSON answer at its end, or a stream of progress events.

use super::Control;
use crate::reply;
use crate::store::unsaved;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::{convert::Infallible, future::Future, sync::Arc};
use tokio::sync::mpsc;

/// More events than any operation has, so that none waits for a slow reader.
const EVENTS: usize = 64;

/// The answer of an operation that succeeded.
pub(super) struct Done {
    pub(super) status: StatusCode,
    /// `data` of the JSON answer.
    pub(super) data: Value,
    /// `data` of the `complete` event.
    pub(super) complete: Value,
}

/// The answer of an operation that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    /// The name in the `error` event.
    pub(super) name: &'static str,
    stage: &'static str,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, name: &'static str, stage: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, stage, message: message.into() }
    }

    /// The caller's fault.
    pub(super) fn bad(name: &'static str, stage: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, name, stage, message)
    }

    /// The server's fault.
    pub(super) fn internal(name: &'static str, stage: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, name, stage, message)
    }
}

/// The stages that an operation reports; none when the caller wants JSON.
#[derive(Clone)]
pub(super) struct Progress(Option<mpsc::Sender<Bytes>>);

impl Progress {
    /// Reports a stage.
    pub(super) fn stage(&self, stage: &str, message: impl AsRef<str>) {
        self.stage_with(stage, message, &[]);
    }

    /// Reports a stage with more fields.
    pub(super) fn stage_with(&self, stage: &str, message: impl AsRef<str>, fields: &[(&str, Value)]) {
        let mut data = json!({"stage": stage, "message": message.as_ref()});
        for (name, value) in fields {
            data[*name] = value.clone();
        }
        self.send("progress", &data);
    }

    fn send(&self, event: &str, data: &Value) {
        // A caller that left gets nothing; the operation carries on, as on the real server.
        if let Some(sender) = &self.0 {
            let _ = sender.try_send(frame(event, data));
        }
    }
}

/// One event on the wire.
pub(super) fn frame(event: &str, data: &Value) -> Bytes {
    format!("event: {event}\ndata: {data}\n\n").into()
}

/// Runs `work` to its end even when the caller leaves. `render` makes the JSON answer. Success is told when what was
/// done is safe.
pub(super) async fn run<F>(
    control: &Arc<Control>,
    events: bool,
    work: impl FnOnce(Progress) -> F,
    render: impl FnOnce(Result<Done, Failure>) -> Response,
) -> Response
where
    F: Future<Output = Result<Done, Failure>> + Send + 'static,
{
    if !events {
        return match tokio::spawn(work(Progress(None))).await {
            Ok(result) => render(result),
            Err(_) => reply::error(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"),
        };
    }
    let (sender, mut receiver) = mpsc::channel(EVENTS);
    let progress = Progress(Some(sender));
    let (work, control) = (work(progress.clone()), control.clone());
    tokio::spawn(async move {
        let result = work.await;
        let refused = |error: String| Failure::internal("StorageError", "saving", unsaved(&error));
        match control.commit().await.map_err(refused).and(result) {
            Ok(done) => progress.send("complete", &done.complete),
            Err(failure) => {
                let Failure { name, message, stage, .. } = failure;
                progress.send("error", &json!({"error": name, "message": message, "stage": stage}));
            }
        }
    });
    let mut headers = stream_headers();
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    let frames =
        stream::poll_fn(move |context| receiver.poll_recv(context).map(|frame| frame.map(Ok::<_, Infallible>)));
    (headers, Body::from_stream(frames)).into_response()
}

/// The plain JSON answer of an operation.
pub(super) fn render(result: Result<Done, Failure>) -> Response {
    match result {
        Ok(done) => reply::created(done.status, done.data),
        Err(failure) => reply::error(failure.status, &failure.message),
    }
}

/// The headers of an event stream.
pub(super) fn stream_headers() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONNECTION, HeaderValue::from_static("keep-alive")),
    ])
}

/// Runs `work`, which waits for files, off the event loop.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let failed = |_| Failure::internal("SpawnError", "spawning", "Internal server error");
    tokio::task::spawn_blocking(work).await.map_err(failed)
}
