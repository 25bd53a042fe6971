//! The arguments of the operations' Python methods, and the types that these return.

use crate::{
    model::{Def, Types},
    text, types,
};
use anyhow::{Context as _, Result, bail};
use muxi_client::api::table::{Endpoint, Kind, Param, Place, Reply, StreamEnd};
use serde_json::Value;

/// An argument of a Python method.
#[derive(Clone)]
pub(crate) struct Arg {
    /// Its name.
    pub(crate) name: String,
    /// Its type.
    pub(crate) annotation: String,
    /// Its default as a Python literal; a required one has none.
    pub(crate) default: Option<String>,
    /// True if it is taken by keyword only.
    pub(crate) keyword_only: bool,
    /// Its meaning.
    pub(crate) doc: String,
    /// Its place on the wire, for people.
    pub(crate) place: String,
}

impl Arg {
    /// One that goes nowhere by itself.
    pub(crate) fn new(name: &str, annotation: &str, default: Option<&str>, keyword_only: bool, doc: &str) -> Self {
        Self {
            name: name.to_owned(),
            annotation: annotation.to_owned(),
            default: default.map(str::to_owned),
            keyword_only,
            doc: doc.to_owned(),
            place: String::new(),
        }
    }

    /// As it stands in a signature.
    pub(crate) fn declaration(&self) -> String {
        match &self.default {
            Some(default) => format!("{}: {} = {default}", self.name, self.annotation),
            None => format!("{}: {}", self.name, self.annotation),
        }
    }
}

/// The arguments of an operation's Python method in their order, without those that every method takes.
pub(crate) fn arguments(endpoint: &Endpoint, types: &Types) -> Result<Vec<Arg>> {
    let mut args = endpoint
        .params
        .iter()
        .map(|param| argument(param, types).with_context(|| format!("{}({})", endpoint.name, param.name)))
        .collect::<Result<Vec<_>>>()?;
    if let Some(at) = endpoint.params.iter().position(|param| param.place == Place::Bundle) {
        bundle_arguments(endpoint, &mut args, at);
    }
    args.sort_by_key(|arg| arg.keyword_only);
    Ok(args)
}

fn argument(param: &Param, types: &Types) -> Result<Arg> {
    let request = (!param.fields.is_empty()).then(|| param.type_name());
    let (one, many);
    let plain = match param.kind {
        // An editor offers the known words, and a type checker accepts every text.
        Kind::Str if matches!(types.get(param.rust_type), Some(Def::Words(_))) => param.rust_type,
        Kind::Str => "str",
        Kind::Int => "int",
        Kind::Bool => "bool",
        Kind::Json => "Any",
        Kind::Object if request.is_some() => {
            let text = if param.rust_type == "ChatRequest" { "str | " } else { "" };
            one = format!("{text}{} | Mapping[str, Any]", request.unwrap_or_default());
            &one
        }
        Kind::List if request.is_some() => {
            many = format!("Sequence[{} | Mapping[str, Any]]", request.unwrap_or_default());
            &many
        }
        Kind::Object => "Mapping[str, Any]",
        Kind::List if param.rust_type == "[String]" => "Sequence[str]",
        Kind::List => "Sequence[Any]",
        Kind::Bytes => "bytes | str",
        Kind::Bundle => "BundleInput",
    };
    let default = match param.default {
        Some(json) => Some(literal(json)?),
        None if param.required && !is_spread(param) => None,
        None => Some("None".to_owned()),
    };
    let nullable = param.nullable || default.as_deref() == Some("None");
    let annotation = if nullable && plain != "Any" { format!("{plain} | None") } else { plain.to_owned() };
    let doc = text::paragraphs(param.doc).join(" ");
    Ok(Arg {
        place: param.goes_to.to_owned(),
        ..Arg::new(param.name, &annotation, default.as_deref(), param.keyword_only, &doc)
    })
}

/// Returns true if the fields of an argument are taken by keyword, too.
pub(crate) fn is_spread(param: &Param) -> bool {
    types::SPREAD.contains(&param.rust_type)
}

/// A bundle operation takes `(formation_id, payload, *, bundle_path, version)`, as the official SDK has it.
fn bundle_arguments(endpoint: &Endpoint, args: &mut Vec<Arg>, payload: usize) {
    let mut bundle = args.remove(payload);
    bundle.annotation = "BundleInput | None".to_owned();
    bundle.default = Some("None".to_owned());
    let place = bundle.place.clone();
    if let Some(id) = args.iter_mut().find(|arg| arg.name == "formation_id") {
        id.keyword_only = false;
    }
    let after = endpoint.param("formation_id").map_or(0, |_| 1);
    args.insert(after, bundle);
    let doc = "The path of the bundle, instead of `payload`.";
    let path = Arg { place, ..Arg::new("bundle_path", "str | os.PathLike[str] | None", Some("None"), true, doc) };
    args.insert(after + 1, path);
}

/// A JSON literal of the table as a Python literal.
fn literal(json: &str) -> Result<String> {
    // Text defaults are written bare in the table: `= ""` is an empty text, `= "false"` is `false`.
    if json.is_empty() {
        return Ok("\"\"".to_owned());
    }
    Ok(match serde_json::from_str(json).with_context(|| format!("{json:?} is not JSON"))? {
        Value::Null => "None".to_owned(),
        Value::Bool(value) => if value { "True" } else { "False" }.to_owned(),
        Value::Number(value) => value.to_string(),
        Value::String(value) if !value.contains(['"', '\\']) => format!("\"{value}\""),
        _ => bail!("no Python literal for the default {json}"),
    })
}

/// The type that an operation's Python method returns; `prefix` is `Async` for the asynchronous client.
pub(crate) fn return_type(endpoint: &Endpoint, types: &Types, prefix: &str) -> Result<String> {
    Ok(match endpoint.reply {
        Reply::Events(_) => stream_class(endpoint, prefix).context("a stream has a class")?,
        Reply::Bytes => "bytes".to_owned(),
        Reply::Text if endpoint.flags.length => "int".to_owned(),
        Reply::Text => "str".to_owned(),
        Reply::Json if endpoint.reply_type == "Object" => "dict[str, Any]".to_owned(),
        Reply::Json => {
            let name = endpoint.reply_type;
            types.get(name).with_context(|| format!("{} returns the unknown type {name}", endpoint.name))?;
            name.to_owned()
        }
    })
}

/// The class of an operation's stream.
pub(crate) fn stream_class(endpoint: &Endpoint, prefix: &str) -> Option<String> {
    match endpoint.reply {
        Reply::Events(StreamEnd::Done) => Some(format!("{prefix}ChatStream")),
        Reply::Events(_) => Some(format!("{prefix}EventStream")),
        _ => None,
    }
}
