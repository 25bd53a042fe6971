//! One chat turn: a list of steps, taken one after the other by whoever waits for it.
//!
//! A streamed turn is its own body: dropping it, as happens when the client hangs up, cancels the turn. No task and
//! no queue stand between a turn and its reader.

use super::Formation;
use super::events::Happening;
use super::ids;
use super::requests::End;
use super::responder::{Course, Script, respond, slices};
use super::sessions::Message;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Silence after which a stream sends a comment.
const KEEPALIVE: Duration = Duration::from_secs(1);

/// What a turn is asked.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) user: String,
    pub(crate) session_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) agent_id: Option<String>,
    pub(crate) message: String,
    pub(crate) stream: bool,
}

/// The answer as the JSON path returns it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) content: String,
    pub(crate) artifacts: Vec<Value>,
    pub(crate) metadata: Value,
    pub(crate) widgets: Vec<Value>,
}

#[derive(Debug)]
enum Step {
    /// Do nothing for a while.
    Pause(Duration),
    /// A chat event: type, content and further fields.
    Token(&'static str, String, Value),
    /// Bytes of the stream as they are.
    Frame(String),
    /// Store the file that the turn made.
    Save(&'static str, String),
    /// The request has ended.
    Finish(End),
    /// The request stays open until the user answers.
    Wait,
}

/// A turn that runs.
#[derive(Debug)]
pub(crate) struct Turn {
    formation: Arc<Formation>,
    pub(crate) request_id: String,
    pub(crate) session_id: String,
    user: String,
    agent: String,
    serial: u64,
    steps: VecDeque<Step>,
    pause: Duration,
    started: Instant,
    open: bool,
    /// What the JSON path answers with, or the words of the exception.
    pub(crate) reply: Result<Reply, String>,
}

impl Turn {
    /// Starts a turn: from here on it is tracked and the user's message is stored.
    pub(crate) fn start(formation: &Arc<Formation>, ask: &Ask) -> Self {
        let script = respond(&ask.message);
        let session_id = ask.session_id.clone().unwrap_or_else(|| ids::random("sess_", 21));
        let (request_id, serial) = register(formation, ask, &session_id);
        let known = ask.agent_id.as_deref().filter(|id| agent_known(formation, id));
        let first = formation.spec.agents().first().and_then(|agent| agent["id"].as_str().map(str::to_owned));
        let agent = known.map(str::to_owned).or(first).unwrap_or_else(|| "muxi-generalist".to_owned());
        let mut turn = Self {
            formation: formation.clone(),
            request_id,
            session_id,
            user: ask.user.clone(),
            agent,
            serial,
            steps: VecDeque::new(),
            pause: Duration::ZERO,
            started: Instant::now(),
            open: true,
            reply: Err(script.text.clone()),
        };
        turn.announce("chat.started", "info", "Chat turn started", None);
        turn.plan(ask, script);
        turn
    }

    /// The steps of the turn, and its reply.
    fn plan(&mut self, ask: &Ask, script: Script) {
        // A stream that names an unknown agent is answered as a workflow.
        let strange = ask.agent_id.as_deref().is_some_and(|id| !agent_known(&self.formation, id));
        let course = if strange && script.course == Course::Plain { Course::Workflow } else { script.course };
        let mut metadata = json!({ "session_id": self.session_id });
        if course == Course::Clarify {
            metadata = json!({ "clarification": true, "mode": "direct", "session_id": self.session_id });
        }
        let artifacts: Vec<Value> = script.file.iter().map(|(name, content)| artifact(name, content)).collect();
        if course != Course::Broken {
            let (content, widgets) = (script.text.clone(), script.widgets.clone());
            self.reply = Ok(Reply { content, artifacts: artifacts.clone(), metadata, widgets });
        }

        self.frame(": keepalive\n\n");
        self.token("progress", "Let me see...", json!({ "stage": "init", "skip_rephrase": true }));
        self.token(
            "thinking",
            "Give me a moment...",
            json!({
                "stage": "process_sync_start", "original_message": ask.message, "agent_name": ask.agent_id,
                "skip_clarification": false, "skip_rephrase": true,
            }),
        );
        self.steps.push_back(Step::Pause(script.wait));
        match course {
            Course::Plain => self.plan_answer(ask, &script, &artifacts),
            Course::Workflow => self.plan_workflow(ask, &script.text),
            Course::Clarify => {
                let extra = json!({
                    "stage": "clarification_needed", "clarification_question": script.text, "skip_rephrase": true,
                });
                self.token("thinking", "I need to clarify something with the user...", extra);
                self.steps.push_back(Step::Wait);
                let extra =
                    json!({ "status": "awaiting_clarification", "processing_time_ms": null, "clarification": true });
                self.token("completed", &script.text, extra);
            }
            Course::ModelDown => {
                self.finish(End::Failed("The model is unavailable".to_owned()));
                self.token("completed", &script.text, json!({ "status": "error", "processing_time_ms": null }));
            }
            Course::Broken => {
                self.finish(End::Failed(script.text.clone()));
                self.frame(&error_frame(&script.text, "RuntimeError"));
                return;
            }
        }
        if script.cut && ask.stream {
            self.cut();
            return;
        }
        if !script.widgets.is_empty() {
            self.frame(&format!("event: ui\ndata: {}\n\n", json!({ "ui": script.widgets })));
        }
        self.frame("event: done\ndata: {\"finished\":true}\n\n");
    }

    fn plan_answer(&mut self, ask: &Ask, script: &Script, artifacts: &[Value]) {
        let agent = self.agent.clone();
        let preview = preview(&ask.message);
        let extra = json!({ "stage": "agent_selection", "message_preview": preview, "agent_requested": ask.agent_id });
        self.token("planning", "Determining the best agent to handle this request...", extra);
        let extra = json!({ "stage": "agent_selected", "selected_agent": agent });
        let text = "I'll use an agent with the right capabilities to help the user with their request.";
        self.token("progress", text, extra);
        self.token("progress", "Processing request...", json!({ "stage": "agent_processing", "agent_name": agent }));
        self.plan_agent(&preview);
        if let Some((name, content)) = &script.file {
            let extra = json!({
                "stage": "artifact_generating", "tool_name": "generate_file", "filename": name, "agent_name": agent,
                "skip_rephrase": true,
            });
            self.token("progress", &format!("Creating {name}..."), extra);
            self.steps.push_back(Step::Save(name, content.clone()));
            let extra = json!({
                "stage": "artifact_created", "filename": name, "artifact_type": "text", "artifact_format": "txt",
                "skip_rephrase": true,
            });
            self.token("progress", &format!("Created {name}"), extra);
        }
        let format = self.formation.spec.document.pointer("/overlord/response/format").and_then(Value::as_str);
        let extra = json!({
            "stage": "response_preparation", "has_persona": true, "response_format": format.unwrap_or("markdown"),
            "skip_rephrase": true,
        });
        self.token("progress", "Preparing response...", extra);
        for (index, slice) in slices(&script.text).into_iter().enumerate() {
            if index > 0 && !script.pace.is_zero() {
                self.steps.push_back(Step::Pause(script.pace));
            }
            self.token("content", slice, json!({ "stage": "response_generation", "skip_rephrase": true }));
        }
        self.finish(End::Completed(json!(script.text)));
        let mut extra = json!({ "status": "success", "processing_time_ms": null, "agent_used": agent });
        if !artifacts.is_empty() {
            extra["artifacts"] = json!(artifacts);
        }
        self.token("completed", &script.text, extra);
    }

    fn plan_agent(&mut self, preview: &str) {
        let agent = self.agent.clone();
        let name = self.formation.spec.agents().iter().find(|a| a["id"] == agent.as_str()).map(|a| a["name"].clone());
        let tools = self.formation.spec.mcp_servers().len();
        let extra = json!({
            "stage": "agent_planning", "agent_name": name.unwrap_or_else(|| json!(agent)), "agent_id": agent,
            "message_preview": preview, "has_tools": tools > 0, "tool_count": tools,
        });
        self.token("planning", "Planning approach to handle the user's request...", extra);
        let extra =
            json!({ "stage": "creating_plan", "agent_name": agent, "tool_count": tools, "skip_rephrase": true });
        self.token("progress", "Creating plan...", extra);
    }

    fn plan_workflow(&mut self, ask: &Ask, text: &str) {
        let workflow = ids::random("wrk_", 21);
        let extra = json!({
            "stage": "decomposition_complete", "task_count": 1, "workflow_id": workflow,
            "decomposition_details": ask.message, "is_llm_response": true,
        });
        self.token("planning", "I've broken this down into 1 tasks to complete.", extra);
        let extra = json!({ "stage": "workflow_start", "workflow_id": workflow, "task_count": 1 });
        self.token("progress", "Executing workflow with 1 tasks...", extra);
        self.plan_agent(&preview(&ask.message));
        let started = ids::iso_bare(jiff::Timestamp::now());
        let extra = json!({
            "stage": "workflow_execution", "workflow_id": workflow,
            "progress": {
                "workflow_id": workflow, "status": "in_progress", "total_tasks": 1, "completed_tasks": 1,
                "failed_tasks": 0, "in_progress_tasks": 0, "progress_percentage": 100.0, "started_at": started,
            },
        });
        self.token("progress", "Processing workflow tasks... (1/1 - 100%)", extra);
        self.finish(End::Completed(json!(text)));
        self.token("completed", text, json!({ "stage": "final", "workflow_id": workflow }));
        let extra = json!({ "stage": "workflow_synthesis", "workflow_id": workflow, "skip_rephrase": true });
        self.token("thinking", "Synthesizing results from all completed tasks...", extra);
    }

    fn token(&mut self, kind: &'static str, content: &str, extra: Value) {
        self.steps.push_back(Step::Token(kind, content.to_owned(), extra));
    }

    fn frame(&mut self, text: &str) {
        self.steps.push_back(Step::Frame(text.to_owned()));
    }

    fn finish(&mut self, end: End) {
        self.steps.push_back(Step::Finish(end));
    }

    /// Drops the second half of the answer and all that follows. The request then ends as one whose reader left.
    fn cut(&mut self) {
        let content = |step: &Step| matches!(step, Step::Token("content", ..));
        let half = self.steps.iter().filter(|step| content(step)).count() / 2;
        let seen = self.steps.iter().enumerate().filter(|(_, step)| content(step)).map(|(index, _)| index);
        let end = seen.take(half).last().map_or(self.steps.len() / 2, |index| index + 1);
        self.steps.truncate(end);
    }

    /// The next bytes of the stream; `None` at its end.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.pause.is_zero() {
                let nap = self.pause.min(KEEPALIVE);
                tokio::time::sleep(nap).await;
                self.pause -= nap;
                if nap == KEEPALIVE {
                    return Some(Bytes::from_static(b": keepalive\n\n"));
                }
            }
            match self.steps.pop_front()? {
                Step::Pause(length) => self.pause = length,
                Step::Frame(text) => return Some(Bytes::from(text)),
                Step::Token(kind, content, extra) => return Some(self.emit(kind, &content, extra)),
                Step::Save(name, content) => {
                    let mut state = self.formation.state();
                    state.artifacts.save(&self.user, name, "text/plain", content.into(), &self.agent, &self.session_id);
                }
                Step::Finish(end) => self.close(end),
                Step::Wait => {
                    self.open = false;
                    let request = (self.request_id.clone(), self.serial);
                    let mut state = self.formation.state();
                    state.sessions.ask(&self.user, &self.session_id, request);
                    drop(state);
                    self.remember_answer();
                }
            }
        }
    }

    /// Runs the turn to its end without a reader.
    pub(crate) async fn run(&mut self) {
        while self.next().await.is_some() {}
    }

    fn emit(&self, kind: &str, content: &str, extra: Value) -> Bytes {
        let mut token = Map::new();
        for (key, value) in [
            ("request_id", json!(self.request_id)),
            ("user_id", json!(self.user)),
            ("session_id", json!(self.session_id)),
            ("type", json!(kind)),
            ("content", json!(content)),
            ("timestamp", json!(ids::seconds())),
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
        self.announce("chat.token", "debug", content, Some(token));
        Bytes::from(frame)
    }

    fn close(&mut self, end: End) {
        self.open = false;
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
        self.formation.state().requests.end(self.serial, end);
    }

    fn remember_answer(&self) {
        let Ok(reply) = &self.reply else { return };
        let message = Message {
            role: "assistant",
            text: &reply.content,
            request_id: &self.request_id,
            formation_id: &self.formation.spec.id,
        };
        self.formation.state().sessions.record(&self.user, &self.session_id, &message);
    }

    fn announce(&self, kind: &'static str, level: &'static str, message: &str, token: Option<Value>) {
        self.formation.events.send(|| Happening {
            kind,
            level,
            time: ids::seconds(),
            message: message.to_owned(),
            user: Some(self.user.clone()),
            session: Some(self.session_id.clone()),
            request: Some(self.request_id.clone()),
            agent: Some(self.agent.clone()),
            token,
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.open {
            self.close(End::Cancelled);
        }
        self.announce("chat.ended", "debug", "Chat turn ended", None);
    }
}

/// Tracks the request of a turn and stores the user's message.
fn register(formation: &Formation, ask: &Ask, session_id: &str) -> (String, u64) {
    let mut state = formation.state();
    state.users.number(&ask.user);
    let waiting = state.sessions.answered(&ask.user, session_id);
    let request_id = match (&ask.request_id, &waiting) {
        (Some(id), _) => id.clone(),
        // The answer to a question goes on with the request that asked it.
        (None, Some((id, _))) => id.clone(),
        (None, None) => ids::request(),
    };
    if let Some((_, serial)) = waiting {
        state.requests.end(serial, End::Completed(json!("Answered")));
    }
    let serial = state.requests.start(&request_id, &ask.user, session_id);
    let message =
        Message { role: "user", text: &ask.message, request_id: &request_id, formation_id: &formation.spec.id };
    state.sessions.record(&ask.user, session_id, &message);
    (request_id, serial)
}

/// The JSON reply to a message for an agent that does not exist: the runtime says that it retries in background.
pub(crate) fn escalate(formation: &Arc<Formation>, ask: &Ask) -> (String, Reply) {
    let session_id = ask.session_id.clone().unwrap_or_else(|| ids::random("sess_", 21));
    let (request_id, serial) = register(formation, ask, &session_id);
    formation.state().requests.escalate(serial);
    let result = json!(format!("### Task 1: Answer the request\nResult: {}", respond(&ask.message).text));
    let later = formation.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        later.state().requests.end(serial, End::Completed(result));
    });
    let content = format!(
        "This has failed. I'm going to retry with a different approach and let you know asynchronously. \
         Your request ID is {request_id}. Poll GET /v1/requests/{request_id} for the outcome."
    );
    let metadata = json!({
        "escalated": true, "request_id": request_id, "session_id": session_id, "delivery": "polling",
    });
    (request_id, Reply { content, artifacts: Vec::new(), metadata, widgets: Vec::new() })
}

/// Whether the formation has that agent; the hidden generalist counts.
pub(crate) fn agent_known(formation: &Formation, id: &str) -> bool {
    id == "muxi-generalist" || formation.spec.agents().iter().any(|agent| agent["id"] == id)
}

/// The frame of a failed stream.
pub(crate) fn error_frame(message: &str, class: &str) -> String {
    format!("event: error\ndata: {}\n\n", json!({ "error": message, "type": class }))
}

fn preview(message: &str) -> String {
    let short: String = message.chars().take(60).collect();
    if short.len() < message.len() { format!("{short}...") } else { short }
}

/// A made file as an answer carries it.
fn artifact(name: &str, content: &str) -> Value {
    use base64::Engine as _;
    let data = base64::engine::general_purpose::STANDARD.encode(content);
    json!({
        "type": "text", "format": "txt", "filename": name, "preview": null,
        "metadata": {
            "size_bytes": content.len(), "created_at": ids::iso_bare(jiff::Timestamp::now()), "lines": null,
            "characters": null, "language": null, "pages": null, "width": null, "height": null,
        },
        "content": content, "data_url": format!("data:text/plain;base64,{data}"),
    })
}
