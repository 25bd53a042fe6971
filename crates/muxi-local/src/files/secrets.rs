//! The secrets that a formation refers to.

use super::{disk::Folder, env_file, report::Report};
use crate::formation::secret_references;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
};

/// The prefix of the variables that give secrets.
const VARIABLE: &str = "MUXI_SECRET_";
/// Files of lines `NAME=value`; a later one yields to an earlier one. `secrets` often holds names only.
const FILES: [&str; 3] = [".env", "secrets.env", "secrets"];

/// The secrets that the environment and the folder's files give, by name.
pub(super) fn read(folder: &Folder<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    for (name, value) in env::vars_os() {
        if let (Some(name), Some(value)) = (name.to_str().and_then(|name| name.strip_prefix(VARIABLE)), value.to_str())
        {
            secrets.insert(name.to_owned(), value.to_owned());
        }
    }
    for file in FILES.into_iter().filter(|file| folder.has(file)) {
        let Some(text) = folder.read(file, report) else { continue };
        match env_file::parse(&text) {
            // Within a file the last one counts.
            Ok(pairs) => {
                let given =
                    pairs.into_iter().filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)));
                for (name, value) in given.collect::<BTreeMap<_, _>>() {
                    secrets.entry(name).or_insert(value);
                }
            }
            // The line may hold a secret; only its number is shown.
            Err(line) => report.error(file, (line, 1), "expected NAME=value"),
        }
    }
    secrets
}

/// The names that `document` refers to and `secrets` lacks.
pub(super) fn missing(document: &Value, secrets: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(document, &mut names);
    names.retain(|name| !secrets.contains_key(name));
    names
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => names.extend(secret_references(text).map(str::to_owned)),
        Value::Array(list) => list.iter().for_each(|value| collect(value, names)),
        Value::Object(map) => map.values().for_each(|value| collect(value, names)),
        _ => {}
    }
}

/// A text with its references to secrets filled in; `None` where one is missing.
pub(super) fn resolve(text: &str, secrets: &BTreeMap<String, String>) -> Option<String> {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (inner, tail) = after.split_once("}}")?;
        whole.push_str(before);
        whole.push_str(secrets.get(inner.trim().strip_prefix("secrets.")?)?);
        rest = tail;
    }
    whole.push_str(rest);
    Some(whole)
}
