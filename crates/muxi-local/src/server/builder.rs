//! The settings of a server.

use crate::{
    formation::responder::{
        Responders,
        llm::Llm,
        script::{Script, ScriptError},
    },
    host::Host,
    keys::Keys,
    quirks::Selection,
};
use std::{fmt, io, path::PathBuf, time::Duration};

/// The settings that a server is started with. Keys that are not given are random, or those of the data folder.
#[derive(Clone)]
pub struct Builder {
    pub(super) address: String,
    pub(super) keys: Keys<Option<String>>,
    pub(super) start_time: Duration,
    pub(super) script: Option<Source>,
    llm: Option<Endpoint>,
    pub(super) remote_inspection: bool,
    pub(super) formations: Vec<PathBuf>,
    pub(super) watch: bool,
    quirks: String,
    pub(super) data: Option<PathBuf>,
}

/// The source of a script.
#[derive(Clone)]
pub(super) enum Source {
    Text(String),
    File(PathBuf),
}

/// The endpoint of a language model.
#[derive(Clone)]
struct Endpoint {
    url: String,
    model: Option<String>,
    key: Option<String>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:0".into(),
            keys: Keys::default(),
            start_time: Duration::from_millis(5),
            script: None,
            llm: None,
            remote_inspection: false,
            formations: Vec::new(),
            watch: false,
            quirks: String::new(),
            data: None,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("address", &self.address).field("data", &self.data).finish_non_exhaustive()
    }
}

impl Builder {
    /// Sets the address to listen on; port 0 takes any free one.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// The id of the control plane's key.
    #[must_use]
    pub fn key_id(mut self, key: impl Into<String>) -> Self {
        self.keys.key_id = Some(key.into());
        self
    }

    /// The secret of the control plane's key.
    #[must_use]
    pub fn secret_key(mut self, key: impl Into<String>) -> Self {
        self.keys.secret_key = Some(key.into());
        self
    }

    /// The admin key of every formation that does not bring its own.
    #[must_use]
    pub fn admin_key(mut self, key: impl Into<String>) -> Self {
        self.keys.admin_key = Some(key.into());
        self
    }

    /// The client key of every formation that does not bring its own.
    #[must_use]
    pub fn client_key(mut self, key: impl Into<String>) -> Self {
        self.keys.client_key = Some(key.into());
        self
    }

    /// Sets the time that a formation takes to become healthy (default 5 ms; the real server's takes seconds). Longer
    /// times make half-done deployments observable.
    #[must_use]
    pub fn start_time(mut self, time: Duration) -> Self {
        self.start_time = time;
        self
    }

    /// Answers by the rules of a script; see [`script`](crate::formation::responder::script) for their form. A wrong
    /// one fails the start with [`io::ErrorKind::InvalidData`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let rules = "
    /// - when: { text: 'refund order (?<order>\\d+)', user: ada }
    ///   reply: Refunding {order} for {user}.
    /// - reply: { text: Which order?, pace_ms: 20, metadata: { mood: helpful } }
    /// ";
    /// let server = muxi_local::Server::builder().script(rules).start().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn script(mut self, yaml: impl Into<String>) -> Self {
        self.script = Some(Source::Text(yaml.into()));
        self
    }

    /// As [`Builder::script`], from a file that is read at the start.
    #[must_use]
    pub fn script_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.script = Some(Source::File(path.into()));
        self
    }

    /// Lets a language model answer what no rule of a script fits. `url` is the base URL of an OpenAI-compatible
    /// endpoint, such as `https://api.openai.com/v1`; `model` the model to ask there (the formation's own unless
    /// given); `key` is sent as a bearer token. A wrong one fails the start with [`io::ErrorKind::InvalidData`].
    #[must_use]
    pub fn llm(mut self, url: impl Into<String>, model: Option<String>, key: Option<String>) -> Self {
        self.llm = Some(Endpoint { url: url.into(), model, key });
        self
    }

    /// The parts that the whole server shares, set up as wanted.
    pub(super) fn host(&self) -> io::Result<Host> {
        let host = Host::default();
        let selection: Result<Selection, _> = self.quirks.parse();
        host.quirks.set(selection.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?);
        Ok(host)
    }

    /// The responders, which answer messages.
    pub(super) fn responders(&self) -> io::Result<Responders> {
        let responders = Responders::default();
        let invalid = |error: ScriptError| io::Error::new(io::ErrorKind::InvalidData, error);
        match &self.script {
            None => {}
            Some(Source::Text(yaml)) => responders.start_with(Script::read(yaml, None).map_err(invalid)?),
            Some(Source::File(path)) => responders.start_with(Script::open(path).map_err(invalid)?),
        }
        if let Some(Endpoint { url, model, key }) = self.llm.clone() {
            let llm = Llm::new(&url, model, key);
            responders.set_llm(llm.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?);
        }
        Ok(responders)
    }

    /// Allows other machines to use `/_local` too: the request log, the faults, the clock and the page, whose chat box
    /// needs no key. Only this machine may unless set.
    #[must_use]
    pub fn remote_inspection(mut self, allowed: bool) -> Self {
        self.remote_inspection = allowed;
        self
    }

    /// A formation to serve: a folder with `formation.afs`, such a file itself, or a `.tar.gz` bundle. May be called
    /// several times; the first one is also at `/v1`. Without any, the built-in demo is served.
    #[must_use]
    pub fn formation(mut self, path: impl Into<PathBuf>) -> Self {
        self.formations.push(path.into());
        self
    }

    /// Watches the files of formations and the script file, and reads them again when they change; the state of
    /// formations stays. Each reload is told on the standard error output, and where a file is wrong, what was read
    /// before it stays. Bundles are not watched.
    #[must_use]
    pub fn watch(mut self, watch: bool) -> Self {
        self.watch = watch;
        self
    }

    /// Selects the defects of the shipped runtime and server to reproduce: a list with commas, read from the left.
    /// `real` turns all on, `fixed` all off, a name turns one on and a name with a minus off ([`QUIRKS`](crate::QUIRKS)
    /// are the names). The default is the intended behaviour, but for how webhooks are encoded and signed. Starting
    /// fails with [`io::ErrorKind::InvalidInput`] when a name is unknown.
    #[must_use]
    pub fn quirks(mut self, selection: impl Into<String>) -> Self {
        self.quirks = selection.into();
        self
    }

    /// Keeps the server's state in this folder too, which is made where it is missing: a server that is started with
    /// it again has the same keys, deployed formations, drafts and everything that formations remember. Anything that a
    /// client was told is safe there, also when the process is killed. A formation that is given with
    /// [`Builder::formation`] begins from its files at each start and goes on with what it remembers. Without a folder
    /// the state ends with the server.
    ///
    /// Only one server may use a folder at a time. The folder is readable for its owner only; secrets and keys in it
    /// are not encrypted.
    #[must_use]
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data = Some(folder.into());
        self
    }
}
