//! The headers that ask to wait.

use http::{HeaderMap, header};
use std::time::{Duration, SystemTime};

/// The wait that `retry-after-ms` or `Retry-After` (seconds, a fraction, or an HTTP date) asks for. A date is measured
/// against that of the answer itself, and against `now` where it has none: this machine's clock may be wrong.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| *n >= 0.0);
    if let Some(milliseconds) = text("retry-after-ms").and_then(number) {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    let value = text(header::RETRY_AFTER.as_str())?;
    match number(value) {
        Some(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        None => {
            let sent = text(header::DATE.as_str()).and_then(|date| httpdate::parse_http_date(date).ok());
            Some(httpdate::parse_http_date(value).ok()?.duration_since(sent.unwrap_or(now)).unwrap_or_default())
        }
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
        let dates = [("retry-after", "Tue, 24 Nov 2020 10:00:07 GMT"), ("date", "Tue, 24 Nov 2020 10:00:00 GMT")];
        let own = dates.map(|(name, text)| (http::HeaderName::from_static(name), text.parse().unwrap()));
        assert_eq!(retry_after(&HeaderMap::from_iter(own), now), Some(Duration::from_secs(7)));
        for nonsense in ["", "-1", "soon", "NaN", "inf", "1e300"] {
            assert_eq!(read("retry-after", nonsense), None, "{nonsense}");
        }
    }
}
