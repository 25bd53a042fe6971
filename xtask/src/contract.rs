//! The table against the other witness: `contract/endpoints.toml`, written from what the real runtime and server do.

use crate::model::{Def, Shape, Types};
use anyhow::{Context as _, Result};
use muxi_client::api::table::{Api, Auth, Composite, Endpoint, Flags, Kind, Param, Place, Reply, StreamEnd, all};
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
    /// Prose.
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

/// The facts of an operation in the table.
fn declared(row: &Endpoint, types: &Types) -> Result<Facts> {
    let mut facts = Facts::default();
    facts.add("method", row.method);
    facts.add("path", row.path);
    facts.add("auth", auth(row.auth));
    facts.add("form of the reply", form(row.reply));
    if let Reply::Events(end) = row.reply {
        facts.add("end of the stream", stream_end(end));
    }
    facts.add("type of the reply", row.reply_type);
    // Taken apart, so that a new flag does not compile until it is compared.
    let Flags { slow, bare, whole, one_of, any_of, length, buffers_cleared, composite } = row.flags;
    facts.add_if("bare", bare);
    facts.add_if("whole", whole);
    facts.add_if("slow", slow);
    let optional = row.params.iter().filter(|param| !param.required).map(|param| param.name.to_owned()).collect();
    if one_of {
        facts.add_set("exactly one of", &optional);
    }
    if any_of {
        facts.add_set("at least one of", &optional);
    }
    if buffers_cleared {
        facts.add("also success", "500, 503");
    }
    if let Some(composite) = composite {
        facts.add("composite", self::composite(composite));
    }
    if length {
        facts.add("what Python returns", "length");
    }
    for constant in row.constants {
        let value = match constant.place {
            Place::Body => serde_json::from_str(constant.json)?,
            _ => Value::from(constant.json),
        };
        facts.add(format!("{} `{}` of every request", place(constant.place), constant.wire), value);
    }
    for param in row.params {
        add_argument(&mut facts, param, types).with_context(|| format!("{}: {}", row.name, param.name))?;
    }
    Ok(facts)
}

fn add_argument(facts: &mut Facts, param: &Param, types: &Types) -> Result<()> {
    let of = |what: &str| format!("argument `{}`: {what}", param.name);
    facts.add(of("name on the wire"), param.wire);
    facts.add(of("place"), place(param.place));
    facts.add(of("type"), kind(param));
    facts.add(of("required"), param.required);
    if let Some(default) = param.default {
        let value: Value = if param.kind == Kind::Str { default.into() } else { serde_json::from_str(default)? };
        facts.add(of("default"), value);
    }
    facts.add_if(of("may be empty"), param.place == Place::AnyUser);
    facts.add_if(of("names a user"), matches!(param.place, Place::User | Place::AnyUser));
    facts.add_if(of("nullable"), param.nullable);
    facts.add_if(of("or the whole body"), param.place == Place::Trigger);
    if param.place == Place::Turn {
        facts.add(of("makes"), "request_id, session_id");
    }
    facts.add_set(of("words"), &words(param.type_name(), types));
    if !param.fields.is_empty() {
        let Some(Def::Struct(request)) = types.get(param.type_name()) else {
            anyhow::bail!("{} has no declared fields", param.rust_type)
        };
        for field in &request.fields {
            let of = |what: &str| of(&format!("field `{}`: {what}", field.name));
            facts.add(of("type"), shape(&field.shape)?);
            facts.add(of("required"), field.required);
            if let Shape::Word(name) = &field.shape {
                facts.add_set(of("words"), &words(name, types));
            }
        }
    }
    Ok(())
}

/// The known words of a type; none where it is no set of words.
fn words(name: &str, types: &Types) -> BTreeSet<String> {
    match types.get(name) {
        Some(Def::Words(words)) => words.known.iter().map(|(word, _)| word.clone()).collect(),
        _ => BTreeSet::new(),
    }
}

fn kind(param: &Param) -> &'static str {
    match param.kind {
        Kind::Str => "string",
        Kind::Int => "integer",
        Kind::Bool => "boolean",
        Kind::Json => "any",
        Kind::Object => "object",
        Kind::List if !param.fields.is_empty() => "array of object",
        Kind::List if param.type_name() == "String" => "array of string",
        Kind::List => "array of any",
        Kind::Bytes => "bytes",
        Kind::Bundle => "bundle",
    }
}

fn shape(shape: &Shape) -> Result<String> {
    Ok(match shape {
        Shape::Text | Shape::Word(_) => "string".to_owned(),
        Shape::Int => "integer".to_owned(),
        Shape::Float => "number".to_owned(),
        Shape::Bool => "boolean".to_owned(),
        Shape::Any => "any".to_owned(),
        Shape::Map(_) => "object".to_owned(),
        Shape::List(inner) => format!("array of {}", self::shape(inner)?),
        other => anyhow::bail!("the contract has no name for {other:?}"),
    })
}

fn api(api: Api) -> &'static str {
    match api {
        Api::Server => "server",
        Api::Formation => "formation",
    }
}

fn auth(auth: Auth) -> &'static str {
    match auth {
        Auth::None => "none",
        Auth::Client => "client",
        Auth::Admin => "admin",
        Auth::ClientOrAdmin => "client_or_admin",
        Auth::Hmac => "hmac",
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Filters => "whole query",
        Place::Body | Place::Trigger => "body",
        Place::Payload | Place::Turn => "whole body",
        Place::Raw | Place::Bundle => "raw body",
        Place::Header | Place::User | Place::AnyUser => "header",
        Place::Local => "not sent",
    }
}

fn form(reply: Reply) -> &'static str {
    match reply {
        Reply::Json => "json",
        Reply::Text => "text",
        Reply::Bytes => "bytes",
        Reply::Events(_) => "events",
    }
}

fn stream_end(end: StreamEnd) -> &'static str {
    match end {
        StreamEnd::Done => "done",
        StreamEnd::Complete => "complete",
        StreamEnd::Open => "never",
    }
}

fn composite(composite: Composite) -> &'static str {
    match composite {
        Composite::Upsert => "create_secret on 404",
        Composite::PickSecret => "picked from get_secrets",
        Composite::LookupUser => "lookup_user without create_user",
    }
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
        let name = format!("{} {}", api(row.api), row.name);
        match stated.remove(&name) {
            Some(operation) => {
                wrong.extend(operation.facts().differences(&name, &declared(row, &types)?));
                wrong.extend(wrong_keys(operation, row, &types));
            }
            None => wrong.push(format!("{name}: not in the contract")),
        }
    }
    wrong.extend(stated.keys().map(|name| format!("{name}: not in the table")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    Ok(())
}
