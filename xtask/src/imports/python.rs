//! Imports between the files of the Python package, which Python's own parser finds.

use super::{Graph, Sources};
use anyhow::{Context as _, Result, ensure};
use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
};

pub(super) fn graph(sources: &Sources) -> Result<Graph> {
    let mut parser = Command::new("python3")
        .args(["-c", include_str!("imports.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run python3")?;
    let mut input = parser.stdin.take().context("python3 has no standard input")?;
    input.write_all(&serde_json::to_vec(sources)?)?;
    drop(input);
    let done = parser.wait_with_output()?;
    ensure!(done.status.success(), "python3 failed: {}", done.status);

    let mut graph: Graph = sources.keys().map(|file| (file.clone(), BTreeMap::new())).collect();
    for row in String::from_utf8(done.stdout)?.lines() {
        let [file, line, module, name] = row.split('\t').collect::<Vec<_>>()[..] else { continue };
        let target = target(sources, module, name).filter(|target| target != file);
        if let (Some(target), Some(to)) = (target, graph.get_mut(file)) {
            to.entry(target).or_insert(line.parse()?);
        }
    }
    Ok(graph)
}

/// The file of `from module import name`, or of `import module`. The package has no folders.
fn target(sources: &Sources, module: &str, name: &str) -> Option<String> {
    let inner =
        module.strip_prefix('.').or_else(|| module.strip_prefix("muxi").filter(|rest| !rest.starts_with('_')))?;
    let inner = inner.trim_start_matches('.');
    let inner = if inner.is_empty() { name } else { inner };
    // The compiled module has no source.
    let compiled = inner.starts_with("_muxi");
    let file = Some(format!("{inner}.py")).filter(|file| sources.contains_key(file));
    file.or_else(|| (!compiled).then(|| "__init__.py".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{super::circles_of, *};

    #[test]
    fn imports_count_but_for_those_of_type_checkers() -> Result<()> {
        let circles = |b: &str| {
            circles_of(graph, &[("__init__.py", "from .a import A"), ("a.py", "from . import b"), ("b.py", b)])
        };
        for way in ["from .a import A", "def f():\n    from . import a", "import muxi.a", "from muxi.a import A"] {
            assert!(circles(way)?.concat().contains("src/a.py:1 needs b.py"), "{way}");
        }
        assert!(circles("from muxi import A")?.concat().contains("src/b.py:1 needs __init__.py"));
        for way in ["if TYPE_CHECKING:\n    from .a import A", "from ._muxi import A", "# import muxi.a", "import os"] {
            assert_eq!(circles(way)?, Vec::<String>::new(), "{way}");
        }
        Ok(())
    }
}
