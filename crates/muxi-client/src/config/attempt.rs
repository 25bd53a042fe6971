//! Attempts, as logs have them.

use std::{fmt, sync::Arc, time::Duration};

/// Called with the newest version of this SDK.
pub type OnUpdate = Arc<dyn Fn(&str) + Send + Sync>;

/// Called after each attempt.
pub type OnAttempt = Arc<dyn Fn(&Attempt) + Send + Sync>;

/// One attempt, for a log line. It holds no key, no signature and no body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The HTTP method.
    pub method: String,
    /// The path with the base URL's prefix, without query.
    pub path: String,
    /// The status, when there was a reply.
    pub status: Option<u16>,
    /// Seconds that it took.
    pub seconds: f64,
    /// 1 for the first attempt.
    pub number: u32,
    /// The request id of an error reply, or that of the chat turn.
    pub request_id: Option<String>,
    /// The key that was sent.
    pub idempotency_key: String,
    /// The error of the attempt.
    pub error: Option<String>,
    /// The wait before the next attempt, when there will be one.
    pub retry_in: Option<Duration>,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, seconds, number, .. } = self;
        write!(f, "{method} {path} -> ")?;
        match (self.status, &self.error) {
            (Some(status), None) => write!(f, "{status}")?,
            (Some(status), Some(code)) => write!(f, "{status} {code}")?,
            (None, code) => write!(f, "{}", code.as_deref().unwrap_or("no reply"))?,
        }
        write!(f, " ({seconds:.3} s, attempt {number}")?;
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        f.write_str(")")
    }
}
