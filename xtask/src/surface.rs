//! The public surface of the Rust crate as text, one line for each thing that a program can name, so that a change of
//! it shows in a review. It is read from the sources: what a macro of the crate declares is listed as the macro is told.

use anyhow::{Context as _, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use syn::{Attribute, Fields, File, ImplItem, Item, ItemImpl, TraitItem, Visibility};

/// The listing of the crate whose sources lie in `folder`.
pub(crate) fn listing(folder: &Path) -> Result<String> {
    let mut lines = BTreeSet::new();
    let root = folder.join("lib.rs");
    items(&parse(&root)?.items, "muxi_client", folder, &mut lines)?;
    let body: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    Ok(format!("# The public surface of muxi-client. {}\n\n{body}", crate::GENERATED))
}

fn parse(path: &Path) -> Result<File> {
    let source = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    syn::parse_file(&source).with_context(|| format!("in {}", path.display()))
}

/// Adds what is public among the items of the module `path`, whose child modules lie in `folder`. What is `pub` in a
/// private module is exported further up: the lint `unreachable_pub` holds that.
fn items(items: &[Item], path: &str, folder: &Path, lines: &mut BTreeSet<String>) -> Result<()> {
    let private: BTreeSet<String> = items.iter().filter_map(private_type).collect();
    for item in items.iter().filter(|item| !is_test(attributes(item))) {
        match item {
            Item::Impl(block) if head_of(&block.self_ty).is_some_and(|name| private.contains(&name)) => {}
            Item::Mod(module) => {
                let name = module.ident.to_string();
                let public = is_public(&module.vis);
                let inner = if public { format!("{path}::{name}") } else { path.to_owned() };
                if public {
                    lines.insert(format!("pub mod {inner}{}", conditions(&module.attrs)));
                }
                match &module.content {
                    Some((_, own)) => self::items(own, &inner, &folder.join(&name), lines)?,
                    None => {
                        let file = file_of(folder, &name);
                        self::items(&parse(&file)?.items, &inner, &folder.join(&name), lines)?;
                    }
                }
            }
            Item::Macro(mac) => macros(mac, path, folder, lines)?,
            Item::Impl(block) => implementation(block, path, lines),
            item => declaration(item, path, lines),
        }
    }
    Ok(())
}

/// The name of a type that the module keeps to itself.
fn private_type(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) if !is_public(&item.vis) => Some(item.ident.to_string()),
        Item::Enum(item) if !is_public(&item.vis) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// The name of a type without what it is generic over.
fn head_of(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        syn::Type::Reference(reference) => head_of(&reference.elem),
        _ => None,
    }
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let flat = folder.join(format!("{name}.rs"));
    if flat.exists() { flat } else { folder.join(name).join("mod.rs") }
}

fn declaration(item: &Item, path: &str, lines: &mut BTreeSet<String>) {
    let mut add = |line: String| {
        lines.insert(line);
    };
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let name = format!("{path}::{}", item.ident);
            add(format!("pub struct {name}{}{}", tidy(&item.generics), marks(&item.attrs)));
            for (at, field) in item.fields.iter().enumerate().filter(|(_, field)| is_public(&field.vis)) {
                let field_name = field.ident.as_ref().map_or_else(|| at.to_string(), ToString::to_string);
                add(format!("pub struct {name}.{field_name}: {}", tidy(&field.ty)));
            }
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let name = format!("{path}::{}", item.ident);
            add(format!("pub enum {name}{}{}", tidy(&item.generics), marks(&item.attrs)));
            for variant in &item.variants {
                let fields = match &variant.fields {
                    Fields::Unit => String::new(),
                    fields => tidy(&without_docs(fields.to_token_stream())),
                };
                let word = variant.discriminant.as_ref().map(|(_, word)| format!(" = {}", tidy(word)));
                add(format!("pub enum {name}::{}{fields}{}", variant.ident, word.unwrap_or_default()));
            }
        }
        Item::Trait(item) if is_public(&item.vis) => {
            let name = format!("{path}::{}", item.ident);
            let supers = tidy(&item.supertraits);
            add(format!("pub trait {name}{}: {supers}", tidy(&item.generics)));
            for member in &item.items {
                let shown = match member {
                    TraitItem::Fn(member) => tidy(&member.sig),
                    other => tidy(&without_docs(other.to_token_stream())),
                };
                add(format!("pub trait {name}: {shown}"));
            }
        }
        Item::Fn(item) if is_public(&item.vis) => add(format!("pub {} in {path}", tidy(&item.sig))),
        Item::Const(item) if is_public(&item.vis) => {
            add(format!("pub const {path}::{}: {}", item.ident, tidy(&item.ty)));
        }
        Item::Static(item) if is_public(&item.vis) => {
            add(format!("pub static {path}::{}: {}", item.ident, tidy(&item.ty)));
        }
        Item::Type(item) if is_public(&item.vis) => {
            add(format!("pub type {path}::{}{} = {}", item.ident, tidy(&item.generics), tidy(&item.ty)));
        }
        Item::Use(item) if is_public(&item.vis) => add(format!("pub use {} in {path}", tidy(&item.tree))),
        _ => {}
    }
}

fn implementation(block: &ItemImpl, path: &str, lines: &mut BTreeSet<String>) {
    let target = tidy(&block.self_ty);
    let generics = tidy(&block.generics);
    if let Some((_, of, _)) = &block.trait_ {
        lines.insert(format!("impl{generics} {} for {target} in {path}", tidy(of)));
        return;
    }
    for member in &block.items {
        match member {
            ImplItem::Fn(member) if is_public(&member.vis) => {
                lines.insert(format!("impl{generics} {target}: pub {} in {path}", tidy(&member.sig)));
            }
            ImplItem::Const(member) if is_public(&member.vis) => {
                lines.insert(format!("impl{generics} {target}: pub const {} in {path}", member.ident));
            }
            ImplItem::Macro(member) => {
                let tokens = without_docs(member.mac.tokens.clone());
                let name = tidy(&member.mac.path);
                lines.insert(format!("impl{generics} {target}: {name}! {{ {} }} in {path}", tidy(&tokens)));
            }
            _ => {}
        }
    }
}

fn macros(mac: &syn::ItemMacro, path: &str, folder: &Path, lines: &mut BTreeSet<String>) -> Result<()> {
    let name = mac.mac.path.to_token_stream().to_string();
    match name.as_str() {
        "replies" | "words" | "params" => {
            let file: File = mac.mac.parse_body().with_context(|| format!("in `{name}!`"))?;
            for item in &file.items {
                if let (Item::Struct(item), "params") = (item, name.as_str()) {
                    for field in &item.fields {
                        let field_name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                        let ty = tidy(&field.ty);
                        lines.insert(format!("params! {}: {field_name}(impl Into<{ty}>) in {path}", item.ident));
                    }
                }
            }
            items(&file.items, path, folder, lines)?;
        }
        "macro_rules" => {
            let rules = mac.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            signatures(mac.mac.tokens.clone(), &mut |text| {
                lines.insert(format!("{rules}! declares {text}"));
            });
        }
        _ => {
            for row in rows(mac.mac.tokens.clone()) {
                lines.insert(format!("{name}! {row} in {path}"));
            }
        }
    }
    Ok(())
}

/// The public functions that a macro writes.
fn signatures(tokens: TokenStream, emit: &mut impl FnMut(String)) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, word: &str| matches!(tokens.get(at), Some(TokenTree::Ident(name)) if name == word);
    for (at, token) in tokens.iter().enumerate() {
        if is(at, "pub") && is(at + 1, "fn") {
            let is_body =
                |token: &&TokenTree| matches!(token, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace);
            let until = tokens[at..].iter().take_while(|token| !is_body(token)).cloned().collect::<TokenStream>();
            emit(tidy(&until));
        }
        if let TokenTree::Group(group) = token {
            signatures(group.stream(), emit);
        }
    }
}

/// The rows of a table: each begins after its documentation.
fn rows(tokens: TokenStream) -> Vec<String> {
    let mut rows = vec![TokenStream::new()];
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let documentation = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#')
            && matches!(tokens.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket);
        if documentation {
            tokens.next();
            rows.push(TokenStream::new());
        } else if let Some(row) = rows.last_mut() {
            row.extend([token]);
        }
    }
    rows.iter().filter(|row| !row.is_empty()).map(tidy).collect()
}

fn without_docs(tokens: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_attribute = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#')
            && matches!(tokens.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket);
        if is_attribute {
            tokens.next();
            continue;
        }
        out.extend([match token {
            TokenTree::Group(group) => {
                TokenTree::Group(proc_macro2::Group::new(group.delimiter(), without_docs(group.stream())))
            }
            other => other,
        }]);
    }
    out
}

/// Tokens as a person would write them.
fn tidy(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string().replace('\n', " ");
    for (from, to) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ,", ","),
        (" ;", ";"),
        (" : ", ": "),
        ("& ", "&"),
        ("< ", "<"),
        (" >", ">"),
        (" <", "<"),
        ("( ", "("),
        (" )", ")"),
        (" (", "("),
        ("' ", "'"),
        (" !", "!"),
        ("> ::", ">::"),
        (",)", ")"),
        ("-> (", "->("),
        ("= >", "=>"),
        ("- >", "->"),
        ("->", " -> "),
        ("  ", " "),
        ("fn(", "fn ("),
    ] {
        text = text.replace(from, to);
    }
    text.trim().to_owned()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("cfg")
            && attr.meta.to_token_stream().to_string().contains("test")
            && !attr.meta.to_token_stream().to_string().contains("not")
    })
}

/// What a program must ask for to have the item.
fn conditions(attrs: &[Attribute]) -> String {
    let conditions = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    conditions.map(|attr| format!(" #[{}]", tidy(&attr.meta))).collect()
}

/// Derived traits and whether the type may grow.
fn marks(attrs: &[Attribute]) -> String {
    let known = |attr: &&Attribute| attr.path().is_ident("derive") || attr.path().is_ident("non_exhaustive");
    attrs.iter().filter(known).map(|attr| format!(" #[{}]", tidy(&attr.meta))).collect()
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(source: &str) -> Result<Vec<String>> {
        let mut lines = BTreeSet::new();
        items(&syn::parse_file(source)?.items, "x", Path::new("."), &mut lines)?;
        Ok(lines.into_iter().collect())
    }

    #[test]
    fn only_what_is_public_is_listed() -> Result<()> {
        let lines = listed(
            "pub struct Open { pub a: Vec<u8>, b: u8 }
             struct Hidden;
             pub(crate) fn hidden() {}
             impl Open { pub fn take(&self, n: &str) -> Option<u8> { None } fn own(&self) {} }
             impl Clone for Hidden { fn clone(&self) -> Self { Hidden } }
             impl Clone for Open { fn clone(&self) -> Self { todo!() } }
             #[cfg(test)] mod tests { pub fn never() {} }
             mod inner { pub enum Word { One(u8) } }",
        )?;
        assert_eq!(
            lines,
            [
                "impl Clone for Open in x",
                "impl Open: pub fn take(&self, n: &str) -> Option<u8> in x",
                "pub enum x::Word",
                "pub enum x::Word::One(u8)",
                "pub struct x::Open",
                "pub struct x::Open.a: Vec<u8>",
            ]
        );
        Ok(())
    }

    #[test]
    fn what_macros_declare_is_listed_as_they_are_told() -> Result<()> {
        let lines = listed(
            "macro_rules! options { () => { pub fn timeout(self, limit: u8) -> Self { self } }; }
             words! { pub enum Mood { Good = \"good\" } }
             endpoints! { Api, ops; #[doc = \"Doc.\"] json fn get(id: &str => path) -> Thing = GET \"/things/{id}\", none }",
        )?;
        assert_eq!(
            lines,
            [
                "endpoints! Api, ops; in x",
                "endpoints! json fn get(id: &str => path) -> Thing = GET \"/things/{id}\", none in x",
                "options! declares pub fn timeout(self, limit: u8) -> Self",
                "pub enum x::Mood",
                "pub enum x::Mood::Good = \"good\"",
            ]
        );
        Ok(())
    }
}
