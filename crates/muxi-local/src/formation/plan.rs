//! What the steps of a turn are: the events that the runtime sends for one, in its order and with its words.

use super::ids;
use super::requests::End;
use super::responder::{Course, Script, slices};
use super::turn::{Ask, Reply, Step, Turn, agent_known};
use serde_json::{Value, json};

impl Turn {
    /// The steps of the turn, and its reply.
    pub(super) fn plan(&mut self, ask: &Ask, script: Script) {
        // A stream that names an unknown agent is answered as a workflow.
        let strange = ask.agent_id.as_deref().is_some_and(|id| !agent_known(&self.formation, id));
        let course = if strange && script.course == Course::Plain { Course::Workflow } else { script.course };
        let mut metadata = json!({ "session_id": self.session_id });
        if course == Course::Clarify {
            metadata = json!({ "clarification": true, "mode": "direct", "session_id": self.session_id });
        }
        if course == Course::Fast {
            let time = self.started.elapsed().as_secs_f64() * 1000.0;
            metadata = json!({
                "handled_by": "overlord_direct", "is_actionable": false, "fast_path": true, "early_heuristic": true,
                "processing_time_ms": time,
            });
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
            Course::Fast => {
                let extra = json!({ "stage": "response_preparation", "skip_rephrase": true });
                self.token("progress", "Preparing response...", extra);
                let extra = json!({ "status": "success", "processing_time_ms": null, "fast_path": true });
                self.plan_slices(&script, extra);
            }
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
        if script.mute {
            self.steps.retain(|step| !matches!(step, Step::Token("completed", ..)));
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
        if script.tool {
            self.plan_tool();
        }
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
        let mut extra = json!({ "status": "success", "processing_time_ms": null, "agent_used": agent });
        if !artifacts.is_empty() {
            extra["artifacts"] = json!(artifacts);
        }
        self.plan_slices(script, extra);
    }

    /// The answer in slices, and whole in `completed`.
    fn plan_slices(&mut self, script: &Script, mut completed: Value) {
        let first = if script.discontinuity { "A first try that the answer replaces." } else { &script.text };
        for (index, slice) in slices(first).into_iter().enumerate() {
            if index > 0 && !script.pace.is_zero() {
                self.steps.push_back(Step::Pause(script.pace));
            }
            self.token("content", slice, json!({ "stage": "response_generation", "skip_rephrase": true }));
        }
        if script.discontinuity {
            completed["stream_discontinuity"] = json!(true);
        }
        self.finish(End::Completed(json!(script.text)));
        self.token("completed", &script.text, completed);
    }

    /// A tool call as it looks; nothing is called.
    fn plan_tool(&mut self) {
        let agent = self.agent.clone();
        let extra = json!({
            "stage": "plan_step", "tool_name": "demo-tools__card", "agent_name": agent, "skip_rephrase": true,
        });
        self.token("progress", "get card", extra);
        let extra = json!({
            "stage": "tool_started", "tool_name": "card", "server_id": "demo-tools", "agent_name": agent,
            "skip_rephrase": true,
        });
        self.token("progress", "Using card...", extra);
        let extra = json!({ "stage": "tool_execution", "service": "demo", "tool_name": "card", "has_params": false });
        self.token("tool_call", "Using demo to complete this task...", extra);
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
}

/// The frame of a failed stream.
fn error_frame(message: &str, class: &str) -> String {
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
