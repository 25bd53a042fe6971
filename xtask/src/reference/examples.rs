//! Sources of the reference beside the table: examples, their outputs, and the contract's notes on operations.

use anyhow::{Context as _, Result, bail};
use muxi_client::api::table::{Api, Endpoint};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::Path};

#[derive(Deserialize)]
struct Document {
    steps: BTreeMap<String, String>,
    server: BTreeMap<String, Entry>,
    formation: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    before: String,
    call: String,
}

#[derive(Deserialize)]
struct Outputs {
    server: BTreeMap<String, String>,
    formation: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Contract {
    endpoint: Vec<Stated>,
}

/// The contract's notes on an operation, which the table has not.
#[derive(Deserialize)]
pub(super) struct Stated {
    id: String,
    api: String,
    /// `STATUS CODE: when`, each.
    #[serde(default)]
    pub(super) errors: Vec<String>,
    pub(super) note: Option<String>,
}

/// All of it, by operation.
pub(super) struct Examples {
    examples: Document,
    outputs: Outputs,
    contract: Contract,
}

fn read<T: for<'d> Deserialize<'d>>(path: &Path) -> Result<T> {
    let context = || format!("in {}", path.display());
    toml::from_str(&fs::read_to_string(path).with_context(context)?).with_context(context)
}

impl Examples {
    pub(super) fn read(folder: &Path, root: &Path) -> Result<Self> {
        Ok(Self {
            examples: read(&folder.join("examples.toml"))?,
            outputs: read(&folder.join("outputs.toml"))?,
            contract: read(&root.join("contract/endpoints.toml"))?,
        })
    }

    /// The example of an operation and its output.
    pub(super) fn of(&self, endpoint: &Endpoint) -> Result<(String, &str)> {
        let (examples, outputs) = match endpoint.api {
            Api::Server => (&self.examples.server, &self.outputs.server),
            Api::Formation => (&self.examples.formation, &self.outputs.formation),
        };
        let Some(entry) = examples.get(endpoint.name) else { bail!("it has no example in examples.toml") };
        let mut code = Vec::new();
        for step in &entry.steps {
            code.push(self.examples.steps.get(step).with_context(|| format!("there is no step {step:?}"))?.trim());
        }
        code.extend([entry.before.trim(), entry.call.trim()]);
        code.retain(|text| !text.is_empty());
        // A new operation has none yet, since its example runs with the methods that are generated together with the pages.
        let output = outputs.get(endpoint.name).map_or("", |output| output.trim_end());
        Ok((code.join("\n"), output))
    }

    /// Returns the contract's notes on an operation.
    pub(super) fn stated(&self, endpoint: &Endpoint) -> Result<&Stated> {
        let api = match endpoint.api {
            Api::Server => "server",
            Api::Formation => "formation",
        };
        let found = self.contract.endpoint.iter().find(|row| row.id == endpoint.name && row.api == api);
        found.context("the contract does not have it")
    }
}
