//! Replies as Python objects: their classes for type checkers, and the table from which the classes are made at run time.

use crate::{
    model::{Def, Field, Shape, Struct, Types},
    text::{self, WIDTH},
    types::{ADDED, SPREAD, annotation, attribute, by_key, dict_name, is_identifier},
};
use anyhow::{Context as _, Result, bail, ensure};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Keys whose attributes have another name, since a dict or Python itself has theirs.
const RENAMED: &[(&str, &str)] = &[("async", "async_"), ("items", "items_")];
/// Names that every dict has.
const OF_DICTS: &[&str] =
    &["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];
/// Types with attributes beyond their keys: the class in `muxi._turn` that has them.
const COMPUTED: &[(&str, &str)] = &[("ChatResult", "Answer")];

/// A key of a reply, and its attribute.
struct Key<'t> {
    attribute: &'t str,
    key: &'t str,
    required: bool,
    shape: Shape,
    doc: &'t str,
}

/// The keys of a type, with those that are added to a reply.
fn keys<'t>(item: &'t Struct, is_reply: bool) -> Result<Vec<Key<'t>>> {
    let own = |key: &str| item.fields.iter().any(|field| field.name == key);
    let added = ADDED.iter().filter(|(key, ..)| is_reply && !own(key)).map(|(key, kind, doc)| {
        let shape = if kind.starts_with("int") { Shape::Int } else { Shape::Text };
        let shape = if kind.ends_with("None") { Shape::Nullable(Box::new(shape)) } else { shape };
        Key { attribute: key, key, required: false, shape, doc }
    });
    let own = item.fields.iter().map(|field: &Field| {
        let renamed = RENAMED.iter().find(|(key, _)| field.name == *key);
        let attribute = renamed.map_or(field.name.as_str(), |(_, attribute)| attribute);
        ensure!(
            is_identifier(attribute) && !OF_DICTS.contains(&attribute),
            "{attribute:?} cannot be an attribute: give it another name in xtask/src/replies.rs"
        );
        let shape = field.shape.clone();
        Ok(Key { attribute, key: &field.name, required: field.required, shape, doc: &field.doc })
    });
    own.chain(added.map(Ok)).collect()
}

/// The module `muxi/_shapes.py`.
pub(crate) fn shapes(types: &Types, requests: &Types, replies: &BTreeSet<&str>) -> Result<String> {
    let mut out = format!(
        "\"\"\"The keys of each reply, for `muxi._classes`.\n\n`name` is always there, `name?` may be absent, `attribute=name` is an \
         attribute of another name; `:Type`, `:[Type`\nand `:{{Type` say that the value is an object of that type, or has \
         them in a list or a dict.\n\n{}\n\"\"\"\n\nSHAPES = {{\n",
        crate::GENERATED
    );
    for (name, item) in structs(types) {
        let context = || format!("in the type {name}");
        let mut words = Vec::new();
        for key in keys(item, replies.contains(name)).with_context(context)? {
            let renamed = if key.attribute == key.key { String::new() } else { format!("{}=", key.attribute) };
            let nested = nested(&key.shape, types).with_context(context)?;
            words.push(format!("{renamed}{}{}{nested}", key.key, if key.required { "" } else { "?" }));
        }
        let line = format!("    \"{name}\": \"{}\",\n", words.join(" "));
        if line.len() <= WIDTH + 1 {
            out.push_str(&line);
            continue;
        }
        // Three columns for both quotes and the space before the last.
        let wrapped = text::wrap(&words.join(" "), "           ", "           ");
        let lines: Vec<&str> = wrapped.lines().map(str::trim).collect();
        writeln!(out, "    \"{name}\": (\n        \"{}\"\n    ),", lines.join(" \"\n        \""))?;
    }
    out.push_str("}\n\n# The class in `muxi._turn` that has what no key says.\nBASES = {");
    let bases: Vec<String> = COMPUTED.iter().map(|(name, base)| format!("\"{name}\": \"{base}\"")).collect();
    writeln!(
        out,
        "{}}}\n\n# The fields of requests that are arguments of their own, too.\nFIELDS = {{",
        bases.join(", ")
    )?;
    for name in SPREAD {
        let Some(Def::Struct(item)) = requests.get(name) else { bail!("there is no {name}") };
        let names: Vec<&str> = item.fields.iter().map(|field| field.name.as_str()).collect();
        let wrapped = text::wrap(&names.join(" "), "           ", "           ");
        let lines: Vec<&str> = wrapped.lines().map(str::trim).collect();
        let line = format!("    \"{name}\": \"{}\",", names.join(" "));
        if line.len() <= WIDTH {
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "    \"{name}\": (\n        \"{}\"\n    ),", lines.join(" \"\n        \""))?;
        }
    }
    out.push_str("}\n");
    Ok(out)
}

fn structs(types: &Types) -> impl Iterator<Item = (&str, &Struct)> {
    types.iter().filter_map(|(name, def)| match def {
        Def::Struct(item) => Some((name, item)),
        Def::Alias(..) | Def::Words(_) => None,
    })
}

/// The objects in a value, in the words of `_shapes.py`.
fn nested(shape: &Shape, types: &Types) -> Result<String> {
    Ok(match shape {
        Shape::Nullable(inner) => nested(inner, types)?,
        Shape::Named(name) => match types.get(name) {
            Some(Def::Struct(_)) => format!(":{name}"),
            Some(Def::Alias(shape, _)) => nested(shape, types)?,
            Some(Def::Words(_)) | None => String::new(),
        },
        Shape::List(inner) | Shape::Map(inner) => {
            let inner = nested(inner, types)?;
            let mark = if matches!(shape, Shape::List(_)) { '[' } else { '{' };
            match inner.strip_prefix(':') {
                Some(name) if name.starts_with(['[', '{']) => bail!("objects two levels down: {shape:?}"),
                Some(name) => format!(":{mark}{name}"),
                None => String::new(),
            }
        }
        Shape::Union(shapes) => {
            let found: Vec<String> = shapes.iter().map(|shape| nested(shape, types)).collect::<Result<_>>()?;
            let mut found = found.into_iter().filter(|one| !one.is_empty());
            let first = found.next().unwrap_or_default();
            ensure!(found.next().is_none(), "objects in two of the forms of {shape:?}");
            first
        }
        _ => String::new(),
    })
}

/// The stub `muxi/types.pyi`.
pub(crate) fn stub(types: &Types, replies: &BTreeSet<&str>, taken: &BTreeSet<&str>) -> Result<String> {
    let mut classes = String::new();
    let mut aliases = String::new();
    let mut imported: BTreeSet<String> = taken.iter().map(|&name| name.to_owned()).collect();
    imported.extend(SPREAD.iter().map(|name| format!("{name}Fields")));
    imported.extend(["FileInput", "ReplyDict"].map(str::to_owned));
    for (name, def) in types.iter() {
        match def {
            Def::Struct(item) => {
                let text = class(name, item, types, replies.contains(name));
                classes.push_str(&text.with_context(|| format!("in the type {name}"))?);
                imported.insert(dict_name(name, types));
            }
            Def::Alias(..) if matches!(name, "Object" | "Text" | "Bytes") => {}
            Def::Alias(shape, doc) if types.has_objects(name) => {
                write!(aliases, "\n{name}: TypeAlias = {}\n{}", annotation(shape), attribute(doc, ""))?;
                imported.insert(dict_name(name, types));
            }
            Def::Alias(..) | Def::Words(_) => {
                imported.insert(name.to_owned());
            }
        }
    }
    let mut imported: Vec<String> = imported.into_iter().collect();
    imported.sort_by_key(|name| name.to_lowercase());
    let imported: String = imported.iter().map(|name| format!("    {name} as {name},\n")).collect();
    Ok(format!(
        "\"\"\"The types of the values that operations return and take.\n\n\
         A reply is an instance of a class: a dict whose declared keys are attributes as well. Keys give plain dicts\n\
         (typed by the classes that end in `Dict`), attributes give objects. Keys that are not declared are kept.\n\n\
         {}\n\"\"\"\n\n\
         # A dict takes all keys; a reply those that it has.\n\
         # mypy: disable-error-code=\"override\"\n# pyright: reportIncompatibleMethodOverride=false\n\n\
         from typing import Any, Final, Literal, TypeAlias, TypeVar, overload\n\n\
         from ._dicts import (\n{imported})\nfrom ._reply import Reply as Reply\nfrom ._turn import Answer\n\n_T = TypeVar(\"_T\")\n\
         {classes}{aliases}",
        crate::GENERATED
    ))
}

/// A class of the stub.
fn class(name: &str, item: &Struct, types: &Types, is_reply: bool) -> Result<String> {
    let keys = keys(item, is_reply)?;
    let computed = COMPUTED.iter().find(|(of, _)| *of == name);
    let base = computed.map_or("Reply", |(_, base)| base);
    let mut out = format!("\nclass {name}({base}):\n{}", text::docstring(&item.doc, "", "    ")?);
    for key in &keys {
        let plain = annotation(&key.shape);
        let absent = if key.required || plain == "Any" || plain.ends_with("None") { "" } else { " | None" };
        write!(out, "\n    {}: Final[{plain}{absent}]\n{}", key.attribute, attribute(key.doc, "    "))?;
    }
    if keys.is_empty() {
        return Ok(out);
    }
    let mut getters = Vec::new();
    let mut defaults = Vec::new();
    let mut groups: BTreeMap<(bool, String), Vec<&str>> = BTreeMap::new();
    for key in &keys {
        groups.entry((key.required, by_key(&key.shape, types))).or_default().push(key.key);
    }
    for ((required, kind), keys) in &groups {
        let head = |keys: &[&str]| format!("key: Literal[\"{}\"]", keys.join("\", \""));
        let maybe = if kind.ends_with("None") { kind.clone() } else { format!("{kind} | None") };
        let (either, is_any) = match kind.strip_suffix(" | None") {
            Some(plain) => (format!("{plain} | _T | None"), false),
            None => (format!("{kind} | _T"), kind == "Any"),
        };
        for keys in chunks(keys, WIDTH - 70 - either.len().min(40)) {
            let head = head(keys);
            getters.push(format!("__getitem__(self, {head}, /) -> {kind}: ..."));
            if *required || is_any {
                defaults.push(format!("get(self, {head}, default: object = None, /) -> {kind}: ..."));
            } else {
                defaults.push(format!("get(self, {head}, default: None = None, /) -> {maybe}: ..."));
                defaults.push(format!("get(self, {head}, default: _T, /) -> {either}: ..."));
            }
        }
    }
    defaults.push("get(self, key: str, default: Any = None, /) -> Any: ...".to_owned());
    out.push('\n');
    for methods in [&getters, &defaults] {
        for method in methods {
            let line = format!("    def {method}");
            ensure!(line.len() <= WIDTH, "too long a line: {line}");
            let overload = if methods.len() > 1 { "    @overload\n" } else { "" };
            writeln!(out, "{overload}{line}")?;
        }
    }
    Ok(out)
}

/// Keys in groups whose literals have at most that many columns.
fn chunks<'k>(keys: &'k [&'k str], width: usize) -> Vec<&'k [&'k str]> {
    let (mut out, mut from, mut used) = (Vec::new(), 0, 0);
    for (at, key) in keys.iter().enumerate() {
        if at > from && used + key.len() + 4 > width {
            out.push(&keys[from..at]);
            (from, used) = (at, 0);
        }
        used += key.len() + 4;
    }
    out.push(&keys[from..]);
    out
}
