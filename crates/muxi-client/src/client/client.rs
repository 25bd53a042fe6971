//! The clients.

use super::index::index;
use crate::{
    api::{
        error::Result,
        table::{formation, server},
    },
    config::{CallOptions, Settings},
    net::{driver::Driver, transport::Transport},
};
use std::{fmt, marker::PhantomData, sync::Arc};

pub use crate::config::{ApiKind, Builder, Formation, Server};

/// Marks a client whose calls are awaited.
#[derive(Debug)]
pub enum Async {}

/// Client of a MUXI server: its control plane.
///
#[doc = server::rows!(index)]
pub type ServerClient = Client<Server, Async>;
/// Client of a formation.
///
#[doc = formation::rows!(index)]
pub type FormationClient = Client<Formation, Async>;

/// A client. See [`ServerClient`] and [`FormationClient`]. Cloning is cheap, and clones share connections.
pub struct Client<A, M> {
    handle: Arc<Handle>,
    kind: PhantomData<fn() -> (A, M)>,
}

/// The parts of a client that its calls need.
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
    pub(crate) fn shared(&self) -> &Arc<Handle> {
        &self.handle
    }

    /// The URL that paths are appended to.
    pub fn base_url(&self) -> String {
        self.handle.transport.config().base_url()
    }

    /// The same client, on the same connections, with other options for its calls.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        let defaults = options.over(&self.handle.defaults);
        Self { handle: Arc::new(Handle { defaults, ..Handle::clone(&self.handle) }), kind: PhantomData }
    }

    /// Closes the client: its idle connections, and for all clones. Calls from now on are refused.
    pub fn close(&self) {
        self.handle.transport.close();
        if let Some(driver) = &self.handle.driver {
            driver.settle();
        }
    }
}

/// A way of calling, as far as making a client for it goes.
pub trait Mode {
    /// The driver of its calls.
    fn driver() -> Result<Option<Arc<Driver>>>;
}

impl Mode for Async {
    fn driver() -> Result<Option<Arc<Driver>>> {
        Ok(None)
    }
}

impl<A: ApiKind, M: Mode> Client<A, M> {
    /// Begins to make a client. Settings that are not given come from the environment.
    pub fn builder() -> Builder<A, M> {
        Builder::from(Settings::default())
    }

    /// A client as the environment says (`MUXI_SERVER_URL` and so on).
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }
}

impl<A: ApiKind, M: Mode> Builder<A, M> {
    /// The client.
    pub fn build(self) -> Result<Client<A, M>> {
        let driver = M::driver()?;
        let transport = Arc::new(Transport::new(self.settings.check(A::API)?)?);
        let handle = Handle { transport, defaults: CallOptions::default(), driver };
        Ok(Client { handle: Arc::new(handle), kind: PhantomData })
    }
}
