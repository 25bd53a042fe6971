//! The in-process handle.

use crate::{
    Arrival, Fault, InvalidFault, RequestsForgotten,
    control::{Control, Reload, Served, Watcher},
    formation::{
        Context, Webhook, WebhookAnswer, WebhookFailure,
        responder::{
            Responders,
            llm::Llm,
            script::{Script, ScriptError},
        },
    },
    front::Front,
    host::Host,
    inspect::Access,
    keys::Keys,
    proxy,
    quirks::{Selection, UnknownQuirk},
    serve,
    store::Store,
};
use std::{
    fmt, io,
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, SystemTime},
};
use tokio::{net::TcpListener, sync::oneshot, task};

/// The settings that a server is started with. Keys that are not given are random, or those of the data folder.
#[derive(Clone)]
pub struct Builder {
    address: String,
    keys: Keys<Option<String>>,
    start_time: Duration,
    script: Option<Source>,
    llm: Option<Endpoint>,
    remote_inspection: bool,
    formations: Vec<PathBuf>,
    watch: bool,
    quirks: String,
    data: Option<PathBuf>,
}

/// The source of a script.
#[derive(Clone)]
enum Source {
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
    fn host(&self) -> io::Result<Host> {
        let host = Host::default();
        let selection: Result<Selection, _> = self.quirks.parse();
        host.quirks.set(selection.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?);
        Ok(host)
    }

    /// The responders, which answer messages.
    fn responders(&self) -> io::Result<Responders> {
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

    /// Starts the server on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] where formations are wrong: the message has every fault of every file, one a
    /// line, with line and column. [`io::ErrorKind::Other`] where the data folder is in use, damaged or of a newer
    /// version. Otherwise what kept the server from listening.
    pub async fn start(self) -> io::Result<Server> {
        // Reading a data folder waits for the disk.
        let bound = task::spawn_blocking(move || self.bind()).await.map_err(io::Error::other)?;
        let (mut server, stop, run) = bound?;
        let listener = TcpListener::from_std(run.listener)?;
        server.running = Running::Task(task::spawn(run_until(listener, run.front, run.context, stop)));
        Ok(server)
    }

    /// Binds the listener and makes the handle; nothing runs yet.
    fn bind(self) -> io::Result<(Server, oneshot::Receiver<()>, Run)> {
        let (mut host, responders) = (self.host()?, self.responders()?);
        if let Some(folder) = &self.data {
            host.store = Store::open(folder)?;
        }
        let keys = self.keys.complete(&host.store).map_err(io::Error::other)?;
        let context = Context::new(Arc::new(host), responders);
        let listener = listen(&self.address)?;
        let address = listener.local_addr()?;
        let url = format!("http://{}", reachable(address));
        let (sender, receiver) = oneshot::channel();
        let control = Control::new(context.clone(), &keys, &url, self.start_time)?;
        let access = Arc::new(Access::new(self.remote_inspection, &self.address));
        let front = Front { app: proxy::app(control.clone(), access.clone()), host: context.host.clone(), access };
        let formations = control.start_with(&self.formations)?;
        let script = if let Some(Source::File(path)) = &self.script { Some(path.as_path()) } else { None };
        let watcher = if self.watch { Some(Watcher::start(&control, script)?) } else { None };
        let first = formations.first().cloned().ok_or_else(|| io::Error::other("no formation is served"))?;
        let server = Server {
            control,
            url,
            local: address.ip().is_loopback(),
            first,
            formations,
            key_id: keys.key_id,
            secret_key: keys.secret_key,
            _watcher: watcher,
            stop: Some(sender),
            running: Running::Ended,
        };
        Ok((server, receiver, Run { listener, front, context }))
    }
}

struct Run {
    listener: std::net::TcpListener,
    front: Front,
    context: Arc<Context>,
}

/// Serves until it is stopped, then lets go of the data folder.
async fn run_until(listener: TcpListener, front: Front, context: Arc<Context>, stop: oneshot::Receiver<()>) {
    serve::serve(listener, front, async { drop(stop.await) }).await;
    let close = move || {
        context.flush();
        context.host.store.close();
    };
    // Only a panic could fail here, and there is nothing left to tell of it.
    let _ = task::spawn_blocking(close).await;
}

fn listen(address: &str) -> io::Result<std::net::TcpListener> {
    let bound = address.to_socket_addrs().and_then(|addresses| {
        let addresses: Vec<SocketAddr> = addresses.collect();
        std::net::TcpListener::bind(addresses.as_slice())
    });
    let failed = |error: io::Error| io::Error::new(error.kind(), NotListening { address: address.to_owned(), error });
    let listener = bound.map_err(failed)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The address cannot be listened on. Other errors of a start may have the same kind.
#[derive(Debug)]
pub(crate) struct NotListening {
    address: String,
    error: io::Error,
}

impl fmt::Display for NotListening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, error } = self;
        write!(
            f,
            "cannot listen on {address}: expected an address of this machine and a free port, such as 127.0.0.1:7890: {error}"
        )
    }
}

impl std::error::Error for NotListening {}

/// The address that a client on this machine can use.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// A running local MUXI server. Stops when dropped.
pub struct Server {
    control: Arc<Control>,
    url: String,
    local: bool,
    first: Served,
    formations: Vec<Served>,
    key_id: String,
    secret_key: String,
    _watcher: Option<Watcher>,
    stop: Option<oneshot::Sender<()>>,
    running: Running,
}

enum Running {
    Task(task::JoinHandle<()>),
    Thread(thread::JoinHandle<()>),
    Ended,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url)
            .field("formations", &self.formations)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Returns a builder, which starts a server.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts the server on a thread of its own; needs no runtime.
    pub fn spawn(builder: Builder) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Tasks that formations start of their own accord are spawned while they are made.
        let inside = runtime.enter();
        let (mut server, stop, run) = builder.bind()?;
        drop(inside);
        let (ready, started) = mpsc::channel();
        let thread = thread::Builder::new().name("muxi-local".into()).spawn(move || {
            runtime.block_on(async move {
                match TcpListener::from_std(run.listener) {
                    Err(error) => drop(ready.send(Err(error))),
                    Ok(listener) => {
                        let _ = ready.send(Ok(()));
                        run_until(listener, run.front, run.context, stop).await;
                    }
                }
            });
            // Extractions still at work must not hold up the stop.
            runtime.shutdown_background();
        })?;
        server.running = Running::Thread(thread);
        started.recv().map_err(|_| io::Error::other("the server's thread ended at once"))??;
        Ok(server)
    }

    /// The base URL, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// True if only this machine can reach the server.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// The id of the control plane's key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The secret of the control plane's key.
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// The id of the first formation, which is also at `/v1`.
    pub fn formation_id(&self) -> &str {
        &self.first.id
    }

    /// The admin key of the first formation.
    pub fn admin_key(&self) -> &str {
        &self.first.admin_key
    }

    /// The client key of the first formation.
    pub fn client_key(&self) -> &str {
        &self.first.client_key
    }

    /// The environment variables by which the clients, those of other processes too, find the server and its first
    /// formation.
    pub fn environment(&self) -> [(&'static str, &str); 6] {
        [
            ("MUXI_SERVER_URL", self.url()),
            ("MUXI_KEY_ID", self.key_id()),
            ("MUXI_SECRET_KEY", self.secret_key()),
            ("MUXI_FORMATION_ID", self.formation_id()),
            ("MUXI_ADMIN_KEY", self.admin_key()),
            ("MUXI_CLIENT_KEY", self.client_key()),
        ]
    }

    /// The formations that the server was started with, as they were then.
    pub fn formations(&self) -> &[Served] {
        &self.formations
    }

    /// Reads the files of the formations again, as [`Builder::watch`] does when they change. Returns what became of
    /// each that has files; one whose files are wrong goes on as it was.
    pub fn reload(&self) -> Vec<Reload> {
        self.control.reload(|_| true)
    }

    /// Answers by the rules of another script from now on; turns that run are not touched. The counts of `times` and
    /// `replies` begin anew. See [`script`](crate::formation::responder::script) for the form of a script. A wrong
    /// one changes nothing.
    pub fn script(&self, yaml: &str) -> Result<(), ScriptError> {
        self.control.context.responders.set_script(Script::read(yaml, None)?);
        Ok(())
    }

    /// Moves the server's clock forward, at most to the end of the year 9999: what is due by then happens now. Scheduled
    /// jobs take a moment to run; see [`Server::is_settled`].
    pub fn advance(&self, by: Duration) {
        self.control.host.clock.advance(by);
    }

    /// The time by the server's clock.
    pub fn now(&self) -> SystemTime {
        let since = Duration::try_from(self.control.host.clock.now().as_duration());
        SystemTime::UNIX_EPOCH + since.unwrap_or_default()
    }

    /// True if no scheduled job runs and none that is due waits to be run.
    pub fn is_settled(&self) -> bool {
        self.control.settled()
    }

    /// Arms a fault: the requests that it fits meet it until it is used up or cleared. The first armed one that fits
    /// a request is the one that it meets.
    pub fn fail(&self, fault: Fault) -> Result<(), InvalidFault> {
        self.control.host.faults.arm(fault)
    }

    /// Sends a webhook to an address of your choice, and returns the answers to it, one for each time that it is sent.
    ///
    /// ```no_run
    /// # async fn receives_it_once(server: &muxi_local::Server) -> Result<(), muxi_local::WebhookFailure> {
    /// use muxi_local::Webhook;
    /// let answers = server.send_webhook(&Webhook::to("http://127.0.0.1:8000/webhooks/muxi").times(2)).await?;
    /// assert!(answers.iter().all(|answer| answer.status == 200));
    /// let answers = server.send_webhook(&Webhook::to("http://127.0.0.1:8000/webhooks/muxi").wrongly_signed()).await?;
    /// assert_eq!(answers[0].status, 401);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`WebhookFailure::Invalid`] where the webhook cannot be sent as it is: the URL is none, no formation has the id,
    /// it is to be sent not once, or has both a payload and parts of a turn. [`WebhookFailure::Failed`] when the formation
    /// does not run, or there is no answer: nothing listens there, or it takes longer than 30 seconds.
    pub async fn send_webhook(&self, webhook: &Webhook) -> Result<Vec<WebhookAnswer>, WebhookFailure> {
        self.control.send_webhook(webhook).await
    }

    /// The armed faults, as `GET /_local/faults` lists them: the parts of each, its text, and how often it happened.
    pub fn faults(&self) -> serde_json::Value {
        self.control.host.faults.list()
    }

    /// No fault is armed any more.
    pub fn clear_faults(&self) {
        self.control.host.faults.clear();
    }

    /// The requests since the start or [`Server::clear_requests`], in the order of their arrival.
    ///
    /// # Errors
    /// When more have arrived than are kept: 10,000, with 64 MiB of bodies.
    pub fn requests(&self) -> Result<Vec<Arrival>, RequestsForgotten> {
        self.control.host.log.all()
    }

    /// Forgets the requests that have arrived.
    pub fn clear_requests(&self) {
        self.control.host.log.clear();
    }

    /// Puts everything back to the start: formations and what they remember, faults, the request log, the clock
    /// and the script. Deployed formations are gone.
    pub fn reset(&self) {
        self.control.reset();
        // Changes that the store refuses now are tried again with the next one.
        let _ = self.control.announce();
    }

    /// Reproduces these defects from now on, and no others; see [`Builder::quirks`].
    ///
    /// # Errors
    /// When a name is unknown; nothing changes then.
    pub fn quirks(&self, selection: &str) -> Result<(), UnknownQuirk> {
        self.control.host.quirks.set(selection.parse()?);
        Ok(())
    }

    /// Stops listening and lets requests in flight finish for a moment; event streams that are still open then end
    /// with an `error` event where they have one. A server on its own thread has ended when
    /// this returns; one on a runtime ends with the runtime's next turns (see [`Server::stopped`]).
    pub fn stop(&mut self) {
        self.control.host.stopping.begin();
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Running::Thread(_) = self.running
            && let Running::Thread(thread) = std::mem::replace(&mut self.running, Running::Ended)
        {
            let _ = thread.join();
        }
    }

    /// Stops the server and waits until it has ended.
    pub async fn stopped(mut self) {
        self.stop();
        if let Running::Task(task) = std::mem::replace(&mut self.running, Running::Ended) {
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
