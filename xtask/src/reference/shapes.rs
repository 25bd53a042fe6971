//! Types in words: those of fields and arguments, and the tables of declared ones.

use super::Sources;
use crate::{
    model::{Def, Shape},
    text::{self, cell},
};
use anyhow::Result;
use std::{collections::BTreeMap, fmt::Write as _};

/// True if a type has a table or an entry of its own.
pub(super) fn is_shown(name: &str) -> bool {
    !matches!(name, "Object" | "Text" | "Bytes")
}

/// The page that describes each type.
#[derive(Default)]
pub(super) struct Homes(BTreeMap<String, Home>);

struct Home {
    page: String,
    /// The heading, and whether it is that of an operation.
    anchor: String,
    is_operation: bool,
}

impl Homes {
    /// Gives a type the entry of an operation.
    pub(super) fn with_operation(&mut self, name: &str, page: &str, operation: &str) {
        let home = Home { page: page.to_owned(), anchor: operation.to_owned(), is_operation: true };
        self.0.insert(name.to_owned(), home);
    }

    /// Gives a type an entry of its own.
    pub(super) fn listed(&mut self, name: &str, page: &str) {
        let home = Home { page: page.to_owned(), anchor: name.to_lowercase(), is_operation: false };
        self.0.insert(name.to_owned(), home);
    }

    /// True if a type has an entry of its own on that page.
    pub(super) fn is_listed(&self, name: &str, page: &str) -> bool {
        self.0.get(name).is_some_and(|home| home.page == page && !home.is_operation)
    }

    /// A link from a page to a type, if it is described anywhere.
    pub(super) fn link(&self, name: &str, from: &str) -> Option<String> {
        let Home { page, anchor, .. } = self.0.get(name)?;
        let file = if page == from { String::new() } else { format!("{page}.md") };
        Some(format!("[{name}]({file}#{anchor})"))
    }
}

/// A shape in words, with links from that page.
pub(super) fn words(shape: &Shape, page: &str, sources: &Sources<'_>) -> String {
    let inner = |shape: &Shape| words(shape, page, sources);
    match shape {
        Shape::Text => "string".to_owned(),
        Shape::Int => "integer".to_owned(),
        Shape::Float => "number".to_owned(),
        Shape::Bool => "boolean".to_owned(),
        Shape::Any => "any".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::List(of) => format!("list of {}", inner(of)),
        Shape::Map(of) if **of == Shape::Any => "object".to_owned(),
        Shape::Map(of) => format!("map of {}", inner(of)),
        Shape::Nullable(of) if **of == Shape::Any => "any".to_owned(),
        Shape::Nullable(of) => format!("{} or null", inner(of)),
        Shape::Union(shapes) => shapes.iter().map(inner).collect::<Vec<_>>().join(" or "),
        Shape::Word(name) => format!("string, a {}", link(name, page, sources)),
        Shape::Named(name) => link(name, page, sources),
    }
}

/// A link to a type, or its name as code where it has no entry.
pub(super) fn link(name: &str, page: &str, sources: &Sources<'_>) -> String {
    sources.homes.link(name, page).unwrap_or_else(|| format!("`{name}`"))
}

/// The entry of a type below its heading.
pub(super) fn definition(def: &Def, page: &str, sources: &Sources<'_>) -> Result<String> {
    let mut out = String::new();
    match def {
        Def::Alias(shape, doc) => {
            if !doc.is_empty() {
                write!(out, "\n{doc}\n")?;
            }
            let open = matches!(shape, Shape::Map(inner) if **inner == Shape::Any);
            let is =
                if open { "an object with keys that are not fixed".to_owned() } else { words(shape, page, sources) };
            write!(out, "\nThe same as {is}.\n")?;
        }
        Def::Words(known) => {
            write!(out, "\n{}\n\nA string. Words that are not listed may come, too.\n", known.doc)?;
            out.push_str("\n| word | meaning |\n|---|---|\n");
            for (word, meaning) in &known.known {
                writeln!(out, "| `{}` | {} |", cell(word), cell(meaning))?;
            }
        }
        Def::Struct(item) => {
            write!(out, "\n{}\n", item.doc)?;
            out.push_str(&fields(def, page, sources)?);
        }
    }
    Ok(out)
}

/// The table of the fields of a type.
pub(super) fn fields(def: &Def, page: &str, sources: &Sources<'_>) -> Result<String> {
    let mut out = String::new();
    let Def::Struct(item) = def else { return Ok(out) };
    if !item.fields.is_empty() {
        out.push_str("\n| field | type | meaning |\n|---|---|---|\n");
    }
    for field in &item.fields {
        let maybe = if field.required { "" } else { "; may be absent" };
        let kind = words(&field.shape, page, sources);
        let doc = text::paragraphs(&field.doc).join(" ");
        writeln!(out, "| `{}` | {}{maybe} | {} |", field.name, cell(&kind), cell(&doc))?;
    }
    Ok(out)
}
