//! The clients.

use crate::{
    api::error::Result,
    config::{Config, Settings},
    driver::Driver,
    http_service::HttpService,
    options::CallOptions,
    transport::Transport,
};
use std::{fmt, marker::PhantomData, path::PathBuf, sync::Arc, time::Duration};

/// Marks the client of a server.
#[derive(Debug)]
pub enum Server {}
/// Marks the client of a formation.
#[derive(Debug)]
pub enum Formation {}
/// Marks a client whose calls are awaited.
#[derive(Debug)]
pub enum Async {}

/// Client of a MUXI server: its control plane.
pub type ServerClient = Client<Server, Async>;
/// Client of a formation.
pub type FormationClient = Client<Formation, Async>;

/// A client. See [`ServerClient`] and [`FormationClient`]. Cloning is cheap, and clones share connections.
pub struct Client<A, M> {
    handle: Handle,
    kind: PhantomData<fn() -> (A, M)>,
}

/// What a call needs of its client.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) transport: Arc<Transport>,
    pub(crate) defaults: CallOptions,
    pub(crate) driver: Option<Arc<Driver>>,
}

impl<A, M> Clone for Client<A, M> {
    fn clone(&self) -> Self {
        Self { handle: self.handle.clone(), kind: PhantomData }
    }
}

impl<A, M> fmt::Debug for Client<A, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &self.handle.transport.config().base_url()).finish_non_exhaustive()
    }
}

impl<A, M> Client<A, M> {
    pub(crate) fn shared(&self) -> &Handle {
        &self.handle
    }

    /// The URL that paths are appended to.
    pub fn base_url(&self) -> String {
        self.handle.transport.config().base_url()
    }

    /// The same client, on the same connections, with other options for its calls.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        let mut client = self.clone();
        client.handle.defaults = options.over(&self.handle.defaults);
        client
    }

    /// Closes the client: its idle connections, and for all clones. Calls from now on are refused.
    pub fn close(&self) {
        self.handle.transport.close();
        if let Some(driver) = &self.handle.driver {
            driver.settle();
        }
    }
}

/// Makes a client.
pub struct Builder<A, M> {
    settings: Settings,
    kind: PhantomData<fn() -> (A, M)>,
}

impl<A, M> fmt::Debug for Builder<A, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

/// A kind of API, as far as making a client of it goes.
pub trait ApiKind {
    /// Checks the settings.
    fn config(settings: Settings) -> Result<Config>;
}

impl ApiKind for Server {
    fn config(settings: Settings) -> Result<Config> {
        settings.server()
    }
}
impl ApiKind for Formation {
    fn config(settings: Settings) -> Result<Config> {
        settings.formation()
    }
}

/// A way of calling, as far as making a client for it goes.
pub trait Mode {
    /// What drives its calls.
    fn driver() -> Result<Option<Arc<Driver>>>;
}

impl Mode for Async {
    fn driver() -> Result<Option<Arc<Driver>>> {
        Ok(None)
    }
}

impl<A: ApiKind, M: Mode> Client<A, M> {
    /// Begins to make a client. What is not given comes from the environment.
    pub fn builder() -> Builder<A, M> {
        Builder { settings: Settings::default(), kind: PhantomData }
    }

    /// A client as the environment says (`MUXI_SERVER_URL` and so on).
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }
}

macro_rules! setters {
    ($($(#[doc = $doc:literal])+ $name:ident),* $(,)?) => {
        $(
            $(#[doc = $doc])+
            #[must_use]
            pub fn $name(mut self, $name: impl Into<String>) -> Self {
                self.settings.$name = Some($name.into());
                self
            }
        )*
    };
}

impl<M> Builder<Server, M> {
    setters! {
        /// The server's URL, such as `http://localhost:7890`.
        url,
        /// The id of the HMAC key.
        key_id,
        /// The secret of the HMAC key.
        secret_key,
    }
}

impl<M> Builder<Formation, M> {
    setters! {
        /// The URL of the server in front of the formation; needs `formation_id`.
        server_url,
        /// The formation behind `server_url`.
        formation_id,
        /// The formation's own URL; `/v1` is added.
        url,
        /// The formation API's URL as it is.
        base_url,
        /// `live` (default) or `draft`, behind `server_url`.
        mode,
        /// The client key.
        client_key,
        /// The admin key.
        admin_key,
    }
}

impl<A: ApiKind, M: Mode> Builder<A, M> {
    setters! {
        /// A proxy's `http://` URL. Without it the environment's proxy variables count.
        proxy,
        /// The application's name, for telemetry.
        app,
    }

    /// How often to try again after a failure that may pass (default 0).
    #[must_use]
    pub fn max_retries(mut self, times: u32) -> Self {
        self.settings.max_retries = Some(times);
        self
    }

    /// The limit for one attempt (default 30 s; 10 minutes for deploying and the like).
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit.as_secs_f64());
        self
    }

    /// The limit for making a connection (default 10 s).
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = Some(limit.as_secs_f64());
        self
    }

    /// The silence after which a stream fails (default: no limit).
    #[must_use]
    pub fn stream_idle_timeout(mut self, limit: Duration) -> Self {
        self.settings.stream_idle_timeout = Some(limit.as_secs_f64());
        self
    }

    /// A header for every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.headers.push((name.into(), value.into()));
        self
    }

    /// A PEM file with certificates to trust beside the system's.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.ca_file = Some(path.into());
        self
    }

    /// PEM files with the client's certificates, its own first, and with their private key, for a server that asks
    /// for them.
    #[must_use]
    pub fn client_certificate(mut self, certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.settings.client_certificate = Some((certificates.into(), key.into()));
        self
    }

    /// What sends requests instead of the client's own connections. See [`http_service`](crate::http_service).
    #[must_use]
    pub fn http_service(mut self, service: impl HttpService) -> Self {
        self.settings.http_service = Some(Arc::new(service));
        self
    }

    /// Accepts any certificate. For tests only: the other side is not known then.
    #[must_use]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.settings.verify = Some(false);
        self
    }

    /// Called after each attempt, for logs.
    #[must_use]
    pub fn on_attempt(mut self, observer: impl Fn(&crate::config::Attempt) + Send + Sync + 'static) -> Self {
        self.settings.observer = Some(Arc::new(observer));
        self
    }

    /// The client.
    pub fn build(self) -> Result<Client<A, M>> {
        let transport = Arc::new(Transport::new(A::config(self.settings)?)?);
        let handle = Handle { transport, defaults: CallOptions::default(), driver: M::driver()? };
        Ok(Client { handle, kind: PhantomData })
    }
}
