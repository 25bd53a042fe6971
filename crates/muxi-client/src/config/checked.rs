//! A configuration that has been checked.

use super::{
    attempt::{Attempt, OnAttempt, OnUpdate},
    url::BaseUrl,
};
use crate::{api::auth::Signer, http_service::HttpService};
use http::{HeaderMap, HeaderValue};
use std::{
    fmt,
    io::{self, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A configuration that has been checked.
#[derive(Clone)]
pub struct Config {
    pub(crate) base: BaseUrl,
    pub(crate) signer: Option<Signer>,
    pub(crate) admin_key: Option<HeaderValue>,
    pub(crate) client_key: Option<HeaderValue>,
    pub(crate) max_retries: u32,
    pub(crate) timeout: Option<Duration>,
    /// Whether the timeout is the default, which slow operations exceed.
    pub(crate) timeout_is_default: bool,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) stream_idle_timeout: Option<Duration>,
    pub(crate) headers: HeaderMap,
    pub(crate) proxy: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) verify: bool,
    pub(crate) client_certificate: Option<(PathBuf, PathBuf)>,
    pub(crate) http_service: Option<Arc<dyn HttpService>>,
    pub(crate) on_attempt: Option<OnAttempt>,
    pub(super) debug: bool,
    pub(super) update_notice: bool,
    pub(super) on_update: Option<OnUpdate>,
}

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

    /// Sends the lines of the setting `debug`, if it is on, to `log` instead of stderr.
    pub fn redirect_debug(&mut self, log: impl Fn(&Attempt) + Send + Sync + 'static) {
        if self.debug {
            self.on_attempt = Some(Arc::new(log));
        }
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

/// Whether `latest` is a later version than `current`, by their numbers.
fn is_newer(latest: &str, current: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u64>> { text.trim().split('.').map(|part| part.parse().ok()).collect() };
    matches!((numbers(latest), numbers(current)), (Some(latest), Some(current)) if latest > current)
}

/// Prints a line on stderr, in one piece. A closed stderr is no reason to fail.
pub(super) fn print_line(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
