//! Options of a call.

/// What one call sets for itself.
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
