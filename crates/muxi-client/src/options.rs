//! Options of a call.

use std::time::Duration;

/// What one call sets for itself, or [`with_options`](crate::client::Client::with_options) for all calls.
///
/// ```no_run
/// use muxi_client::{CallOptions, FormationClient};
/// use std::time::Duration;
///
/// let formation = FormationClient::from_env()?;
/// let patient = formation.with_options(CallOptions::new().with_timeout(Duration::from_secs(300)).with_max_retries(3));
/// # Ok::<(), muxi_client::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// Seconds for one attempt, or of silence in a stream; infinity for no limit.
    pub timeout: Option<f64>,
    /// How often to try again.
    pub max_retries: Option<u32>,
    /// More headers.
    pub headers: Vec<(String, String)>,
    /// The idempotency key; made when there is none.
    pub idempotency_key: Option<String>,
}

impl CallOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// The limit for one attempt, or for the silence in a stream.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit.as_secs_f64());
        self
    }

    /// How often to try again.
    #[must_use]
    pub fn with_max_retries(mut self, times: u32) -> Self {
        self.max_retries = Some(times);
        self
    }

    /// Another header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// These options, and where one is not set, the one of `defaults`.
    #[must_use]
    pub fn over(mut self, defaults: &Self) -> Self {
        self.timeout = self.timeout.or(defaults.timeout);
        self.max_retries = self.max_retries.or(defaults.max_retries);
        self.idempotency_key = self.idempotency_key.or_else(|| defaults.idempotency_key.clone());
        if !defaults.headers.is_empty() {
            let own = std::mem::replace(&mut self.headers, defaults.headers.clone());
            self.headers.extend(own);
        }
        self
    }
}
