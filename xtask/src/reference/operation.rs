//! The section of one operation.

use super::{Page, Sources, rust, shapes};
use crate::{
    model::Def,
    signature::{self, arguments, is_spread},
    text::{self, cell},
};
use anyhow::{Context as _, Result, ensure};
use muxi_client::{
    ErrorKind,
    api::table::{Api, Endpoint, Kind, Param, Reply},
};
use muxi_local::QUIRKS;
use std::fmt::Write as _;

/// The longest line of a signature.
const CODE_WIDTH: usize = 88;

/// The section.
pub(super) fn section(endpoint: &'static Endpoint, page: &Page, sources: &Sources<'_>) -> Result<String> {
    let mut out = format!("\n## `{}`\n\n{}\n", endpoint.name, paragraphs(endpoint.doc));
    out.push_str(&calls(endpoint, sources)?);
    write!(out, "\n`{} {}`, {}.\n", endpoint.method, endpoint.path, endpoint.key)?;
    out.push_str(&table_of_arguments(endpoint, page, sources)?);
    out.push_str(&reply(endpoint, page, sources)?);
    out.push_str(&errors(endpoint, sources)?);
    out.push_str(&example(endpoint, sources)?);
    out.push_str(&notes(endpoint, sources)?);
    Ok(out)
}

fn paragraphs(doc: &str) -> String {
    let all = text::paragraphs(doc);
    all.iter().map(|text| text::wrap(text, "", "")).collect::<Vec<_>>().join("\n\n")
}

/// The call in each language, in tabs.
fn calls(endpoint: &'static Endpoint, sources: &Sources<'_>) -> Result<String> {
    let client = match endpoint.api {
        Api::Server => "server",
        Api::Formation => "formation",
    };
    let plain = python(endpoint, sources, &format!("{client}."), "")?;
    let asynchronous = match endpoint.reply {
        Reply::Events(_) => python(endpoint, sources, &format!("async for event in {client}."), "Async")?,
        _ => python(endpoint, sources, &format!("await {client}."), "Async")?,
    };
    let rust = rust::call(endpoint, &sources.takes, &sources.streams)?;
    let mut out = "\n::::{tab-set}\n:sync-group: language\n".to_owned();
    for (title, sync, language, code) in
        [("Python", "python", "py", plain), ("Python async", "async", "py", asynchronous), ("Rust", "rust", "rs", rust)]
    {
        write!(out, "\n:::{{tab-item}} {title}\n:sync: {sync}\n```{language}\n{code}\n```\n:::\n")?;
    }
    out.push_str("::::\n");
    Ok(out)
}

/// A Python signature after the words before it.
fn python(endpoint: &'static Endpoint, sources: &Sources<'_>, before: &str, prefix: &str) -> Result<String> {
    let args = arguments(endpoint, sources.types)?;
    let mut parts = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        if arg.keyword_only && (at == 0 || !args[at - 1].keyword_only) {
            parts.push("*".to_owned());
        }
        parts.push(arg.declaration());
    }
    if let Some(param) = endpoint.params.iter().find(|param| is_spread(param)) {
        parts.push(format!("**fields: Unpack[{}Fields]", param.rust_type));
    }
    let returns = signature::return_type(endpoint, sources.types, prefix)?;
    let line = format!("{before}{}({}) -> {returns}", endpoint.name, parts.join(", "));
    Ok(if line.chars().count() <= CODE_WIDTH {
        line
    } else {
        format!("{before}{}(\n    {},\n) -> {returns}", endpoint.name, parts.join(",\n    "))
    })
}

fn table_of_arguments(endpoint: &'static Endpoint, page: &Page, sources: &Sources<'_>) -> Result<String> {
    let args = arguments(endpoint, sources.types)?;
    let mut out = String::new();
    if !args.is_empty() {
        out.push_str("\n| argument | type | default | meaning | goes to |\n|---|---|---|---|---|\n");
    }
    for arg in &args {
        let param = endpoint.param(&arg.name);
        let (name, kind, default) = match param {
            Some(param) => (format!("`{}`", arg.name), kind(param, page, sources), default(param)),
            None => (format!("`{}` (Python)", arg.name), "path".to_owned(), String::new()),
        };
        let place = if arg.place.is_empty() { "not sent" } else { &arg.place };
        writeln!(out, "| {name} | {} | {default} | {} | {} |", cell(&kind), cell(&arg.doc), cell(place))?;
    }
    Ok(out)
}

fn default(param: &Param) -> String {
    match param.default {
        Some("") => "`\"\"`".to_owned(),
        Some(json) => format!("`{json}`"),
        None if is_spread(param) => "required; in Python, its fields as keywords instead".to_owned(),
        None if param.required => "required".to_owned(),
        None => String::new(),
    }
}

/// The type of an argument in words.
fn kind(param: &Param, page: &Page, sources: &Sources<'_>) -> String {
    let link = || shapes::link(param.type_name(), &page.name, sources);
    let words = matches!(sources.types.get(param.rust_type), Some(Def::Words(_)));
    let plain = match param.kind {
        Kind::Str if words => format!("string, a {}", link()),
        Kind::Str => "string".to_owned(),
        Kind::Int => "integer".to_owned(),
        Kind::Bool => "boolean".to_owned(),
        Kind::Json => "any".to_owned(),
        Kind::Object if !param.fields.is_empty() => link(),
        Kind::Object => "object".to_owned(),
        Kind::List if !param.fields.is_empty() => format!("list of {}", link()),
        Kind::List if param.type_name() == "String" => "list of string".to_owned(),
        Kind::List => "list".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
        Kind::Bundle => "bundle".to_owned(),
    };
    if param.nullable { format!("{plain} or null") } else { plain }
}

fn reply(endpoint: &'static Endpoint, page: &Page, sources: &Sources<'_>) -> Result<String> {
    let name = endpoint.reply_type;
    Ok(match endpoint.reply {
        Reply::Bytes => "\n**Reply:** bytes.\n".to_owned(),
        Reply::Text if endpoint.flags.length => "\n**Reply:** text; in Python its length.\n".to_owned(),
        Reply::Text => "\n**Reply:** text.\n".to_owned(),
        Reply::Events(_) => {
            let mut doc = sources.streams.get(name)?.doc.clone();
            for of in sources.streams.types(name) {
                doc = doc.replace(&format!("[`{of}`]"), &shapes::link(of, &page.name, sources));
            }
            format!("\n{}\n", text::wrap(&format!("**Events:** {doc}"), "", ""))
        }
        Reply::Json if name == "Object" => "\n**Reply:** an object whose fields are not fixed.\n".to_owned(),
        Reply::Json => {
            let def = sources.types.get(name).with_context(|| format!("there is no type {name}"))?;
            let first = page.endpoints.iter().find(|other| other.reply_type == name).map(|other| other.name);
            match first.filter(|first| *first != endpoint.name) {
                Some(first) => format!("\n**Reply:** {name}, as of [`{first}`](#{first}).\n"),
                None => format!("\n**Reply:** {name}\n{}", shapes::fields(def, &page.name, sources)?),
            }
        }
    })
}

/// The errors that the contract states.
fn errors(endpoint: &Endpoint, sources: &Sources<'_>) -> Result<String> {
    let stated = &sources.examples.stated(endpoint)?.errors;
    let mut out = String::new();
    if !stated.is_empty() {
        out.push_str("\n| error | status | code | when |\n|---|---|---|---|\n");
    }
    for error in stated {
        let (head, when) = error.split_once(": ").unwrap_or((error, ""));
        let (status, code) = head.split_once(' ').unwrap_or((head, ""));
        let number: u16 = status.parse().with_context(|| format!("{error:?} does not begin with a status"))?;
        ensure!((400..600).contains(&number), "{status} is no status of an error");
        let kind = ErrorKind::of_status(number);
        let code = if code.is_empty() { kind.default_code() } else { code };
        writeln!(out, "| `{}` | {status} | `{code}` | {} |", kind.python().name, cell(when))?;
    }
    Ok(out)
}

fn example(endpoint: &Endpoint, sources: &Sources<'_>) -> Result<String> {
    let (code, output) = sources.examples.of(endpoint)?;
    let mut out = format!("\n**Example**\n\n```py\n{code}\n```\n");
    if !output.is_empty() {
        let language = if serde_json::from_str::<serde_json::Value>(output).is_ok() { "json" } else { "text" };
        write!(out, "\n```{language}\n{output}\n```\n")?;
    }
    Ok(out)
}

/// Measurements of the wire, and defects of the shipped runtime.
fn notes(endpoint: &Endpoint, sources: &Sources<'_>) -> Result<String> {
    let mut out = String::new();
    if let Some(note) = &sources.examples.stated(endpoint)?.note {
        let note = text::paragraphs(note).join(" ");
        write!(out, "\n{}\n", text::wrap(&format!("**On the wire.** {note}"), "> ", "> "))?;
    }
    let quirks: Vec<_> = QUIRKS.iter().filter(|row| row.operations.contains(&endpoint.name)).collect();
    if !quirks.is_empty() {
        let whose = match endpoint.api {
            Api::Server => "server",
            Api::Formation => "runtime",
        };
        write!(out, "\n**The shipped {whose}** differs, as `muxi-local --quirks NAME` does:\n\n")?;
        for row in quirks {
            writeln!(out, "{}", text::wrap(&format!("`{}`: {}.", row.name, row.what), "- ", "  "))?;
        }
    }
    Ok(out)
}
