//! The Python clients: one method per operation, synchronous and asynchronous.

use crate::{
    model::{Def, Types},
    signature::{Arg, arguments, is_spread, return_type, stream_class},
    text::{self, WIDTH},
    types,
};
use anyhow::{Context as _, Result};
use muxi_client::api::table::{Endpoint, Place, Reply};
use std::{collections::BTreeSet, fmt::Write as _};

/// A Python module with one client. The asynchronous ones have modules of their own, which programs that do not need
/// them do not load.
pub(crate) fn module(
    api: &str,
    about: &str,
    is_async: bool,
    endpoints: &[&'static Endpoint],
    types: &Types,
) -> Result<String> {
    let (kind, prefix, waits) =
        if is_async { ("Async", "Async", "Asynchronous client") } else { ("Sync", "", "Client") };
    let mut class = format!(
        "\n\nclass {prefix}{api}Client({kind}{api}Base):\n    \"\"\"{waits} {about}\"\"\"\n\n    __slots__ = ()\n"
    );
    for endpoint in endpoints {
        class.push_str(&method(endpoint, types, prefix).with_context(|| endpoint.name.to_owned())?);
    }
    class.push_str(&raw_class(&format!("{prefix}{api}Client"), prefix, endpoints, types)?);
    let lower = api.to_lowercase();
    let mut out = format!(
        "\"\"\"The {} client of a MUXI {lower}.\n\n{}\n\"\"\"\n\nfrom __future__ import annotations\n\n",
        if is_async { "asynchronous" } else { "synchronous" },
        crate::GENERATED
    );
    let words: BTreeSet<&str> = class.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let known = |names: &[&str]| -> Vec<String> {
        names.iter().filter(|name| words.contains(**name)).map(|&name| name.to_owned()).collect()
    };
    let streams = known(&[&format!("{prefix}ChatStream"), &format!("{prefix}EventStream")]).join(", ");
    let streams = format!("from ._stream{} import {streams}\n", if is_async { "_async" } else { "" });
    write!(out, "from ._client import {kind}{api}Base\n{streams}\n{}if TYPE_CHECKING:\n", crate::TYPE_CHECKING)?;
    if class.contains("os.PathLike") {
        out.push_str("    import os\n");
    }
    let replies = endpoints
        .iter()
        .filter(|endpoint| endpoint.reply == Reply::Json && endpoint.reply_type != "Object")
        .map(|endpoint| endpoint.reply_type.to_owned())
        .collect::<BTreeSet<_>>();
    import(&mut out, "collections.abc", &known(&["Mapping", "Sequence"]));
    import(&mut out, "typing", &known(&["Any"]));
    out.push('\n');
    import(&mut out, "typing_extensions", &known(&["Unpack"]));
    if words.contains("Unpack") {
        out.push('\n');
    }
    // The parts of this module that the official package has, too.
    let widgets = !is_async && lower == "formation";
    let mut own = vec![
        ("._client".to_owned(), known(&["BundleInput", "_Raw"])),
        ("._options".to_owned(), known(&["CallKeywords"])),
        ("._raw_response".to_owned(), known(&["RawResponse"])),
    ];
    if widgets {
        own.push(("._event".to_owned(), vec!["parse_ui_widgets".to_owned()]));
    }
    if !is_async {
        own.push((format!("._{lower}_async"), vec![format!("Async{api}Client")]));
        own.push((".config".to_owned(), vec![format!("{api}Config")]));
    }
    own.sort();
    for (module, names) in own {
        import(&mut out, &module, &names);
    }
    let taken = types::taken(endpoints.iter().copied()).into_iter().map(str::to_owned);
    let words = types.iter().filter(|(_, def)| matches!(def, Def::Words(_))).map(|(name, _)| name.to_owned());
    let fields = types::SPREAD.iter().map(|name| format!("{name}Fields"));
    let taken: Vec<String> = taken.chain(fields).chain(words).collect();
    let taken = known(&taken.iter().map(String::as_str).collect::<Vec<_>>());
    let mut named: Vec<String> = replies.into_iter().chain(taken).collect();
    named.sort_by_key(|name| name.to_lowercase());
    named.dedup();
    import(&mut out, ".types", &named);
    if is_async {
        write!(out, "\n__all__ = [\"Async{api}Client\"]\n")?;
    } else {
        let more = if widgets { ", \"parse_ui_widgets\"" } else { "" };
        write!(out, "\n__all__ = [\"Async{api}Client\", \"{api}Client\", \"{api}Config\"{more}]\n")?;
    }
    out.push_str(&class);
    if !is_async {
        let more = if widgets { ", \"parse_ui_widgets\": \"_event\"" } else { "" };
        write!(
            out,
            "\n\n_HOMES = {{\"Async{api}Client\": \"_{lower}_async\", \"{api}Config\": \"config\"{more}}}\n\n\n\
             def __getattr__(name: str) -> object:\n    if name not in _HOMES:\n        \
             raise AttributeError(f\"module {{__name__!r}} has no attribute {{name!r}}\")\n    \
             from importlib import import_module\n\n    \
             return getattr(import_module(f\"muxi.{{_HOMES[name]}}\"), name)\n"
        )?;
    }
    Ok(out)
}

/// The type of `with_raw_response`: the same methods, most of which return a `RawResponse`.
fn raw_class(client: &str, prefix: &str, endpoints: &[&'static Endpoint], types: &Types) -> Result<String> {
    let mut out = format!(
        "\n    if TYPE_CHECKING:\n\n        @property\n        def with_raw_response(self) -> Raw{client}:\n            \
         \"\"\"The same methods, each returning a `RawResponse` with status, headers and body.\"\"\"\n            ...\n\n\n\
         if TYPE_CHECKING:\n\n    class Raw{client}(_Raw):\n        \
         \"\"\"The methods of `{client}`, each returning a `RawResponse`.\"\"\"\n"
    );
    for endpoint in endpoints {
        let plain = return_type(endpoint, types, prefix)?;
        let is_same = endpoint.is_stream() || endpoint.flags.length;
        let returns = if is_same { plain } else { format!("RawResponse[{plain}]") };
        let mut args = vec!["self".to_owned()];
        let own = arguments(endpoint, types)?;
        let spread = endpoint.params.iter().find(|param| is_spread(param));
        let common = if spread.is_some() { common(endpoint).to_vec() } else { Vec::new() };
        for arg in own.iter().chain(&common) {
            if arg.keyword_only && !args.iter().any(|arg| arg == "*") {
                args.push("*".to_owned());
            }
            args.push(arg.declaration());
        }
        args.push(match spread {
            Some(param) => format!("**fields: Unpack[{}Fields]", param.rust_type),
            None => "**options: Unpack[CallKeywords]".to_owned(),
        });
        let waits = if prefix.is_empty() || endpoint.is_stream() { "" } else { "async " };
        let head = format!("        {waits}def {}(", endpoint.name);
        let line = format!("{head}{}) -> {returns}: ...", args.join(", "));
        if line.len() <= WIDTH {
            write!(out, "\n{line}\n")?;
        } else {
            let args: String = args.iter().map(|arg| format!("            {arg},\n")).collect();
            write!(out, "\n{head}\n{args}        ) -> {returns}: ...\n")?;
        }
    }
    Ok(out)
}

fn import(out: &mut String, module: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let line = format!("    from {module} import {}\n", names.join(", "));
    if line.len() <= WIDTH {
        out.push_str(&line);
    } else {
        out.push_str(&format!("    from {module} import (\n        {},\n    )\n", names.join(",\n        ")));
    }
}

fn method(endpoint: &Endpoint, types: &Types, prefix: &str) -> Result<String> {
    let returns = return_type(endpoint, types, prefix)?;
    let waits = !prefix.is_empty() && !endpoint.is_stream();
    let args = arguments(endpoint, types)?;
    let mut out = format!("\n    {}def {}(\n        self,\n", if waits { "async " } else { "" }, endpoint.name);
    let common = common(endpoint);
    let mut starred = false;
    for arg in args.iter().chain(&common) {
        if arg.keyword_only && !starred {
            out.push_str("        *,\n");
            starred = true;
        }
        writeln!(out, "        {},", arg.declaration())?;
    }
    let spread = endpoint.params.iter().find(|param| is_spread(param));
    if let Some(param) = spread {
        writeln!(out, "        **fields: Unpack[{}Fields],", param.rust_type)?;
    }
    writeln!(out, "    ) -> {returns}:")?;

    let mut block = String::from("\n        Args:\n");
    for arg in args.iter().chain(&common) {
        let line = format!("{}: {}", arg.name, text::python_marks(&arg.doc));
        block.push_str(&text::wrap(&line, "            ", "                "));
        block.push('\n');
    }
    if let Some(param) = spread {
        let doc = format!(
            "**fields: The fields of ``{}`` by keyword, instead of or beside `{}`.",
            param.rust_type, param.name
        );
        block.push_str(&text::wrap(&doc, "            ", "                "));
        block.push('\n');
    }
    block.push_str("\n        Returns:\n");
    block.push_str(&text::wrap(&returned(endpoint, types, prefix), "            ", "            "));
    block.push_str("\n\n        Raises:\n            MuxiError: The call failed; its subclass says how.\n");
    block.push_str("            TypeError: An argument is of a wrong type; nothing was sent.\n");
    block.push_str("            ValueError: An argument or a key is missing or wrong; nothing was sent.\n");
    if endpoint.params.iter().any(|param| param.place == Place::Bundle) {
        block.push_str("            OSError: The bundle cannot be read, for instance ``FileNotFoundError``.\n");
    }
    block.push('\n');
    writeln!(block, "        HTTP: ``{} {}``, {}.", endpoint.method, endpoint.path, endpoint.key)?;
    out.push_str(&text::docstring(endpoint.doc, &block, "        ")?);
    out.push_str(&body(endpoint, prefix, waits));
    Ok(out)
}

/// The arguments that every method takes.
fn common(endpoint: &Endpoint) -> [Arg; 4] {
    let timeout = match (endpoint.is_stream(), endpoint.flags.slow) {
        (true, _) => "Seconds for the beginning of the stream. Default: no limit.".to_owned(),
        (_, true) => format!("Seconds for this call; {} when not given.", Endpoint::SLOW_SECONDS),
        _ => "Seconds for this call instead of the client's.".to_owned(),
    };
    let deadline = match endpoint.is_stream() {
        true => "Seconds for the whole stream, instead of the client's deadline.",
        false => "Seconds for all attempts and the waits between them, instead of the client's deadline.",
    };
    [
        Arg::new("timeout", "float | None", Some("None"), true, &timeout),
        Arg::new("deadline", "float | None", Some("None"), true, deadline),
        Arg::new("headers", "Mapping[str, str] | None", Some("None"), true, "More headers for this call."),
        Arg::new("idempotency_key", "str | None", Some("None"), true, "The key to send instead of a fresh one."),
    ]
}

/// The documentation of a method's return value.
fn returned(endpoint: &Endpoint, types: &Types, prefix: &str) -> String {
    match endpoint.reply {
        Reply::Events(_) if prefix.is_empty() => {
            "The events, as they come. Closing the stream, or leaving its ``with`` block, hangs up.".to_owned()
        }
        Reply::Events(_) => "The events, as they come: use ``async for`` on it directly or after ``await``. \
            Closing the stream, or leaving its ``async with`` block, hangs up."
            .to_owned(),
        Reply::Bytes => "The bytes.".to_owned(),
        Reply::Text if endpoint.flags.length => "The length of the answer.".to_owned(),
        Reply::Text => "The text.".to_owned(),
        Reply::Json => match types.get(endpoint.reply_type) {
            Some(Def::Struct(reply)) if !reply.fields.is_empty() => {
                let keys = |required: bool| {
                    let keys = reply.fields.iter().filter(|field| field.required == required);
                    keys.map(|field| format!("``{}``", field.name)).collect::<Vec<_>>().join(", ")
                };
                match (keys(true), keys(false)) {
                    (always, sometimes) if sometimes.is_empty() => format!("A dict with {always}."),
                    (always, sometimes) if always.is_empty() => format!("A dict with, where known, {sometimes}."),
                    (always, sometimes) => format!("A dict with {always} and, where known, {sometimes}."),
                }
            }
            _ => "The reply as a dict.".to_owned(),
        },
    }
}

/// The one statement of a method.
fn body(endpoint: &Endpoint, prefix: &str, waits: bool) -> String {
    let formation_id = endpoint.param("formation_id").map_or("None", |param| param.name);
    let values: Vec<String> = endpoint
        .params
        .iter()
        .map(|param| match param.place {
            Place::Bundle => format!("self._bundle({formation_id}, {}, bundle_path)", param.name),
            _ if is_spread(param) => format!("self._payload(\"{}\", {}, fields)", param.rust_type, param.name),
            _ => param.name.to_owned(),
        })
        .collect();
    let tuple = match values.as_slice() {
        [] => "()".to_owned(),
        [one] => format!("({one},)"),
        many => format!("({})", many.join(", ")),
    };
    let (open, close) = if endpoint.flags.length { ("len(", ")") } else { ("", "") };
    let waiting = if waits { "await " } else { "" };
    let call = if endpoint.is_stream() { "self._open" } else { "self._call" };
    let call = format!("        return {open}{waiting}{call}(");
    let name = format!("\"{}\"", endpoint.name);
    let class = stream_class(endpoint, prefix);
    let options = "(timeout, deadline, headers, idempotency_key)";
    let items: Vec<&str> = class.as_deref().into_iter().chain([name.as_str(), &tuple, options]).collect();
    let line = format!("{call}{}){close}", items.join(", "));
    if line.len() <= WIDTH {
        return line + "\n";
    }
    let item = |item: &str| {
        let line = format!("            {item},");
        if line.len() <= WIDTH || item != tuple {
            return line + "\n";
        }
        format!("            (\n                {},\n            ),\n", values.join(",\n                "))
    };
    format!("{call}\n{}        ){close}\n", items.into_iter().map(item).collect::<String>())
}
