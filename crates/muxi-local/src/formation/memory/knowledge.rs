//! Remote knowledge of agents. Files are read and compared; nothing is fetched from other places, and nothing is made
//! of what was read.

use crate::formation::FormationSpec;
use crate::formation::http::call::{Call, Payload};
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Failure, Outcome, ok};
use crate::formation::settings::config::find_agent;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::time::Instant;

/// Files that a source may have, and bytes that one of them may have, unless the formation says otherwise.
const FILES: u64 = 100;
const BYTES: u64 = 10 << 20;
/// The most bytes that a formation can allow a file.
const MOST_BYTES: u64 = 50 << 20;

/// The last state of the sources' files: a digest by agent and URL.
#[derive(Debug, Default)]
pub(crate) struct Knowledge(HashMap<(String, String), Vec<u8>>);

/// Writes into every source of knowledge that is on how much it may hold, as the runtime does at its start.
pub(crate) fn limited(mut spec: FormationSpec) -> FormationSpec {
    let agents = spec.document.get_mut("agents").and_then(Value::as_array_mut).map(Vec::as_mut_slice);
    for agent in agents.unwrap_or_default() {
        let knowledge = agent.get_mut("knowledge").filter(|knowledge| knowledge["enabled"] == true);
        let sources = knowledge.and_then(|knowledge| knowledge.get_mut("sources")?.as_array_mut());
        for source in sources.into_iter().flatten().filter_map(Value::as_object_mut) {
            source.entry("max_files").or_insert_with(|| json!(FILES));
            let bytes = source.entry("max_file_size").or_insert_with(|| json!(BYTES));
            if bytes.as_u64().is_some_and(|bytes| bytes > MOST_BYTES) {
                *bytes = json!(MOST_BYTES);
            }
        }
    }
    spec
}

/// The remote sources of an agent.
fn remote(agent: &Value) -> Vec<&Value> {
    let sources = agent.pointer("/knowledge/sources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    sources.iter().filter(|source| source.get("url").is_some()).collect()
}

impl Knowledge {
    /// Reads the sources once, as the runtime does at its start.
    pub(crate) fn begin(&mut self, spec: &FormationSpec) {
        for agent in spec.agents() {
            for source in remote(&agent) {
                self.look(agent["id"].as_str().unwrap_or_default(), source);
            }
        }
    }

    /// Looks at a source again.
    fn look(&mut self, agent: &str, source: &Value) -> Value {
        let started = Instant::now();
        let url = source["url"].as_str().unwrap_or_default();
        let read = match url.strip_prefix("file://") {
            Some(path) => read(path, source["max_file_size"].as_u64().unwrap_or(BYTES)),
            None => Err("muxi-local fetches no knowledge from other machines".to_owned()),
        };
        let name = (agent.to_owned(), url.to_owned());
        let (mut added, mut modified, mut bytes, mut error) = (0, 0, 0, String::new());
        match read {
            Ok(content) => {
                let digest = Sha256::digest(&content).to_vec();
                match self.0.insert(name, digest.clone()) {
                    None => added = 1,
                    Some(known) => modified = usize::from(known != digest),
                }
                bytes = if added + modified > 0 { content.len() } else { 0 };
            }
            Err(problem) => error = problem,
        }
        json!({
            "source_id": source["id"], "url": url, "status": if error.is_empty() { "success" } else { "failed" },
            "files_added": added, "files_modified": modified, "files_deleted": 0,
            "files_failed": usize::from(!error.is_empty()), "bytes_downloaded": bytes,
            "duration_ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), "error": error,
        })
    }
}

/// The bytes of a file, which may have so many.
fn read(path: &str, most: u64) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    // One more than is allowed, so that too much is noticed and not read: not every file knows its size.
    let read = File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut content));
    read.map_err(|error| format!("{path} cannot be read: {error}"))?;
    if content.len() as u64 > most {
        return Err(format!("{path} exceeds max_file_size ({most} bytes)"));
    }
    Ok(content)
}

pub(crate) fn sync(call: &Call) -> Outcome {
    let mut wanted = None;
    if !matches!(call.payload(), Payload::None) {
        let mut check = Check::body(call);
        wanted = check.opt_text("source_id");
        check.done()?;
    }
    let id = call.path("agent_id");
    let agent = find_agent(call, id)?;
    let sources = remote(&agent);
    if sources.is_empty() {
        return Err(Failure::bad(format!("Agent '{id}' has no remote knowledge sources")));
    }
    let mut state = call.formation.state();
    let chosen = sources.into_iter().filter(|source| wanted.as_ref().is_none_or(|name| source["id"] == name.as_str()));
    let results: Vec<Value> = chosen.map(|source| state.knowledge.look(id, source)).collect();
    match wanted {
        Some(name) if results.is_empty() => {
            let message = format!("No remote knowledge source '{name}' registered for agent '{id}'");
            Err(Failure::no_resource(message))
        }
        _ => ok("agent", "agent.knowledge.synced", json!({ "agent_id": id, "results": results })),
    }
}
