//! Standard operating procedures and skills.

use super::call::Call;
use super::envelope::{Failure, Outcome, ok};
use crate::quirks::Quirk;
use serde_json::{Map, Value, json};

/// Splits a Markdown text into its front matter and the rest. Text without front matter has an empty one.
pub(crate) fn front_matter(text: &str) -> Result<(Map<String, Value>, &str), String> {
    let Some(rest) = text.strip_prefix("---\n") else { return Ok((Map::new(), text)) };
    let Some((head, body)) = rest.split_once("\n---") else { return Ok((Map::new(), text)) };
    let body = body.strip_prefix('\n').unwrap_or(body);
    match serde_norway::from_str::<Value>(head) {
        Ok(Value::Object(fields)) => Ok((fields, body)),
        Ok(Value::Null) => Ok((Map::new(), body)),
        Ok(_) => Err("front matter is not a mapping".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Lines that begin a numbered step.
fn steps(text: &str) -> usize {
    let numbered = |line: &&str| {
        let digits = line.chars().take_while(char::is_ascii_digit).count();
        digits > 0 && line[digits..].starts_with(". ")
    };
    text.lines().filter(numbered).count()
}

fn summary(name: &str, text: &str) -> Value {
    let (fields, _) = front_matter(text).unwrap_or_default();
    let steps = steps(text);
    json!({
        "name": name, "title": fields.get("title").cloned().unwrap_or_else(|| json!(name)),
        "type": fields.get("type").cloned().unwrap_or_else(|| json!("template")),
        "steps": (steps > 0).then_some(steps), "agents_used": fields.get("agents"),
    })
}

pub(super) fn sops(call: &Call) -> Outcome {
    let sops: Vec<Value> = call.formation.spec.sops.iter().map(|(name, text)| summary(name, text)).collect();
    ok("sop_list", "sops.list", json!({ "count": sops.len(), "sops": sops }))
}

pub(super) fn sop(call: &Call) -> Outcome {
    let name = call.path("name");
    let text = call.formation.spec.sops.get(name);
    let text = text.ok_or_else(|| Failure::new(404, "SOP_NOT_FOUND", format!("SOP '{name}' not found")))?;
    let (_, body) = front_matter(text).unwrap_or((Map::new(), text));
    let mut sop = summary(name, text);
    sop["content"] = json!(body);
    // The runtime keeps what the front matter says for itself.
    sop["metadata"] = json!({});
    sop["references"] = Value::Null;
    ok("sop", "sop.retrieved", sop)
}

/// The skills of a list in the document.
fn skills_in(list: Option<&Value>) -> Vec<Map<String, Value>> {
    let list = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let skill = |entry: &Value| match entry {
        Value::String(name) => json!({ "name": name }).as_object().cloned(),
        other => other.as_object().cloned(),
    };
    list.iter().filter_map(skill).collect()
}

/// The fields of a skill that are there, and these defaults for the others.
fn view(skill: &Map<String, Value>, defaults: Value) -> Value {
    let mut view = defaults;
    if let Some(fields) = view.as_object_mut() {
        for (name, value) in fields.iter_mut() {
            if let Some(own) = skill.get(name) {
                *value = own.clone();
            }
        }
    }
    view
}

/// The skill routes of the shipped runtime do not work.
fn skills_work(call: &Call) -> Result<(), Failure> {
    if !call.quirk(Quirk::Skills500) {
        return Ok(());
    }
    let message = "create_success_response() missing 2 required positional arguments: 'object_type' and 'event_type'";
    Err(Failure::new(500, "INTERNAL_ERROR", message))
}

pub(super) fn skills(call: &Call) -> Outcome {
    skills_work(call)?;
    let defaults = json!({
        "name": "", "description": "", "scope": "public", "has_scripts": false, "resource_count": 0,
        "has_execution_context": false,
    });
    let skills = skills_in(call.formation.spec.document.get("skills"));
    let skills: Vec<Value> = skills.iter().map(|skill| view(skill, defaults.clone())).collect();
    ok("skill_list", "skill.list", json!({ "skills": skills }))
}

pub(super) fn skill(call: &Call) -> Outcome {
    skills_work(call)?;
    let name = call.path("name");
    let skills = skills_in(call.formation.spec.document.get("skills"));
    let skill = skills.iter().find(|skill| skill.get("name").is_some_and(|own| own == name));
    let skill = skill.ok_or_else(|| Failure::no_resource(format!("Skill '{name}' not found")))?;
    let defaults = json!({
        "name": "", "description": "", "license": null, "compatibility": null, "allowed_tools": [], "resources": [],
    });
    ok("skill", "skill.retrieved", view(skill, defaults))
}

/// The public skills and the agent's own.
pub(super) fn agent_skills(call: &Call) -> Outcome {
    skills_work(call)?;
    let id = call.path("agent_id");
    let agents = call.formation.spec.agents();
    let agent = agents.iter().find(|agent| agent["id"] == id);
    let agent = agent.ok_or_else(|| Failure::new(404, "AGENT_NOT_FOUND", format!("Agent '{id}' not found")))?;
    let shared = skills_in(call.formation.spec.document.get("skills"));
    let own = skills_in(agent.get("skills"));
    let row =
        |skill: &Map<String, Value>, scope: &str| view(skill, json!({ "name": "", "description": "", "scope": scope }));
    let shared = shared.iter().map(|skill| row(skill, "public"));
    let skills: Vec<Value> = shared.chain(own.iter().map(|skill| row(skill, "private"))).collect();
    ok("skill_list", "skill.list", json!({ "skills": skills, "agent_id": id }))
}
