//! Looks for circles: files of one source tree, or folders of one, that need each other, so that none can be read or
//! changed alone.
//!
//! An import is a path to an item that another file declares, wherever the path stands. Files that only re-export are
//! looked through: a file depends on the items that it names, not on the list that they are in.

mod python;
mod rust;

use anyhow::{Context as _, Result};
use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::Path,
};

/// The trees below the root, each by itself, and what is not to need each other there.
const TREES: [(&str, Room); 7] = [
    ("crates/muxi-client/src", file),
    ("crates/muxi-python/src", file),
    ("crates/muxi-local/src", top_folder),
    ("crates/muxi-local/src", folder_of_formation),
    ("crates/muxi-local-python/src", file),
    ("python", file),
    ("crates/muxi-local-python/python", file),
];

/// The room that a file is in, by the file's path below the tree. A file in no room is not looked at.
type Room = fn(&str) -> Option<&str>;

fn file(path: &str) -> Option<&str> {
    Some(path)
}

fn top_folder(path: &str) -> Option<&str> {
    path.split('/').next()
}

/// A folder of the formation API. The files beside these folders hold what all of a formation is made of.
fn folder_of_formation(path: &str) -> Option<&str> {
    Some(path.strip_prefix("formation/")?.split_once('/')?.0)
}

/// The files that each file imports from, with the first line that does so.
type Graph = BTreeMap<String, BTreeMap<String, usize>>;
/// Each file's source, by its path below the tree.
type Sources = BTreeMap<String, String>;

/// Describes the circles of all trees: one for each group of files that need each other.
pub(crate) fn circles(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (tree, room) in TREES {
        let (ending, graph): (_, fn(&Sources) -> Result<Graph>) =
            if tree.ends_with("python") { ("py", python::graph) } else { ("rs", rust::graph) };
        let mut sources = Sources::new();
        read(&root.join(tree), "", ending, &mut sources)?;
        let graph = graph(&sources).with_context(|| format!("cannot read the imports of {tree}"))?;
        let circles = shortest(&of_rooms(&graph, room));
        found.extend(circles.into_iter().map(|circle| describe(tree, &circle, &graph, room)));
    }
    Ok(found)
}

/// Reads the files below a folder with that ending.
pub(crate) fn read(folder: &Path, below: &str, ending: &str, sources: &mut Sources) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{below}{name}");
        if path.is_dir() {
            read(&path, &format!("{name}/"), ending, sources)?;
        } else if path.extension().is_some_and(|found| found == ending) {
            sources.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// The rooms that each room imports from.
fn of_rooms(graph: &Graph, room: Room) -> Graph {
    let mut rooms = Graph::new();
    for (file, needs) in graph {
        let Some(here) = room(file) else { continue };
        let others = needs.keys().filter_map(|other| room(other)).map(|other| (other.to_owned(), 0));
        rooms.entry(here.to_owned()).or_default().extend(others);
    }
    for (here, needs) in &mut rooms {
        needs.remove(here);
    }
    rooms
}

fn describe(tree: &str, circle: &[String], graph: &Graph, room: Room) -> String {
    let mut text = format!("a circle in {tree}:");
    for (at, here) in circle.iter().enumerate() {
        let next = &circle[(at + 1) % circle.len()];
        let imports = graph.iter().filter(|(file, _)| room(file) == Some(here));
        let mut imports = imports.flat_map(|(file, needs)| needs.iter().map(move |(other, line)| (file, other, line)));
        if let Some((file, other, line)) = imports.find(|(_, other, _)| room(other) == Some(next)) {
            text.push_str(&format!("\n  {tree}/{file}:{line} needs {other}"));
        }
    }
    text
}

/// A shortest circle through each file that is in one, without those that share a file with one before.
fn shortest(graph: &Graph) -> Vec<Vec<String>> {
    let mut circles: Vec<Vec<String>> = graph.keys().filter_map(|file| circle(graph, file)).collect();
    circles.sort_by_key(Vec::len);
    let mut kept: Vec<Vec<String>> = Vec::new();
    for circle in circles {
        if !kept.iter().flatten().any(|file| circle.contains(file)) {
            kept.push(circle);
        }
    }
    kept
}

/// A shortest circle through `start`.
fn circle(graph: &Graph, start: &str) -> Option<Vec<String>> {
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for next in graph.get(file)?.keys() {
            if next == start {
                let mut circle = vec![file.to_owned()];
                let mut at = file;
                while let (true, Some(before)) = (at != start, from.get(at)) {
                    circle.push((*before).to_owned());
                    at = before;
                }
                circle.reverse();
                return Some(circle);
            }
            if !from.contains_key(next.as_str()) {
                from.insert(next, file);
                queue.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
fn circles_of(graph: fn(&Sources) -> Result<Graph>, files: &[(&str, &str)]) -> Result<Vec<String>> {
    let sources = files.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect();
    let graph = graph(&sources)?;
    Ok(shortest(&graph).iter().map(|circle| describe("src", circle, &graph, file)).collect())
}

#[test]
fn folders_are_rooms_too() {
    let needs = |other: &str| BTreeMap::from([(other.to_owned(), 3)]);
    let mut graph = Graph::from([
        ("a/one.rs".to_owned(), needs("b/two.rs")),
        ("a/three.rs".to_owned(), needs("a/one.rs")),
        ("b/two.rs".to_owned(), BTreeMap::new()),
        ("b/four.rs".to_owned(), BTreeMap::new()),
    ]);
    assert!(shortest(&of_rooms(&graph, top_folder)).is_empty());
    graph.insert("b/four.rs".to_owned(), needs("a/three.rs"));
    assert!(shortest(&of_rooms(&graph, file)).is_empty());
    let circles = shortest(&of_rooms(&graph, top_folder));
    let told: Vec<_> = circles.iter().map(|circle| describe("src", circle, &graph, top_folder)).collect();
    assert_eq!(told, ["a circle in src:\n  src/a/one.rs:3 needs b/two.rs\n  src/b/four.rs:3 needs a/three.rs"]);
}

#[test]
fn this_project_has_no_circle() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
    assert_eq!(circles(root)?, Vec::<String>::new());
    Ok(())
}
