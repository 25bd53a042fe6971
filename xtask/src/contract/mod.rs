//! The table against the other witness: `contract/endpoints.toml`, written from what the real runtime and server do.

mod table;

use crate::model::{Def, Types};
use anyhow::Result;
use muxi_client::api::table::{Api, Endpoint, Reply, all};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contract {
    endpoint: Vec<Operation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    id: String,
    api: String,
    method: String,
    path: String,
    auth: String,
    #[serde(default)]
    params: Vec<Argument>,
    #[serde(default)]
    always: Vec<Constant>,
    form: String,
    ends: Option<String>,
    reply: String,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    bare: bool,
    #[serde(default)]
    whole: bool,
    #[serde(default)]
    slow: bool,
    #[serde(default)]
    exactly_one_of: BTreeSet<String>,
    #[serde(default)]
    at_least_one_of: BTreeSet<String>,
    #[serde(default)]
    also_success: Vec<u16>,
    composite: Option<String>,
    python_returns: Option<String>,
    /// Shown by the reference.
    #[serde(default, rename = "errors")]
    _errors: Vec<String>,
    /// Prose, shown by the reference.
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Argument {
    /// The name on the wire.
    name: String,
    /// The argument's name, where it is another.
    arg: Option<String>,
    r#in: String,
    r#type: String,
    #[serde(default)]
    required: bool,
    default: Option<Value>,
    #[serde(default)]
    may_be_empty: bool,
    #[serde(default)]
    nullable: bool,
    #[serde(default)]
    or_whole_body: bool,
    #[serde(default)]
    makes: BTreeSet<String>,
    #[serde(default)]
    words: BTreeSet<String>,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    r#type: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    words: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Constant {
    name: String,
    r#in: String,
    value: Value,
}

/// The facts of an operation, as one side states them, each by its name.
#[derive(Debug, Default)]
struct Facts(BTreeMap<String, String>);

impl Facts {
    fn add(&mut self, what: impl Into<String>, value: impl ToString) {
        let what = what.into();
        assert!(self.0.insert(what.clone(), value.to_string()).is_none(), "{what} is said twice");
    }

    fn add_if(&mut self, what: impl Into<String>, value: bool) {
        if value {
            self.add(what, value);
        }
    }

    fn add_set(&mut self, what: impl Into<String>, names: &BTreeSet<String>) {
        if !names.is_empty() {
            self.add(what, names.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
        }
    }

    /// Each fact that the other side does not share.
    fn differences(&self, of: &str, table: &Self) -> Vec<String> {
        let all: BTreeSet<_> = self.0.keys().chain(table.0.keys()).collect();
        let said =
            |side: &Self, what: &String| side.0.get(what).map_or("nothing".to_owned(), |text| format!("{text:?}"));
        all.into_iter()
            .filter(|what| self.0.get(*what) != table.0.get(*what))
            .map(|what| {
                format!("{of}: {what}: the contract says {}, the table {}", said(self, what), said(table, what))
            })
            .collect()
    }
}

impl Operation {
    fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        facts.add("method", &self.method);
        facts.add("path", &self.path);
        facts.add("auth", &self.auth);
        facts.add("form of the reply", &self.form);
        if let Some(ends) = &self.ends {
            facts.add("end of the stream", ends);
        }
        facts.add("type of the reply", &self.reply);
        facts.add_if("bare", self.bare);
        facts.add_if("whole", self.whole);
        facts.add_if("slow", self.slow);
        facts.add_set("exactly one of", &self.exactly_one_of);
        facts.add_set("at least one of", &self.at_least_one_of);
        facts.add_set("also success", &self.also_success.iter().map(u16::to_string).collect());
        if let Some(composite) = &self.composite {
            facts.add("composite", composite);
        }
        if let Some(returns) = &self.python_returns {
            facts.add("what Python returns", returns);
        }
        for Constant { name, r#in, value } in &self.always {
            facts.add(format!("{in} `{name}` of every request"), value);
        }
        for argument in &self.params {
            let of = |what: &str| format!("argument `{}`: {what}", argument.arg.as_ref().unwrap_or(&argument.name));
            facts.add(of("name on the wire"), &argument.name);
            facts.add(of("place"), &argument.r#in);
            facts.add(of("type"), &argument.r#type);
            facts.add(of("required"), argument.required);
            if let Some(default) = &argument.default {
                facts.add(of("default"), default);
            }
            facts.add_if(of("may be empty"), argument.may_be_empty);
            facts.add_if(of("names a user"), argument.name == "X-Muxi-User-ID");
            facts.add_if(of("nullable"), argument.nullable);
            facts.add_if(of("or the whole body"), argument.or_whole_body);
            facts.add_set(of("makes"), &argument.makes);
            facts.add_set(of("words"), &argument.words);
            for field in &argument.fields {
                let of = |what: &str| of(&format!("field `{}`: {what}", field.name));
                facts.add(of("type"), &field.r#type);
                facts.add(of("required"), field.required);
                facts.add_set(of("words"), &field.words);
            }
        }
        facts
    }
}

/// The differences in the keys of the reply: a type may have more optional ones, since operations share types.
fn wrong_keys(operation: &Operation, row: &Endpoint, types: &Types) -> Vec<String> {
    let always = |key: &String| !key.ends_with('?');
    let stated: BTreeMap<_, _> = operation.keys.iter().map(|key| (key.trim_end_matches('?'), always(key))).collect();
    let declared: BTreeMap<_, _> = match types.get(row.reply_type) {
        Some(Def::Struct(reply)) if row.reply == Reply::Json => {
            reply.fields.iter().map(|field| (field.name.as_str(), field.required)).collect()
        }
        _ => BTreeMap::new(),
    };
    let said = |side: &BTreeMap<&str, bool>, key: &str| match side.get(key) {
        Some(true) => "always there",
        Some(false) => "sometimes there",
        None => "never there",
    };
    let is_right = |key: &str| declared.get(key).is_some_and(|required| !required || stated.get(key) == Some(&true));
    let wrong: BTreeSet<_> = stated.keys().chain(declared.keys()).copied().filter(|key| !is_right(key)).collect();
    let line = |key| {
        let (contract, table) = (said(&stated, key), said(&declared, key));
        format!("key `{key}` of the reply: the contract says {contract}, {} {table}", row.reply_type)
    };
    wrong.into_iter().map(|key| format!("{} {}: {}", operation.api, row.name, line(key))).collect()
}

#[test]
fn the_table_is_what_the_contract_says() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let types = Types::read(&[&root.join(crate::REPLIES), &root.join(crate::REQUESTS)])?;
    let contract: Contract = toml::from_str(&fs::read_to_string(root.join("contract/endpoints.toml"))?)?;
    let mut stated = BTreeMap::new();
    for operation in &contract.endpoint {
        let name = format!("{} {}", operation.api, operation.id);
        assert!(stated.insert(name.clone(), operation).is_none(), "the contract says {name} twice");
    }
    let mut wrong = Vec::new();
    for row in [Api::Server, Api::Formation].into_iter().flat_map(all) {
        let name = format!("{} {}", table::api(row.api), row.name);
        match stated.remove(&name) {
            Some(operation) => {
                wrong.extend(operation.facts().differences(&name, &table::declared(row, &types)?));
                wrong.extend(wrong_keys(operation, row, &types));
            }
            None => wrong.push(format!("{name}: not in the contract")),
        }
    }
    wrong.extend(stated.keys().map(|name| format!("{name}: not in the table")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}
