//! Standard operating procedures and skills.

use crate::formation::Skill;
use crate::formation::http::call::Call;
use crate::formation::http::envelope::{Failure, Outcome, ok};
use crate::{quirks::Quirk, yaml};
use serde_json::{Map, Value, json};

/// Splits a Markdown text into its front matter and the rest. Text without front matter has an empty one.
pub(crate) fn front_matter(text: &str) -> Result<(Map<String, Value>, &str), String> {
    let Some(rest) = text.strip_prefix("---\n") else { return Ok((Map::new(), text)) };
    let Some((head, body)) = rest.split_once("\n---") else { return Ok((Map::new(), text)) };
    let body = body.strip_prefix('\n').unwrap_or(body);
    match yaml::read::<Value>(head) {
        Ok(Value::Object(fields)) => Ok((fields, body)),
        Ok(Value::Null) => Ok((Map::new(), body)),
        Ok(_) => Err("front matter is not a mapping".to_owned()),
        Err(fault) => Err(fault.message),
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

pub(crate) fn sops(call: &Call) -> Outcome {
    let sops: Vec<Value> = call.formation.spec.sops.iter().map(|(name, text)| summary(name, text)).collect();
    ok("sop_list", "sops.list", json!({ "count": sops.len(), "sops": sops }))
}

pub(crate) fn sop(call: &Call) -> Outcome {
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

/// The skill routes of the shipped runtime do not work.
fn skills_work(call: &Call) -> Result<(), Failure> {
    if !call.quirk(Quirk::Skills500) {
        return Ok(());
    }
    let message = "create_success_response() missing 2 required positional arguments: 'object_type' and 'event_type'";
    Err(Failure::new(500, "INTERNAL_ERROR", message))
}

pub(crate) fn skills(call: &Call) -> Outcome {
    skills_work(call)?;
    let public = call.formation.spec.skills.iter().filter(|skill| skill.agent.is_none());
    let row = |skill: &Skill| {
        json!({
            "name": skill.name, "description": skill.description, "scope": scope(skill),
            "has_scripts": skill.has_scripts, "resource_count": skill.resources.len(), "has_execution_context": false,
        })
    };
    ok("skill_list", "skill.list", json!({ "skills": public.map(row).collect::<Vec<_>>() }))
}

fn scope(skill: &Skill) -> &'static str {
    if skill.agent.is_none() { "public" } else { "private" }
}

pub(crate) fn skill(call: &Call) -> Outcome {
    skills_work(call)?;
    let name = call.path("name");
    let skill = call.formation.spec.skills.iter().find(|skill| skill.name == name);
    let skill = skill.ok_or_else(|| Failure::no_resource(format!("Skill '{name}' not found")))?;
    let data = json!({
        "name": skill.name, "description": skill.description, "license": skill.license,
        "compatibility": skill.compatibility, "allowed_tools": skill.allowed_tools, "resources": skill.resources,
    });
    ok("skill", "skill.retrieved", data)
}

/// The public skills and the agent's own.
pub(crate) fn agent_skills(call: &Call) -> Outcome {
    skills_work(call)?;
    let id = call.path("agent_id");
    if !call.formation.spec.agents().iter().any(|agent| agent["id"] == id) {
        return Err(Failure::new(404, "AGENT_NOT_FOUND", format!("Agent '{id}' not found")));
    }
    let visible =
        call.formation.spec.skills.iter().filter(|skill| skill.agent.as_deref().is_none_or(|agent| agent == id));
    let row = |skill: &Skill| json!({ "name": skill.name, "description": skill.description, "scope": scope(skill) });
    ok("skill_list", "skill.list", json!({ "skills": visible.map(row).collect::<Vec<_>>(), "agent_id": id }))
}
