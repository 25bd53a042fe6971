//! The reply types as Python `TypedDict`s.

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

/// The keys that the client adds to a reply that has none of its own by that name.
const ADDED: &[(&str, &str, &str)] = &[
    ("request_id", "str", "The id of the request, for questions about it."),
    ("idempotency_key", "str | None", "The idempotency key, where the formation honoured one."),
    ("timestamp", "int", "When the reply was made, in Unix milliseconds."),
];

/// The module `muxi/types.py`: `replies` are the names of the types that operations return, `taken` of those of
/// `requests` that they take.
pub(crate) fn module(
    types: &Types,
    requests: &Types,
    replies: &BTreeSet<&str>,
    taken: &BTreeSet<&str>,
) -> Result<String> {
    let mut classes =
        String::from("\n\nclass Reply(TypedDict, total=False):\n    \"\"\"Keys that any reply may carry.\"\"\"\n");
    for (name, annotation, doc) in ADDED {
        write!(classes, "\n    {name}: {annotation}\n    \"\"\"{doc}\"\"\"\n")?;
    }
    let mut aliases = String::new();
    for (name, def) in types.iter() {
        let context = || format!("in the type {name}");
        match def {
            Def::Struct(item) => {
                let text = structure(name, item, replies.contains(name)).with_context(context)?;
                classes.push_str(&text);
            }
            Def::Alias(shape, doc) if !matches!(name, "Object" | "Text" | "Bytes") => {
                // Quoted where it may name a type that stands further down.
                let open = matches!(shape, Shape::Map(inner) if **inner == Shape::Any);
                let quote = if open { "" } else { "\"" };
                writeln!(aliases, "\n{name}: TypeAlias = {quote}{}{quote}", annotation(shape))?;
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
        "\"\"\"What the operations return.\n\nEach reply is a plain dict; these types say which keys it has. Keys that are not \
         named here are kept.\n\n{}\n\"\"\"\n\nfrom __future__ import annotations\n\n",
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
        out.push_str("import sys\n");
    }
    writeln!(out, "from typing import {}", names.join(", "))?;
    if optional {
        out.push_str(
            "\nif sys.version_info >= (3, 11):\n    from typing import NotRequired\nelif TYPE_CHECKING:\n    \
             from typing_extensions import NotRequired\n",
        );
    }
    out.push_str(&classes);
    if !aliases.is_empty() {
        write!(out, "\n{aliases}")?;
    }
    Ok(out)
}

/// The names of the types with declared fields that operations take.
pub(crate) fn taken(endpoints: impl Iterator<Item = &'static Endpoint>) -> BTreeSet<&'static str> {
    endpoints.flat_map(|row| row.params).filter(|param| param.has_fields).map(|param| param.type_name()).collect()
}

/// A type that operations take as a dict.
fn request(name: &str, item: &Struct) -> Result<String> {
    let mut out = format!("\n\nclass {name}(TypedDict):\n{}", text::docstring(&item.doc, "", "    ")?);
    for field in &item.fields {
        write!(out, "\n    {}: {}\n{}", field.name, entry(field), attribute(&field.doc, "    "))?;
    }
    Ok(out)
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

fn structure(name: &str, item: &Struct, reply: bool) -> Result<String> {
    ensure!(!item.doc.is_empty(), "it has no documentation");
    let own = |key: &str| item.fields.iter().any(|field| field.name == key);
    // A TypedDict cannot change the type of an inherited key, so a reply with such a key names the others itself.
    let inherits = reply && !ADDED.iter().any(|(key, ..)| own(key));
    let added: Vec<_> = ADDED.iter().filter(|(key, ..)| reply && !inherits && !own(key)).collect();
    if !item.fields.iter().all(|field| is_identifier(&field.name)) {
        return functional(name, item, &added, inherits);
    }
    let base = if inherits { "Reply" } else { "TypedDict" };
    let mut out = format!("\n\nclass {name}({base}):\n");
    out.push_str(&text::docstring(&item.doc, "", "    ")?);
    for field in &item.fields {
        write!(out, "\n    {}: {}\n{}", field.name, entry(field), attribute(&field.doc, "    "))?;
    }
    for (key, annotation, doc) in added {
        write!(out, "\n    {key}: NotRequired[{annotation}]\n    \"\"\"{doc}\"\"\"\n")?;
    }
    Ok(out)
}

/// The form for keys that are no Python names.
fn functional(name: &str, item: &Struct, added: &[&(&str, &str, &str)], inherits: bool) -> Result<String> {
    let mut out = format!("\n\n{name} = TypedDict(\n    \"{name}\",\n    {{\n");
    for field in &item.fields {
        writeln!(out, "        \"{}\": \"{}\",", field.name, entry(field))?;
    }
    for (key, annotation, _) in ADDED.iter().filter(|added_key| inherits || added.contains(added_key)) {
        writeln!(out, "        \"{key}\": \"NotRequired[{annotation}]\",")?;
    }
    write!(out, "    }},\n)\n{}", attribute(&item.doc, ""))?;
    Ok(out)
}

fn is_identifier(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    key.chars().all(plain)
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && !key.is_empty()
        && !KEYWORDS.contains(&key)
}

fn entry(field: &Field) -> String {
    let plain = annotation(&field.shape);
    if field.required { plain } else { format!("NotRequired[{plain}]") }
}

/// A shape as a Python type.
pub(crate) fn annotation(shape: &Shape) -> String {
    match shape {
        Shape::Text => "str".to_owned(),
        Shape::Int => "int".to_owned(),
        Shape::Float => "float".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Any => "Any".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::List(inner) => format!("list[{}]", annotation(inner)),
        Shape::Map(inner) => format!("dict[str, {}]", annotation(inner)),
        Shape::Nullable(inner) if **inner == Shape::Any => "Any".to_owned(),
        Shape::Nullable(inner) => format!("{} | None", annotation(inner)),
        Shape::Union(shapes) => shapes.iter().map(annotation).collect::<Vec<_>>().join(" | "),
        Shape::Named(name) | Shape::Word(name) => name.clone(),
    }
}

/// A docstring below an attribute.
fn attribute(doc: &str, indent: &str) -> String {
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
        assert!(structure("Job", &item, false)?.contains("class Job(TypedDict):"));
        assert!(structure("Job", &item, true)?.contains("class Job(Reply):"));
        item.fields.push(field("timestamp", Shape::Nullable(Box::new(Shape::Float)), false));
        let text = structure("Job", &item, true)?;
        assert!(text.contains("class Job(TypedDict):"), "{text}");
        assert!(text.contains("timestamp: NotRequired[float | None]") && text.contains("request_id: NotRequired[str]"));
        item.fields.push(field("from", Shape::Text, true));
        let text = structure("Job", &item, true)?;
        assert!(text.contains("Job = TypedDict(") && text.contains("\"from\": \"str\""), "{text}");
        assert!(text.contains("\"request_id\": \"NotRequired[str]\""), "{text}");
        Ok(())
    }
}
