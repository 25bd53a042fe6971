//! One chat turn: a list of steps, which the task that waits for the turn takes one after the other.
//!
//! A streamed turn is its own body: dropping it, as happens when the client hangs up, cancels the turn. No task and
//! no queue stand between a turn and its reader.

use super::plan::{Step, error_frame, mark};
use super::requests::End;
use crate::formation::Formation;
use crate::formation::ids;
use crate::formation::log::events::{Happening, observed};
use crate::formation::memory::memories::Scope;
use crate::formation::people::sessions::Message;
use crate::formation::responder::{Answer, Ask, Deltas, Question};
use crate::{quirks::Quirk, store::unsaved};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Silence after which a stream sends a comment.
const KEEPALIVE: Duration = Duration::from_secs(1);
/// The runtime's text when the model is down.
const APOLOGY: &str = "I wasn't able to complete this request. The required service is currently unavailable. \
                       Please try again shortly.";

/// The time that the making of a user takes, where that is a race.
const USER_CREATION_TIME: Duration = Duration::from_millis(500);

/// The answer as the JSON path returns it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) content: String,
    pub(crate) artifacts: Vec<Value>,
    pub(crate) metadata: Value,
    pub(crate) widgets: Vec<Value>,
}

/// A turn that runs.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) formation: Arc<Formation>,
    pub(crate) request_id: String,
    pub(crate) session_id: String,
    pub(crate) user: String,
    /// True if the user was unknown before.
    makes_user: bool,
    pub(crate) agent: String,
    pub(crate) serial: u64,
    pub(crate) steps: VecDeque<Step>,
    pub(crate) pause: Duration,
    pub(crate) started: Instant,
    pub(crate) open: bool,
    pub(crate) streamed: bool,
    /// True if the answer has begun.
    pub(crate) answering: bool,
    pub(crate) cancel: watch::Receiver<bool>,
    /// The present source of the answer.
    pub(crate) source: Option<(Deltas, bool)>,
    /// The failure of the model.
    pub(crate) failure: Option<String>,
    /// True if a piece of a passed answer has been sent.
    sent: bool,
    /// The message of the turn.
    pub(crate) message: String,
    /// The end of the turn; `None` while it runs, and where it ended with a question.
    pub(crate) end: Option<End>,
    /// The answer of the JSON path, or the words of the exception.
    pub(crate) reply: Result<Reply, String>,
}

impl Turn {
    /// Starts a turn: from here on it is tracked and the user's message is stored.
    pub(crate) fn start(formation: &Arc<Formation>, ask: &Ask) -> Self {
        let ask = &Ask { user: formation.tenant(&ask.user).to_owned(), ..ask.clone() };
        let (makes_user, races) = races(formation, &ask.user);
        let session_id = ask.session_id.clone().unwrap_or_else(|| ids::random("sess_", 21));
        let (request_id, serial) = register(formation, ask, &session_id);
        let known = ask.agent_id.as_deref().filter(|id| agent_known(formation, id));
        let first = formation.spec.agents().first().and_then(|agent| agent["id"].as_str().map(str::to_owned));
        let agent = known.map(str::to_owned).or(first).unwrap_or_else(|| "muxi-generalist".to_owned());
        let question = Question { formation, ask, session_id: &session_id, request_id: &request_id, agent: &agent };
        let answer = if races {
            Answer::broken("duplicate key value violates unique constraint \"user_identifiers_pkey\"", "IntegrityError")
        } else {
            formation.context.responders.answer(&question)
        };
        let agent = answer.agent.clone().unwrap_or(agent);
        let mut turn = Self {
            formation: formation.clone(),
            request_id,
            session_id,
            user: ask.user.clone(),
            makes_user,
            agent,
            serial,
            steps: VecDeque::new(),
            pause: Duration::ZERO,
            started: Instant::now(),
            open: true,
            streamed: ask.stream,
            answering: false,
            cancel: formation.shared.cancels.enter(serial),
            source: None,
            failure: None,
            sent: false,
            message: ask.message.clone(),
            end: None,
            reply: Err(answer.text.clone()),
        };
        turn.announce("chat.started", "info", "Chat turn started", None);
        turn.plan(ask, answer);
        turn
    }

    /// The next bytes of the stream; `None` at its end.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.is_cancelled() {
                self.stop();
                self.commit().await;
            }
            if !self.pause.is_zero() {
                let nap = self.pause.min(KEEPALIVE);
                tokio::select! {
                    () = tokio::time::sleep(nap) => {}
                    () = self.cancelled() => continue,
                }
                self.pause -= nap;
                if nap == KEEPALIVE {
                    return Some(Bytes::from_static(b": keepalive\n\n"));
                }
            }
            if let Some((mut source, quiet)) = self.source.take() {
                let piece = tokio::select! {
                    piece = tokio::time::timeout(KEEPALIVE, source.0.next()) => piece,
                    () = self.cancelled() => continue,
                };
                if !matches!(piece, Ok(None | Some(Err(_)))) {
                    self.source = Some((source, quiet));
                }
                match piece {
                    Err(_) => return Some(Bytes::from_static(b": keepalive\n\n")),
                    Ok(Some(Ok(delta))) => {
                        if let Some(bytes) = self.pass(&delta, quiet) {
                            return Some(bytes);
                        }
                    }
                    Ok(Some(Err(failure))) => self.give_up(failure),
                    Ok(None) => {}
                }
                continue;
            }
            match self.steps.pop_front()? {
                Step::Pause(length) => self.pause = length,
                Step::Frame(text) => return Some(Bytes::from(text)),
                Step::Token(kind, content, extra) => {
                    self.answering |= kind == "content";
                    // An event without a reader is not made.
                    if !self.is_unseen() {
                        return Some(self.emit(&kind, &content, extra));
                    }
                }
                Step::Save(file) => {
                    let mut state = self.formation.state();
                    state.artifacts.save(&self.user, file, &self.agent, &self.session_id, self.formation.now());
                }
                Step::Remember(facts) => self.remember(facts),
                Step::Pass { deltas, quiet } => self.source = Some((deltas, quiet)),
                Step::Complete(extra) => {
                    let (content, extra) = self.complete(extra);
                    if self.commit().await {
                        return Some(self.emit("completed", &content, extra));
                    }
                }
                Step::Repeat(extra) => {
                    if !self.is_unseen()
                        && let Ok(reply) = &self.reply
                    {
                        return Some(self.emit("content", &reply.content, extra));
                    }
                }
                Step::Finish(end) => {
                    self.close(end);
                    self.commit().await;
                }
                Step::Wait => {
                    self.open = false;
                    self.formation.shared.cancels.leave(self.serial);
                    let request = (self.request_id.clone(), self.serial);
                    let now = self.formation.seconds();
                    self.formation.state().sessions.ask(&self.user, &self.session_id, request, now);
                    self.remember_answer();
                    self.commit().await;
                }
            }
        }
    }

    /// Runs the turn to its end without a reader.
    pub(crate) async fn run(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Waits until the answer is safe, since the next frames say that it is there. A turn whose answer the store
    /// refuses has failed, and sends nothing but that.
    async fn commit(&mut self) -> bool {
        let Err(error) = self.formation.commit().await else { return true };
        let message = unsaved(&error);
        self.steps = VecDeque::from([Step::Frame(error_frame(&message, "RuntimeError"))]);
        self.reply = Err(message);
        false
    }

    fn is_unseen(&self) -> bool {
        !self.streamed && self.formation.events.is_idle()
    }

    /// Takes a piece of the answer.
    fn pass(&mut self, delta: &str, quiet: bool) -> Option<Bytes> {
        self.answering = true;
        if let Ok(reply) = &mut self.reply {
            reply.content.push_str(delta);
        }
        if quiet || self.is_unseen() {
            return None;
        }
        self.sent = true;
        Some(self.emit("content", delta, json!({ "stage": "response_generation", "skip_rephrase": true })))
    }

    /// The model has failed: what it said so far is replaced by the runtime's apology.
    pub(crate) fn give_up(&mut self, failure: String) {
        self.failure = Some(failure);
        if let Ok(reply) = &mut self.reply {
            APOLOGY.clone_into(&mut reply.content);
            mark(&self.formation, &self.request_id, Some("error"), &mut reply.metadata);
        }
    }

    /// Ends the request; gives what `completed` says.
    fn complete(&mut self, mut extra: Value) -> (String, Value) {
        self.note_workflow(self.failure.is_some());
        let content = self.reply.as_ref().map_or_else(Clone::clone, |reply| reply.content.clone());
        let end = match self.failure.take() {
            None => End::Completed(json!(content)),
            Some(failure) => {
                extra = json!({ "status": "error", "processing_time_ms": null });
                if self.sent {
                    extra["stream_discontinuity"] = json!(true);
                }
                End::Failed(failure)
            }
        };
        self.close(end);
        (content, extra)
    }

    /// Stores facts about the user.
    fn remember(&self, facts: Vec<String>) {
        let mut state = self.formation.state();
        let now = self.formation.now();
        let owner = state.users.number(&self.user, now);
        for fact in facts {
            let metadata = Map::from_iter([("timestamp".to_owned(), json!(ids::as_seconds(now)))]);
            let scope = Scope { scope: "user".to_owned(), scope_id: None };
            state.memories.add(owner, fact, metadata, scope, None, now);
        }
    }

    fn emit(&self, kind: &str, content: &str, extra: Value) -> Bytes {
        let mut token = Map::new();
        for (key, value) in [
            ("request_id", json!(self.request_id)),
            ("user_id", json!(self.user)),
            ("session_id", json!(self.session_id)),
            ("type", json!(kind)),
            ("content", json!(content)),
            ("timestamp", json!(self.formation.seconds())),
        ] {
            token.insert(key.to_owned(), value);
        }
        if let Value::Object(extra) = extra {
            token.extend(extra);
        }
        if let Some(time) = token.get_mut("processing_time_ms") {
            *time = json!(self.started.elapsed().as_millis() as u64);
        }
        let token = Value::Object(token);
        let frame = format!("data: {}\n\n", json!({ "token": token }));
        if let Some(kind) = token.get("stage").and_then(Value::as_str).and_then(observed) {
            self.announce(kind, "info", content, None);
        }
        self.announce("chat.token", "debug", content, Some(token));
        Bytes::from(frame)
    }

    pub(crate) fn close(&mut self, end: End) {
        self.open = false;
        self.formation.shared.cancels.leave(self.serial);
        let (kind, level) = match &end {
            End::Completed(_) => ("chat.completed", "info"),
            End::Failed(_) => ("chat.failed", "error"),
            End::Cancelled => ("chat.cancelled", "warning"),
        };
        let message = match &end {
            End::Failed(error) => error.as_str(),
            End::Completed(_) => "Chat turn completed",
            End::Cancelled => "Chat turn cancelled",
        };
        self.announce(kind, level, message, None);
        if !matches!(end, End::Cancelled) {
            self.remember_answer();
        }
        self.end = Some(end.clone());
        let mut state = self.formation.state();
        // In one step: a caller that sees that the turn is over may start the next one.
        if self.makes_user {
            state.users.end_first_turn(&self.user);
        }
        state.requests.end(self.serial, end, self.formation.seconds());
    }

    fn remember_answer(&self) {
        let Ok(reply) = &self.reply else { return };
        let message = Message {
            role: "assistant",
            text: &reply.content,
            request_id: &self.request_id,
            formation_id: &self.formation.spec.id,
        };
        self.formation.state().sessions.record(&self.user, &self.session_id, &message, self.formation.seconds());
    }

    fn announce(&self, kind: &'static str, level: &'static str, message: &str, token: Option<Value>) {
        self.formation.events.send(|| Happening {
            kind,
            level,
            time: self.formation.seconds(),
            message: message.to_owned(),
            user: Some(self.user.clone()),
            session: Some(self.session_id.clone()),
            request: Some(self.request_id.clone()),
            agent: Some(self.agent.clone()),
            data: Value::Null,
            token,
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.open {
            self.close(End::Cancelled);
        }
        if self.makes_user {
            self.formation.state().users.end_first_turn(&self.user);
        }
        self.announce("chat.ended", "debug", "Chat turn ended", None);
    }
}

/// True if the turn makes its user, and true if it fails because another turn still does: the first turns of a user,
/// sent at once, are all about to make that user. With SQLite there is one user, whom nothing makes.
fn races(formation: &Formation, user: &str) -> (bool, bool) {
    let mut state = formation.state();
    let makes = state.users.begin_first_turn(user, formation.now());
    let since = state.users.since_first_turn(user, formation.now());
    let is_on = formation.quirk(Quirk::NewUserRace) && !formation.quirk(Quirk::SingleUser);
    (makes, !makes && is_on && since.is_some_and(|since| since < USER_CREATION_TIME))
}

/// Tracks the request of a turn and stores the user's message.
fn register(formation: &Formation, ask: &Ask, session_id: &str) -> (String, u64) {
    let mut state = formation.state();
    let now = formation.seconds();
    state.users.number(&ask.user, formation.now());
    let waiting = state.sessions.answered(&ask.user, session_id);
    let request_id = match (&ask.request_id, &waiting) {
        (Some(id), _) => id.clone(),
        // The answer to a question goes on with the request that asked it.
        (None, Some((id, _))) => id.clone(),
        (None, None) => ids::request(),
    };
    if let Some((_, serial)) = waiting {
        state.requests.end(serial, End::Completed(json!("Answered")), now);
    }
    let serial = state.requests.start(&request_id, &ask.user, session_id, now);
    let message =
        Message { role: "user", text: &ask.message, request_id: &request_id, formation_id: &formation.spec.id };
    state.sessions.record(&ask.user, session_id, &message, now);
    (request_id, serial)
}

/// True if the formation has that agent; the hidden generalist counts.
pub(crate) fn agent_known(formation: &Formation, id: &str) -> bool {
    id == "muxi-generalist" || formation.spec.agents().iter().any(|agent| agent["id"] == id)
}
