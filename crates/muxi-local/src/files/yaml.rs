//! YAML with the place of every value.

use super::report::Report;
use crate::yaml::{self, Fault};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;
use std::{fmt, ops::Range};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Line and column, both from 1.
    pub(super) place: (u64, u64),
    /// The first byte of the text that it was read from, and the one behind it.
    source: Range<usize>,
    pub(super) data: Data,
}

/// A value. Mappings keep their order.
#[derive(Debug, Clone)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a mapping, with its place and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: (u64, u64),
    pub(super) value: Node,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Spanned::<Data>::deserialize(deserializer)?;
        let span = node.defined.span();
        let place = (node.referenced.line(), node.referenced.column());
        // Every place in a text has bytes; those of a stream have none.
        let start = span.byte_offset().unwrap_or_default() as usize;
        let source = start..start + span.byte_len().unwrap_or_default() as usize;
        Ok(Self { place, source, data: node.value })
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyData)
    }
}

struct AnyData;

impl<'de> Visitor<'de> for AnyData {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(Data::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
        Ok(Data::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Data, E> {
        Ok(Data::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Data, E> {
        Ok(Data::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Data, E> {
        // JSON has no infinities; they are texts there as elsewhere.
        Ok(Number::from_f64(value).map_or_else(|| Data::Text(value.to_string()), Data::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Data, E> {
        Ok(Data::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Data, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Data::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let place = (key.referenced.line(), key.referenced.column());
            entries.push(Entry { key: key.value, place, value: map.next_value()? });
        }
        Ok(Data::Map(entries))
    }
}

impl Node {
    /// The value of a key, where this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a mapping; none where this is something else.
    pub(super) fn entries(&self) -> &[Entry] {
        if let Data::Map(entries) = &self.data { entries } else { &[] }
    }

    /// The elements of a list; none where this is something else.
    pub(super) fn elements(&self) -> &[Node] {
        if let Data::List(nodes) = &self.data { nodes } else { &[] }
    }

    /// A text.
    pub(super) fn text(&self) -> Option<&str> {
        if let Data::Text(text) = &self.data { Some(text) } else { None }
    }

    /// The kind of this node, in words.
    pub(super) fn kind(&self) -> String {
        match &self.data {
            Data::Null => "nothing".to_owned(),
            Data::Bool(value) => value.to_string(),
            Data::Number(value) => format!("the number {value}"),
            Data::Text(text) if text.chars().count() > 40 => "a text".to_owned(),
            Data::Text(text) => format!("the text '{text}'"),
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a mapping".to_owned(),
        }
    }

    /// The same as JSON.
    pub(super) fn json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(value) => Value::Number(value.clone()),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(nodes) => nodes.iter().map(Node::json).collect(),
            Data::Map(entries) => {
                let pair = |entry: &Entry| (entry.key.clone(), entry.value.json());
                Value::Object(entries.iter().map(pair).collect::<Map<_, _>>())
            }
        }
    }

    /// A text, or a number as it is written: YAML reads an unquoted `1.10` as a number.
    pub(super) fn scalar(&self, text: &str) -> Option<String> {
        match &self.data {
            Data::Text(text) if !text.is_empty() => Some(text.clone()),
            Data::Number(_) => text.get(self.source.clone()).map(str::to_owned),
            _ => None,
        }
    }
}

/// Reads a YAML text that begins at `line` of `file`. A fault is reported.
pub(super) fn parse(file: &str, line: u64, text: &str, report: &mut Report) -> Option<Node> {
    match yaml::read::<Node>(text) {
        Ok(mut node) => {
            settle(&mut node, line - 1, text);
            Some(node)
        }
        Err(Fault { place, message }) => {
            report.error(file, (place.0 + line - 1, place.1), format!("expected YAML: {message}"));
            None
        }
    }
}

/// Moves all places down, as the text is a part of a longer one, and takes a bare `y` or `n` for the text that the
/// runtime reads there; unlike `yes` and `no` they are no booleans to it.
fn settle(node: &mut Node, lines: u64, text: &str) {
    node.place.0 += lines;
    match &mut node.data {
        Data::Bool(_) if node.source.len() == 1 => {
            node.data = Data::Text(text.get(node.source.clone()).unwrap_or_default().to_owned());
        }
        Data::List(nodes) => nodes.iter_mut().for_each(|node| settle(node, lines, text)),
        Data::Map(entries) => {
            for entry in entries {
                entry.place.0 += lines;
                settle(&mut entry.value, lines, text);
            }
        }
        _ => {}
    }
}
