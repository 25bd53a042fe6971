//! The headers that ask to wait.

use http::{HeaderMap, header};
use std::time::{Duration, SystemTime};

/// What `retry-after-ms` or `Retry-After` (seconds, a fraction, or an HTTP date) asks for.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| *n >= 0.0);
    if let Some(milliseconds) = text("retry-after-ms").and_then(number) {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    let value = text(header::RETRY_AFTER.as_str())?;
    match number(value) {
        Some(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        None => Some(httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    #[test]
    fn reads_every_form_of_retry_after() {
        let now = httpdate::parse_http_date("Tue, 24 Nov 2026 10:00:00 GMT").unwrap();
        let read = |name, value| retry_after(&headers(name, value), now).map(|d| d.as_millis());
        assert_eq!(read("retry-after", "2"), Some(2000));
        assert_eq!(read("retry-after", "1.5"), Some(1500));
        assert_eq!(read("retry-after", "Tue, 24 Nov 2026 10:00:07 GMT"), Some(7000));
        assert_eq!(read("retry-after", "Tue, 24 Nov 2026 09:00:00 GMT"), Some(0));
        assert_eq!(read("retry-after-ms", "250"), Some(250));
        for nonsense in ["", "-1", "soon", "NaN", "inf", "1e300"] {
            assert_eq!(read("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
