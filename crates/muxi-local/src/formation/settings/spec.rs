//! The specification that a formation is made from.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Everything that defines a formation before it runs.
#[derive(Clone)]
pub struct FormationSpec {
    /// The formation's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its purpose.
    pub description: String,
    /// Its version.
    pub version: String,
    /// The key of its administrator.
    pub admin_key: String,
    /// The key of its applications.
    pub client_key: String,
    /// The formation document. A `secrets` object in it, name to value, fills the secret store and is never shown.
    pub document: Value,
    /// Trigger templates by name.
    pub triggers: BTreeMap<String, String>,
    /// Standard operating procedures by name, in Markdown.
    pub sops: BTreeMap<String, String>,
    /// Skills, those of single agents included.
    pub skills: Vec<Skill>,
    /// The folder that it was read from; `None` for a bundle and for the built-in formation.
    pub folder: Option<PathBuf>,
}

/// A skill: instructions that an agent takes in when it needs them.
#[derive(Debug, Clone, Default)]
pub struct Skill {
    /// The skill's name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The agent that has it to itself; `None` for one that all have.
    pub agent: Option<String>,
    /// The name of its licence.
    pub license: Option<String>,
    /// The systems that it is compatible with.
    pub compatibility: Option<String>,
    /// The tools that it may use; empty for any.
    pub allowed_tools: Vec<String>,
    /// The paths of its files, relative to its folder.
    pub resources: Vec<String>,
    /// True if some of the files are scripts.
    pub has_scripts: bool,
}

impl Skill {
    /// True if this is a skill of that name that all agents have.
    pub(crate) fn is_public(&self, name: &str) -> bool {
        self.agent.is_none() && self.name == name
    }
}

impl FormationSpec {
    /// The built-in formation.
    pub fn demo(admin_key: &str, client_key: &str) -> Self {
        let document = json!({
            "schema": "1.0.0",
            "id": "demo",
            "description": "Demo formation",
            "version": "1.0.0",
            "llm": {
                "api_keys": { "openai": "${{ secrets.OPENAI_API_KEY }}" },
                "settings": { "temperature": 0.7, "max_tokens": 1000, "timeout_seconds": 60 },
                "models": [{ "text": "openai/gpt-4o" }]
            },
            "agents": [
                {
                    "schema": "1.0.0", "id": "assistant", "name": "Assistant",
                    "description": "General-purpose assistant for answering questions",
                    "system_message": "You are a helpful AI assistant.", "source": "formation"
                },
                {
                    "schema": "1.0.0", "id": "researcher", "name": "Researcher",
                    "description": "Researches topics",
                    "system_message": "You research topics.", "source": "formation"
                }
            ],
            "overlord": {
                "soul": "You are a helpful, professional assistant.",
                "workflow": { "auto_decomposition": false },
                "response": { "format": "markdown", "streaming": true }
            },
            "memory": { "buffer": { "size": 100, "vector_search": false }, "persistent": { "connection_string": "memory" } },
            "scheduler": { "enabled": true },
            "async": { "threshold_seconds": 30, "enable_estimation": false },
            "proactive": { "enabled": true },
            "mcp": {
                "servers": [{
                    "schema": "1.0.0", "id": "demo-tools", "description": "Demo stdio server", "type": "command",
                    "command": "python3", "args": ["mcp_server.py"], "source": "formation"
                }]
            },
            "skills": ["summarise"],
            "secrets": { "OPENAI_API_KEY": "sk-demo-0123456789" }
        });
        let trigger = "New order ${{ data.order.id }}. Say thanks.\n";
        let sop = "# Refund\n\n## Steps\n\n1. **Look up the order** [agent:assistant]\n   Find it.\n\n\
                   2. **Refund** [critical]\n   Refund it.";
        Self {
            id: "demo".to_owned(),
            name: "demo".to_owned(),
            description: "Demo formation".to_owned(),
            version: "1.0.0".to_owned(),
            admin_key: admin_key.to_owned(),
            client_key: client_key.to_owned(),
            document,
            triggers: BTreeMap::from([("order-created".to_owned(), trigger.to_owned())]),
            sops: BTreeMap::from([("refund".to_owned(), sop.to_owned())]),
            skills: vec![Skill {
                name: "summarise".to_owned(),
                description: "Shortens a text to its main points".to_owned(),
                ..Skill::default()
            }],
            folder: None,
        }
    }

    /// A section of the document; empty where it is missing.
    pub(crate) fn section(&self, name: &str) -> Map<String, Value> {
        self.document.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// The agents, as objects.
    pub(crate) fn agents(&self) -> Vec<Value> {
        objects(self.document.get("agents"))
    }

    /// The MCP servers, as objects.
    pub(crate) fn mcp_servers(&self) -> Vec<Value> {
        objects(self.document.pointer("/mcp/servers"))
    }

    /// The secrets that come with the formation.
    pub(crate) fn secrets(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.section("secrets").iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    /// Messages that a session keeps.
    pub(crate) fn buffer_size(&self) -> usize {
        let size = self.document.pointer("/memory/buffer/size").and_then(Value::as_u64);
        // The runtime's buffer holds ten times its nominal size.
        size.map_or(1000, |size| (size as usize).saturating_mul(10)).max(2)
    }

    /// The path that a file of the formation would have on a server.
    pub(crate) fn path(&self, file: &str) -> String {
        match &self.folder {
            Some(folder) => folder.join(file).display().to_string(),
            None => format!("/formations/{}/current/{file}", self.id),
        }
    }

    /// The document as it may be shown.
    pub(crate) fn public_document(&self) -> Value {
        let mut document = self.document.as_object().cloned().unwrap_or_default();
        document.remove("secrets");
        let mut server = self.section("server");
        let keys = json!({ "admin_key": mask(&self.admin_key), "client_key": mask(&self.client_key) });
        server.insert("api_keys".to_owned(), keys);
        document.insert("server".to_owned(), Value::Object(server));
        document.insert("formation_id".to_owned(), json!(self.id));
        Value::Object(document)
    }
}

impl fmt::Debug for FormationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormationSpec").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

/// The names of the secrets that a text refers to, as `${{ secrets.NAME }}`.
pub(crate) fn secret_references(text: &str) -> impl Iterator<Item = &str> {
    text.split("${{").skip(1).filter_map(|rest| rest.split_once("}}")?.0.trim().strip_prefix("secrets."))
}

/// A list of objects; a bare text stands for an object with that id.
fn objects(list: Option<&Value>) -> Vec<Value> {
    let list = list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let object = |entry: &Value| match entry {
        Value::String(id) => json!({ "id": id, "name": id, "source": "formation" }),
        other => other.clone(),
    };
    list.iter().map(object).collect()
}

/// The ends of a key around bullets.
fn mask(key: &str) -> String {
    let chars: Vec<char> = key.chars().collect();
    if chars.len() < 8 {
        return "•".repeat(8);
    }
    let ends = |part: &[char]| part.iter().collect::<String>();
    format!("{}••••••••{}", ends(&chars[..3]), ends(&chars[chars.len() - 3..]))
}
