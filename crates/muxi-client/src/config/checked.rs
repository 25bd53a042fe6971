//! The methods of a configuration.

use super::{
    network::Network,
    table::{Config, rows},
};
use std::{
    fmt,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}

impl Config {
    /// The URL that paths are appended to.
    pub fn base_url(&self) -> String {
        self.base.text()
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &Arc<str> {
        self.base.origin()
    }

    /// The part that is about connections.
    pub(crate) fn network(&self) -> Network<'_> {
        Network {
            base: &self.base,
            connect_timeout: self.connect_timeout,
            connect_timeout_name: rows::connect_timeout.name,
            pool_idle_timeout: self.pool_idle_timeout,
            proxy: self.proxy.as_ref().map(|proxy| (rows::proxy.name, proxy)),
            ca_file: self.ca_file.as_deref(),
            verify: self.verify,
            client_certificate: self.client_certificate.as_ref(),
            http2: self.http2,
        }
    }

    /// Sets what is called with the newest version of this SDK.
    #[doc(hidden)]
    pub fn set_on_update(&mut self, tell: impl Fn(&str) + Send + Sync + 'static) {
        self.on_update = Some(Arc::new(tell));
    }

    /// Takes over the lines of the setting `debug`. Returns whether it is on.
    #[doc(hidden)]
    pub fn take_debug(&mut self) -> bool {
        if self.debug {
            self.on_attempt = None;
        }
        self.debug
    }

    /// Tells once in a process that there is a newer version of this SDK.
    pub(crate) fn notice(&self, latest: &str) {
        static TOLD: AtomicBool = AtomicBool::new(false);
        if !is_newer(latest, env!("CARGO_PKG_VERSION")) || TOLD.swap(true, Ordering::Relaxed) || !self.update_notice {
            return;
        }
        match &self.on_update {
            Some(tell) => tell(latest),
            None => print_line(&format!("muxi-client {latest} is available (this is {})", env!("CARGO_PKG_VERSION"))),
        }
    }
}

/// True if `latest` is a later version than `current`, by their numbers.
fn is_newer(latest: &str, current: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u64>> { text.trim().split('.').map(|part| part.parse().ok()).collect() };
    matches!((numbers(latest), numbers(current)), (Some(latest), Some(current)) if latest > current)
}

/// Prints a line on stderr, in one piece. A closed stderr is no reason to fail.
pub(super) fn print_line(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
