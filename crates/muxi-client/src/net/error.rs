//! Failures of the network, and the errors that they become.

use super::tls;
use crate::api::error::{Error, ErrorKind};
use http::Method;
use std::{fmt, io, time::Duration};

/// The error of a request on its way.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The number of headers that an answer may have. hyper's default, 100, costs no less.
pub(super) const MOST_HEADERS: usize = 256;

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

/// A connection could not be made or broke, and a proxy is in between.
#[derive(Debug)]
pub(super) struct ThroughProxy {
    /// The proxy's host and port, and where it is named.
    pub(super) proxy: String,
    pub(super) error: BoxError,
}

impl fmt::Display for ThroughProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {}", self.proxy)
    }
}

impl std::error::Error for ThroughProxy {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.error)
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
        /// True if the connection had served other requests before.
        reused: bool,
    },
    /// Something of an answer came.
    Answered,
    /// Only a service of the caller's own knows it.
    Unknown,
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

    /// True if the request may be sent again at once, over a fresh connection. One that was written may have been
    /// executed: only a method that changes nothing is sent again then, and only where the connection, which had been idle,
    /// closed without a word, as servers close idle connections.
    pub(super) fn may_resend(&self, method: &Method) -> bool {
        match self.reached {
            Reached::NoConnection | Reached::Answered | Reached::Unknown => false,
            Reached::NothingSent => true,
            Reached::Sent { reused } => reused && method.is_safe(),
        }
    }

    /// True if the request, or a part of it, has left.
    pub(super) fn was_sent(&self) -> bool {
        matches!(self.reached, Reached::Sent { .. } | Reached::Answered)
    }
}

/// The error, with a hint where the request, which had been sent, may have been executed.
pub(super) fn may_have_run(error: Error, method: &Method) -> Error {
    if method.is_safe() { error } else { error.with_hint("the request may have been executed") }
}

fn chain(error: &BoxError) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let error: &(dyn std::error::Error + 'static) = &**error;
    std::iter::successors(Some(error), |error| error.source())
}

fn cause(error: &BoxError) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The error for a stream whose connection broke.
pub(crate) fn stream_broke(source: BoxError, origin: &str) -> Error {
    let cause = cause(&source);
    Error::stream_cut(format_args!("the connection to {origin} broke: {cause}")).with_source(source)
}

/// The error for a connection that could not be made or broke.
pub(super) fn broken(source: BoxError, origin: &str) -> Error {
    let cause = cause(&source);
    let through = source.downcast_ref::<ThroughProxy>().map(|through| format!(" {through}")).unwrap_or_default();
    let message = if chain(&source).any(<dyn std::error::Error>::is::<NotConnected>) {
        format!("cannot connect to {origin}{through}: {cause}")
    } else {
        format!("the connection to {origin}{through} broke: {cause}")
    };
    // hyper tells clients by its words alone that a head is too large.
    let is_too_large = |e: &hyper::Error| e.is_parse() && e.to_string().contains("too large");
    let is_late = |e: &io::Error| e.kind() == io::ErrorKind::TimedOut;
    let timed_out = chain(&source).any(|e| e.downcast_ref().is_some_and(is_late));
    let hint = if chain(&source).filter_map(|e| e.downcast_ref()).any(is_too_large) {
        Some(format!("the head of an answer may have {MOST_HEADERS} headers and about 400 KB"))
    } else if chain(&source).any(is_of_unknown_issuer) {
        Some(tls::hint())
    } else if chain(&source).any(speaks_no_tls) {
        Some("the server does not speak TLS: is it an http URL?".to_owned())
    } else {
        None
    };
    let kind = if timed_out { ErrorKind::Timeout } else { ErrorKind::Connection };
    let failure = hint.into_iter().fold(Error::of(kind, message), |failure, hint| failure.with_hint(&hint));
    failure.with_source(source)
}

fn tls_error<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.map_or_else(|| error.downcast_ref(), |inner| inner.downcast_ref())
}

/// Tells whether an error is that of an answer that is no TLS, such as a plain HTTP server's.
fn speaks_no_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(tls_error(error), Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)))
}

/// Tells whether an error is that of a certificate which nothing that is trusted stands behind.
fn is_of_unknown_issuer(error: &(dyn std::error::Error + 'static)) -> bool {
    use rustls::CertificateError::{BadSignature, Other, UnknownIssuer};
    // The others are those of a self-signed certificate: one that has the name of another one that is trusted, and one
    // that has an authority's form.
    matches!(tls_error(error), Some(rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature | Other(_))))
}

/// The error for something that did not come in time.
pub(crate) fn timed_out(what: &str, origin: &str, limit: &str, seconds: Duration) -> Error {
    let seconds = seconds.as_secs_f64();
    Error::of(ErrorKind::Timeout, format!("{what} from {origin} within {limit}{seconds} s"))
}
