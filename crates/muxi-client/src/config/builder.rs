//! The parts of a builder that are no row of the table.

use super::{
    setting::ProxySetting,
    table::{Builder, Settings},
};
use std::{fmt, marker::PhantomData};

impl<A, M> fmt::Debug for Builder<A, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl<A, M> From<Settings> for Builder<A, M> {
    fn from(settings: Settings) -> Self {
        Self { settings, kind: PhantomData }
    }
}

impl<A, M> Builder<A, M> {
    /// Connects without a proxy, whatever the environment's proxy variables say.
    #[must_use]
    pub fn no_proxy(mut self) -> Self {
        self.settings.proxy = Some(ProxySetting::Off);
        self
    }

    /// Accepts any certificate. For tests only: the server is not known then.
    #[must_use]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.settings.verify = Some(false);
        self
    }
}
