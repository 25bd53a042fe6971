//! Every operation of the official SDK is in the table, with the same Python signature.

use crate::{
    model::Types,
    signature::{Arg, arguments},
};
use anyhow::{Context as _, Result, ensure};
use muxi_client::api::table::{Endpoint, formation, server};
use std::{collections::BTreeSet, fs, path::Path};

/// Operations whose signature differs on purpose: with what the official SDK has, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    // `**kwargs` there accepts anything and drops what it does not know; here the three keys that it knows are named.
    ("update_scheduler_job", "job_id, **kwargs"),
];

/// An argument of the official SDK.
#[derive(Debug)]
struct Official {
    name: String,
    default: Option<String>,
    keyword_only: bool,
}

/// The rows of the official SDK: operation, whether the server's, the text of its arguments.
fn rows(page: &str) -> Result<Vec<(String, bool, String)>> {
    let mut rows = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split(" | ").collect();
        let signature = cells[0].trim_start_matches("| `").trim_end_matches('`');
        let (name, rest) = signature.split_once('(').with_context(|| format!("no arguments: {line}"))?;
        let args = rest.strip_suffix(')').with_context(|| format!("no end of the arguments: {line}"))?;
        let auth = cells.get(2).with_context(|| format!("no authentication: {line}"))?;
        rows.push((name.to_owned(), *auth == "H", args.to_owned()));
    }
    Ok(rows)
}

fn official(args: &str) -> Vec<Official> {
    let mut keyword_only = false;
    let mut found = Vec::new();
    for arg in args.split(", ").filter(|arg| !arg.is_empty()) {
        if arg == "*" {
            keyword_only = true;
            continue;
        }
        let (name, default) = match arg.split_once(" = ") {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (arg, None),
        };
        found.push(Official { name: name.to_owned(), default, keyword_only });
    }
    found
}

/// A call that the official signature accepts means the same here.
fn compatible(ours: &[Arg], theirs: &[Official]) -> Result<()> {
    for (at, their) in theirs.iter().enumerate() {
        let our = if their.keyword_only {
            ours.iter().find(|arg| arg.name == their.name)
        } else {
            ours.get(at).filter(|arg| arg.name == their.name && !arg.keyword_only)
        };
        let our = our.with_context(|| format!("`{}` is missing or at another place", their.name))?;
        if let Some(default) = &their.default {
            ensure!(our.default.as_ref() == Some(default), "`{}` has the default {:?}", their.name, our.default);
        }
    }
    for our in ours.iter().filter(|our| !theirs.iter().any(|their| their.name == our.name)) {
        ensure!(our.default.is_some(), "`{}` is required and not an official argument", our.name);
    }
    Ok(())
}

fn find(name: &str, on_server: bool) -> Option<&'static Endpoint> {
    let endpoints = if on_server { server::ENDPOINTS } else { formation::ENDPOINTS };
    endpoints.iter().copied().find(|endpoint| endpoint.name == name)
}

#[test]
fn every_official_operation_is_in_the_table() -> Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contract/official-sdk-calls.md");
    let rows = rows(&fs::read_to_string(page)?)?;
    assert_eq!(rows.len(), 88);
    let mut wrong = Vec::new();
    for (name, on_server, args) in &rows {
        if EXCEPTIONS.contains(&(name.as_str(), args.as_str())) {
            assert!(find(name, *on_server).is_some(), "{name} is missing");
            continue;
        }
        let Some(endpoint) = find(name, *on_server) else {
            wrong.push(format!("{name}: missing"));
            continue;
        };
        if let Err(error) = compatible(&arguments(endpoint, &Types::default())?, &official(args)) {
            wrong.push(format!("{name}({args}): {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn every_exception_is_an_official_operation() -> Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contract/official-sdk-calls.md");
    let rows = rows(&fs::read_to_string(page)?)?;
    let known: BTreeSet<_> = rows.iter().map(|(name, _, args)| (name.as_str(), args.as_str())).collect();
    assert!(EXCEPTIONS.iter().all(|exception| known.contains(exception)));
    Ok(())
}

#[test]
fn a_moved_or_renamed_argument_is_noticed() {
    let theirs = official("a, b = None, *, c = \"\"");
    let arg = |name, default, keyword_only| Arg::new(name, "str", default, keyword_only, "");
    let good = || vec![arg("a", None, false), arg("b", Some("None"), false), arg("c", Some("\"\""), true)];
    assert!(compatible(&good(), &theirs).is_ok());
    for change in [
        (|ours| ours.swap(0, 1)) as fn(&mut Vec<Arg>),
        |ours| ours[1].keyword_only = true,
        |ours| ours[1].default = Some("0".to_owned()),
        |ours| ours[2].name = "d".to_owned(),
        |ours| {
            let last = ours.remove(2);
            ours.extend([last, Arg::new("extra", "str", None, false, "")]);
        },
    ] {
        let mut ours = good();
        change(&mut ours);
        assert!(compatible(&ours, &theirs).is_err(), "{:?}", ours.iter().map(|arg| &arg.name).collect::<Vec<_>>());
    }
}
