//! A stand-in for an OpenAI-compatible endpoint, which plays what a test wants and notes what it was sent.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::Response,
    routing::post,
};
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tokio::sync::{Semaphore, watch};

/// The endpoint's answer to one call.
#[derive(Clone)]
pub(crate) enum Play {
    /// A stream of these pieces, complete.
    Pieces(&'static [&'static str]),
    /// As [`Play::Pieces`], but after the first the endpoint waits until it is told to go on.
    Gated(&'static [&'static str]),
    /// A status, a content type and a body.
    Plain(u16, &'static str, &'static str),
    /// These bytes, then the connection breaks.
    Broken(&'static str),
    /// No head ever.
    Silent,
}

/// A call that came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

struct Inner {
    plays: Mutex<VecDeque<Play>>,
    voice: Mutex<Option<Play>>,
    seen: Mutex<Vec<Seen>>,
    heard: Mutex<Vec<Seen>>,
    gate: Semaphore,
    /// Calls that were left before their answer was complete.
    left: watch::Sender<usize>,
}

pub(crate) struct Endpoint {
    pub(crate) url: String,
    inner: Arc<Inner>,
}

impl Endpoint {
    /// Starts an endpoint that plays these, and then `Hello there`.
    pub(crate) async fn start(plays: impl IntoIterator<Item = Play>) -> Self {
        let inner = Arc::new(Inner {
            plays: Mutex::new(plays.into_iter().collect()),
            voice: Mutex::default(),
            seen: Mutex::default(),
            heard: Mutex::default(),
            gate: Semaphore::new(0),
            left: watch::Sender::new(0),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/audio/transcriptions", post(transcribe))
            .with_state(inner.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// Transcribes in this way; without it, the route is not there.
    pub(crate) fn hear(&self, play: Play) {
        *self.inner.voice.lock().unwrap() = Some(play);
    }

    /// The chat calls so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.inner.seen.lock().unwrap().clone()
    }

    /// The transcription calls so far.
    pub(crate) fn heard(&self) -> Vec<Seen> {
        self.inner.heard.lock().unwrap().clone()
    }

    /// Lets one gated answer go on.
    pub(crate) fn go_on(&self) {
        self.inner.gate.add_permits(1);
    }

    /// The number of calls that the client left before their answer was complete.
    pub(crate) fn left(&self) -> usize {
        *self.inner.left.borrow()
    }

    /// Waits until that many calls were left.
    pub(crate) async fn wait_left(&self, count: usize) {
        let mut left = self.inner.left.subscribe();
        let wait = left.wait_for(|left| *left == count);
        tokio::time::timeout(crate::local::PATIENCE, wait).await.expect("the caller hangs up").unwrap();
    }

    /// Waits until that many chat calls have come.
    pub(crate) async fn wait_seen(&self, count: usize) {
        let wait = async {
            while self.seen().len() < count {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(crate::local::PATIENCE, wait).await.expect("the call");
    }
}

/// Notes when a call is left before its answer is complete.
struct Guard(Arc<Inner>, bool);

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.1 {
            self.0.left.send_modify(|left| *left += 1);
        }
    }
}

async fn complete(State(inner): State<Arc<Inner>>, headers: HeaderMap, bytes: Bytes) -> Response {
    inner.seen.lock().unwrap().push(Seen { headers, bytes });
    let play = inner.plays.lock().unwrap().pop_front().unwrap_or(Play::Pieces(&["Hello ", "there"]));
    respond(inner, play).await
}

async fn transcribe(State(inner): State<Arc<Inner>>, headers: HeaderMap, bytes: Bytes) -> Response {
    inner.heard.lock().unwrap().push(Seen { headers, bytes });
    let play = inner.voice.lock().unwrap().clone();
    respond(inner, play.unwrap_or(Play::Plain(404, "text/plain", "nothing here"))).await
}

async fn respond(inner: Arc<Inner>, play: Play) -> Response {
    let mut guard = Guard(inner, false);
    match play {
        Play::Pieces(pieces) => events(pieces, guard, false),
        Play::Gated(pieces) => events(pieces, guard, true),
        Play::Plain(status, kind, body) => {
            guard.1 = true;
            Response::builder().status(status).header("content-type", kind).body(Body::from(body)).unwrap()
        }
        Play::Broken(text) => {
            guard.1 = true;
            let parts = [Ok(Bytes::from(text)), Err("the connection breaks")];
            // The error must not overtake the bytes.
            let parts = stream::iter(parts).then(async |part| {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                part
            });
            Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(parts)).unwrap()
        }
        Play::Silent => std::future::pending().await,
    }
}

fn events(pieces: &'static [&'static str], guard: Guard, gated: bool) -> Response {
    let frame =
        |choice: Value| format!("data: {}\n\n", json!({ "object": "chat.completion.chunk", "choices": [choice] }));
    let delta = |text: &&str| frame(json!({ "index": 0, "delta": { "content": text }, "finish_reason": null }));
    let mut frames = vec![frame(json!({ "index": 0, "delta": { "role": "assistant", "content": "" } }))];
    frames.extend(pieces.iter().map(delta));
    frames.push(frame(json!({ "index": 0, "delta": {}, "finish_reason": "length" })));
    frames.push("data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n".to_owned());
    frames.push("data: [DONE]\n\n".to_owned());
    let last = frames.len() - 1;
    let frames = stream::unfold((frames.into_iter().enumerate(), guard), move |(mut frames, mut guard)| async move {
        let (index, frame) = frames.next()?;
        if gated && index == 2 {
            guard.0.gate.acquire().await.unwrap().forget();
        }
        guard.1 = index == last;
        Some((Ok::<_, Infallible>(frame), (frames, guard)))
    });
    Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(frames)).unwrap()
}
