//! Project tasks: `cargo run -p xtask -- gen` writes what derives from the tables of operations, settings and errors,
//! and `gen --check` tells whether it is up to date. `openapi` writes the OpenAPI documents, which are not kept in the
//! repository.

#[cfg(test)]
mod contract;
mod errors;
mod model;
mod openapi;
#[cfg(test)]
mod parity;
mod python;
mod reference;
mod settings;
mod text;
mod types;

use anyhow::{Context as _, Result, bail};
use model::Types;
use muxi_client::api::table::{Reply, formation, server};
use std::{collections::BTreeSet, env, fs, path::Path, process::ExitCode};

/// Where the types of replies are declared, below the root.
const REPLIES: &str = "crates/muxi-client/src/api/types";
/// Where the types of requests are declared, below the root.
const REQUESTS: &str = "crates/muxi-client/src/api/params";
/// The line that marks a generated file.
const GENERATED: &str = "Generated from the operation table by `cargo run -p xtask -- gen`; do not edit.";
const USAGE: &str = "usage: cargo run -p xtask -- gen [--check] | openapi [FOLDER]";
/// Where `openapi` writes to unless told otherwise, below the root.
const OPENAPI_FOLDER: &str = "target/openapi";

fn main() -> ExitCode {
    match run(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<ExitCode> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
    match args.as_slice() {
        ["gen"] => generate(root, false),
        ["gen", "--check"] => generate(root, true),
        ["openapi"] => openapi(root, &root.join(OPENAPI_FOLDER)),
        ["openapi", folder] => openapi(root, Path::new(folder)),
        _ => bail!(USAGE),
    }
}

/// Writes the OpenAPI document of each API into a folder.
fn openapi(root: &Path, folder: &Path) -> Result<ExitCode> {
    let types = Types::read(&[&root.join(REPLIES)])?;
    for (name, endpoints) in [("server.json", server::ENDPOINTS), ("formation.json", formation::ENDPOINTS)] {
        let path = folder.join(name);
        write(&path, &openapi::document(endpoints, &types)?)?;
        println!("wrote {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, content: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes what derives from the table, or only tells what is not up to date.
fn generate(root: &Path, check: bool) -> Result<ExitCode> {
    let mut stale = Vec::new();
    for (name, content) in outputs(root)? {
        let path = root.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == content) {
            continue;
        }
        stale.push(name);
        if !check {
            write(&path, &content)?;
        }
    }
    for name in &stale {
        println!("{} {name}", if check { "stale:" } else { "wrote" });
    }
    if check && !stale.is_empty() {
        println!("refresh with: cargo run -p xtask -- gen");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Every generated file: its path below `root` and its content.
fn outputs(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let (replies, params) = (root.join(REPLIES), root.join(REQUESTS));
    let types = Types::read(&[&replies])?;
    // Requests use the words of replies.
    let requests = Types::read(&[&replies, &params])?;
    let both = || server::ENDPOINTS.iter().chain(formation::ENDPOINTS).copied();
    let replies: BTreeSet<&str> = both().filter(|row| row.reply == Reply::Json).map(|row| row.reply_type).collect();
    let server = "for a MUXI server: formations, their life cycle and their logs.";
    let formation = "for a formation: chat, sessions, memory, schedules and configuration.";
    Ok(vec![
        ("python/muxi/server.py", python::module("Server", server, false, server::ENDPOINTS, &types)?),
        ("python/muxi/_server_async.py", python::module("Server", server, true, server::ENDPOINTS, &types)?),
        ("python/muxi/formation.py", python::module("Formation", formation, false, formation::ENDPOINTS, &types)?),
        (
            "python/muxi/_formation_async.py",
            python::module("Formation", formation, true, formation::ENDPOINTS, &types)?,
        ),
        ("python/muxi/errors.py", errors::module()?),
        ("python/muxi/_settings.py", settings::constructors()?),
        ("python/muxi/config.py", settings::dataclasses()?),
        ("python/muxi/types.py", types::module(&types, &requests, &replies, &types::taken(both()))?),
        ("docs/reference.md", reference::page(&types)?),
    ])
}

#[test]
fn the_openapi_documents_are_written_as_json() -> Result<()> {
    let folder = env::temp_dir().join(format!("muxi-openapi-{}", std::process::id()));
    run(&["openapi".to_owned(), folder.display().to_string()])?;
    for name in ["server.json", "formation.json"] {
        let document: serde_json::Value = serde_json::from_str(&fs::read_to_string(folder.join(name))?)?;
        assert_eq!(document["openapi"], "3.1.0", "{name}");
        assert!(document["paths"].as_object().is_some_and(|paths| !paths.is_empty()), "{name}");
    }
    Ok(fs::remove_dir_all(folder)?)
}
