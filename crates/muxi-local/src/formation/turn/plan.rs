//! The steps of a turn: the events that the runtime sends for one, in its order and with its words.

use super::requests::End;
use super::running::{Reply, Turn, agent_known};
use super::workflow;
use crate::formation::library::artifacts::category;
use crate::formation::responder::{Answer, Ask, Course, Deltas, Event, File, Tool};
use crate::formation::{Formation, ids};
use crate::quirks::Quirk;
use base64::Engine as _;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::time::Duration;

/// One step of a turn.
#[derive(Debug)]
pub(crate) enum Step {
    /// Do nothing for a while.
    Pause(Duration),
    /// A chat event: type, content and further fields.
    Token(Cow<'static, str>, String, Value),
    /// Bytes of the stream as they are.
    Frame(String),
    /// Store the file that the turn made.
    Save(File),
    /// Store facts about the user.
    Remember(Vec<String>),
    /// Take the answer from where it comes piece by piece; a quiet one sends no slices.
    Pass { deltas: Deltas, quiet: bool },
    /// The answer is there: the request ends, and `completed` says so with these further fields.
    Complete(Value),
    /// The whole answer once more, as a content event with these further fields.
    Repeat(Value),
    /// The request has ended.
    Finish(End),
    /// The request stays open until the user answers.
    Wait,
}

/// The runtime's text while it does not ask the model.
const UNABLE: &str = "I'm temporarily unable to process requests due to a service connectivity issue. Please verify \
                      the API key configuration and try again in a moment.";

/// The time for which the runtime lets a turn be silent.
const SILENCE_LIMIT: Duration = Duration::from_secs(600);
/// The time that the runtime sleeps before the first event of a stream.
const FIRST_EVENT_DELAY: Duration = Duration::from_secs(1);

impl Turn {
    /// The steps of the turn, and its reply.
    pub(crate) fn plan(&mut self, ask: &Ask, mut answer: Answer) {
        // A turn that names an unknown agent is answered as a workflow.
        if self.names_unknown_agent(ask) && answer.course == Course::Plain {
            answer.course = Course::Workflow;
        }
        let workflow = ids::random("wrk_", 21);
        self.plan_reply(&answer, &workflow);
        self.frame(": keepalive\n\n");
        if ask.stream && self.formation.quirk(Quirk::LateFirstEvent) {
            self.steps.push_back(Step::Pause(FIRST_EVENT_DELAY));
        }
        self.token("progress", "Let me see...", json!({ "stage": "init", "skip_rephrase": true }));
        if answer.course != Course::Breaker {
            let extra = json!({
                "stage": "process_sync_start", "original_message": ask.message, "agent_name": ask.agent_id,
                "skip_clarification": false, "skip_rephrase": true,
            });
            self.token("thinking", "Give me a moment...", extra);
        }
        self.steps.push_back(Step::Pause(answer.wait));
        self.plan_course(ask, &mut answer, &workflow);
        if matches!(answer.course, Course::Broken(_)) {
            return;
        }
        if answer.cut && ask.stream {
            self.cut();
            return;
        }
        if answer.mute {
            self.mute();
        }
        if !answer.widgets.is_empty() {
            self.frame(&format!("event: ui\ndata: {}\n\n", json!({ "ui": answer.widgets })));
        }
        self.frame("event: done\ndata: {\"finished\":true}\n\n");
    }

    /// True if the turn names an agent that the formation does not have.
    pub(crate) fn names_unknown_agent(&self, ask: &Ask) -> bool {
        ask.agent_id.as_deref().is_some_and(|id| !agent_known(&self.formation, id))
    }

    /// Makes the answer of the JSON path.
    fn plan_reply(&mut self, answer: &Answer, workflow: &str) {
        if matches!(answer.course, Course::Broken(_)) {
            return;
        }
        let mut metadata = match answer.course {
            Course::Clarify => json!({ "clarification": true, "mode": "direct", "session_id": self.session_id }),
            Course::Approve => json!({
                "approval_required": true, "requires_user_response": true, "workflow_id": workflow,
                "session_id": self.session_id,
            }),
            Course::Fast { early } => {
                let mut metadata = json!({
                    "handled_by": "overlord_direct", "is_actionable": false, "fast_path": true,
                    "processing_time_ms": self.started.elapsed().as_secs_f64() * 1000.0,
                });
                let (name, value) =
                    if early { ("early_heuristic", json!(true)) } else { ("session_id", json!(self.session_id)) };
                metadata[name] = value;
                metadata
            }
            Course::Workflow => workflow::metadata(workflow, &self.session_id),
            _ => json!({ "session_id": self.session_id }),
        };
        mark(&self.formation, &self.request_id, answer.status.as_deref(), &mut metadata);
        for (key, value) in &answer.metadata {
            metadata[key] = value.clone();
        }
        let content = if answer.course == Course::Breaker { UNABLE } else { &answer.text }.to_owned();
        let now = self.formation.now();
        let artifacts = answer.files.iter().map(|file| artifact(file, now)).collect();
        self.reply = Ok(Reply { content, artifacts, metadata, widgets: answer.widgets.clone() });
        match &answer.course {
            Course::ModelDown(error) => self.give_up(error.clone()),
            Course::Breaker => self.failure = Some("The model is left alone after too many failures".to_owned()),
            _ if answer.status.as_deref() == Some("error") => self.failure = Some(answer.text.clone()),
            _ => {}
        }
    }

    fn plan_course(&mut self, ask: &Ask, answer: &mut Answer, workflow: &str) {
        match &answer.course {
            Course::Plain => self.plan_answer(ask, answer),
            Course::Workflow => self.plan_workflow(ask, answer, workflow),
            Course::Fast { .. } => {
                self.plan_work(answer);
                let extra = json!({ "stage": "response_preparation", "skip_rephrase": true });
                self.token("progress", "Preparing response...", extra);
                let extra = json!({ "status": "success", "processing_time_ms": null, "fast_path": true });
                self.plan_slices(answer, extra);
            }
            Course::Clarify => {
                self.plan_work(answer);
                let text = answer.text.clone();
                let extra = json!({
                    "stage": "clarification_needed", "clarification_question": text, "skip_rephrase": true,
                });
                self.token("thinking", "I need to clarify something with the user...", extra);
                self.steps.push_back(Step::Wait);
                let mut extra =
                    json!({ "status": "awaiting_clarification", "processing_time_ms": null, "clarification": true });
                if let Some(status) = &answer.status {
                    extra["status"] = json!(status);
                }
                self.token("completed", &text, extra);
            }
            Course::Approve => {
                self.steps.push_back(Step::Wait);
                if ask.stream && self.formation.quirk(Quirk::NoTerminalEvent) {
                    self.steps.push_back(Step::Pause(SILENCE_LIMIT));
                    return;
                }
                let extra = json!({
                    "status": "awaiting_clarification", "processing_time_ms": null, "approval_required": true,
                });
                self.token("completed", &answer.text, extra);
            }
            Course::ModelDown(_) | Course::Breaker => self.steps.push_back(Step::Complete(json!({}))),
            Course::Broken(class) => {
                let frame = error_frame(&answer.text, class);
                self.plan_work(answer);
                self.finish(End::Failed(answer.text.clone()));
                self.frame(&frame);
            }
        }
    }

    fn plan_answer(&mut self, ask: &Ask, answer: &mut Answer) {
        let agent = self.agent.clone();
        let preview = preview(&ask.message);
        let extra = json!({ "stage": "agent_selection", "message_preview": preview, "agent_requested": ask.agent_id });
        self.token("planning", "Determining the best agent to handle this request...", extra);
        let extra = json!({ "stage": "agent_selected", "selected_agent": agent });
        let text = "I'll use an agent with the right capabilities to help the user with their request.";
        self.token("progress", text, extra);
        self.token("progress", "Processing request...", json!({ "stage": "agent_processing", "agent_name": agent }));
        self.plan_agent(&preview);
        self.plan_work(answer);
        let format = self.formation.spec.document.pointer("/overlord/response/format").and_then(Value::as_str);
        let extra = json!({
            "stage": "response_preparation", "has_persona": true, "response_format": format.unwrap_or("markdown"),
            "skip_rephrase": true,
        });
        self.token("progress", "Preparing response...", extra);
        self.plan_slices(answer, json!({ "status": "success", "processing_time_ms": null, "agent_used": agent }));
    }

    /// Plans the agent's work before it answers: tools, files, facts, and all else that an answer tells of.
    pub(crate) fn plan_work(&mut self, answer: &mut Answer) {
        for tool in &answer.tools {
            self.plan_tool(tool);
        }
        for Event { kind, content, extra } in answer.events.drain(..) {
            self.steps.push_back(Step::Token(Cow::Owned(kind), content, Value::Object(extra)));
        }
        for file in answer.files.drain(..) {
            self.plan_file(file);
        }
        if !answer.memories.is_empty() {
            self.steps.push_back(Step::Remember(std::mem::take(&mut answer.memories)));
        }
    }

    /// The answer in slices, and whole in `completed`.
    fn plan_slices(&mut self, answer: &mut Answer, mut completed: Value) {
        if let Some(deltas) = answer.deltas.take() {
            self.pass_on(deltas, false);
        }
        for (index, slice) in answer.slices.iter().enumerate() {
            if index > 0 && !answer.pace.is_zero() {
                self.steps.push_back(Step::Pause(answer.pace));
            }
            self.token("content", slice, json!({ "stage": "response_generation", "skip_rephrase": true }));
        }
        if let Some(status) = &answer.status {
            completed["status"] = json!(status);
        }
        self.plan_completed(answer, completed);
    }

    pub(crate) fn plan_completed(&mut self, answer: &Answer, mut completed: Value) {
        if answer.discontinuity {
            completed["stream_discontinuity"] = json!(true);
        }
        if let Ok(reply) = &self.reply
            && !reply.artifacts.is_empty()
        {
            completed["artifacts"] = json!(reply.artifacts);
        }
        self.steps.push_back(Step::Complete(completed));
    }

    pub(crate) fn pass_on(&mut self, deltas: Deltas, quiet: bool) {
        self.steps.push_back(Step::Pass { deltas, quiet });
    }

    fn plan_file(&mut self, file: File) {
        let (agent, name) = (self.agent.clone(), file.name.clone());
        let extra = json!({
            "stage": "artifact_generating", "tool_name": "generate_file", "filename": name, "agent_name": agent,
            "skip_rephrase": true,
        });
        self.token("progress", &format!("Creating {name}..."), extra);
        let extra = json!({
            "stage": "artifact_created", "filename": name, "artifact_type": category(&file.content_type),
            "artifact_format": format_of(&file), "skip_rephrase": true,
        });
        self.steps.push_back(Step::Save(file));
        self.token("progress", &format!("Created {name}"), extra);
    }

    /// A tool call as it looks; nothing is called.
    fn plan_tool(&mut self, tool: &Tool) {
        let (agent, Tool { server, name }) = (self.agent.clone(), tool);
        let extra = json!({
            "stage": "plan_step", "tool_name": format!("{server}__{name}"), "agent_name": agent,
            "skip_rephrase": true,
        });
        self.token("progress", &format!("get {name}"), extra);
        let extra = json!({
            "stage": "tool_started", "tool_name": name, "server_id": server, "agent_name": agent,
            "skip_rephrase": true,
        });
        self.token("progress", &format!("Using {name}..."), extra);
        let extra = json!({ "stage": "tool_execution", "service": server, "tool_name": name, "has_params": false });
        self.token("tool_call", &format!("Using {server} to complete this task..."), extra);
    }

    pub(crate) fn plan_agent(&mut self, preview: &str) {
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

    pub(crate) fn token(&mut self, kind: &'static str, content: &str, extra: Value) {
        self.steps.push_back(Step::Token(Cow::Borrowed(kind), content.to_owned(), extra));
    }

    fn frame(&mut self, text: &str) {
        self.steps.push_back(Step::Frame(text.to_owned()));
    }

    fn finish(&mut self, end: End) {
        self.steps.push_back(Step::Finish(end));
    }

    /// Lets the request end without `completed`.
    fn mute(&mut self) {
        self.steps.retain(|step| !matches!(step, Step::Token(kind, ..) if kind == "completed"));
        let Ok(reply) = &self.reply else { return };
        let end = self.failure.clone().map_or_else(|| End::Completed(json!(reply.content)), End::Failed);
        for step in self.steps.iter_mut().filter(|step| matches!(step, Step::Complete(_))) {
            *step = Step::Finish(end.clone());
        }
    }

    /// Drops the second half of the answer and all that follows. The request then ends as one whose reader left.
    fn cut(&mut self) {
        let content = |step: &Step| matches!(step, Step::Token(kind, ..) if kind == "content");
        let half = self.steps.iter().filter(|step| content(step)).count() / 2;
        let seen = self.steps.iter().enumerate().filter(|(_, step)| content(step)).map(|(index, _)| index);
        let end = seen.take(half).last().map_or(self.steps.len() / 2, |index| index + 1);
        self.steps.truncate(end);
    }
}

/// Marks a reply with what its stream says by its status.
pub(super) fn mark(formation: &Formation, request_id: &str, status: Option<&str>, metadata: &mut Value) {
    match status {
        Some("error") if !formation.quirk(Quirk::UnmarkedFailures) => {
            metadata["error_code"] = json!("LLM_ERROR");
            metadata["error_type"] = json!("processing");
        }
        Some("escalated") => {
            metadata["escalated"] = json!(true);
            metadata["request_id"] = json!(request_id);
            metadata["delivery"] = json!("polling");
        }
        Some("awaiting_clarification") => metadata["clarification"] = json!(true),
        Some("cancelled") => metadata["cancelled"] = json!(true),
        _ => {}
    }
}

/// The frame of a failed stream.
pub(crate) fn error_frame(message: &str, class: &str) -> String {
    format!("event: error\ndata: {}\n\n", json!({ "error": message, "type": class }))
}

pub(crate) fn preview(message: &str) -> String {
    let short: String = message.chars().take(60).collect();
    if short.len() < message.len() { format!("{short}...") } else { short }
}

/// A made file as an answer carries it.
fn artifact(file: &File, now: jiff::Timestamp) -> Value {
    let data = base64::engine::general_purpose::STANDARD.encode(&file.content);
    let text = file.content_type.starts_with("text/").then(|| String::from_utf8_lossy(&file.content));
    json!({
        "type": category(&file.content_type), "format": format_of(file), "filename": file.name, "preview": null,
        "metadata": {
            "size_bytes": file.content.len(), "created_at": ids::iso_bare(now), "lines": null,
            "characters": null, "language": null, "pages": null, "width": null, "height": null,
        },
        "content": text, "data_url": format!("data:{};base64,{data}", file.content_type),
    })
}

/// The format of a file: what its name ends in.
fn format_of(file: &File) -> &str {
    std::path::Path::new(&file.name).extension().and_then(|end| end.to_str()).unwrap_or("txt")
}
