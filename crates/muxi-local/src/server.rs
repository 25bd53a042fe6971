//! The in-process handle.

mod builder;
mod listen;

pub use builder::Builder;
pub(crate) use listen::NotListening;

use crate::{
    Arrival, Fault, InvalidFault, RequestsForgotten,
    control::{Control, Reload, Served, Watcher},
    formation::{
        Context, Webhook, WebhookAnswer, WebhookFailure,
        responder::script::{Script, ScriptError},
    },
    front::Front,
    inspect::Access,
    proxy,
    quirks::UnknownQuirk,
    serve,
    store::Store,
};
use builder::Source;
use listen::{listen, reachable};
use std::{
    fmt, io,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, SystemTime},
};
use tokio::{net::TcpListener, sync::oneshot, task};

impl Builder {
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
