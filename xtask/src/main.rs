//! Project tasks: `cargo run -p xtask -- gen` writes what derives from the operation table, and `gen --check` tells
//! whether it is up to date. The listing of the Rust crate's public surface is one of these files.

#[cfg(test)]
mod contract;
mod errors;
mod model;
mod openapi;
#[cfg(test)]
mod parity;
mod python;
mod reference;
mod surface;
mod text;
mod types;

use anyhow::{Context as _, Result, bail};
use model::Types;
use muxi_client::api::table::{Reply, formation, server};
use std::{collections::BTreeSet, env, fs, path::Path, process::ExitCode};

/// The line that marks a generated file.
const GENERATED: &str = "Generated from the operation table by `cargo run -p xtask -- gen`; do not edit.";
const USAGE: &str = "usage: cargo run -p xtask -- gen [--check]";

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
    let check = match args.as_slice() {
        ["gen"] => false,
        ["gen", "--check"] => true,
        _ => bail!(USAGE),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
    let mut stale = Vec::new();
    for (name, content) in outputs(root)? {
        let path = root.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == content) {
            continue;
        }
        stale.push(name);
        if !check {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            }
            fs::write(&path, content).with_context(|| format!("cannot write {name}"))?;
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
    let (replies, params) =
        (root.join("crates/muxi-client/src/api/types"), root.join("crates/muxi-client/src/api/params"));
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
        ("python/muxi/types.py", types::module(&types, &requests, &replies, &types::taken(both()))?),
        ("docs/api/muxi-client.txt", surface::listing(&root.join("crates/muxi-client/src"))?),
        ("docs/reference.md", reference::page(&types)?),
        ("docs/openapi-server.json", openapi::document(server::ENDPOINTS, &types)?),
        ("docs/openapi-formation.json", openapi::document(formation::ENDPOINTS, &types)?),
    ])
}
