//! The types of requests and replies.

use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// Any number.
    Float,
    /// `true` or `false`.
    Bool,
    /// Any JSON value.
    Any,
    /// Bytes, outside JSON.
    Bytes,
    /// A list.
    List(Box<Shape>),
    /// An object with keys that are not known.
    Map(Box<Shape>),
    /// The shape, or null.
    Nullable(Box<Shape>),
    /// One of several shapes.
    Union(Vec<Shape>),
    /// A declared type.
    Named(String),
    /// Text, for which a declared set has the known words.
    Word(String),
}

impl Shape {
    /// Tells the named sets of words from the other named types.
    fn spell(&mut self, words: &BTreeSet<String>) {
        match self {
            Shape::List(inner) | Shape::Map(inner) | Shape::Nullable(inner) => inner.spell(words),
            Shape::Union(shapes) => shapes.iter_mut().for_each(|shape| shape.spell(words)),
            Shape::Named(name) if words.contains(name) => *self = Shape::Word(name.clone()),
            _ => {}
        }
    }
}

/// A key of a reply.
#[derive(Debug)]
pub(crate) struct Field {
    /// The key.
    pub(crate) name: String,
    /// Its documentation.
    pub(crate) doc: String,
    /// The type of its value.
    pub(crate) shape: Shape,
    /// True if it is always there.
    pub(crate) required: bool,
}

/// A reply with known keys.
#[derive(Debug)]
pub(crate) struct Struct {
    /// Its documentation.
    pub(crate) doc: String,
    /// Its keys.
    pub(crate) fields: Vec<Field>,
}

/// A declared type.
#[derive(Debug)]
pub(crate) enum Def {
    /// One with known keys.
    Struct(Struct),
    /// Another name, with what it is.
    Alias(Shape, String),
    /// An open set of words.
    Words(Words),
}

/// An open set of words: text that is usually one of them.
#[derive(Debug)]
pub(crate) struct Words {
    /// The documentation of the words.
    pub(crate) doc: String,
    /// Each known word and its meaning.
    pub(crate) known: Vec<(String, String)>,
}

/// Every declared type by its name.
#[derive(Debug, Default)]
pub(crate) struct Types {
    defs: BTreeMap<String, Def>,
    /// The names of the open sets of words.
    words: BTreeSet<String>,
}

impl Types {
    /// Types without fields.
    #[cfg(test)]
    pub(crate) fn of(names: &[&str]) -> Self {
        let empty = || Def::Struct(Struct { doc: String::new(), fields: Vec::new() });
        Self { defs: names.iter().map(|name| ((*name).to_owned(), empty())).collect(), words: BTreeSet::new() }
    }

    /// The type of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Def> {
        self.defs.get(name)
    }

    /// Every type in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Def)> {
        self.defs.iter().map(|(name, def)| (name.as_str(), def))
    }

    /// True if a declared type is an object, or has objects in it.
    pub(crate) fn has_objects(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Def::Struct(_)) => true,
            Some(Def::Alias(shape, _)) => self.objects(shape),
            Some(Def::Words(_)) | None => false,
        }
    }

    fn objects(&self, shape: &Shape) -> bool {
        match shape {
            Shape::List(inner) | Shape::Map(inner) | Shape::Nullable(inner) => self.objects(inner),
            Shape::Union(shapes) => shapes.iter().any(|shape| self.objects(shape)),
            Shape::Named(name) => self.has_objects(name),
            _ => false,
        }
    }

    /// Adds a type.
    pub(crate) fn insert(&mut self, name: String, def: Def) -> Result<()> {
        if matches!(def, Def::Words(_)) {
            self.words.insert(name.clone());
        }
        if self.defs.insert(name.clone(), def).is_some() {
            bail!("the type {name} is declared twice");
        }
        Ok(())
    }

    /// Marks where words are named, and checks that every other named type is declared.
    pub(crate) fn resolve(&mut self) -> Result<()> {
        for def in self.defs.values_mut() {
            match def {
                Def::Struct(item) => item.fields.iter_mut().for_each(|field| field.shape.spell(&self.words)),
                Def::Alias(shape, _) => shape.spell(&self.words),
                Def::Words(_) => {}
            }
        }
        self.check()
    }

    fn check(&self) -> Result<()> {
        for (name, def) in &self.defs {
            let shapes: Vec<&Shape> = match def {
                Def::Struct(item) => item.fields.iter().map(|field| &field.shape).collect(),
                Def::Alias(shape, _) => vec![shape],
                Def::Words(_) => Vec::new(),
            };
            if let Some(missing) = shapes.into_iter().find_map(|shape| self.missing(shape)) {
                bail!("the type {name} uses {missing}, which is not declared beside it");
            }
        }
        Ok(())
    }

    fn missing<'a>(&self, shape: &'a Shape) -> Option<&'a str> {
        match shape {
            Shape::List(inner) | Shape::Map(inner) | Shape::Nullable(inner) => self.missing(inner),
            Shape::Union(shapes) => shapes.iter().find_map(|shape| self.missing(shape)),
            Shape::Named(name) if !self.defs.contains_key(name) => Some(name),
            _ => None,
        }
    }
}
