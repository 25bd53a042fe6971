//! Formation folders: the configuration and the files beside it.

use super::registry::Keys;
use crate::formation::FormationSpec;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The names of a configuration, in the order of search.
const NAMES: [&str; 3] = ["formation.afs", "formation.yaml", "formation.yml"];
/// The version of a formation that states none.
pub(super) const DEFAULT_VERSION: &str = "1.0.0";
/// The runtime whose API the formations here speak.
const RUNTIME: &str = "1.20260928.0";

/// What the server reads of a formation's configuration.
pub(super) struct Config {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    document: Value,
    text: String,
}

impl Config {
    /// Reads the configuration that lies directly in `folder`.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let text =
            fs::read_to_string(find(folder)?).map_err(|error| format!("Failed to read formation config: {error}"))?;
        let document: Value =
            serde_norway::from_str(&text).map_err(|error| format!("Failed to parse formation config: {error}"))?;
        let required = |name: &str| {
            scalar(&document, name).ok_or_else(|| format!("Failed to parse formation config: '{name}' is required"))
        };
        let id = required("id")?;
        required("description")?;
        let name = scalar(&document, "name").unwrap_or_else(|| id.clone());
        let version = scalar(&document, "version").unwrap_or_else(|| DEFAULT_VERSION.into());
        Ok(Self { id, name, version, document, text })
    }

    /// A configuration that refers to secrets needs them, encrypted, and their key beside it.
    pub(super) fn check_secrets(&self, folder: &Path) -> Result<(), String> {
        let refers = self.text.split("${{").skip(1).any(|rest| rest.trim_start().starts_with("secrets."));
        for file in ["secrets.enc", ".key"] {
            if refers && !folder.join(file).is_file() {
                return Err(format!("Formation uses secrets but {file} is missing from the bundle"));
            }
        }
        Ok(())
    }

    /// The runtime that is asked for, and the one that it gets.
    pub(super) fn runtime(&self) -> (String, String) {
        match scalar(&self.document, "runtime").filter(|version| version != "latest") {
            Some(version) => (version.clone(), version),
            None => ("latest".into(), RUNTIME.into()),
        }
    }
}

/// The runtime of the built-in formation.
pub(super) fn default_runtime() -> (String, String) {
    ("latest".into(), RUNTIME.into())
}

fn find(folder: &Path) -> Result<PathBuf, String> {
    let tried = NAMES.join(" ");
    NAMES
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("Failed to find formation config: no formation config file found (tried: [{tried}])"))
}

/// A field as text; YAML reads an unquoted `1.0` as a number.
fn scalar(document: &Value, name: &str) -> Option<String> {
    match document.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Everything that a formation is made from, as its runtime reads it at its start.
pub(super) fn load(folder: &Path, keys: &Keys) -> Result<FormationSpec, String> {
    let config = Config::read(folder)?;
    let mut document = config.document;
    let agents = declared(folder, "agents", document.get("agents"))?;
    document["agents"] = agents.into();
    let servers = declared(folder, "mcp", document.pointer("/mcp/servers"))?;
    if !servers.is_empty() {
        if !document["mcp"].is_object() {
            document["mcp"] = json!({});
        }
        document["mcp"]["servers"] = servers.into();
    }
    let key = |name: &str, default: &str| {
        let literal = document.pointer(&format!("/server/api_keys/{name}")).and_then(Value::as_str);
        // A reference to a secret cannot be resolved here: secrets are encrypted.
        literal.filter(|key| !key.is_empty() && !key.contains("${{")).unwrap_or(default).to_owned()
    };
    Ok(FormationSpec {
        admin_key: key("admin_key", &keys.admin),
        client_key: key("client_key", &keys.client),
        description: scalar(&document, "description").unwrap_or_default(),
        triggers: texts(&folder.join("triggers")).map_err(|error| format!("triggers: {error}"))?,
        sops: texts(&folder.join("sops")).map_err(|error| format!("sops: {error}"))?,
        id: config.id,
        name: config.name,
        version: config.version,
        document,
    })
}

/// The objects of a list in the configuration, and those that have files of their own in the folder `kind`.
fn declared(folder: &Path, kind: &str, inline: Option<&Value>) -> Result<Vec<Value>, String> {
    let inline = inline.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut all: Vec<Value> = inline.iter().filter(|entry| entry.is_object()).cloned().collect();
    let fault = |path: &Path, error: &dyn std::fmt::Display| {
        format!("{kind}/{}: {error}", path.file_name().unwrap_or_default().to_string_lossy())
    };
    for path in files(&folder.join(kind), &["afs", "yaml", "yml"]).map_err(|error| format!("{kind}: {error}"))? {
        let text = fs::read_to_string(&path).map_err(|error| fault(&path, &error))?;
        let mut entry: Value = serde_norway::from_str(&text).map_err(|error| fault(&path, &error))?;
        let Some(fields) = entry.as_object_mut() else { return Err(fault(&path, &"is not a mapping")) };
        fields.entry("id").or_insert_with(|| stem(&path).into());
        if !all.iter().any(|other| other.get("id") == entry.get("id")) {
            all.push(entry);
        }
    }
    Ok(all)
}

/// The Markdown files of a folder, by name without extension.
fn texts(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    files(folder, &["md"])?.into_iter().map(|path| Ok((stem(&path), fs::read_to_string(path)?))).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The files of a folder with one of the extensions, in the order of their names; none when there is no folder.
fn files(folder: &Path, extensions: &[&str]) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let fits = path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension));
        if fits && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_files(files: &[(&str, &str)]) -> Result<FormationSpec, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        load(folder.path(), &Keys { admin: "fma_server".into(), client: "fmc_server".into() })
    }

    #[test]
    fn a_formation_is_read_with_the_files_beside_it() {
        let config = "
id: the-id
description: A test
version: 1.5
server: {api_keys: {admin_key: fma_own, client_key: '${{ secrets.CLIENT }}'}}
agents: [{id: inline, name: Inline}, twice]
mcp: {max_timeout: 30}
";
        let spec = load_files(&[
            ("formation.yaml", config),
            ("agents/twice.afs", "name: Twice"),
            ("agents/copy.yaml", "id: inline\nname: Hidden"),
            ("agents/notes.txt", "["),
            ("mcp/search.afs", "id: search\ntype: http"),
            ("triggers/alert.md", "Alert: {{ what }}"),
            ("sops/refund.md", "# Refund"),
        ])
        .unwrap();
        assert_eq!((spec.id.as_str(), spec.name.as_str(), spec.version.as_str()), ("the-id", "the-id", "1.5"));
        assert_eq!((spec.admin_key.as_str(), spec.client_key.as_str()), ("fma_own", "fmc_server"));
        let agents = json!([{"id": "inline", "name": "Inline"}, {"name": "Twice", "id": "twice"}]);
        assert_eq!(spec.document["agents"], agents);
        assert_eq!(spec.document["mcp"]["max_timeout"], 30);
        assert_eq!(spec.document["mcp"]["servers"][0]["id"], "search");
        assert_eq!((spec.triggers["alert"].as_str(), spec.sops["refund"].as_str()), ("Alert: {{ what }}", "# Refund"));
    }

    #[test]
    fn faults_name_their_file() {
        let config = ("formation.afs", "id: the-id\ndescription: A test");
        let fault = |files: &[(&str, &str)]| load_files(files).err().unwrap();
        assert!(fault(&[config, ("agents/a.afs", "[")]).starts_with("agents/a.afs: "));
        assert_eq!(fault(&[config, ("agents/a.afs", "text")]), "agents/a.afs: is not a mapping");
        assert!(fault(&[("formation.afs", "text")]).contains("'id' is required"));
    }
}
