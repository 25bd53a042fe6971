//! The command line, as a function: the program and `python -m muxi.local` both call it.

use crate::{
    Builder, QUIRKS, Server, formation,
    quirks::{Quirks, Selection},
};
use clap::Parser;
use muxi_client::api::endpoint::{Api, Endpoint};
use serde_json::json;
use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
};

/// Environment variable with the key of the language model: an argument would be seen by everybody on the machine.
const LLM_KEY: &str = "MUXI_LOCAL_LLM_KEY";

/// A local MUXI server for development and tests. State is in memory and ends with the process.
#[derive(Parser)]
#[command(name = "muxi-local", version)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 7890)]
    port: u16,
    /// Id of the server's key; random unless given.
    #[arg(long)]
    key_id: Option<String>,
    /// Secret of the server's key; random unless given.
    #[arg(long)]
    secret_key: Option<String>,
    /// Admin key of the formations; random unless given.
    #[arg(long)]
    admin_key: Option<String>,
    /// Client key of the formations; random unless given.
    #[arg(long)]
    client_key: Option<String>,
    /// Answer by the rules of this YAML file.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Let a language model answer: base URL of an OpenAI-compatible endpoint, such as https://api.openai.com/v1.
    /// Its key is taken from MUXI_LOCAL_LLM_KEY. With --script too, it answers what no rule fits.
    #[arg(long, value_name = "URL")]
    llm_url: Option<String>,
    /// Model to ask there; the formation's own unless given.
    #[arg(long, value_name = "NAME", requires = "llm_url")]
    llm_model: Option<String>,
    /// Let other machines use /_local too: request log, faults, clock and page.
    #[arg(long)]
    remote_inspection: bool,
    /// Defects of the shipped runtime and server to reproduce, such as `real`, `fixed`, `late-cancel` or
    /// `real,-idle-close-5s`; `list` prints them.
    #[arg(long, value_name = "LIST", value_parser = known_quirks, allow_hyphen_values = true)]
    quirks: Option<String>,
    /// Print the URL and the keys as one line of JSON.
    #[arg(long)]
    json: bool,
    /// List every operation and whether it is built, then exit.
    #[arg(long)]
    routes: bool,
}

/// What `--quirks` takes beside a selection.
const LIST: &str = "list";

/// Checks the value of `--quirks`.
fn known_quirks(text: &str) -> Result<String, String> {
    if text != LIST {
        text.parse::<Selection>().map_err(|error| error.to_string())?;
    }
    Ok(text.to_owned())
}

/// Runs the command line `args` (the program's name first) until a signal stops it. Returns the exit code.
pub fn cli(args: impl IntoIterator<Item = OsString>) -> i32 {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too; a closed pipe is no error of ours.
            let _ = error.print();
            return error.exit_code();
        }
    };
    if arguments.routes {
        // `muxi-local --routes | head` closes the pipe early.
        let _ = list_routes(&mut io::stdout().lock());
        return 0;
    }
    if arguments.quirks.as_deref() == Some(LIST) {
        let _ = list_quirks(&mut io::stdout().lock());
        return 0;
    }
    match run(&arguments) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("muxi-local: {}", explain(&arguments, &error));
            1
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let signal = Signals::new()?;
        let server = builder(arguments).start().await?;
        // Whoever started this may have closed its end; the server is of use all the same.
        let _ = announce(&mut io::stdout().lock(), arguments.json, &server);
        signal.wait().await;
        server.stopped().await;
        Ok(())
    })
}

fn builder(arguments: &Arguments) -> Builder {
    let host = &arguments.host;
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.clone() };
    let address = format!("{host}:{}", arguments.port);
    let mut builder = Server::builder().address(address).remote_inspection(arguments.remote_inspection);
    let Arguments { key_id, secret_key, admin_key, client_key, .. } = arguments;
    if let Some(key) = key_id {
        builder = builder.key_id(key);
    }
    if let Some(key) = secret_key {
        builder = builder.secret_key(key);
    }
    if let Some(key) = admin_key {
        builder = builder.admin_key(key);
    }
    if let Some(key) = client_key {
        builder = builder.client_key(key);
    }
    if let Some(path) = &arguments.script {
        builder = builder.script_file(path);
    }
    if let Some(url) = &arguments.llm_url {
        builder = builder.llm(url, arguments.llm_model.clone(), std::env::var(LLM_KEY).ok());
    }
    if let Some(selection) = &arguments.quirks {
        builder = builder.quirks(selection);
    }
    builder
}

fn announce(out: &mut impl Write, as_json: bool, server: &Server) -> io::Result<()> {
    let (url, id) = (server.url(), server.formation_id());
    if as_json {
        let line = json!({
            "url": url, "key_id": server.key_id(), "secret_key": server.secret_key(),
            "formation_id": id, "admin_key": server.admin_key(), "client_key": server.client_key(),
        });
        writeln!(out, "{line}")?;
    } else {
        let client_key = server.client_key();
        writeln!(out, "muxi-local {} is ready. Ctrl-C stops it.\n", env!("CARGO_PKG_VERSION"))?;
        for (name, value) in [
            ("url", url),
            ("key id", server.key_id()),
            ("secret key", server.secret_key()),
            ("formation", id),
            ("admin key", server.admin_key()),
            ("client key", client_key),
        ] {
            writeln!(out, "  {name:<12}{value}")?;
        }
        writeln!(
            out,
            "\nTry:\n  curl -N {url}/api/{id}/v1/chat -H 'X-Muxi-Client-Key: {client_key}' \\\n    \
             -H 'Content-Type: application/json' -d '{{\"message\": \"Hello\", \"stream\": true}}'"
        )?;
    }
    out.flush()
}

fn list_routes(out: &mut impl Write) -> io::Result<()> {
    let mut rows: Vec<(&Endpoint, bool)> = crate::routes();
    rows.extend(formation::routes());
    for (endpoint, built) in rows {
        let prefix = if endpoint.api == Api::Formation { "/v1" } else { "" };
        let state = if built { "built" } else { "501" };
        writeln!(out, "{:<28} {:<7} {state:<6} {prefix}{}", endpoint.name, endpoint.method, endpoint.path)?;
    }
    Ok(())
}

fn list_quirks(out: &mut impl Write) -> io::Result<()> {
    let default = Quirks::default();
    for row in QUIRKS {
        let mark = if default.has(row.name) { "*" } else { " " };
        writeln!(out, "{mark} {:<26}{:<15}{}", row.name, row.section, row.what)?;
    }
    writeln!(out, "\n* on by default. R: contract/formation-api.md, S: contract/server-api.md.")
}

fn explain(arguments: &Arguments, error: &io::Error) -> String {
    let Arguments { host, port, .. } = arguments;
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} on {host} is taken, perhaps by another muxi-local. Stop that process, or choose another port: --port 0 takes any free one."
        ),
        io::ErrorKind::PermissionDenied => {
            format!("not allowed to listen on {host}:{port}. Choose a port above 1023, such as --port 7890.")
        }
        io::ErrorKind::InvalidData => error.to_string(),
        _ => format!("cannot listen on {host}:{port}: {error}"),
    }
}

/// The signals that end the program; registered before the server starts, so that none is missed.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(self) {
        // Without a handler there is nothing to wait for but the end of the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
