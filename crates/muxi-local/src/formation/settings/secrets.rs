//! Secrets.

use crate::formation::http::call::Call;
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Failure, Outcome, ok, with_status};
use crate::formation::secret_references;
use crate::store::{Rows, Table};
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The code for a secret that is there already.
pub(crate) const EXISTS: &str = "SECRET_EXISTS";
/// The code for a secret that the formation refers to.
pub(crate) const IN_USE: &str = "SECRET_IN_USE";

/// The secret store.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    all: Table<String, String>,
    /// The values of the formation's files when they were last read.
    given: Table<String, String>,
}

/// The secrets of the formation's files, by the names that the store uses.
fn normalised(given: BTreeMap<String, String>) -> BTreeMap<String, String> {
    given.into_iter().map(|(name, value)| (normalise(&name), value)).collect()
}

impl Secrets {
    /// Takes over the secrets of the formation's files that are new since the files were last read. Those that were
    /// changed or deleted here since then stay as they are.
    pub(crate) fn give(&mut self, given: BTreeMap<String, String>) {
        let given = normalised(given);
        self.given.retain(|name, _| given.contains_key(name));
        for (name, value) in given {
            if self.given.get(&name) != Some(&value) {
                self.all.insert(name.clone(), value.clone());
                self.given.insert(name, value);
            }
        }
    }

    pub(crate) fn tables(&mut self) -> [&mut dyn Rows; 2] {
        [&mut self.all, &mut self.given]
    }

    /// The number of secrets.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }
}

/// Upper case, with underscores for all but letters and digits: `bad name!` is `BAD_NAME`.
fn normalise(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(plain).collect::<String>().trim_matches('_').to_owned()
}

/// A value with its middle hidden; short ones are hidden whole.
fn mask(value: &str) -> String {
    let chars: Vec<char> = value.chars().collect();
    let shown = match chars.len() {
        0..=8 => return "•".repeat(8),
        9..=15 => 3,
        _ => 4,
    };
    let ends = |part: &[char]| part.iter().collect::<String>();
    format!("{}{}{}", ends(&chars[..shown]), "•".repeat(2 * shown), ends(&chars[chars.len() - shown..]))
}

/// True if the document has `${{ secrets.NAME }}` anywhere.
fn in_use(document: &Value, name: &str) -> bool {
    match document {
        Value::String(text) => secret_references(text).any(|used| normalise(used) == name),
        Value::Array(list) => list.iter().any(|value| in_use(value, name)),
        Value::Object(map) => map.values().any(|value| in_use(value, name)),
        _ => false,
    }
}

fn not_found(name: &str) -> Failure {
    Failure::new(404, "SECRET_NOT_FOUND", format!("Secret '{name}' not found"))
}

pub(crate) fn list(call: &Call) -> Outcome {
    let state = call.formation.state();
    let masked: Map<String, Value> =
        state.secrets.all.iter().map(|(name, value)| (name.clone(), json!(mask(value)))).collect();
    ok("secret_list", "secret.list", json!({ "count": masked.len(), "secrets": masked }))
}

pub(crate) fn create(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (key, value) = (check.text("key"), check.text("value"));
    check.done()?;
    let name = normalise(&key);
    if name.is_empty() {
        return Err(Failure::bad(format!("Invalid secret name '{key}'")));
    }
    let mut state = call.formation.state();
    if state.secrets.all.get(&name).is_some() {
        return Err(Failure::new(409, EXISTS, format!("Secret '{name}' already exists")));
    }
    let data = json!({ "message": format!("Secret '{name}' created successfully") });
    state.secrets.all.insert(name, value);
    with_status(StatusCode::CREATED, "secret", "secret.created", data)
}

pub(crate) fn replace(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let value = check.text("value");
    check.done()?;
    let name = normalise(call.path("key"));
    let mut state = call.formation.state();
    let place = state.secrets.all.get_mut(&name).ok_or_else(|| not_found(&name))?;
    *place = value;
    ok("secret", "secret.updated", json!({ "message": format!("Secret '{name}' updated successfully") }))
}

pub(crate) fn delete(call: &Call) -> Outcome {
    let name = normalise(call.path("key"));
    let mut state = call.formation.state();
    if in_use(&call.formation.spec.public_document(), &name) {
        let message =
            format!("Cannot delete secret '{name}' because it is currently in use by the formation configuration");
        return Err(Failure::new(409, IN_USE, message));
    }
    if state.secrets.all.remove(&name).is_none() {
        return Err(not_found(&name));
    }
    ok("secret", "secret.deleted", json!({ "message": format!("Secret '{name}' deleted successfully") }))
}

/// Merges the secrets that came with the formation into those in memory.
pub(crate) fn reload(call: &Call) -> Outcome {
    let file = normalised(call.formation.spec.secrets());
    let mut state = call.formation.state();
    let store = &mut state.secrets.all;
    let preserved: Vec<String> = store.keys().filter(|name| !file.contains_key(*name)).cloned().collect();
    let (mut added, mut overwritten) = (Vec::new(), Vec::new());
    for (name, value) in file {
        match store.insert(name.clone(), value) {
            None => added.push(name),
            Some(_) => overwritten.push(name),
        }
    }
    let data = json!({
        "message": "Secrets reloaded successfully", "added": added, "overwritten": overwritten,
        "preserved": preserved, "count": store.len(),
    });
    ok("secret", "secret.reloaded", data)
}
