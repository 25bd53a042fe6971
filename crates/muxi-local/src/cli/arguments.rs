//! The arguments, and the server that they ask for.

use crate::{Builder, Server, quirks::Selection};
use clap::{Parser, builder::NonEmptyStringValueParser};
use std::path::PathBuf;

/// Environment variable with the key of the language model: an argument would be seen by everybody on the machine.
const LLM_KEY: &str = "MUXI_LOCAL_LLM_KEY";

/// A local MUXI server for development and tests.
#[derive(Parser)]
#[command(name = "muxi-local", version)]
pub(super) struct Arguments {
    /// Formations to serve: folders, formation files or .tar.gz bundles. A built-in demo without any.
    #[arg(value_name = "FORMATION")]
    pub(super) formations: Vec<PathBuf>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub(super) host: String,
    /// Port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 7890)]
    pub(super) port: u16,
    /// Id of the server's key; random (or that of the data folder) unless given.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    key_id: Option<String>,
    /// Secret of the server's key; random (or that of the data folder) unless given.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    secret_key: Option<String>,
    /// Admin key of formations that bring none; random (or that of the data folder) unless given.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    admin_key: Option<String>,
    /// Client key of formations that bring none; random (or that of the data folder) unless given.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    client_key: Option<String>,
    /// Read the formations and the script again when their files change. The formations' state stays.
    #[arg(long)]
    watch: bool,
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
    /// Folder to keep all state in, keys included and not encrypted; without it, state ends with the process.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print the URL and the keys as one line of JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// List every operation, then exit.
    #[arg(long)]
    pub(super) routes: bool,
}

/// The value of `--quirks` that lists them.
const LIST: &str = "list";

/// Checks the value of `--quirks`.
fn known_quirks(text: &str) -> Result<String, String> {
    if text != LIST {
        text.parse::<Selection>().map_err(|error| error.to_string())?;
    }
    Ok(text.to_owned())
}

impl Arguments {
    /// True if the quirks are to be listed, and no server to be started.
    pub(super) fn lists_quirks(&self) -> bool {
        self.quirks.as_deref() == Some(LIST)
    }

    /// The builder of the server, with these settings.
    pub(super) fn builder(&self) -> Builder {
        let host = &self.host;
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.clone() };
        let address = format!("{host}:{}", self.port);
        let mut builder =
            Server::builder().address(address).watch(self.watch).remote_inspection(self.remote_inspection);
        for formation in &self.formations {
            builder = builder.formation(formation);
        }
        let Self { key_id, secret_key, admin_key, client_key, .. } = self;
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
        if let Some(path) = &self.script {
            builder = builder.script_file(path);
        }
        if let Some(url) = &self.llm_url {
            builder = builder.llm(url, self.llm_model.clone(), std::env::var(LLM_KEY).ok());
        }
        if let Some(selection) = &self.quirks {
            builder = builder.quirks(selection);
        }
        if let Some(folder) = &self.data {
            builder = builder.data(folder);
        }
        builder
    }
}
