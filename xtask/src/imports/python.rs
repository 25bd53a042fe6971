//! Imports between the files of the Python packages, which Python's own parser finds.

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
        let target = target(sources, file, module, name).filter(|target| target != file);
        if let (Some(target), Some(to)) = (target, graph.get_mut(file)) {
            to.entry(target).or_insert(line.parse()?);
        }
    }
    Ok(graph)
}

/// The file of `from module import name`, or of `import module`, where `file` says so. The packages have no folders. A
/// compiled module has no source.
fn target(sources: &Sources, file: &str, module: &str, name: &str) -> Option<String> {
    let own = file.split('/').next().unwrap_or_default();
    let (package, inner) = match module.strip_prefix('.') {
        Some(inner) => (own, inner),
        None => module.split_once('.').unwrap_or((module, "")),
    };
    let inner = if inner.is_empty() { name } else { inner };
    let module = Some(format!("{package}/{inner}.py")).filter(|file| sources.contains_key(file));
    let is_compiled = inner.starts_with("_muxi");
    let whole = || Some(format!("{package}/__init__.py")).filter(|file| !is_compiled && sources.contains_key(file));
    module.or_else(whole)
}

#[cfg(test)]
mod tests {
    use super::{super::circles_of, *};

    #[test]
    fn imports_count_but_for_those_of_type_checkers() -> Result<()> {
        let circles = |b: &str| {
            let files = [("__init__.py", "from .a import A"), ("a.py", "from . import b"), ("b.py", b)];
            let files = files.map(|(name, source)| (format!("muxi/{name}"), source));
            circles_of(graph, &files.each_ref().map(|(name, source)| (&**name, *source)))
        };
        for way in ["from .a import A", "def f():\n    from . import a", "import muxi.a", "from muxi.a import A"] {
            assert!(circles(way)?.concat().contains("src/muxi/a.py:1 needs muxi/b.py"), "{way}");
        }
        assert!(circles("from muxi import A")?.concat().contains("src/muxi/b.py:1 needs muxi/__init__.py"));
        for way in ["if TYPE_CHECKING:\n    from .a import A", "from ._muxi import A", "# import muxi.a", "import os"] {
            assert_eq!(circles(way)?, Vec::<String>::new(), "{way}");
        }
        Ok(())
    }

    #[test]
    fn packages_may_need_each_other_in_one_direction() -> Result<()> {
        let circles = |inner| {
            let outer = "from muxi_local.testing import LocalServer";
            circles_of(graph, &[("muxi/__init__.py", ""), ("muxi/testing.py", outer), ("muxi_local/testing.py", inner)])
        };
        assert_eq!(circles("from muxi import FormationClient")?, Vec::<String>::new());
        assert!(circles("import muxi.testing")?.concat().contains("muxi_local/testing.py:1 needs muxi/testing.py"));
        Ok(())
    }
}
