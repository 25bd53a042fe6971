//! Times as they come: the wire's own value, which can be asked for a [`SystemTime`].

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    ops::Deref,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A time as ISO 8601 or RFC 3339 text.
///
/// ```
/// use muxi_client::api::types::IsoTime;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let time = IsoTime::from("2026-11-24T10:00:00.5Z");
/// assert_eq!(time.system_time(), Some(UNIX_EPOCH + Duration::from_millis(1_795_514_400_500)));
/// assert_eq!(IsoTime::from(UNIX_EPOCH).as_str(), "1970-01-01T00:00:00Z");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(transparent)]
pub struct IsoTime(String);

impl IsoTime {
    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time. A text without a zone is UTC, as the runtime means it; `None` when the text is no time.
    pub fn system_time(&self) -> Option<SystemTime> {
        let parsed = self.0.parse::<Timestamp>();
        let timestamp = match parsed {
            Ok(timestamp) => timestamp,
            Err(_) => TimeZone::UTC.to_timestamp(self.0.parse::<DateTime>().ok()?).ok()?,
        };
        timestamp.try_into().ok()
    }
}

impl Deref for IsoTime {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IsoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for IsoTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&String> for IsoTime {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl From<String> for IsoTime {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<SystemTime> for IsoTime {
    /// In UTC. A time outside the years -9999 to 9999 becomes the nearest of them.
    fn from(time: SystemTime) -> Self {
        let nearest = if time < UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
        Self(Timestamp::try_from(time).unwrap_or(nearest).to_string())
    }
}

impl PartialEq<str> for IsoTime {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for IsoTime {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// A time as Unix seconds with a fraction.
///
/// ```
/// use muxi_client::api::types::UnixTime;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// assert_eq!(UnixTime(1.5).system_time(), Some(UNIX_EPOCH + Duration::from_millis(1500)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(transparent)]
pub struct UnixTime(
    /// The seconds as they came.
    pub f64,
);

impl UnixTime {
    /// The time; `None` when the number is no time.
    pub fn system_time(self) -> Option<SystemTime> {
        let length = Duration::try_from_secs_f64(self.0.abs()).ok()?;
        if self.0 < 0.0 { UNIX_EPOCH.checked_sub(length) } else { UNIX_EPOCH.checked_add(length) }
    }
}

#[cfg(any(test, feature = "__strict"))]
impl super::strict::Strict for IsoTime {}
#[cfg(any(test, feature = "__strict"))]
impl super::strict::Strict for UnixTime {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_that_the_runtime_writes() {
        let at = |text: &str| IsoTime::from(text).system_time();
        let noon = UNIX_EPOCH + Duration::from_secs(1_790_251_200);
        for text in [
            "2026-09-24T12:00:00Z",
            "2026-09-24T12:00:00+00:00",
            "2026-09-24T14:00:00+02:00",
            "2026-09-24T12:00:00",
            "2026-09-24T12:00:00.000000",
        ] {
            assert_eq!(at(text), Some(noon), "{text}");
        }
        assert_eq!(at("soon"), None);
        assert_eq!(IsoTime::from(noon), "2026-09-24T12:00:00Z");
    }

    #[test]
    fn no_number_panics() {
        for number in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e300, -1e300] {
            assert_eq!(UnixTime(number).system_time(), None, "{number}");
        }
        assert_eq!(UnixTime(-1.0).system_time(), Some(UNIX_EPOCH - Duration::from_secs(1)));
    }
}
