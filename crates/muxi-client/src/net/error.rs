//! Failures of the network, and the errors that they become.

use super::http_service::BoxError;
use crate::{
    api::error::{Error, ErrorKind},
    config::Config,
};
use http::Method;
use std::{fmt, io, time::Duration};

/// No connection could be made.
#[derive(Debug)]
pub(super) struct NotConnected(pub(super) BoxError);

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection")
    }
}

impl std::error::Error for NotConnected {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// The part of an exchange after which it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// There was no connection.
    NoConnection,
    /// Not one byte of the request was written.
    NothingSent,
    /// Something of the request was written, and nothing of an answer came.
    Sent {
        /// Whether the connection had served other requests before.
        reused: bool,
    },
    /// Something of an answer came.
    Answered,
}

/// A request without a response.
pub(super) struct Failure {
    pub(super) error: BoxError,
    pub(super) reached: Reached,
}

impl Failure {
    pub(super) fn not_connected(error: NotConnected) -> Self {
        Self { error: error.into(), reached: Reached::NoConnection }
    }

    /// Whether the request may be sent again at once, over a fresh connection. One that was written may have been
    /// executed: only a method that changes nothing is sent again then, and only where the connection, which had been idle,
    /// closed without a word, as servers close idle connections.
    pub(super) fn may_resend(&self, method: &Method) -> bool {
        match self.reached {
            Reached::NoConnection | Reached::Answered => false,
            Reached::NothingSent => true,
            Reached::Sent { reused } => reused && method.is_safe(),
        }
    }

    /// Whether the request, or a part of it, has left.
    pub(super) fn was_sent(&self) -> bool {
        matches!(self.reached, Reached::Sent { .. } | Reached::Answered)
    }
}

/// The error for a connection that could not be made or broke.
pub(crate) fn broken(source: BoxError, config: &Config) -> Error {
    let error: &(dyn std::error::Error + 'static) = &*source;
    let chain = || std::iter::successors(Some(error), |e| e.source());
    let cause = chain().last().map(ToString::to_string).unwrap_or_default();
    let timed_out = chain().filter_map(|e| e.downcast_ref::<io::Error>()).any(|e| e.kind() == io::ErrorKind::TimedOut);
    let at_connect = error.is::<NotConnected>();
    let origin = config.base.origin();
    let message = match (at_connect, &config.proxy) {
        (true, Some(proxy)) => {
            // What stands before the @ are the proxy's user and password.
            let host = proxy.rsplit('@').next().unwrap_or_default();
            format!("cannot connect to {origin} through the proxy {host}: {cause}")
        }
        (true, None) => format!("cannot connect to {origin}: {cause}"),
        (false, _) => format!("the connection to {origin} broke: {cause}"),
    };
    Error::of(if timed_out { ErrorKind::Timeout } else { ErrorKind::Connection }, message).with_source(source)
}

/// The error for an answer that did not come in time.
pub(crate) fn timed_out(limit: Duration, config: &Config, what: &str) -> Error {
    let message = format!("{what} from {} within {} s", config.base.origin(), limit.as_secs_f64());
    Error::of(ErrorKind::Timeout, message)
}
