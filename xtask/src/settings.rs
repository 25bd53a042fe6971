//! The settings in Python: the clients' constructors and the configuration dataclasses.

use crate::{GENERATED, TYPE_CHECKING, text};
use anyhow::{Context as _, Result, bail};
use muxi_client::{
    api::table::Api,
    config::{Language, Setting, SettingKind},
};
use std::fmt::Write as _;

/// A setting as Python has it.
struct Keyword {
    name: String,
    annotation: &'static str,
    doc: String,
    setting: &'static Setting,
}

impl Keyword {
    /// True if it is for wrappers around the SDK, and undocumented.
    fn is_internal(&self) -> bool {
        self.setting.flags.internal
    }
}

/// The keywords of a client's constructor.
fn keywords(api: Api) -> Result<Vec<Keyword>> {
    let rows = Setting::all().filter(|row| row.language != Language::Rust);
    rows.filter_map(|row| row.usage(api).map(|usage| (row, usage)))
        .map(|(setting, usage)| {
            let name = setting.keyword();
            let annotation = annotation(setting.kind).with_context(|| name.clone())?;
            Ok(Keyword { name, annotation, doc: doc(setting, usage.doc, usage.variable), setting })
        })
        .collect()
}

fn annotation(kind: SettingKind) -> Result<&'static str> {
    Ok(match kind {
        SettingKind::Text => "str",
        SettingKind::Count => "int",
        SettingKind::Seconds => "float",
        SettingKind::Flag | SettingKind::Truth => "bool",
        SettingKind::Path => "str | os.PathLike[str]",
        SettingKind::Certificate => "tuple[str | os.PathLike[str], str | os.PathLike[str]]",
        SettingKind::Proxy => "str | Literal[False]",
        SettingKind::Headers => "Mapping[str, str]",
        SettingKind::Logger => "Logger",
        SettingKind::Hook => "Callable[[Attempt], object]",
        SettingKind::Retry => "Retry",
        other => bail!("Python has no type for {other:?}"),
    })
}

/// The documentation with the facts that are no part of the row's text.
fn doc(setting: &Setting, doc: &str, variable: Option<&str>) -> String {
    let (mut doc, more) = text::summary(doc);
    if setting.kind == SettingKind::Seconds {
        doc = format!("{}, in seconds; `math.inf` for no limit.", doc.trim_end_matches('.'));
    }
    for paragraph in &more {
        doc.push(' ');
        doc.push_str(paragraph);
    }
    let default = match (setting.kind, setting.default) {
        (SettingKind::Flag | SettingKind::Truth, Some(default)) => {
            Some(if default == "true" { "True" } else { "False" }.to_owned())
        }
        (SettingKind::Text, Some(default)) => Some(format!("`{default}`")),
        (_, default) => default.map(str::to_owned),
    };
    let facts =
        [default.map(|it| format!("Default: {it}.")), variable.map(|it| format!("Environment variable: `{it}`."))];
    for fact in facts.iter().flatten() {
        doc.push(' ');
        doc.push_str(fact);
    }
    text::python_marks(&doc)
}

/// The module with the constructors.
pub(crate) fn constructors() -> Result<String> {
    let (mut types, mut classes) = (String::new(), String::new());
    for (api, name, doc) in [
        (Api::Server, "Server", "The constructor of the server clients."),
        (Api::Formation, "Formation", "The constructor of the formation clients."),
    ] {
        write!(
            classes,
            "\n\nclass _{name}Settings:\n    \"\"\"{doc}\"\"\"\n\n    __slots__ = ()\n\n    _API = \"{}\"\n\n    \
             if TYPE_CHECKING:\n\n        def _start(self, cfg: Any, settings: dict[str, Any]) -> None: ...\n\n    \
             def __init__(\n        self,\n        cfg: {name}Config | None = None,\n        *,\n",
            name.to_lowercase()
        )?;
        let keywords = keywords(api)?;
        write!(
            types,
            "\n    class {name}Settings(TypedDict, total=False):\n        \"\"\"Keywords of the {} clients.\"\"\"\n\n",
            name.to_lowercase()
        )?;
        for Keyword { name, annotation, .. } in keywords.iter().filter(|keyword| !keyword.is_internal()) {
            writeln!(types, "        {name}: {annotation} | None")?;
        }
        for keyword in &keywords {
            writeln!(classes, "        {}: {} | None = None,", keyword.name, keyword.annotation)?;
        }
        classes.push_str("    ) -> None:\n");
        let mut block = String::from("\n        Args:\n");
        let cfg = "cfg: All settings in one object, instead of keywords. A field that is None counts as not given.";
        block.push_str(&text::wrap(cfg, "            ", "                "));
        for keyword in keywords.iter().filter(|keyword| !keyword.is_internal()) {
            block.push('\n');
            let line = format!("{}: {}", keyword.name, keyword.doc);
            block.push_str(&text::wrap(&line, "            ", "                "));
        }
        block.push_str(
            "\n\n        Raises:\n            TypeError: A setting has a wrong type, or stands beside ``cfg``.\n",
        );
        block.push_str("            ValueError: A setting or a variable is missing or wrong.\n");
        let summary = "Make a client. A setting that is not given, or None, comes from its environment variable.";
        classes.push_str(&text::docstring(summary, &block, "        ")?);
        classes.push_str("        settings = dict(locals())\n        del settings[\"self\"], settings[\"cfg\"]\n");
        classes.push_str("        self._start(cfg, settings)\n");
        // Python names it where arguments are wrong.
        write!(classes, "\n\n_{name}Settings.__init__.__qualname__ = \"{name}Client.__init__\"\n")?;
    }
    Ok(format!(
        "\"\"\"The constructors of the clients.\n\n{GENERATED}\n\"\"\"\n\nfrom __future__ import annotations\n\n\
         {TYPE_CHECKING}if TYPE_CHECKING:\n    import os\n    from collections.abc import Callable, Mapping\n    \
         from logging import Logger\n    \
         from typing import Any, Literal, TypedDict\n\n    \
         from ._hooks import Attempt\n    from ._retry import Retry\n    from .config import FormationConfig, ServerConfig\n{types}{classes}"
    ))
}

/// The module with the configuration dataclasses.
pub(crate) fn dataclasses() -> Result<String> {
    let mut out = format!(
        "\"\"\"Configuration objects, for programs that keep a client's settings in one. Keywords do the same.\n\n\
         A field that is not None counts as given, as a keyword does; None leaves it to the environment.\n\n\
         {GENERATED}\n\"\"\"\n\nfrom __future__ import annotations\n\nfrom dataclasses import dataclass, field\n\
         from logging import Logger\n\nfrom ._retry import Retry\n\n__all__ = [\"FormationConfig\", \"ServerConfig\"]\n"
    );
    for (api, name, doc) in [
        (Api::Server, "ServerConfig", "Settings of a server client."),
        (Api::Formation, "FormationConfig", "Settings of a formation client."),
    ] {
        let mut keywords = keywords(api)?;
        keywords.retain(|keyword| keyword.setting.flags.config);
        let mut block = String::from("\n    Attributes:\n");
        for keyword in keywords.iter().filter(|keyword| !keyword.is_internal()) {
            let line = format!("{}: {}", keyword.name, keyword.doc);
            writeln!(block, "{}", text::wrap(&line, "        ", "            "))?;
        }
        write!(out, "\n\n@dataclass\nclass {name}:\n{}\n", text::docstring(doc, &block, "    ")?)?;
        for Keyword { name, annotation, setting, .. } in &keywords {
            let default = if setting.flags.secret { "field(default=None, repr=False)" } else { "None" };
            writeln!(out, "    {name}: {annotation} | None = {default}")?;
        }
    }
    Ok(out)
}

/// The table of settings for the reference page.
pub(crate) fn table() -> Result<String> {
    let mut out =
        String::from("| setting | client | default | environment variable | meaning |\n|---|---|---|---|---|\n");
    for row in Setting::all().filter(|row| !row.flags.internal && row.language != Language::Rust) {
        for usage in row.usages {
            let client = match usage.apis {
                [Api::Server] => "server",
                [Api::Formation] => "formation",
                _ => "both",
            };
            let unit = if row.kind == SettingKind::Seconds && row.default != Some("no limit") { " s" } else { "" };
            let default = row.default.map(|default| format!("{default}{unit}")).unwrap_or_default();
            let variable = usage.variable.map(|name| format!("`{name}`")).unwrap_or_default();
            let meaning = text::cell(&text::paragraphs(usage.doc).join(" "));
            writeln!(out, "| `{}` | {client} | {default} | {variable} | {meaning} |", row.name)?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use muxi_client::{Retry, api::retry::default_statuses};
    use std::time::Duration;

    #[test]
    fn the_rule_for_retries_has_the_same_defaults_in_python() {
        let module = include_str!("../../python/muxi/_retry.py");
        let default = |field: &str| {
            let line =
                module.lines().find(|line| line.trim().starts_with(&format!("{field}: ")) && line.contains(" = "));
            line.unwrap().rsplit(" = ").next().unwrap()
        };
        let pause = |field: &str| Duration::from_secs_f64(default(field).parse().unwrap());
        assert_eq!(Retry::new(3), Retry::new(3).base(pause("base")).cap(pause("cap")));
        let statuses: Vec<_> = default_statuses().iter().map(u16::to_string).collect();
        assert_eq!(default("statuses"), format!("({})", statuses.join(", ")));
    }
}
