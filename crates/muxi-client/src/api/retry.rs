//! When to send a request again.

use super::error::Error;
use std::time::Duration;

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// A longer wait that the other side asks for is left to the caller.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// How long to wait before attempt number `attempt + 1` (the first attempt is 0), or `None` to give up.
///
/// `random` is in 0..1: the delay has full jitter, unless the other side says how long to wait.
pub fn delay(error: &Error, attempt: u32, max_retries: u32, random: f64) -> Option<Duration> {
    if attempt >= max_retries || !error.is_retryable() {
        return None;
    }
    if let Some(asked) = error.retry_after() {
        return (asked <= LONGEST_ASKED).then_some(asked);
    }
    let longest = FIRST_DELAY.saturating_mul(1 << attempt.min(16)).min(LONGEST_DELAY);
    Some(longest.mul_f64(random.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use std::time::SystemTime;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    fn error(status: u16, headers: &HeaderMap) -> Error {
        Error::from_reply(status, headers, b"", SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn doubles_with_full_jitter_up_to_the_longest() {
        let none = HeaderMap::new();
        let at = |attempt, random| delay(&error(503, &none), attempt, 99, random).unwrap().as_millis();
        assert_eq!([at(0, 1.0), at(1, 1.0), at(2, 1.0), at(6, 1.0), at(90, 1.0)], [500, 1000, 2000, 30_000, 30_000]);
        assert_eq!([at(0, 0.0), at(3, 0.5)], [0, 2000]);
    }

    #[test]
    fn obeys_the_other_side_up_to_two_minutes() {
        let asked = |value: &str| delay(&error(429, &headers("retry-after", value)), 0, 1, 0.5);
        assert_eq!(asked("3"), Some(Duration::from_secs(3)));
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("121"), None);
    }

    #[test]
    fn gives_up_when_it_makes_no_sense() {
        let none = HeaderMap::new();
        assert_eq!(delay(&error(503, &none), 2, 2, 0.5), None);
        for status in [301, 400, 401, 403, 404, 409, 422, 501] {
            assert_eq!(delay(&error(status, &none), 0, 9, 0.5), None, "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(delay(&error(status, &none), 0, 9, 0.5).is_some(), "{status}");
        }
    }
}
