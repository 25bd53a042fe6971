//! Imports between Rust files: paths that begin with `crate`, `super`, `self`, a child module or an imported module, in
//! code, in `use` and in the bodies of macros, which count where they are written.

use super::{Graph, Sources};
use anyhow::{Context as _, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// A path from the crate's root.
type Segments = Vec<String>;

/// Something in a module whose name is not told: what `*` names, or the variable of a macro.
const ANY: &str = "*";

/// A module: a file, or one within a file.
#[derive(Default)]
struct Module {
    file: String,
    /// The items that it declares itself.
    items: BTreeSet<String>,
    /// The names that it imports, each with its source.
    names: BTreeMap<String, Segments>,
    /// The modules of which it imports everything.
    globs: Vec<Segments>,
    /// The paths that its code names, and the line of each.
    paths: Vec<(Segments, usize)>,
}

#[derive(Default)]
struct Modules(BTreeMap<Segments, Module>);

pub(super) fn graph(sources: &Sources) -> Result<Graph> {
    let mut modules = Modules::default();
    for file in sources.keys() {
        modules.0.insert(module_of(file), Module { file: file.clone(), ..Module::default() });
    }
    for (file, source) in sources {
        let tokens: TokenStream = source.parse().map_err(|error| anyhow!("{error}")).context(file.clone())?;
        modules.scan(&module_of(file), file, tokens);
    }
    let mut graph: Graph = sources.keys().map(|file| (file.clone(), BTreeMap::new())).collect();
    for (own, module) in &modules.0 {
        for (path, line) in &module.paths {
            let target = modules.absolute(own, path).and_then(|path| modules.file_of(&path, 8));
            if let (Some(target), Some(to)) =
                (target.filter(|target| *target != module.file), graph.get_mut(&module.file))
            {
                let first = to.entry(target.to_owned()).or_insert(*line);
                *first = (*first).min(*line);
            }
        }
    }
    Ok(graph)
}

fn module_of(file: &str) -> Segments {
    let mut path: Segments = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") || file == "lib.rs" {
        path.pop();
    }
    path
}

impl Modules {
    fn at(&mut self, own: &Segments, file: &str) -> &mut Module {
        self.0.entry(own.clone()).or_insert_with(|| Module { file: file.to_owned(), ..Module::default() })
    }

    fn scan(&mut self, own: &Segments, file: &str, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(word) if word == "use" && !is_punct(tokens.get(at + 1), '<') => {
                    let end = (at..tokens.len()).find(|at| is_punct(tokens.get(*at), ';')).unwrap_or(tokens.len());
                    self.import(own, file, &[], &tokens[at + 1..end]);
                    at = end;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                    {
                        let inner = [own.as_slice(), &[name.to_string()]].concat();
                        self.at(&inner, file);
                        self.scan(&inner, file, body.stream());
                    }
                    at += 2;
                }
                TokenTree::Ident(word) => {
                    // `static` may be a lifetime.
                    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
                    if let (Some(TokenTree::Ident(name)), false) = (tokens.get(at + 1), is_punct(before, '\''))
                        && ["struct", "enum", "trait", "type", "fn", "const", "static"].contains(&&*word.to_string())
                    {
                        self.at(own, file).items.insert(name.to_string());
                    }
                    let (path, end) = path(&tokens, at);
                    if path.len() > 1 && !is_punct(before, ':') {
                        self.at(own, file).paths.push((path, word.span().start().line));
                    }
                    at = end - 1;
                }
                // The path in `pub(in ...)` is no import.)` names is no import.
                TokenTree::Group(group) if !begins_with_in(group) => self.scan(own, file, group.stream()),
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads the tree of a `use`.
    fn import(&mut self, own: &Segments, file: &str, before: &[String], tree: &[TokenTree]) {
        let start = tree.iter().take_while(|token| is_punct(Some(token), ':') || is_punct(Some(token), '$')).count();
        let (mut path, end) = path(tree, start);
        path.splice(0..0, before.iter().cloned());
        match tree.get(end..).unwrap_or_default() {
            [.., TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => {
                path.pop_if(|last| last == ANY);
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in inner.split(|token| is_punct(Some(token), ',')).filter(|branch| !branch.is_empty()) {
                    self.import(own, file, &path, branch);
                }
            }
            [.., TokenTree::Punct(star)] if star.as_char() == '*' => {
                let module = self.at(own, file);
                module.paths.push((path.clone(), star.span().start().line));
                path.pop_if(|last| last == ANY);
                module.globs.push(path);
            }
            rest => {
                let Some(TokenTree::Ident(word)) = tree.get(start) else { return };
                path.pop_if(|last| last == "self");
                let name = match rest {
                    [.., TokenTree::Ident(alias)] => Some(alias.to_string()),
                    _ => path.last().cloned(),
                };
                let module = self.at(own, file);
                module.paths.push((path.clone(), word.span().start().line));
                module.names.extend(name.map(|name| (name, path)));
            }
        }
    }

    /// The path from the crate's root; none for one into another crate.
    fn absolute(&self, own: &Segments, path: &[String]) -> Option<Segments> {
        let (first, mut rest) = path.split_first()?;
        let mut base = own.clone();
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
                while let Some((_, more)) = rest.split_first().filter(|(first, _)| *first == "super") {
                    base.pop();
                    rest = more;
                }
            }
            _ => {
                let child = [own.as_slice(), std::slice::from_ref(first)].concat();
                let named = self.0.get(own).and_then(|module| module.names.get(first)).filter(|path| path[0] != *first);
                base = match named {
                    Some(path) => self.absolute(own, path)?,
                    None if self.0.contains_key(&child) => child,
                    None => return None,
                };
            }
        }
        Some([&base, rest].concat())
    }

    /// The file that declares what an absolute path leads to; none for a module, which is nothing by itself.
    fn file_of(&self, path: &[String], depth: usize) -> Option<&str> {
        let (module, rest) =
            (0..=path.len()).rev().find_map(|at| Some((self.0.get(&path[..at])?, (&path[..at], &path[at..]))))?;
        let (own, rest) = (rest.0.to_vec(), rest.1);
        let name = rest.first()?;
        if depth > 0 && !module.items.contains(name) {
            if let Some(target) = module.names.get(name).and_then(|path| self.absolute(&own, path))
                && let Some(file) = self.file_of(&[&target, &rest[1..]].concat(), depth - 1)
            {
                return Some(file);
            }
            for glob in module.globs.iter().filter_map(|glob| self.absolute(&own, glob)) {
                if self.0.get(&glob).is_some_and(|module| module.items.contains(name)) {
                    return self.file_of(&[&glob, rest].concat(), depth - 1);
                }
            }
        }
        Some(&module.file)
    }
}

/// The path that begins at `at`, and where it ends.
fn path(tokens: &[TokenTree], at: usize) -> (Segments, usize) {
    let (mut path, mut at) = (Segments::new(), at);
    while let Some(TokenTree::Ident(segment)) = tokens.get(at) {
        path.push(segment.to_string());
        at += 1;
        if !(is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')) {
            break;
        }
        if !matches!(tokens.get(at + 2), Some(TokenTree::Ident(_))) {
            path.push(ANY.to_owned());
            break;
        }
        at += 2;
    }
    (path, at)
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn begins_with_in(group: &proc_macro2::Group) -> bool {
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Parenthesis && matches!(first, Some(TokenTree::Ident(word)) if word == "in")
}

#[cfg(test)]
mod tests {
    use super::{super::circles_of, *};

    fn circles(files: &[(&str, &str)]) -> String {
        circles_of(graph, files).unwrap().join("\n")
    }

    const SHAPES: (&str, &str) = ("a/mod.rs", "mod b;\nmod c;\npub use b::B;\npub(crate) use {c::make, c as d};");

    #[test]
    fn a_circle_is_named_with_its_lines() {
        let files = [SHAPES, ("a/b.rs", "pub struct B;\nuse super::c::C;"), ("a/c.rs", "pub struct C(crate::a::B);")];
        assert_eq!(circles(&files), "a circle in src:\n  src/a/b.rs:2 needs a/c.rs\n  src/a/c.rs:1 needs a/b.rs");
    }

    #[test]
    fn every_way_to_name_another_file_counts() {
        for way in [
            "use crate::a::{self, B};",
            "use crate::a::{other, b::*};",
            "fn f() { super::b::B::new() }",
            "use crate::a; fn f() -> a::B { todo!() }",
            "use super::d as e; mod inner { use super::super::b::B; }",
            "macro_rules! make { () => { $crate::a::B } }",
            "macro_rules! make { ($name:ident) => { $crate::a::b::$name } }",
            "#[cfg(test)] mod tests { use crate::a::B as Other; }",
        ] {
            let files = [SHAPES, ("a/b.rs", "pub struct B; use super::make;"), ("a/c.rs", way)];
            assert!(circles(&files).contains("a/c.rs:1 needs a/b.rs"), "{way}");
        }
        let parent = [("a.rs", "mod b; fn f() { b::g() }"), ("a/b.rs", "use super::*;")];
        assert!(circles(&parent).contains("a.rs:1 needs a/b.rs"));
    }

    #[test]
    fn what_names_no_other_file_does_not_count() {
        for way in [
            "/// [`B`](crate::a::B)\nstruct C;",
            "// crate::a::B\nconst C: &str = \"crate::a::B\";",
            "struct C; impl C { pub(in crate::a) fn b(self) -> std::b::B { todo!() } }",
            "mod b { pub struct B; } use self::b::B;",
            "use crate::a; fn f(text: &'static B) {}",
        ] {
            let files = [SHAPES, ("a/b.rs", "pub struct B; use super::make;"), ("a/c.rs", way)];
            assert_eq!(circles(&files), "", "{way}");
        }
    }
}
