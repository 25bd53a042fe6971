//! The kinds of event streams, read from their Rust declarations.

use anyhow::{Context as _, Result, ensure};
use std::{collections::BTreeMap, fs, path::Path};

/// The file that declares them, below the root.
const FILE: &str = "crates/muxi-client/src/api/types/streams.rs";

/// One kind of stream.
pub(super) struct Stream {
    /// A description of its events, with the names of types in brackets.
    pub(super) doc: String,
    /// The type of an event in Rust.
    pub(super) event: String,
}

/// The kinds of streams by their names.
pub(super) struct Streams(BTreeMap<String, Stream>);

impl Streams {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let source = fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
        let body = source.split_once("streams! {\n").context("there is no `streams!`")?.1;
        let mut found = BTreeMap::new();
        let mut doc: Vec<&str> = Vec::new();
        for line in body.lines().map(str::trim) {
            if let Some(text) = line.strip_prefix("///") {
                doc.push(text.trim());
            } else if let Some((name, rest)) = line.trim_end_matches(';').split_once(": ") {
                let event = rest.split_once(", ").with_context(|| format!("{name} has no event"))?.1;
                found.insert(name.to_owned(), Stream { doc: doc.join(" "), event: event.to_owned() });
                doc.clear();
            }
        }
        ensure!(found.contains_key("ChatEvents"), "{FILE} cannot be read");
        Ok(Self(found))
    }

    pub(super) fn get(&self, name: &str) -> Result<&Stream> {
        self.0.get(name).with_context(|| format!("there is no stream {name}"))
    }

    /// The names of the types that a stream's documentation names.
    pub(super) fn types(&self, name: &str) -> impl Iterator<Item = &str> {
        let doc = self.0.get(name).map_or("", |stream| &stream.doc);
        doc.split("[`").skip(1).filter_map(|rest| Some(rest.split_once("`]")?.0))
    }
}
