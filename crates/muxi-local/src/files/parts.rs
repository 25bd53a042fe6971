//! Agents and MCP servers: written in the configuration, or in files of their own that it names.

use super::{
    disk::{Folder, stem},
    fields,
    report::{Report, names},
    schema::{Field, check_fields},
    yaml::{self, Data, Node},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The extensions of configuration files.
pub(super) const EXTENSIONS: [&str; 3] = ["afs", "yaml", "yml"];

/// A kind of part.
pub(super) struct Part {
    /// One of it, in words.
    what: &'static str,
    /// The list in the configuration.
    list: &'static str,
    /// The folders that may have its files.
    folders: &'static [&'static str],
    fields: &'static [Field],
    /// The fields that one of it must have.
    required: &'static [&'static str],
    /// The fields that the real runtime requires as well; here their absence is only a warning.
    wanted: &'static [&'static str],
}

/// Agents.
pub(super) const AGENTS: Part = Part {
    what: "agent",
    list: "agents",
    folders: &["agents"],
    fields: fields::AGENT,
    required: &["description"],
    wanted: &["schema", "id", "name"],
};

/// MCP servers.
pub(super) const MCP_SERVERS: Part = Part {
    what: "MCP server",
    list: "mcp.servers",
    folders: &["mcp", "mcps"],
    fields: fields::MCP_SERVER,
    required: &["type"],
    wanted: &["schema", "id", "description"],
};

/// One part, and the file that it is from.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) file: String,
    pub(super) node: Node,
}

/// The parts that a formation has, in order, and all that have files, by id.
pub(super) struct Gathered {
    pub(super) used: Vec<Found>,
    ids: BTreeSet<String>,
    pub(super) files: BTreeMap<String, Found>,
}

impl Gathered {
    /// The parts as the runtime shows them.
    pub(super) fn json(&self) -> Vec<Value> {
        let shown = |found: &Found| {
            let mut value = found.node.json();
            if let Some(fields) = value.as_object_mut() {
                if !fields.contains_key("id") {
                    fields.shift_insert(0, "id".to_owned(), found.id.clone().into());
                }
                fields.insert("source".to_owned(), "formation".into());
            }
            value
        };
        self.used.iter().map(shown).collect()
    }

    /// True if one with that id is used.
    pub(super) fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

/// Gathers the parts that `list`, a list in the file `config`, declares. Without such a list, or with an empty one,
/// those in the folder are taken.
pub(super) fn gather(
    folder: &Folder<'_>,
    part: &Part,
    config: &str,
    list: Option<&Node>,
    report: &mut Report,
) -> Gathered {
    let files = read_files(folder, part, report);
    let declared = list.map(Node::elements).unwrap_or_default();
    let mut used: Vec<Found> = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in declared {
        let found = match &entry.data {
            Data::Text(id) => match files.get(id) {
                Some(found) => found.clone(),
                None => {
                    let Part { what, folders, .. } = part;
                    let known = if files.is_empty() { "none".to_owned() } else { names(files.keys()) };
                    let place = folders.first().copied().unwrap_or_default();
                    let message = format!("there is no {what} '{id}' in {place}/; there is {known}");
                    report.error(config, entry.place, message);
                    continue;
                }
            },
            Data::Map(_) => match inline(part, config, entry, report) {
                Some(found) => found,
                None => continue,
            },
            _ => {
                let expected = format!("'{}': expected the id of {} or a mapping", part.list, article(part.what));
                report.error(config, entry.place, format!("{expected}, found {}", entry.kind()));
                continue;
            }
        };
        if !seen.insert(found.id.clone()) {
            report.error(config, entry.place, format!("the {} '{}' is listed twice", part.what, found.id));
            continue;
        }
        used.push(found);
    }
    if declared.is_empty() {
        used = files.values().cloned().collect();
    } else {
        for found in files.values().filter(|found| !seen.contains(&found.id)) {
            report.file_warning(&found.file, format!("is not used: '{}' does not list '{}'", part.list, found.id));
        }
    }
    used.retain(|found| !matches!(found.node.get("active").map(|node| &node.data), Some(Data::Bool(false))));
    let ids = used.iter().map(|found| found.id.clone()).collect();
    Gathered { used, ids, files }
}

/// A part that is written in the configuration.
fn inline(part: &Part, config: &str, node: &Node, report: &mut Report) -> Option<Found> {
    check_fields(config, node, "", part.fields, true, report);
    let Some(id) = node.get("id").and_then(Node::text) else {
        report.error(config, node.place, format!("'id': expected a text, the id of {}", article(part.what)));
        return None;
    };
    Some(Found { id: id.to_owned(), file: config.to_owned(), node: node.clone() })
}

/// The parts with files of their own, in the order of their ids.
fn read_files(folder: &Folder<'_>, part: &Part, report: &mut Report) -> BTreeMap<String, Found> {
    let mut parts: BTreeMap<String, Found> = BTreeMap::new();
    for place in part.folders {
        let mut files = folder.files(place, &EXTENSIONS, report);
        // A part with files of its own, such as skills, may have a folder that is named like it.
        for own in folder.folders(place, report) {
            files.extend(folder.files(&own, &EXTENSIONS, report).into_iter().filter(|file| stem(file) == stem(&own)));
        }
        for file in files {
            let Some(found) = read_file(folder, part, &file, report) else { continue };
            if let Some(other) = parts.get(&found.id) {
                let place = found.node.get("id").map_or(found.node.place, |id| id.place);
                let message = format!("the {} '{}' is already in {}", part.what, found.id, other.file);
                report.error(&file, place, message);
                continue;
            }
            parts.insert(found.id.clone(), found);
        }
    }
    parts
}

fn read_file(folder: &Folder<'_>, part: &Part, file: &str, report: &mut Report) -> Option<Found> {
    let text = folder.read(file, report)?;
    let node = yaml::parse(file, 1, &text, report)?;
    if !matches!(node.data, Data::Map(_)) {
        report.error(file, node.place, format!("expected a mapping, found {}", node.kind()));
        return None;
    }
    check_fields(file, &node, "", part.fields, true, report);
    for name in part.required.iter().filter(|name| node.get(name).is_none()) {
        report.error(file, node.place, format!("'{name}' is required: {} has one", article(part.what)));
    }
    for name in part.wanted.iter().filter(|name| node.get(name).is_none()) {
        report.file_warning(file, format!("'{name}' is missing, which the real runtime refuses"));
    }
    let id = node.get("id").and_then(Node::text).unwrap_or_else(|| stem(file)).to_owned();
    Some(Found { id, file: file.to_owned(), node })
}

/// The noun with its article.
fn article(what: &str) -> String {
    if what.starts_with('a') || what.starts_with('M') { format!("an {what}") } else { format!("a {what}") }
}

/// The servers that the runtime brings itself: their names need no file.
const BUILT_IN_SERVERS: [&str; 3] = ["web-search", "database", "file-generation"];

/// Checks that the MCP servers that agents name are there, and their knowledge.
pub(super) fn check_agents(folder: &Folder<'_>, agents: &Gathered, servers: &Gathered, report: &mut Report) {
    for Found { file, node, .. } in &agents.used {
        for server in node.get("mcp_servers").map(Node::elements).unwrap_or_default() {
            let named = match &server.data {
                // More than an id and a filter is a server of the agent's own.
                Data::Map(entries) if entries.iter().any(|entry| !matches!(entry.key.as_str(), "id" | "tools")) => None,
                Data::Map(_) => server.get("id").and_then(Node::text),
                _ => server.text(),
            };
            let known = |id: &str| servers.has(id) || servers.files.contains_key(id) || BUILT_IN_SERVERS.contains(&id);
            if let Some(id) = named.filter(|id| !known(id)) {
                report.error(file, server.place, format!("'mcp_servers': there is no MCP server '{id}'"));
            }
        }
        for source in node.get("knowledge").and_then(|node| node.get("sources")).map(Node::elements).unwrap_or_default()
        {
            if let Some(path) = source.get("path")
                && let Some(name) = path.text()
                && !name.contains(['*', '$'])
                && !folder.0.join(name).exists()
            {
                report.warn(file, path.place, format!("'knowledge': there is no '{name}' in the formation's folder"));
            }
        }
    }
}
