//! Time zones for cron expressions: the data of `jiff` in the terms of `chrono`, which `croner` needs.
//!
//! `chrono-tz` would do, but its tables hold a pointer for each change of each zone, and the loader fills them all in: 1.8 MB
//! more memory in every Python process that imports the client.

use chrono::{Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};
use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, civil};

#[derive(Clone, Debug)]
pub(super) struct Zone(jiff::tz::TimeZone);

/// An offset from UTC, and the zone that it was asked of.
#[derive(Clone, Debug)]
pub(super) struct ZoneOffset {
    zone: Zone,
    offset: FixedOffset,
}

impl Zone {
    pub(super) const UTC: Self = Self(jiff::tz::TimeZone::UTC);

    /// The zone of that name in the IANA database.
    pub(super) fn named(name: &str) -> Option<Self> {
        jiff::tz::TimeZone::get(name).ok().map(Self)
    }

    fn at(&self, offset: jiff::tz::Offset) -> Option<ZoneOffset> {
        Some(ZoneOffset { zone: self.clone(), offset: FixedOffset::east_opt(offset.seconds())? })
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.offset
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone.clone()
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let Some(local) = civil_time(local) else { return MappedLocalTime::None };
        match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                self.at(offset).map_or(MappedLocalTime::None, MappedLocalTime::Single)
            }
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => match (self.at(before), self.at(after)) {
                (Some(earlier), Some(later)) => MappedLocalTime::Ambiguous(earlier, later),
                _ => MappedLocalTime::None,
            },
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let time = Timestamp::from_second(utc.and_utc().timestamp()).ok();
        let offset = time.and_then(|time| self.at(self.0.to_offset(time)));
        offset.unwrap_or_else(|| ZoneOffset { zone: self.clone(), offset: chrono::Utc.fix() })
    }
}

fn civil_time(time: &NaiveDateTime) -> Option<civil::DateTime> {
    let small = |part: u32| i8::try_from(part).ok();
    let (year, month, day) = (i16::try_from(time.year()).ok()?, small(time.month())?, small(time.day())?);
    civil::DateTime::new(year, month, day, small(time.hour())?, small(time.minute())?, small(time.second())?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(zone: &Zone, month: u32, day: u32, hour: u32) -> MappedLocalTime<i32> {
        let time = NaiveDate::from_ymd_opt(2026, month, day).unwrap().and_hms_opt(hour, 30, 0).unwrap();
        zone.offset_from_local_datetime(&time).map(|offset| offset.fix().local_minus_utc() / 3600)
    }

    #[test]
    fn local_times_know_summer_time_and_its_ends() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(local(&berlin, 1, 1, 12), MappedLocalTime::Single(1));
        assert_eq!(local(&berlin, 7, 1, 12), MappedLocalTime::Single(2));
        assert_eq!(local(&berlin, 3, 29, 2), MappedLocalTime::None);
        assert_eq!(local(&berlin, 10, 25, 2), MappedLocalTime::Ambiguous(2, 1));
    }

    #[test]
    fn instants_have_the_offset_of_their_zone() {
        let kolkata = Zone::named("Asia/Kolkata").unwrap();
        let time = chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        assert_eq!(time.with_timezone(&kolkata).naive_local().to_string(), "2026-01-01 05:30:00");
        assert!(Zone::named("Europe/Nowhere").is_none());
    }
}
