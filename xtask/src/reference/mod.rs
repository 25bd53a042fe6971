//! The pages of the reference: one for the server's operations, one for each area of the formation's, one for the types
//! that several of them share, and a list of all.

mod examples;
mod index;
mod operation;
mod rust;
mod shapes;
mod streams;

use crate::{
    model::{Def, Shape, Types},
    text,
};
use anyhow::{Context as _, Result, ensure};
use examples::Examples;
use muxi_client::api::table::{Api, Endpoint, Reply, formation, server};
use rust::Takes;
use shapes::Homes;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};
use streams::Streams;

/// The folder of the pages, below the root.
const FOLDER: &str = "docs/reference";
/// The folder that declares the formation's areas, below the root.
const AREAS: &str = "crates/muxi-client/src/api/table/formation";
/// The page of the types that several pages need.
const SHARED: &str = "types";

/// A page with operations.
struct Page {
    /// The name of its file, without `.md`.
    name: String,
    title: String,
    about: String,
    api: Api,
    endpoints: &'static [&'static Endpoint],
}

/// The sources of all pages.
struct Sources<'t> {
    /// The types of requests and replies.
    types: &'t Types,
    homes: Homes,
    streams: Streams,
    takes: Takes,
    examples: Examples,
}

/// The pages: the path of each below the root, and its content.
pub(crate) fn pages(root: &Path, types: &Types) -> Result<Vec<(String, String)>> {
    let pages = areas(root, types)?;
    let streams = Streams::read(root)?;
    let homes = homes(&pages, types, &streams);
    let sources = Sources {
        types,
        homes,
        streams,
        takes: Takes::read(root)?,
        examples: Examples::read(&root.join(FOLDER), root)?,
    };
    let mut out = vec![("index", index::page(&pages)?)];
    for page in &pages {
        out.push((&page.name, operations(page, &sources).with_context(|| page.name.clone())?));
    }
    let shared = format!(
        "# Shared types\n\nTypes of requests and replies that several areas have in common.\n{}",
        listed(SHARED, &sources, "##")?
    );
    out.push((SHARED, shared));
    let file = |(name, text): (&str, String)| {
        (format!("{FOLDER}/{name}.md"), format!("<!-- {} -->\n\n{}\n", crate::GENERATED, text.trim_end()))
    };
    Ok(out.into_iter().map(file).collect())
}

/// The pages that have operations.
fn areas(root: &Path, types: &Types) -> Result<Vec<Page>> {
    let mut pages = vec![Page {
        name: "server".to_owned(),
        title: "Server".to_owned(),
        about: "The control plane of a MUXI server: formations, their life cycle and their logs.".to_owned(),
        api: Api::Server,
        endpoints: server::ENDPOINTS,
    }];
    for (name, endpoints) in formation::AREAS {
        let path = root.join(AREAS).join(format!("{name}.rs"));
        let source = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let about = source.lines().next().and_then(|line| line.strip_prefix("//! "));
        let words = name.replace('_', " ");
        let mut title = words[..1].to_uppercase() + &words[1..];
        // An operation or a type of that name has the anchor.
        if endpoints.iter().any(|endpoint| endpoint.name == *name) || types.get(&title).is_some() {
            title.push_str(" operations");
        }
        pages.push(Page {
            name: (*name).to_owned(),
            title,
            about: about.with_context(|| format!("{name}.rs does not begin with what it is"))?.to_owned(),
            api: Api::Formation,
            endpoints,
        });
    }
    Ok(pages)
}

/// The page of an area.
fn operations(page: &Page, sources: &Sources<'_>) -> Result<String> {
    let client = client(page.api);
    let about = format!(
        "{} Methods of `{client}`: see [the list of all operations](index.md) for the other clients, and for the \
         arguments that every method takes.",
        page.about
    );
    let links: Vec<_> = page.endpoints.iter().map(|endpoint| format!("[`{0}`](#{0})", endpoint.name)).collect();
    let links = text::wrap(&links.join(", "), "", "");
    let mut out = format!("# {}\n\n{}\n\n{links}\n", page.title, text::wrap(&about, "", ""));
    for endpoint in page.endpoints {
        let text = operation::section(endpoint, page, sources).with_context(|| endpoint.name.to_owned())?;
        out.push_str(&text);
    }
    let types = listed(&page.name, sources, "###")?;
    if !types.is_empty() {
        write!(out, "\n## Types\n{types}")?;
    }
    let mut seen = BTreeSet::new();
    for heading in out.lines().filter(|line| line.starts_with('#')) {
        let anchor = heading.trim_start_matches('#').trim().trim_matches('`').to_lowercase();
        ensure!(seen.insert(anchor.clone()), "the anchor {anchor} is there twice");
    }
    Ok(out)
}

/// The client that has the operations of an API.
fn client(api: Api) -> &'static str {
    match api {
        Api::Server => "ServerClient",
        Api::Formation => "FormationClient",
    }
}

/// The types whose home is a page, but for those that stand with an operation.
fn listed(page: &str, sources: &Sources<'_>, level: &str) -> Result<String> {
    let mut out = String::new();
    for (name, def) in sources.types.iter().filter(|(name, _)| sources.homes.is_listed(name, page)) {
        write!(out, "\n{level} {name}\n{}", shapes::definition(def, page, sources)?)?;
    }
    Ok(out)
}

/// The home of each type that an operation takes or gives.
fn homes(pages: &[Page], types: &Types, streams: &Streams) -> Homes {
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut replies: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for page in pages {
        let mut open: Vec<&str> = Vec::new();
        for endpoint in page.endpoints {
            open.extend(endpoint.params.iter().map(|param| param.type_name()));
            match endpoint.reply {
                Reply::Events(_) => open.extend(streams.types(endpoint.reply_type)),
                _ => open.push(endpoint.reply_type),
            }
            if matches!(types.get(endpoint.reply_type), Some(Def::Struct(_))) {
                replies.entry(endpoint.reply_type).or_default().push((&page.name, endpoint.name));
            }
        }
        while let Some(name) = open.pop() {
            let Some(def) = types.get(name).filter(|_| shapes::is_shown(name)) else { continue };
            if users.entry(name).or_default().insert(&page.name) {
                for shape in shapes_of(def) {
                    named(shape, &mut open);
                }
            }
        }
    }
    let mut homes = Homes::default();
    for (name, users) in users {
        let one = (users.len() == 1).then(|| users.iter().next().copied()).flatten();
        match (one, replies.get(name).and_then(|all| all.first())) {
            (Some(page), Some((_, operation))) => homes.with_operation(name, page, operation),
            (one, _) => homes.listed(name, one.unwrap_or(SHARED)),
        }
    }
    homes
}

fn shapes_of(def: &Def) -> Vec<&Shape> {
    match def {
        Def::Struct(item) => item.fields.iter().map(|field| &field.shape).collect(),
        Def::Alias(shape, _) => vec![shape],
        Def::Words(_) => Vec::new(),
    }
}

/// Adds the names of the declared types in a shape.
fn named<'t>(shape: &'t Shape, names: &mut Vec<&'t str>) {
    match shape {
        Shape::List(inner) | Shape::Map(inner) | Shape::Nullable(inner) => named(inner, names),
        Shape::Union(shapes) => shapes.iter().for_each(|shape| named(shape, names)),
        Shape::Named(name) | Shape::Word(name) => names.push(name),
        _ => {}
    }
}
