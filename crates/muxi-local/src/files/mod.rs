//! Formations from files: a folder with `formation.afs` and what lies beside it.
//!
//! All faults are found at once, each with its file, line and column and what was expected there. Fields that are not
//! known here are only warned of.

mod disk;
mod env_file;
mod fields;
mod markdown;
mod parts;
mod report;
mod schema;
mod secrets;
#[cfg(test)]
mod tests;
mod yaml;

pub(crate) use report::{Problem, Problems};

use crate::formation::FormationSpec;
use disk::Folder;
use report::Report;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};
use yaml::{Data, Node};

/// The names of a configuration, in the order of search.
const NAMES: [&str; 3] = ["formation.afs", "formation.yaml", "formation.yml"];
/// The names of a soul, in the order of search.
const SOULS: [&str; 2] = ["SOUL.md", "soul.md"];
/// The version of a formation that states none.
pub(crate) const DEFAULT_VERSION: &str = "1.0.0";
/// The runtime whose API the formations here speak.
const RUNTIME: &str = "1.20260928.0";

/// The keys of formations that do not bring their own.
#[derive(Clone)]
pub(crate) struct FormationKeys {
    pub(crate) admin: String,
    pub(crate) client: String,
}

/// The settings of a formation that the server reads before it starts it.
pub(crate) struct Config {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    runtime: Option<String>,
    refers_to_secrets: bool,
}

/// Why a configuration is of no use, in the real server's words.
pub(crate) enum Unusable {
    Missing,
    Faulty(Problems),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => {
                let tried = NAMES.join(" ");
                write!(f, "Failed to find formation config: no formation config file found (tried: [{tried}])")
            }
            Self::Faulty(problems) => write!(f, "Failed to parse formation config: {problems}"),
        }
    }
}

impl Config {
    /// Reads the configuration that lies directly in `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self, Unusable> {
        let name = find(folder).ok_or(Unusable::Missing)?;
        let mut report = Report::default();
        let head = Head::read(&Folder(folder), name, &mut report);
        let (head, _) = report.finish(head).map_err(Unusable::Faulty)?;
        // Without a fault there is a head.
        let Head { text, document, id } = head.ok_or(Unusable::Missing)?;
        let field = |name: &str| document.get(name).and_then(|node| node.scalar(&text));
        Ok(Self {
            name: field("name").unwrap_or_else(|| id.clone()),
            version: field("version").unwrap_or_else(|| DEFAULT_VERSION.into()),
            runtime: field("runtime").filter(|version| version != "latest"),
            refers_to_secrets: crate::formation::secret_references(&text).next().is_some(),
            id,
        })
    }

    /// A bundle whose configuration refers to secrets needs them, encrypted, and their key.
    pub(crate) fn check_secrets(&self, folder: &Path) -> Result<(), String> {
        for file in ["secrets.enc", ".key"] {
            if self.refers_to_secrets && !folder.join(file).is_file() {
                return Err(format!("Formation uses secrets but {file} is missing from the bundle"));
            }
        }
        Ok(())
    }

    /// The runtime that is asked for, and the one that it gets.
    pub(crate) fn runtime(&self) -> (String, String) {
        match &self.runtime {
            Some(version) => (version.clone(), version.clone()),
            None => default_runtime(),
        }
    }
}

/// The runtime of formations that ask for none.
pub(crate) fn default_runtime() -> (String, String) {
    ("latest".into(), RUNTIME.into())
}

/// The name of the configuration in a folder.
fn find(folder: &Path) -> Option<&'static str> {
    NAMES.into_iter().find(|name| folder.join(name).is_file())
}

/// The folder and the configuration that a path means: a folder, or a formation file in one.
fn locate(path: &Path) -> Result<(PathBuf, String), Problems> {
    let mut report = Report::default();
    if path.is_file() {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok((parent.to_owned(), name));
    }
    match find(path) {
        Some(name) => return Ok((path.to_owned(), name.to_owned())),
        None if path.is_dir() => report.file_error("", format!("has none of {}", report::names(NAMES))),
        None => report.file_error("", "there is no such file or folder"),
    }
    Err(Problems(report.errors))
}

/// A configuration that is a mapping and has an id.
struct Head {
    text: String,
    document: Node,
    id: String,
}

impl Head {
    fn read(folder: &Folder<'_>, name: &str, report: &mut Report) -> Option<Self> {
        let text = folder.read(name, report)?;
        let document = yaml::parse(name, 1, &text, report)?;
        if !matches!(document.data, Data::Map(_)) {
            let message = format!("expected a mapping with 'id' and 'description', found {}", document.kind());
            report.error(name, document.place, format!("{message}; 'id' is required"));
            return None;
        }
        for field in ["id", "description"] {
            if document.get(field).and_then(|node| node.scalar(&text)).is_none() {
                let place = document.get(field).map_or(document.place, |node| node.place);
                report.error(name, place, format!("'{field}' is required: expected a text"));
            }
        }
        let id = document.get("id").and_then(|node| node.scalar(&text))?;
        Some(Self { text, document, id })
    }
}

/// A formation that was read, and what is odd about its files.
pub(crate) struct Loaded {
    pub(crate) spec: FormationSpec,
    pub(crate) warnings: Vec<Problem>,
    /// The secrets that are referred to and have no value.
    pub(crate) missing_secrets: Vec<String>,
    /// The file with the id, and its line and column there; none for the built-in demo.
    id_place: Option<(String, (u64, u64))>,
}

impl Loaded {
    /// A fault of the id, with its place.
    pub(crate) fn wrong_id(&self, message: &str) -> Problems {
        let mut report = Report::default();
        match &self.id_place {
            Some((file, place)) => report.error(file, *place, message),
            None => report.file_error("", message),
        }
        Problems(report.errors)
    }
}

impl From<FormationSpec> for Loaded {
    fn from(spec: FormationSpec) -> Self {
        Self { spec, warnings: Vec::new(), missing_secrets: Vec::new(), id_place: None }
    }
}

/// Everything that a formation is made from, as its runtime reads it at its start. `path` is its folder or its
/// configuration.
pub(crate) fn load(path: &Path, keys: &FormationKeys) -> Result<Loaded, Problems> {
    let (folder, config) = locate(path)?;
    let folder = Folder(&folder);
    let mut report = Report::default();
    let Some(head) = Head::read(&folder, &config, &mut report) else { return Err(Problems(report.errors)) };
    schema::check_fields(&config, &head.document, "", fields::FORMATION, true, &mut report);
    if head.document.get("schema").is_none() {
        report.file_warning(&config, "'schema' is missing, which the real runtime refuses: expected schema: \"1.0.0\"");
    }
    let agents = parts::gather(&folder, &parts::AGENTS, &config, head.document.get("agents"), &mut report);
    let list = head.document.get("mcp").and_then(|mcp| mcp.get("servers"));
    let servers = parts::gather(&folder, &parts::MCP_SERVERS, &config, list, &mut report);
    parts::check_agents(&folder, &agents, &servers, &mut report);
    let skills = markdown::skills(&folder, &config, head.document.get("skills"), &agents, &mut report);
    let triggers = markdown::triggers(&folder, &mut report);
    let sops = markdown::sops(&folder, &agents, &skills, &mut report);
    let soul = SOULS.into_iter().find(|name| folder.has(name)).and_then(|name| folder.read(name, &mut report));
    let mut secrets = secrets::read(&folder, &mut report);

    let mut document = head.document.json();
    document["agents"] = agents.json().into();
    if !servers.used.is_empty() {
        section(&mut document, "mcp")["servers"] = servers.json().into();
    }
    if let Some(soul) = soul {
        section(&mut document, "overlord")["soul"] = soul.trim_end().into();
    }
    for (name, value) in document.get("secrets").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        secrets.entry(name.clone()).or_insert(value);
    }
    let missing_secrets = secrets::missing(&document, &secrets).into_iter().collect();
    let key = |name: &str, default: &str| {
        let given = document.pointer(&format!("/server/api_keys/{name}")).and_then(Value::as_str);
        given
            .and_then(|key| secrets::resolve(key, &secrets))
            .filter(|key| !key.is_empty())
            .unwrap_or(default.to_owned())
    };
    let field = |name: &str| head.document.get(name).and_then(|node| node.scalar(&head.text));
    let id_place = head.document.get("id").map(|id| (config.clone(), id.place));
    let spec = FormationSpec {
        admin_key: key("admin_key", &keys.admin),
        client_key: key("client_key", &keys.client),
        name: field("name").unwrap_or_else(|| head.id.clone()),
        description: field("description").unwrap_or_default(),
        version: field("version").unwrap_or_else(|| DEFAULT_VERSION.into()),
        id: head.id,
        document: with_secrets(document, secrets),
        triggers,
        sops,
        skills,
        folder: std::path::absolute(folder.0).ok(),
    };
    let (spec, warnings) = report.finish(spec)?;
    Ok(Loaded { spec, warnings, missing_secrets, id_place })
}

/// The section of a document, made where there is none.
fn section<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    let section = &mut document[name];
    if !section.is_object() {
        *section = json!({});
    }
    section
}

/// The document with these secrets, from which the formation fills its store.
fn with_secrets(mut document: Value, secrets: BTreeMap<String, String>) -> Value {
    document["secrets"] = json!(secrets);
    document
}
