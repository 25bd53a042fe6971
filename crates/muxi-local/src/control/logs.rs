//! The output of formations and of the server, and the routes that show it.

use super::{Call, progress};
use crate::reply;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Mutex, PoisonError},
};
use tokio::sync::broadcast::{self, error::RecvError};

/// The most lines that one answer may hold, and so the most that are kept.
const MOST: usize = 10_000;
/// Lines that a follower may lag behind before it loses some.
const LAG: usize = 256;

/// The output of one formation.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) stdout: Lines,
    pub(crate) stderr: Lines,
}

/// One stream of lines: the last [`MOST`] of them, and those who follow it.
#[derive(Debug)]
pub(crate) struct Lines {
    kept: Mutex<(VecDeque<String>, u64)>,
    follow: broadcast::Sender<String>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { kept: Mutex::default(), follow: broadcast::Sender::new(LAG) }
    }
}

impl Lines {
    /// Adds a line.
    pub(crate) fn push(&self, line: impl Into<String>) {
        let line = line.into();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0.len() == MOST {
            kept.0.pop_front();
        }
        kept.0.push_back(line.clone());
        kept.1 += 1;
        drop(kept);
        // An error means that there are no followers.
        let _ = self.follow.send(line);
    }

    /// Forgets every line.
    pub(super) fn clear(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }

    /// The last `count` lines, oldest first, and how many there have been.
    fn tail(&self, count: usize) -> (Vec<String>, u64) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.0.iter().skip(kept.0.len().saturating_sub(count)).cloned().collect(), kept.1)
    }
}

pub(super) async fn formation(call: Call) -> Response {
    let Some(log) = call.control.with(&call.id, |entry| entry.log.clone()) else { return reply::not_found() };
    let stream = call.query("stream").unwrap_or_else(|| "all".into());
    if matches!(call.query("follow").as_deref(), Some("true" | "1")) {
        let lines = if stream == "stderr" { &log.stderr } else { &log.stdout };
        return follow(call.id, lines.follow.subscribe());
    }
    let count = lines(&call);
    let (mut logs, mut total) = (Map::new(), Map::new());
    for (name, lines) in [("stderr", &log.stderr), ("stdout", &log.stdout)] {
        let (tail, all) = lines.tail(count);
        if stream == "all" || stream == name {
            logs.insert(name.into(), if tail.is_empty() { Value::Null } else { tail.into() });
            total.insert(name.into(), all.into());
        }
    }
    reply::ok(json!({"formation_id": call.id, "logs": logs, "total_lines": total}))
}

pub(super) async fn server(call: Call) -> Response {
    let text: String = call.control.audit.tail(lines(&call)).0.into_iter().map(|line| line + "\n").collect();
    ([(header::CONTENT_TYPE, "text/plain")], text).into_response()
}

/// The `lines` parameter; values that make no sense count as absent.
fn lines(call: &Call) -> usize {
    let asked = call.query("lines").and_then(|lines| lines.parse().ok());
    asked.filter(|lines| *lines > 0).map_or(100, |lines: usize| lines.min(MOST))
}

/// New lines only, until the caller leaves or the formation is deleted.
fn follow(id: String, lines: broadcast::Receiver<String>) -> Response {
    let connected = progress::frame("connected", &json!({"formation_id": id}));
    let lines = stream::unfold((id, lines), |(id, mut lines)| async {
        loop {
            match lines.recv().await {
                Ok(line) => {
                    return Some((progress::frame("log", &json!({"formation_id": id, "line": line})), (id, lines)));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let frames = stream::once(async { connected }).chain(lines).map(Ok::<_, Infallible>);
    (StatusCode::OK, progress::stream_headers(), Body::from_stream(frames)).into_response()
}
