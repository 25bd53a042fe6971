//! The facts of the table of operations, in the words of the contract.

use super::Facts;
use crate::model::{Def, Shape, Types};
use anyhow::{Context as _, Result};
use muxi_client::api::table::{Api, Auth, Composite, Endpoint, Flags, Kind, Param, Place, Reply, StreamEnd};
use serde_json::Value;
use std::collections::BTreeSet;

/// The facts of an operation in the table.
pub(super) fn declared(row: &Endpoint, types: &Types) -> Result<Facts> {
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

pub(super) fn api(api: Api) -> &'static str {
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
