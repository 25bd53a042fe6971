//! Requests, and replies as they are read by key, as Python `TypedDict`s.

use crate::{
    model::{Def, Field, Shape, Struct, Types, Words},
    text,
};
use anyhow::{Context as _, Result, bail, ensure};
use muxi_client::api::table::Endpoint;
use std::{collections::BTreeSet, fmt::Write as _};

/// Words that Python keeps for itself, and so cannot be the key of a class-based `TypedDict`.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The files of a turn.
const FILE_INPUT: &str = "\nFileInput: TypeAlias = os.PathLike[str] | tuple[str, bytes] | tuple[str, bytes, str] | Mapping[str, Any]\n\
    \"\"\"A file of a turn: a path, its name and bytes, both with its media type, or the dict that goes out as it is.\"\"\"\n";

/// The keys that the client adds to a reply that has none of its own by that name.
pub(crate) const ADDED: &[(&str, &str, &str)] = &[
    ("request_id", "str", "The id of the request, for questions about it."),
    ("idempotency_key", "str | None", "The idempotency key, where the formation honoured one."),
    ("timestamp", "int", "When the reply was made, in Unix milliseconds."),
];

/// Requests whose fields are arguments of their own, too.
pub(crate) const SPREAD: &[&str] = &["AudioRequest", "ChatRequest"];

/// The module `muxi/_dicts.py`: `replies` are the names of the types that operations return, `taken` of those of
/// `requests` that they take.
pub(crate) fn module(
    types: &Types,
    requests: &Types,
    replies: &BTreeSet<&str>,
    taken: &BTreeSet<&str>,
) -> Result<String> {
    let mut classes = String::from(
        "\n\nclass ReplyDict(TypedDict, total=False):\n    \"\"\"Keys that any reply may carry.\"\"\"\n\n",
    );
    for (name, annotation, _) in ADDED {
        writeln!(classes, "    {name}: {annotation}")?;
    }
    let mut aliases = String::new();
    for (name, def) in types.iter() {
        let context = || format!("in the type {name}");
        match def {
            Def::Struct(item) => {
                classes.push_str(&structure(name, item, types, replies.contains(name)).with_context(context)?);
            }
            Def::Alias(shape, doc) if !matches!(name, "Object" | "Text" | "Bytes") => {
                // Quoted where it may name a type that stands further down.
                let open = matches!(shape, Shape::Map(inner) if **inner == Shape::Any);
                let quote = if open { "" } else { "\"" };
                let name = dict_name(name, types);
                writeln!(aliases, "\n{name}: TypeAlias = {quote}{}{quote}", by_key(shape, types))?;
                if !doc.is_empty() {
                    aliases.push_str(&attribute(doc, ""));
                }
            }
            Def::Alias(..) => {}
            Def::Words(words) => aliases.push_str(&word_alias(name, words).with_context(context)?),
        }
    }
    for name in taken {
        let Some(Def::Struct(item)) = requests.get(name) else { bail!("there is no {name}") };
        classes.push_str(&request(name, item)?);
    }
    let mut out = format!(
        "\"\"\"The dicts that operations take, and those that replies have by key. Use `muxi.types`.\n\n{}\n\"\"\"\n\n\
         from __future__ import annotations\n\n",
        crate::GENERATED
    );
    let optional = classes.contains("NotRequired[");
    let names = [
        (optional, "TYPE_CHECKING"),
        (classes.contains("Any") || aliases.contains("Any"), "Any"),
        (aliases.contains("Literal["), "Literal"),
        (!aliases.is_empty(), "TypeAlias"),
        (true, "TypedDict"),
    ];
    let names: Vec<&str> = names.iter().filter(|(used, _)| *used).map(|(_, name)| *name).collect();
    if optional {
        out.push_str("import os\nimport sys\nfrom collections.abc import Mapping, Sequence\n");
    }
    writeln!(out, "from typing import {}", names.join(", "))?;
    if optional {
        out.push_str(
            "\nif sys.version_info >= (3, 11):\n    from typing import NotRequired\nelif TYPE_CHECKING:\n    \
             from typing_extensions import NotRequired\n",
        );
    }
    out.push_str(FILE_INPUT);
    out.push_str(&classes);
    if !aliases.is_empty() {
        write!(out, "\n{aliases}")?;
    }
    Ok(out)
}

/// The names of the types with declared fields that operations take.
pub(crate) fn taken(endpoints: impl Iterator<Item = &'static Endpoint>) -> BTreeSet<&'static str> {
    endpoints
        .flat_map(|row| row.params)
        .filter(|param| !param.fields.is_empty())
        .map(|param| param.type_name())
        .collect()
}

/// A type that operations take as a dict.
fn request(name: &str, item: &Struct) -> Result<String> {
    let mut out = format!("\n\nclass {name}(TypedDict):\n{}", text::docstring(&item.doc, "", "    ")?);
    for field in &item.fields {
        let annotation = |shape: &Shape| or_none(field, taken_as(field)(shape));
        write!(out, "\n    {}: {}\n{}", field.name, entry(field, annotation), attribute(&field.doc, "    "))?;
    }
    if SPREAD.contains(&name) {
        write!(out, "\n\nclass {name}Fields(TypedDict, total=False):\n    \"\"\"`{name}` by keyword.\"\"\"\n\n")?;
        for field in &item.fields {
            writeln!(out, "    {}: {}", field.name, or_none(field, taken_as(field)(&field.shape)))?;
        }
    }
    Ok(out)
}

/// None stands for a field that is not given, unless the field is required.
fn or_none(field: &Field, plain: String) -> String {
    if field.required || plain.ends_with("| None") { plain } else { format!("{plain} | None") }
}

/// The type that a field of a request is taken as.
fn taken_as(field: &Field) -> fn(&Shape) -> String {
    if field.name == "files" { |_| "Sequence[FileInput]".to_owned() } else { annotation }
}

/// An open set of words: an editor offers the known ones, and a type checker accepts every text.
fn word_alias(name: &str, words: &Words) -> Result<String> {
    let known: Vec<String> = words.known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let line = format!("{name}: TypeAlias = Literal[{}] | str", known.join(", "));
    let declaration = if line.len() <= text::WIDTH {
        line
    } else {
        let known = known.join(",\n        ");
        format!("{name}: TypeAlias = (\n    Literal[\n        {known},\n    ]\n    | str\n)")
    };
    let mut meanings = String::from("\n");
    for (word, meaning) in &words.known {
        let item = format!("``{word}``: {}", text::python_marks(meaning).replace('\n', " "));
        writeln!(meanings, "{}", text::wrap(&item, "- ", "  "))?;
    }
    Ok(format!("\n{declaration}\n{}", text::docstring(&words.doc, &meanings, "")?))
}

fn structure(name: &str, item: &Struct, types: &Types, reply: bool) -> Result<String> {
    ensure!(!item.doc.is_empty(), "it has no documentation");
    let own = |key: &str| item.fields.iter().any(|field| field.name == key);
    // A TypedDict cannot change the type of an inherited key, so a reply with such a key names the others itself.
    let inherits = reply && !ADDED.iter().any(|(key, ..)| own(key));
    let entries = item.fields.iter().map(|field| (field.name.as_str(), entry(field, |shape| by_key(shape, types))));
    let added = ADDED.iter().filter(|(key, ..)| reply && !inherits && !own(key));
    let entries: Vec<_> = entries.chain(added.map(|(key, kind, _)| (*key, format!("NotRequired[{kind}]")))).collect();
    if !entries.iter().all(|(key, _)| is_identifier(key)) {
        return Ok(functional(name, &entries, inherits));
    }
    let base = if inherits { "ReplyDict" } else { "TypedDict" };
    let mut out = format!("\n\nclass {}({base}):\n    \"\"\"`{name}` by key.\"\"\"\n", dict_name(name, types));
    for (at, (key, entry)) in entries.iter().enumerate() {
        writeln!(out, "{}    {key}: {entry}", if at == 0 { "\n" } else { "" })?;
    }
    Ok(out)
}

/// The form for keys that are no Python names.
fn functional(name: &str, entries: &[(&str, String)], inherits: bool) -> String {
    let added = ADDED.iter().filter(|_| inherits).map(|(key, kind, _)| (*key, format!("NotRequired[{kind}]")));
    let entries = entries.iter().map(|(key, entry)| (*key, entry.clone())).chain(added);
    let entries: String = entries.map(|(key, entry)| format!("        \"{key}\": \"{entry}\",\n")).collect();
    format!(
        "\n\n{name}Dict = TypedDict(\n    \"{name}Dict\",\n    {{\n{entries}    }},\n)\n\"\"\"`{name}` by key.\"\"\"\n"
    )
}

pub(crate) fn is_identifier(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    key.chars().all(plain)
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && !key.is_empty()
        && !KEYWORDS.contains(&key)
}

fn entry(field: &Field, annotation: impl Fn(&Shape) -> String) -> String {
    let plain = annotation(&field.shape);
    if field.required { plain } else { format!("NotRequired[{plain}]") }
}

/// A shape as a Python type, with the classes of objects.
pub(crate) fn annotation(shape: &Shape) -> String {
    spelled(shape, &str::to_owned)
}

/// A shape as a Python type, with the dicts of objects.
pub(crate) fn by_key(shape: &Shape, types: &Types) -> String {
    spelled(shape, &|name| dict_name(name, types))
}

/// The name by which a declared type is read by key.
pub(crate) fn dict_name(name: &str, types: &Types) -> String {
    if types.has_objects(name) { format!("{name}Dict") } else { name.to_owned() }
}

fn spelled(shape: &Shape, name: &impl Fn(&str) -> String) -> String {
    match shape {
        Shape::Text => "str".to_owned(),
        Shape::Int => "int".to_owned(),
        Shape::Float => "float".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Any => "Any".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::List(inner) => format!("list[{}]", spelled(inner, name)),
        Shape::Map(inner) => format!("dict[str, {}]", spelled(inner, name)),
        Shape::Nullable(inner) if **inner == Shape::Any => "Any".to_owned(),
        Shape::Nullable(inner) => format!("{} | None", spelled(inner, name)),
        Shape::Union(shapes) => shapes.iter().map(|shape| spelled(shape, name)).collect::<Vec<_>>().join(" | "),
        Shape::Named(named) => name(named),
        Shape::Word(word) => word.clone(),
    }
}

/// A docstring below an attribute.
pub(crate) fn attribute(doc: &str, indent: &str) -> String {
    if doc.is_empty() {
        return String::new();
    }
    let text = text::paragraphs(&text::python_marks(doc)).join(" ");
    let wrapped = text::wrap(&text, &format!("{indent}\"\"\""), indent);
    let last = wrapped.lines().last().map_or(0, |line| line.chars().count());
    let close = if last + 3 <= text::WIDTH && !wrapped.contains('\n') { "" } else { "\n" };
    let indent = if close.is_empty() { "" } else { indent };
    format!("{wrapped}{close}{indent}\"\"\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_decide_the_form() -> Result<()> {
        let field = |name: &str, shape: Shape, required: bool| Field {
            name: name.to_owned(),
            doc: "One.".to_owned(),
            shape,
            required,
        };
        let mut item = Struct { doc: "A job.".to_owned(), fields: vec![field("id", Shape::Text, true)] };
        let types = Types::of(&["Job"]);
        assert!(structure("Job", &item, &types, false)?.contains("class JobDict(TypedDict):"));
        assert!(structure("Job", &item, &types, true)?.contains("class JobDict(ReplyDict):"));
        item.fields.push(field("timestamp", Shape::Nullable(Box::new(Shape::Float)), false));
        let text = structure("Job", &item, &types, true)?;
        assert!(text.contains("class JobDict(TypedDict):"), "{text}");
        assert!(text.contains("timestamp: NotRequired[float | None]") && text.contains("request_id: NotRequired[str]"));
        item.fields.push(field("from", Shape::Text, true));
        let text = structure("Job", &item, &types, true)?;
        assert!(text.contains("JobDict = TypedDict(") && text.contains("\"from\": \"str\""), "{text}");
        assert!(text.contains("\"request_id\": \"NotRequired[str]\""), "{text}");
        Ok(())
    }
}
