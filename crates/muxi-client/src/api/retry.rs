//! When to send a request again.

use super::error::{Error, ErrorKind, Result, Retried};
use std::{sync::Arc, time::Duration};

/// A longer wait that the server asks for is left to the caller.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// The rule by which a call is sent again after a temporary failure: a broken connection, a timeout, or a reply with
/// one of the [`statuses`](Self::statuses).
///
/// The pause before a retry is random, up to [`base`](Self::base) at first and twice as long each time, up to
/// [`cap`](Self::cap). A wait that the reply asks for (`Retry-After`) counts instead; one of more than two minutes is
/// left to the caller.
///
/// ```
/// use muxi_client::{FormationClient, Retry};
/// use std::time::Duration;
///
/// let retry = Retry::new(3).base(Duration::from_millis(100)).cap(Duration::from_secs(5)).statuses([429, 503]);
/// let formation = FormationClient::builder().url("http://localhost:8001").retry(retry).build()?;
/// # Ok::<(), muxi_client::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    max_retries: u32,
    base: Duration,
    cap: Duration,
    /// None for those that the kinds of errors name.
    statuses: Option<Arc<[u16]>>,
}

impl Retry {
    /// Makes a rule that sends a call again `max_retries` times: 0.5 s, doubling to 30 s, after the statuses 408, 429,
    /// 500, 502, 503 and 504.
    pub const fn new(max_retries: u32) -> Self {
        Self { max_retries, base: Duration::from_millis(500), cap: Duration::from_secs(30), statuses: None }
    }

    /// Sets the longest pause before the first retry.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the longest pause before any retry. It must not be below [`base`](Self::base).
    #[must_use]
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets the statuses of replies after which a call is sent again, each from 100 to 599, instead of the default ones.
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = Some(statuses.into_iter().collect());
        self
    }

    /// Returns how often a call is sent again.
    pub fn max_retries(&self) -> u32 {
        self.max_retries
    }

    /// Checks the values.
    ///
    /// # Errors
    ///
    /// An [`Error`] that names the value of `name` which is wrong.
    pub fn check(&self, name: &str) -> Result<()> {
        let statuses = self.statuses.iter().flat_map(|statuses| statuses.iter());
        if let Some(status) = statuses.copied().find(|status| !(100..600).contains(status)) {
            return Err(Error::invalid(format!("{name}: statuses must be from 100 to 599, got {status}")));
        }
        if self.base > self.cap {
            let (base, cap) = (self.base.as_secs_f64(), self.cap.as_secs_f64());
            return Err(Error::invalid(format!("{name}: base must not be above cap, got {base} s and {cap} s")));
        }
        Ok(())
    }

    /// Returns the pause before attempt number `attempt + 1` (the first attempt is 0), or `None` to give up after
    /// `max_retries`.
    ///
    /// `random` is in 0..1: the pause has full jitter, unless the server says how long to wait.
    pub fn delay(&self, error: &Error, attempt: u32, max_retries: u32, random: f64) -> Option<Duration> {
        if attempt >= max_retries || !self.covers(error) {
            return None;
        }
        if let Some(asked) = error.retry_after() {
            return (asked <= LONGEST_ASKED).then_some(asked);
        }
        let longest = self.base.saturating_mul(1 << attempt.min(16)).min(self.cap);
        // A product that is too long for a `Duration` is no reason to fail.
        Some(Duration::try_from_secs_f64(longest.as_secs_f64() * random.clamp(0.0, 1.0)).unwrap_or(longest))
    }

    fn covers(&self, error: &Error) -> bool {
        match (&self.statuses, error.kind().retried()) {
            (None, _) | (_, Retried::Always) => error.is_retryable(),
            (Some(statuses), _) => error.status().is_some_and(|status| statuses.contains(&status)),
        }
    }
}

/// Returns the statuses of replies after which a call is sent again by default.
pub fn default_statuses() -> Vec<u16> {
    let of_kind = |kind: &ErrorKind| match kind.retried() {
        Retried::Statuses(statuses) => statuses,
        Retried::Never | Retried::Always => &[],
    };
    let mut statuses: Vec<u16> = ErrorKind::ALL.iter().flat_map(of_kind).copied().collect();
    statuses.sort_unstable();
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use std::time::SystemTime;

    const RULE: Retry = Retry::new(0);

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    fn error(status: u16, headers: &HeaderMap) -> Error {
        Error::from_reply(status, headers, b"", SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn doubles_with_full_jitter_up_to_the_longest() {
        let none = HeaderMap::new();
        let at = |attempt, random| RULE.delay(&error(503, &none), attempt, 99, random).unwrap().as_millis();
        assert_eq!([at(0, 1.0), at(1, 1.0), at(2, 1.0), at(6, 1.0), at(90, 1.0)], [500, 1000, 2000, 30_000, 30_000]);
        assert_eq!([at(0, 0.0), at(3, 0.5)], [0, 2000]);
    }

    #[test]
    fn obeys_the_other_side_up_to_two_minutes() {
        let asked = |value: &str| RULE.delay(&error(429, &headers("retry-after", value)), 0, 1, 0.5);
        assert_eq!(asked("3"), Some(Duration::from_secs(3)));
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("121"), None);
    }

    #[test]
    fn gives_up_when_it_makes_no_sense() {
        let none = HeaderMap::new();
        assert_eq!(RULE.delay(&error(503, &none), 2, 2, 0.5), None);
        for status in [301, 400, 401, 403, 404, 409, 422, 501] {
            assert_eq!(RULE.delay(&error(status, &none), 0, 9, 0.5), None, "{status}");
        }
        for status in default_statuses() {
            assert!(RULE.delay(&error(status, &none), 0, 9, 0.5).is_some(), "{status}");
        }
    }

    #[test]
    fn a_rule_of_ones_own_has_its_statuses_and_pauses() {
        let none = HeaderMap::new();
        let rule = Retry::new(9).base(Duration::from_secs(1)).cap(Duration::from_secs(3)).statuses([409]);
        let at = |status, attempt| rule.delay(&error(status, &none), attempt, 9, 1.0).map(|pause| pause.as_secs());
        assert_eq!([at(409, 0), at(409, 1), at(409, 2), at(503, 0)], [Some(1), Some(2), Some(3), None]);
        let broken = Error::of(ErrorKind::Connection, "broken");
        assert!(rule.delay(&broken, 0, 9, 1.0).is_some(), "connections are no statuses");
        let endless = Retry::new(9).base(Duration::MAX).cap(Duration::MAX);
        assert!(endless.delay(&broken, 3, 9, 1.0).is_some());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let why = |retry: Retry| retry.check("retry").map_err(|e| e.message().to_owned());
        let long = Retry::new(1).base(Duration::from_secs(40));
        assert_eq!(why(long), Err("retry: base must not be above cap, got 40 s and 30 s".to_owned()));
        for status in [0, 99, 600] {
            let message = format!("retry: statuses must be from 100 to 599, got {status}");
            assert_eq!(why(Retry::new(1).statuses([429, status])), Err(message));
        }
        assert_eq!(why(Retry::new(1).statuses([])), Ok(()));
        assert_eq!(default_statuses(), [408, 429, 500, 502, 503, 504]);
    }
}
