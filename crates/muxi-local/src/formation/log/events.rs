//! The events of the formation, and the streams that send them.

use crate::formation::http::call::Call;
use crate::formation::http::envelope::{Answer, Failure, Outcome, event_response};
use crate::pattern::matches;
use crate::quirks::Quirk;
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::HeaderValue;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::broadcast::{self, error::RecvError};

/// Events that a slow reader may be behind before it loses the oldest.
const BACKLOG: usize = 4096;

const LEVELS: [&str; 5] = ["debug", "info", "warning", "error", "critical"];

/// Something that happened.
#[derive(Debug, Default)]
pub(crate) struct Happening {
    pub(crate) kind: &'static str,
    pub(crate) level: &'static str,
    pub(crate) time: f64,
    pub(crate) message: String,
    pub(crate) user: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) request: Option<String>,
    pub(crate) agent: Option<String>,
    /// The message's content, as fields.
    pub(crate) data: Value,
    /// The chat event itself, for kind `chat.token`.
    pub(crate) token: Option<Value>,
}

/// The channel from happenings to all that listen.
#[derive(Debug)]
pub(crate) struct Hub(broadcast::Sender<Arc<Happening>>);

impl Default for Hub {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Hub {
    /// Tells the listeners, if there are any.
    pub(crate) fn send(&self, happening: impl FnOnce() -> Happening) {
        if !self.is_idle() {
            // Fails only when the last listener has just left.
            let _ = self.0.send(Arc::new(happening()));
        }
    }

    /// True if there are no listeners.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.receiver_count() == 0
    }

    /// The happenings from now on.
    fn listen(&self) -> impl stream::Stream<Item = Arc<Happening>> + Send + 'static {
        stream::unfold(self.0.subscribe(), |mut receiver| async move {
            loop {
                match receiver.recv().await {
                    Ok(happening) => return Some((happening, receiver)),
                    // A slow reader loses events silently, as in the runtime.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        })
    }
}

fn data(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}

/// True if the shipped runtime's silence is wanted: its streams of events and logs never carry a byte.
fn is_silent(call: &Call) -> bool {
    call.quirk(Quirk::SilentEvents)
}

fn respond(frames: impl stream::Stream<Item = Bytes> + Send + 'static) -> Outcome {
    let mut response = event_response(Body::from_stream(frames.map(Ok::<_, Infallible>)));
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(Answer::Whole(response))
}

/// The event that a stage of a turn stands for.
pub(crate) fn observed(stage: &str) -> Option<&'static str> {
    Some(match stage {
        "agent_selected" => "agent.selected",
        "agent_processing" => "agent.processing",
        "agent_planning" => "agent.planning",
        "tool_execution" => "agent.tool_called",
        "workflow_start" => "workflow.started",
        "workflow_execution" => "workflow.progress",
        "workflow_synthesis" => "workflow.synthesis",
        "plan_step" => "task.started",
        "artifact_created" => "task.artifact_created",
        _ => return None,
    })
}

/// Events of a user, of all sessions or of one. Tokens and the end mark are not among them.
pub(crate) fn user_events(call: &Call) -> Outcome {
    let user = call.user_filter()?.map(str::to_owned);
    let session = Some(call.path("session_id")).filter(|id| !id.is_empty()).map(str::to_owned);
    if is_silent(call) {
        return respond(stream::pending());
    }
    let wanted = move |happening: &Happening| {
        let public = ["chat.", "agent.", "workflow.", "task."].iter().any(|start| happening.kind.starts_with(start));
        public
            && !matches!(happening.kind, "chat.token" | "chat.ended")
            && (user.is_none() || happening.user == user)
            && (session.is_none() || happening.session == session)
    };
    let frames = call.formation.events.listen().filter_map(move |happening| {
        let frame = wanted(&happening).then(|| {
            data(&json!({
                "type": happening.kind, "timestamp": happening.time, "message": happening.message,
                "session_id": happening.session, "request_id": happening.request,
            }))
        });
        std::future::ready(frame)
    });
    respond(frames)
}

/// The chat events of one running request, between an opening and a closing mark.
pub(crate) fn request_events(call: &Call) -> Outcome {
    let user = call.user_filter()?.map(str::to_owned);
    if call.quirk(Quirk::RequestEvents500) {
        let message = "No module named 'muxi.runtime.formation.services'";
        return Err(Failure::new(500, "INTERNAL_ERROR", message));
    }
    let (session, request) = (call.path("session_id").to_owned(), call.path("request_id").to_owned());
    // Listen first, or the end of the request may fall between the look and the listening.
    let listening = call.formation.events.listen();
    let mut state = call.formation.state();
    let row = state.requests.get(&request, call.formation.seconds());
    let running = row.is_some_and(|row| {
        row.running() && row.session == session && user.as_ref().is_none_or(|user| *user == row.user)
    });
    drop(state);
    let mark = |kind: &str| data(&json!({ "type": kind, "session_id": session, "request_id": request }));
    let (open, close) = (mark("stream_open"), mark("stream_completed"));
    let tokens = listening
        .filter(move |happening| std::future::ready(happening.request.as_ref() == Some(&request)))
        .take_while(|happening| std::future::ready(happening.kind != "chat.ended"))
        .filter_map(|happening| std::future::ready(happening.token.as_ref().map(data)));
    let tokens = if running { tokens.left_stream() } else { stream::empty().right_stream() };
    respond(stream::iter([open]).chain(tokens).chain(stream::iter([close])))
}

/// Log entries that pass the filters of the query.
pub(crate) fn logs(call: &Call) -> Outcome {
    let filter = |name: &str| call.query(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let [user, session, request, agent, level, kind] =
        ["user_id", "session_id", "request_id", "agent_id", "level", "event_type"].map(filter);
    if [&user, &session, &request, &agent, &level, &kind].iter().all(|filter| filter.is_none()) {
        let names = "user_id, session_id, request_id, agent_id, level, event_type";
        return Err(Failure::bad(format!("At least one filter is required: {names}")));
    }
    if is_silent(call) {
        return respond(stream::pending());
    }
    let rank = |name: &str| LEVELS.iter().position(|level| level.eq_ignore_ascii_case(name)).unwrap_or(0);
    // The key that the filter looks for is not where the runtime puts it.
    let none = agent.is_some() && call.quirk(Quirk::LogAgentFilter);
    let least = level.as_deref().map_or(0, rank);
    let frames = call.formation.events.listen().filter_map(move |happening| {
        let same = |filter: &Option<String>, value: &Option<String>| filter.is_none() || filter == value;
        let wanted = !none
            && !matches!(happening.kind, "chat.token" | "chat.ended")
            && rank(happening.level) >= least
            && kind.as_deref().is_none_or(|pattern| matches(pattern, happening.kind))
            && same(&user, &happening.user)
            && same(&session, &happening.session)
            && same(&request, &happening.request)
            && same(&agent, &happening.agent);
        let frame = wanted.then(|| {
            let entry = json!({
                "timestamp": happening.time, "level": happening.level, "event_type": happening.kind,
                "user_id": happening.user, "session_id": happening.session, "request_id": happening.request,
                "agent_id": happening.agent, "message": happening.message,
                "data": if happening.data.is_null() { json!({}) } else { happening.data.clone() },
            });
            Bytes::from(format!("event: log\ndata: {entry}\n\n"))
        });
        std::future::ready(frame)
    });
    respond(frames)
}
