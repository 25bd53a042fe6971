//! The program's output: the announcement, the operations, and the reasons why it could not start.

use super::arguments::Arguments;
use crate::{QUIRKS, QuirkInfo, Server, control, formation, quirks::Quirks, server::NotListening};
use muxi_client::api::table::Api;
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    io::{self, Write},
};

/// The word of the usual shell that gives programs a variable.
const SET_VARIABLE: &str = if cfg!(windows) { "set" } else { "export" };

/// A text as a shell takes it for one word. That of Windows takes a variable's value as it is.
fn quoted(text: &str) -> Cow<'_, str> {
    let quoted = if cfg!(windows) { None } else { shlex::try_quote(text).ok() };
    quoted.unwrap_or(Cow::Borrowed(text))
}

/// Says where the server is, with which keys, and what it serves.
pub(super) fn announce(out: &mut impl Write, as_json: bool, server: &Server) -> io::Result<()> {
    let (url, id) = (server.url(), server.formation_id());
    if as_json {
        let formation = |served: &crate::Served| {
            let path = served.path.as_ref().map(|path| path.display().to_string());
            json!({
                "id": served.id, "name": served.name, "version": served.version, "path": path,
                "url": format!("{url}/api/{}/v1", served.id),
                "admin_key": served.admin_key, "client_key": served.client_key,
            })
        };
        let formations: Vec<Value> = server.formations().iter().map(formation).collect();
        let line = json!({
            "url": url, "key_id": server.key_id(), "secret_key": server.secret_key(),
            "formation_id": id, "admin_key": server.admin_key(), "client_key": server.client_key(),
            "formations": formations,
        });
        writeln!(out, "{line}")?;
    } else {
        let key = format!("X-Muxi-Client-Key: {}", server.client_key());
        let key = shlex::try_quote(&key).unwrap_or(Cow::Borrowed(&key));
        writeln!(out, "muxi-local {} is ready. Ctrl-C stops it.\n", env!("CARGO_PKG_VERSION"))?;
        for (name, value) in [("url", url), ("key id", server.key_id()), ("secret key", server.secret_key())] {
            writeln!(out, "  {name:<12}{value}")?;
        }
        for served in server.formations() {
            let place = served.path.as_ref().map_or_else(|| "built in".to_owned(), |path| path.display().to_string());
            writeln!(out, "\n  {:<12}{} {} ({place})", "formation", served.id, served.version)?;
            writeln!(out, "  {:<12}{}", "admin key", served.admin_key)?;
            writeln!(out, "  {:<12}{}", "client key", served.client_key)?;
        }
        writeln!(out, "\nWhat comes, what it answers, and a place to chat: {url}/_local/")?;
        writeln!(out, "\nFor clients in another terminal:")?;
        for (name, value) in server.environment() {
            writeln!(out, "  {SET_VARIABLE} {name}={}", quoted(value))?;
        }
        writeln!(
            out,
            "\nTry:\n  curl -N {url}/api/{id}/v1/chat -H {key} \\\n    \
             -H 'Content-Type: application/json' -d '{{\"message\": \"Hello\", \"stream\": true}}'"
        )?;
    }
    out.flush()
}

/// Says what is odd about the formations, and that the server can be reached from elsewhere.
pub(super) fn warn(out: &mut impl Write, server: &Server) -> io::Result<()> {
    if !server.is_local() {
        let url = server.url();
        writeln!(
            out,
            "muxi-local: warning: this server is made for one machine, and others can reach it: it listens beyond the loopback interface ({url})"
        )?;
    }
    for served in server.formations() {
        for warning in served.warnings.iter().chain(&served.missing_secrets) {
            writeln!(out, "muxi-local: warning: {}: {warning}", served.id)?;
        }
    }
    Ok(())
}

/// One line for every operation.
pub(super) fn list_routes(out: &mut impl Write) -> io::Result<()> {
    for endpoint in control::routes().iter().chain(formation::routes()) {
        let prefix = if endpoint.api == Api::Formation { "/v1" } else { "" };
        writeln!(out, "{:<28} {:<7} {prefix}{}", endpoint.name, endpoint.method, endpoint.path)?;
    }
    Ok(())
}

/// One line for every quirk.
pub(super) fn list_quirks(out: &mut impl Write) -> io::Result<()> {
    let default = Quirks::default();
    let widest = |column: fn(&QuirkInfo) -> &str| QUIRKS.iter().map(|row| column(row).len()).max().unwrap_or_default();
    let (name, section) = (widest(|row| row.name), widest(|row| row.section));
    for row in QUIRKS {
        let mark = if default.on(row.quirk) { "*" } else { " " };
        writeln!(out, "{mark} {:<name$}  {:<section$}  {}", row.name, row.section, row.what)?;
    }
    writeln!(out, "\n* on by default. R: contract/formation-api.md, S: contract/server-api.md.")
}

/// Why the server did not start.
pub(super) fn explain(arguments: &Arguments, error: &io::Error) -> String {
    let Arguments { host, port, .. } = arguments;
    if !error.get_ref().is_some_and(|inner| inner.is::<NotListening>()) {
        // It says what it is about: a formation, a script, the data folder, the folder for temporary files.
        return error.to_string();
    }
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} on {host} is taken, perhaps by another muxi-local. Stop that process, or choose another port: --port 0 takes any free one."
        ),
        io::ErrorKind::PermissionDenied => {
            format!("not allowed to listen on {host}:{port}. Choose a port above 1023, such as --port 7890.")
        }
        _ => format!("--host {host}: {error}"),
    }
}
