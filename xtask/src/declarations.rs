//! The types of requests and replies, read from their Rust declarations.

use crate::model::{Def, Field, Shape, Struct, Types, Words};
use anyhow::{Context as _, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};
use syn::{
    Attribute, Expr, ExprLit, Fields, File, GenericArgument, Item, ItemEnum, ItemStruct, Lit, Meta, PathArguments,
    Type, punctuated::Punctuated,
};

impl Types {
    /// Reads every file of some folders.
    pub(crate) fn read(folders: &[&Path]) -> Result<Self> {
        let mut types = Self::default();
        for folder in folders {
            for path in rust_files(folder)? {
                let source = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                types.add(&source).with_context(|| format!("in {}", path.display()))?;
            }
        }
        types.resolve()?;
        Ok(types)
    }

    fn add(&mut self, source: &str) -> Result<()> {
        self.add_items(&syn::parse_file(source)?.items)
    }

    fn add_items(&mut self, items: &[Item]) -> Result<()> {
        for item in items {
            match item {
                Item::Macro(mac) if ["replies", "secret_replies"].iter().any(|name| mac.mac.path.is_ident(name)) => {
                    let file: File = mac.mac.parse_body().context("in `replies!`")?;
                    self.add_items(&file.items)?;
                }
                Item::Macro(mac) if mac.mac.path.is_ident("params") => {
                    let file: File = mac.mac.parse_body().context("in `params!`")?;
                    for item in &file.items {
                        let Item::Struct(item) = item else { bail!("`params!` holds something else than a struct") };
                        let name = item.ident.to_string();
                        let def = request(item).with_context(|| format!("in the type {name}"))?;
                        self.insert(name, Def::Struct(def))?;
                    }
                }
                Item::Macro(mac) if mac.mac.path.is_ident("words") => {
                    let file: File = mac.mac.parse_body().context("in `words!`")?;
                    for item in &file.items {
                        let Item::Enum(item) = item else { bail!("`words!` holds something else than an enum") };
                        let name = item.ident.to_string();
                        let def = words(item).with_context(|| format!("in the words {name}"))?;
                        self.insert(name, Def::Words(def))?;
                    }
                }
                Item::Struct(item) if item.generics.params.is_empty() && matches!(item.fields, Fields::Named(_)) => {
                    let name = item.ident.to_string();
                    let def = structure(item).with_context(|| format!("in the type {name}"))?;
                    self.insert(name, Def::Struct(def))?;
                }
                Item::Type(item) if item.generics.params.is_empty() => {
                    let name = item.ident.to_string();
                    let shape = if name == "Object" { Shape::Map(Box::new(Shape::Any)) } else { shape(&item.ty)? };
                    self.insert(name, Def::Alias(shape, doc(&item.attrs)))?;
                }
                Item::Enum(item) if Serde::of(&item.attrs)?.untagged => {
                    let name = item.ident.to_string();
                    let shape = union(item).with_context(|| format!("in the type {name}"))?;
                    self.insert(name, Def::Alias(shape, doc(&item.attrs)))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ext| ext == "rs")
            && path.file_stem().is_none_or(|stem| stem != "tests" && stem != "strict")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn structure(item: &ItemStruct) -> Result<Struct> {
    let mut fields = Vec::new();
    for field in &item.fields {
        let serde = Serde::of(&field.attrs)?;
        let ident = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        if serde.flatten || serde.skip {
            continue;
        }
        let shape = shape(&field.ty).with_context(|| format!("in the field {ident}"))?;
        fields.push(Field {
            name: serde.rename.unwrap_or_else(|| ident.trim_start_matches("r#").to_owned()),
            doc: doc(&field.attrs),
            required: !serde.default && (!matches!(shape, Shape::Nullable(_)) || is_nullable(&field.ty)),
            shape,
        });
    }
    Ok(Struct { doc: doc(&item.attrs), fields })
}

/// A request, whose fields are optional unless they are marked.
fn request(item: &ItemStruct) -> Result<Struct> {
    let mut request = structure(item)?;
    for (field, declared) in request.fields.iter_mut().zip(&item.fields) {
        field.required = declared.attrs.iter().any(|attr| attr.path().is_ident("required"));
    }
    Ok(request)
}

/// The shapes of an enum whose variants hold one value each.
fn union(item: &ItemEnum) -> Result<Shape> {
    let shapes = item.variants.iter().map(|variant| match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => shape(&fields.unnamed[0].ty),
        _ => bail!("the variant {} does not hold one value", variant.ident),
    });
    Ok(Shape::Union(shapes.collect::<Result<_>>()?))
}

/// The words of an enum whose variants are each declared as `Variant = "word"`.
fn words(item: &ItemEnum) -> Result<Words> {
    let known = item.variants.iter().map(|variant| {
        let word = variant.discriminant.as_ref().and_then(|(_, word)| text(word));
        Ok((word.with_context(|| format!("the variant {} has no word", variant.ident))?, doc(&variant.attrs)))
    });
    Ok(Words { doc: doc(&item.attrs), known: known.collect::<Result<_>>()? })
}

/// The attributes of serde on a field or a type.
#[derive(Default)]
struct Serde {
    rename: Option<String>,
    default: bool,
    flatten: bool,
    skip: bool,
    /// True if it is one of several shapes.
    untagged: bool,
}

impl Serde {
    fn of(attrs: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            for meta in attr.parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated)? {
                match &meta {
                    Meta::NameValue(pair) if pair.path.is_ident("rename") => found.rename = text(&pair.value),
                    meta if meta.path().is_ident("default") => found.default = true,
                    meta if meta.path().is_ident("flatten") => found.flatten = true,
                    meta if meta.path().is_ident("skip") => found.skip = true,
                    meta if meta.path().is_ident("untagged") => found.untagged = true,
                    _ => {}
                }
            }
        }
        Ok(found)
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// A documentation comment, its links as plain code.
fn doc(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => text(&pair.value),
        _ => None,
    });
    lines.map(|line| line.trim().replace("[`", "`").replace("`]", "`")).collect::<Vec<_>>().join("\n")
}

fn shape(ty: &Type) -> Result<Shape> {
    let Type::Path(path) = ty else { bail!("no shape for the type {}", quote::quote!(#ty)) };
    let Some(last) = path.path.segments.last() else { bail!("a type without a name") };
    let arguments: Vec<&Type> = match &last.arguments {
        PathArguments::AngleBracketed(list) => list.args.iter().filter_map(as_type).collect(),
        _ => Vec::new(),
    };
    let name = last.ident.to_string();
    Ok(match (name.as_str(), arguments.as_slice()) {
        ("String" | "IsoTime", []) => Shape::Text,
        ("bool", []) => Shape::Bool,
        ("u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64", []) => Shape::Int,
        ("f32" | "f64" | "Number" | "UnixTime", []) => Shape::Float,
        ("Value", []) => Shape::Any,
        ("Object", []) => Shape::Map(Box::new(Shape::Any)),
        ("Vec", [Type::Path(byte)]) if byte.path.is_ident("u8") => Shape::Bytes,
        ("Vec", [inner]) => Shape::List(Box::new(shape(inner)?)),
        ("Map" | "BTreeMap" | "HashMap" | "IndexMap", [_, inner]) => Shape::Map(Box::new(shape(inner)?)),
        ("Option" | "Nullable", [inner]) => Shape::Nullable(Box::new(shape(inner)?)),
        ("Box", [inner]) => shape(inner)?,
        (_, []) => Shape::Named(name),
        _ => bail!("no shape for the type {}", quote::quote!(#ty)),
    })
}

/// Returns true if the type says that the field is always there, if only as null.
fn is_nullable(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Nullable"))
}

fn as_type(argument: &GenericArgument) -> Option<&Type> {
    match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_understood() -> Result<()> {
        let mut types = Types::default();
        types.add(
            r#"
            pub type Object = serde_json::Map<String, Value>;
            /// Open.
            pub type Open = Object;
            #[serde(untagged)]
            pub enum Either { One(String), Many(Vec<Thing>) }
            replies! {
                /// A thing.
                pub struct Thing {
                    /// Its kind, a [`Kind`].
                    #[serde(rename = "type")]
                    pub kind: String,
                    pub next: Option<Box<Thing>>,
                    #[serde(default)]
                    pub tags: Vec<String>,
                    pub mood: Option<Mood>,
                    #[serde(flatten)]
                    pub more: Object,
                }
            }
            words! {
                /// Moods.
                pub enum Mood {
                    /// Fine.
                    Good = "good",
                }
            }
            "#,
        )?;
        types.resolve()?;
        let Some(Def::Struct(thing)) = types.get("Thing") else { bail!("Thing is not a struct") };
        assert_eq!(thing.doc, "A thing.");
        let fields: Vec<_> = thing.fields.iter().map(|field| (field.name.as_str(), field.required)).collect();
        assert_eq!(fields, [("type", true), ("next", false), ("tags", false), ("mood", false)]);
        assert_eq!(thing.fields[3].shape, Shape::Nullable(Box::new(Shape::Word("Mood".to_owned()))));
        let Some(Def::Words(mood)) = types.get("Mood") else { bail!("Mood is no set of words") };
        assert_eq!(
            (mood.doc.as_str(), mood.known.as_slice()),
            ("Moods.", &[("good".to_owned(), "Fine.".to_owned())][..])
        );
        assert_eq!(thing.fields[1].shape, Shape::Nullable(Box::new(Shape::Named("Thing".to_owned()))));
        assert_eq!(thing.fields[0].doc, "Its kind, a `Kind`.");
        let both = Shape::Union(vec![Shape::Text, Shape::List(Box::new(Shape::Named("Thing".to_owned())))]);
        assert!(matches!(types.get("Either"), Some(Def::Alias(shape, _)) if *shape == both));
        types.add("pub type Lost = Missing;")?;
        assert!(types.resolve().is_err());
        Ok(())
    }
}
