//! The reference page: every operation of both APIs, and every reply type.

use crate::{
    errors,
    model::{Def, Shape, Types},
    python, settings,
    text::{WIDTH, cell},
    types,
};
use anyhow::{Context as _, Result};
use muxi_client::api::table::{Endpoint, Reply, formation, server};
use std::fmt::Write as _;

const HEAD: &str = "# Reference

Every operation of the four Python clients. The asynchronous clients have the same methods: `await` those that return
a value, and use `async for` on those that return a stream. Every method also takes the keywords `timeout` and
`deadline` (seconds), `headers` (a mapping) and `idempotency_key` (text), which are left out below.

";

/// The page `docs/reference.md`.
pub(crate) fn page(types: &Types) -> Result<String> {
    let mut out = format!("<!-- {} -->\n\n{HEAD}", crate::GENERATED);
    let apis = [
        ("ServerClient", "The control plane of a MUXI server.", server::ENDPOINTS),
        ("FormationClient", "One formation.", formation::ENDPOINTS),
    ];
    for (client, _, endpoints) in apis {
        writeln!(out, "- [`{client}`](#{}): {} operations", client.to_lowercase(), endpoints.len())?;
    }
    out.push_str("- [Settings](#settings)\n- [Errors](#errors)\n- [Reply types](#reply-types)\n");
    for (client, about, endpoints) in apis {
        write!(out, "\n## {client}\n\n{about} Asynchronous: `Async{client}`.\n")?;
        for endpoint in endpoints {
            operation(&mut out, endpoint, types).with_context(|| endpoint.name.to_owned())?;
        }
    }
    out.push_str(
        "\n## Settings\n\nKeywords of the constructors in Python, methods of the builders in Rust. A keyword beats the ",
    );
    writeln!(out, "environment variable, also\nwhen it equals the default.\n\n{}", settings::table()?.trim_end())?;
    writeln!(out, "\n## Errors\n\n{}", errors::table()?.trim_end())?;
    out.push_str(
        "\n## Reply types\n\nA reply is a dict. Keys that are not listed are kept. A reply may carry `request_id`, ",
    );
    out.push_str("`idempotency_key` and `timestamp`\nof its envelope beside its own keys.\n");
    for (name, def) in types.iter().filter(|(name, _)| !matches!(*name, "Object" | "Text" | "Bytes")) {
        reply_type(&mut out, name, def)?;
    }
    Ok(out)
}

fn operation(out: &mut String, endpoint: &Endpoint, types: &Types) -> Result<()> {
    let args = python::arguments(endpoint, types)?;
    let mut parts = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        if arg.keyword_only && (at == 0 || !args[at - 1].keyword_only) {
            parts.push("*".to_owned());
        }
        parts.push(arg.declaration());
    }
    let returns = python::return_type(endpoint, types, "")?;
    let mut signature = format!("{}({}) -> {returns}", endpoint.name, parts.join(", "));
    if signature.len() > WIDTH {
        signature = format!("{}(\n    {},\n) -> {returns}", endpoint.name, parts.join(",\n    "));
    }
    write!(out, "\n### `{}`\n\n{}\n", endpoint.name, endpoint.doc.trim().replace("\n ", "\n"))?;
    write!(out, "\n```python\n{signature}\n```\n")?;
    write!(out, "\n`{} {}`, {}. ", endpoint.method, endpoint.path, endpoint.key)?;
    out.push_str(&match endpoint.reply {
        Reply::Json if endpoint.reply_type == "Object" => "Returns a dict.\n".to_owned(),
        Reply::Json => format!("Returns [`{0}`](#type-{1}).\n", returns, returns.to_lowercase()),
        Reply::Events(_) => format!("Returns a stream, `{returns}`.\n"),
        Reply::Text | Reply::Bytes => format!("Returns `{returns}`.\n"),
    });
    if !args.is_empty() {
        out.push_str("\n| argument | goes to | meaning |\n| --- | --- | --- |\n");
        for arg in &args {
            writeln!(out, "| `{}` | {} | {} |", arg.name, cell(&arg.place), cell(&arg.doc))?;
        }
    }
    Ok(())
}

fn reply_type(out: &mut String, name: &str, def: &Def) -> Result<()> {
    write!(out, "\n<a id=\"type-{}\"></a>\n\n### {name}\n", name.to_lowercase())?;
    match def {
        Def::Alias(Shape::Map(inner), doc) if **inner == Shape::Any => {
            write!(out, "\n{doc}{}An open object.\n", if doc.is_empty() { "" } else { "\n\n" })?;
        }
        Def::Alias(shape, doc) => {
            let kind = types::annotation(shape);
            write!(out, "\n{doc}{}The same as `{kind}`.\n", if doc.is_empty() { "" } else { "\n\n" })?;
        }
        Def::Words(words) => {
            write!(out, "\n{}\n\nText; a word that is not listed is kept.\n", words.doc)?;
            out.push_str("\n| word | meaning |\n| --- | --- |\n");
            for (word, meaning) in &words.known {
                writeln!(out, "| `{}` | {} |", cell(word), cell(meaning))?;
            }
        }
        Def::Struct(item) => {
            write!(out, "\n{}\n", item.doc)?;
            if !item.fields.is_empty() {
                out.push_str("\n| key | type | meaning |\n| --- | --- | --- |\n");
            }
            for field in &item.fields {
                let maybe = if field.required { "" } else { " (may be absent)" };
                let kind = types::annotation(&field.shape);
                writeln!(out, "| `{}` | `{}`{maybe} | {} |", field.name, cell(&kind), cell(&field.doc))?;
            }
        }
    }
    Ok(())
}
