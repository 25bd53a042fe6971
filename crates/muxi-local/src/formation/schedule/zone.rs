//! Cron expressions in time zones: `jiff`'s time for `croner`, whose own adapter is for an older `jiff`.

use croner::{
    errors::CronError,
    time::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday},
};
use jiff::{
    SignedDuration, Timestamp, ZonedDateTime, civil,
    tz::{AmbiguousOffset, Disambiguation, TimeZone},
};
use std::cmp::Ordering;

/// A time in a zone.
#[derive(Clone, Debug)]
pub(crate) struct CronTime(ZonedDateTime);

impl CronTime {
    pub(crate) fn new(time: Timestamp, zone: TimeZone) -> Self {
        Self(time.to_zoned_datetime(zone))
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        self.0.timestamp()
    }

    /// That time of the clock in the same zone, once with each of its offsets.
    fn at(&self, time: civil::DateTime) -> Result<Resolution<Self>, jiff::Error> {
        let zone = self.0.time_zone();
        let with = |offset| zone.to_ambiguous_zoned_datetime(time).disambiguate(offset).map(Self);
        Ok(match zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
            AmbiguousOffset::Unambiguous { .. } => Resolution::Single(with(Disambiguation::Reject)?),
            AmbiguousOffset::Fold { .. } => {
                Resolution::Ambiguous(with(Disambiguation::Earlier)?, with(Disambiguation::Later)?)
            }
        })
    }
}

impl CronDateTime for CronTime {
    fn to_civil(&self) -> CivilDateTime {
        let time = self.0.datetime();
        let part = |part: i8| u32::from(part.unsigned_abs());
        let (date, clock) = (
            CivilDate::from_parts_unchecked(time.year().into(), part(time.month()), part(time.day())),
            CivilTime::from_parts_unchecked(part(time.hour()), part(time.minute()), part(time.second())),
        );
        CivilDateTime::new(date, clock)
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(self.0.weekday().to_sunday_zero_offset().unsigned_abs().into())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let small = |part: u32| i8::try_from(part).map_err(|_| CronError::InvalidTime);
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let (month, day) = (small(civil.month())?, small(civil.day())?);
        let (hour, minute, second) = (small(civil.hour())?, small(civil.minute())?, small(civil.second())?);
        let time = civil::DateTime::new(year, month, day, hour, minute, second, 0);
        time.and_then(|time| self.at(time)).map_err(|_| CronError::InvalidDate)
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.timestamp().cmp(&other.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use croner::Cron;

    /// The next times of an expression in Berlin, in UTC.
    fn next(cron: &str, from: &str, count: usize) -> Vec<String> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let cron: Cron = cron.parse().unwrap();
        let times = cron.iter_after(CronTime::new(from.parse().unwrap(), zone)).take(count);
        times.map(|time| time.timestamp().to_string()).collect()
    }

    #[test]
    fn a_fixed_time_follows_summer_time() {
        assert_eq!(
            next("30 12 * * *", "2026-03-28T00:00:00Z", 3),
            ["2026-03-28T11:30:00Z", "2026-03-29T10:30:00Z", "2026-03-30T10:30:00Z"]
        );
    }

    #[test]
    fn a_time_that_a_spring_night_lacks_comes_when_the_clock_has_moved() {
        assert_eq!(next("30 2 * * *", "2026-03-28T12:00:00Z", 2), ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    }

    #[test]
    fn a_time_that_an_autumn_night_has_twice_comes_once() {
        assert_eq!(next("30 2 * * *", "2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn weekdays_are_those_of_the_zone() {
        assert_eq!(next("0 0 * * 1", "2026-11-28T12:00:00Z", 1), ["2026-11-29T23:00:00Z"]);
    }
}
