//! The Python exceptions, and the table of errors.

use crate::text;
use anyhow::Result;
use muxi_client::{
    ErrorKind,
    api::error::{PythonClass, Retried},
};
use std::{collections::BTreeSet, fmt::Write as _};

const HEAD: &str =
    "\"\"\"Exceptions. Whatever a server or formation reports is a `MuxiError`; a wrong argument is a `ValueError`.

{GENERATED}
\"\"\"

from __future__ import annotations

import builtins

";

/// The kinds that have a class of their own in `muxi.errors`.
fn classes() -> impl Iterator<Item = (ErrorKind, PythonClass, &'static str)> {
    let declared = |kind: &ErrorKind| (*kind, kind.python());
    let own =
        ErrorKind::ALL.iter().map(declared).filter(|(_, python)| python.base.is_some_and(|base| base != "Exception"));
    own.map(|(kind, python)| (kind, python, python.base.unwrap_or_default()))
}

/// The module `muxi.errors`.
pub(crate) fn module() -> Result<String> {
    let mut out = HEAD.replace("{GENERATED}", crate::GENERATED);
    let own: BTreeSet<_> = classes().map(|(_, python, _)| python.name).collect();
    let bases: BTreeSet<_> = classes().map(|(.., base)| base).filter(|base| !own.contains(base)).collect();
    let imported: Vec<_> = bases.iter().copied().chain(["map_error"]).collect();
    writeln!(out, "from ._error import {}\n", imported.join(", "))?;
    // A star import hides no builtin.
    let builtins: BTreeSet<_> = classes().filter_map(|(_, python, _)| python.builtin).collect();
    out.push_str("__all__ = [\n");
    for name in own.into_iter().chain(["MuxiError"]).collect::<BTreeSet<_>>().difference(&builtins) {
        writeln!(out, "    \"{name}\",")?;
    }
    out.push_str("    \"map_error\",\n]\n");
    for (kind, python, base) in classes() {
        let also = python.builtin.map(|name| format!(", builtins.{name}")).unwrap_or_default();
        write!(out, "\n\nclass {}({base}{also}):\n", python.name)?;
        let statuses = match statuses(kind) {
            statuses if statuses.is_empty() => String::new(),
            statuses => format!("HTTP status {statuses}. "),
        };
        let builtin = python.builtin.map(|name| format!(" It is a builtin `{name}`, too.")).unwrap_or_default();
        let code = format!("`code` is `\"{}\"` unless the reply names another.", kind.default_code());
        let doc = format!("{}\n\n{}\n\n{statuses}{code} {}{builtin}", kind.doc(), kind.help(), retried(kind));
        out.push_str(&text::docstring(&doc, "", "    ")?);
    }
    Ok(out)
}

/// The statuses of a kind's replies, in words.
fn statuses(kind: ErrorKind) -> String {
    let words = kind.statuses().iter().map(|status| match status.strip_suffix("..") {
        Some(from) => format!("{from} and above"),
        None => (*status).to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The failures of a kind after which a call is sent again, in a sentence.
fn retried(kind: ErrorKind) -> String {
    match kind.retried() {
        Retried::Never => "Never retried.".to_owned(),
        Retried::Always => "Retried with `max_retries`.".to_owned(),
        Retried::Statuses(statuses) => {
            let statuses: Vec<_> = statuses.iter().map(u16::to_string).collect();
            format!("Retried with `max_retries` on {}.", statuses.join(", "))
        }
    }
}

/// The table of errors.
pub(crate) fn table() -> String {
    // Few columns, so that the table fits into a page beside the tree of pages and the contents.
    let mut out = String::from(
        "| Python<br>Rust | HTTP status | `code`, unless the reply has its own | meaning, and what helps | retried with `max_retries` |\n\
         |---|---|---|---|---|\n",
    );
    for kind in ErrorKind::ALL {
        let (meaning, _) = text::summary(kind.doc());
        let retried = match kind.retried() {
            Retried::Never => "no".to_owned(),
            Retried::Always => "yes".to_owned(),
            Retried::Statuses(statuses) => {
                format!("on {}", statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(", "))
            }
        };
        let cells = [
            format!("`{}`<br>`{}`", kind.python().name, kind.name()),
            statuses(*kind),
            format!("`{}`{}", kind.default_code(), if kind.python().base.is_none() { " (Rust)" } else { "" }),
            format!("{} {}", text::cell(&meaning), text::cell(kind.help())),
            retried,
        ];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}
