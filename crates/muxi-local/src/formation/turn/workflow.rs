//! Turns that run as a workflow: of one task here, which an agent does.

use super::plan::Step;
use super::plan::preview;
use super::running::Turn;
use crate::formation::FormationSpec;
use crate::formation::ids;
use crate::formation::library::documents::front_matter;
use crate::formation::responder::{Answer, Ask};
use serde_json::{Map, Value, json};

/// The stated complexity of a request, of ten. It is not judged here.
const COMPLEXITY: f64 = 2.0;
/// Characters of a message that the plan shows.
const SHOWN: usize = 500;

/// The metadata of the JSON reply. Its status and duration are known at the end.
pub(crate) fn metadata(workflow: &str, session: &str) -> Value {
    json!({
        "synthesis_method": "deterministic_consolidator", "workflow_id": workflow, "workflow_status": "completed",
        "total_tasks": 1, "completed_tasks": 1, "failed_tasks": 0, "execution_time": null, "session_id": session,
    })
}

/// The procedure by which the runtime answers a message: its id and its name. A name in the message counts for two of
/// its tags.
fn procedure(spec: &FormationSpec, message: &str) -> Option<(String, String)> {
    let message = message.to_lowercase();
    let names = |word: &str| !word.trim().is_empty() && message.contains(word.trim().to_lowercase().as_str());
    let mut best = None;
    let mut most = 0;
    for (id, text) in &spec.sops {
        let (fields, _) = front_matter(text).unwrap_or_default();
        let name = fields.get("name").and_then(Value::as_str).unwrap_or(id);
        let score = tags(&fields).into_iter().filter(|tag| names(tag)).count() + if names(name) { 2 } else { 0 };
        if score > most {
            most = score;
            best = Some((id.clone(), name.to_owned()));
        }
    }
    best
}

/// The tags of a procedure: a list, or a text with commas.
fn tags(fields: &Map<String, Value>) -> Vec<&str> {
    match fields.get("tags") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => text.split(',').collect(),
        _ => Vec::new(),
    }
}

impl Turn {
    /// The events of a workflow. The runtime tells less of one that is its second try, as for an unknown agent.
    pub(crate) fn plan_workflow(&mut self, ask: &Ask, answer: &mut Answer, workflow: &str) {
        let second_try = self.names_unknown_agent(ask);
        if !second_try {
            self.plan_decomposition(&ask.message);
        }
        let extra = json!({
            "stage": "decomposition_complete", "task_count": 1, "workflow_id": workflow,
            "decomposition_details": ask.message, "is_llm_response": true,
        });
        self.token("planning", "I've broken this down into 1 tasks to complete.", extra);
        let extra = json!({ "stage": "workflow_start", "workflow_id": workflow, "task_count": 1 });
        self.token("progress", "Executing workflow with 1 tasks...", extra);
        self.plan_agent(&preview(&ask.message));
        self.plan_work(answer);
        let started = ids::iso_bare(self.formation.now());
        let extra = json!({
            "stage": "workflow_execution", "workflow_id": workflow,
            "progress": {
                "workflow_id": workflow, "status": "in_progress", "total_tasks": 1, "completed_tasks": 1,
                "failed_tasks": 0, "in_progress_tasks": 0, "progress_percentage": 100.0, "started_at": started,
            },
        });
        self.token("progress", "Processing workflow tasks... (1/1 - 100%)", extra);
        if let Some(deltas) = answer.deltas.take() {
            self.pass_on(deltas, true);
        }
        let extra = json!({ "stage": "workflow_synthesis", "workflow_id": workflow, "skip_rephrase": true });
        let mut completed = json!({ "stage": "final", "workflow_id": workflow });
        if let Some(status) = &answer.status {
            completed["status"] = json!(status);
        }
        let synthesis = "Synthesizing results from all completed tasks...";
        if second_try {
            self.plan_completed(answer, completed);
            self.token("thinking", synthesis, extra);
            return;
        }
        self.token("thinking", synthesis, extra);
        self.plan_completed(answer, completed);
        self.steps.push_back(Step::Repeat(json!({ "stage": "final_response", "workflow_id": workflow })));
    }

    fn plan_decomposition(&mut self, message: &str) {
        if let Some((id, name)) = procedure(&self.formation.spec, message) {
            let extra = json!({ "stage": "sop_matched", "sop_id": id, "sop_name": name, "skip_rephrase": true });
            self.token("progress", &format!("Found procedure: {name}"), extra);
        }
        let shown: String = message.chars().take(SHOWN).collect();
        let extra =
            json!({ "stage": "workflow_decomposition", "complexity_score": COMPLEXITY, "message_preview": shown });
        self.token("planning", "This is a complex request. Let me break it down into steps...", extra);
    }

    /// Notes in the metadata how a workflow went.
    pub(crate) fn note_workflow(&mut self, failed: bool) {
        let took = self.started.elapsed().as_secs_f64();
        let Ok(reply) = &mut self.reply else { return };
        if reply.metadata.get("execution_time").is_none_or(|time| !time.is_null()) {
            return;
        }
        reply.metadata["execution_time"] = json!(took);
        if failed {
            for (name, value) in [
                ("synthesis_method", json!("error_summary")),
                ("workflow_status", json!("failed")),
                ("completed_tasks", json!(0)),
                ("failed_tasks", json!(1)),
            ] {
                reply.metadata[name] = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::procedure;
    use crate::formation::FormationSpec;

    #[test]
    fn the_procedure_with_most_in_common_is_found() {
        let mut spec = FormationSpec::demo("a", "c");
        spec.sops = [
            ("bare", "# Bare"),
            ("refund", "---\nname: Refund Procedure\ntags: refund, Order\n---\n# Refund"),
            ("order", "---\ntags: [order]\n---\n# Order"),
            ("untagged", "---\ntags: ''\n---\n# Nothing"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
        let found = |message: &str| procedure(&spec, message).map(|(id, _)| id);
        assert_eq!(procedure(&spec, "I want to REFUND it"), Some(("refund".into(), "Refund Procedure".into())));
        assert_eq!(found("an order").as_deref(), Some("order"), "tag and name");
        assert_eq!(found("the bare minimum").as_deref(), Some("bare"));
        assert_eq!(found("hello"), None);
    }
}
