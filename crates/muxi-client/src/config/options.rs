//! Options of a call.

use super::value::add_headers;
use crate::api::{error::Result, retry::Retry};
use http::HeaderMap;
use std::{fmt, time::Duration};

/// The options of one call, or by [`with_options`](crate::client::Client::with_options) of all calls.
///
/// An idempotency key is no option: it belongs to one call, and each call has a method for its own.
///
/// ```no_run
/// use muxi_client::{CallOptions, FormationClient};
/// use std::time::Duration;
///
/// let formation = FormationClient::from_env()?;
/// let patient = formation.with_options(CallOptions::new().with_timeout(Duration::from_secs(300)).with_max_retries(3));
/// # Ok::<(), muxi_client::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    /// Seconds for one attempt, or for the wait for a stream's beginning; infinity for no limit.
    pub timeout: Option<f64>,
    /// Seconds for the whole call: all attempts, the waits between them, and the whole stream; infinity for no limit.
    pub deadline: Option<f64>,
    /// The number of further attempts, instead of that of `retry` or of the client's rule.
    pub max_retries: Option<u32>,
    /// The rule for further attempts, instead of the client's.
    pub retry: Option<Retry>,
    /// More headers.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for CallOptions {
    /// Shows the names of headers only: a value may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("max_retries", &self.max_retries)
            .field("retry", &self.retry)
            .field("headers", &headers)
            .finish()
    }
}

impl CallOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limit of one attempt, or of the wait for a stream's beginning. `Duration::MAX` means no limit.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit.as_secs_f64());
        self
    }

    /// Sets the limit of a whole call: all attempts, the waits between them, and the whole stream. `Duration::MAX` means no
    /// limit.
    #[must_use]
    pub fn with_deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit.as_secs_f64());
        self
    }

    /// Sets how often to try again, by the rule that holds otherwise.
    #[must_use]
    pub fn with_max_retries(mut self, times: u32) -> Self {
        self.max_retries = Some(times);
        self
    }

    /// Sets the rule for further attempts, the number included.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        (self.retry, self.max_retries) = (Some(retry), None);
        self
    }

    /// Another header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Checks the headers.
    ///
    /// # Errors
    ///
    /// An [`Error`](crate::Error) that names the header which cannot be sent, or which the client sets itself.
    pub fn check_headers(&self) -> Result<()> {
        add_headers(&mut HeaderMap::new(), &self.headers)
    }

    /// These options, and where one is not set, the one of `defaults`.
    #[must_use]
    pub fn over(mut self, defaults: &Self) -> Self {
        self.timeout = self.timeout.or(defaults.timeout);
        self.deadline = self.deadline.or(defaults.deadline);
        // A rule has a number, too.
        let number = defaults.max_retries.filter(|_| self.retry.is_none());
        self.max_retries = self.max_retries.or(number);
        self.retry = self.retry.or_else(|| defaults.retry.clone());
        if !defaults.headers.is_empty() {
            let own = std::mem::replace(&mut self.headers, defaults.headers.clone());
            self.headers.extend(own);
        }
        self
    }
}
