//! The prompt that the model gets.

use crate::formation::Formation;
use crate::formation::responder::{Question, files};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Facts about the user that are sent along.
const FACTS: usize = 5;

/// The messages of a call: the system prompt, the session so far, and the message with its files.
pub(super) fn messages(question: &Question<'_>) -> Vec<Value> {
    let mut messages = Vec::new();
    let system = system(question);
    if !system.is_empty() {
        messages.push(json!({ "role": "system", "content": system }));
    }
    for said in question.history() {
        let role = if said.by_user { "user" } else { "assistant" };
        messages.push(json!({ "role": role, "content": said.text }));
    }
    messages.push(json!({ "role": "user", "content": content(question) }));
    messages
}

/// The soul, the agent's own words, and what is known of the user.
fn system(question: &Question<'_>) -> String {
    let spec = &question.formation.spec;
    let soul = spec.document.pointer("/overlord/soul").and_then(Value::as_str);
    let agent = spec.agents().into_iter().find(|agent| agent["id"] == question.agent);
    let agent = agent.as_ref().and_then(|agent| agent["system_message"].as_str());
    let mut parts: Vec<String> = [soul, agent].into_iter().flatten().map(str::to_owned).collect();
    let facts = {
        let mut state = question.formation.state();
        let owner = state.users.number(&question.ask.user, question.formation.now());
        // First memories that have to do with the message; then, while there is room, new ones.
        let mut facts = state.memories.search(owner, &question.ask.message, FACTS);
        facts.extend(state.memories.newest(owner, FACTS));
        let mut seen = BTreeSet::new();
        facts.retain(|fact| seen.insert(*fact));
        facts.into_iter().take(FACTS).map(str::to_owned).collect::<Vec<_>>()
    };
    if !facts.is_empty() {
        let list: Vec<String> = facts.iter().map(|fact| format!("- {fact}")).collect();
        parts.push(format!("What you know about the user:\n{}", list.join("\n")));
    }
    parts.retain(|part| !part.trim().is_empty());
    parts.join("\n\n")
}

/// The message alone as a text; with files as a list of parts.
fn content(question: &Question<'_>) -> Value {
    let ask = question.ask;
    let parts: Vec<Value> = ask.files.iter().filter_map(|file| part(question.formation, file)).collect();
    if parts.is_empty() {
        return json!(ask.message);
    }
    [json!({ "type": "text", "text": ask.message })].into_iter().chain(parts).collect()
}

/// A file as the model can read it; `None` for one that is neither text nor image.
fn part(formation: &Formation, file: &Value) -> Option<Value> {
    let kind = file["content_type"].as_str().or(file["mime_type"].as_str())?;
    let content = file["content"].as_str()?;
    if kind.starts_with("image/") {
        let url =
            if content.starts_with("data:") { content.to_owned() } else { format!("data:{kind};base64,{content}") };
        return Some(json!({ "type": "image_url", "image_url": { "url": url } }));
    }
    let text = files::text(formation, file)?;
    Some(json!({ "type": "text", "text": format!("File {}:\n{text}", files::name(file)) }))
}
