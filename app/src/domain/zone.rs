//! The time zone that people are shown times in. Everything else, the database
//! first, works with moments.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::str::FromStr;
use time::{OffsetDateTime, UtcOffset};

/// A time zone. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// There is no such time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time zone database has no zone {0:?}")]
pub struct UnknownZone(String);

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The same moment, with the zone's offset at that moment.
    #[must_use]
    pub fn at(&self, at: OffsetDateTime) -> OffsetDateTime {
        let seconds = moment(at).map_or(0, |moment| self.0.to_offset(moment).seconds());
        let offset = UtcOffset::from_whole_seconds(seconds).unwrap_or(UtcOffset::UTC);
        // At the ends of time there is no other offset; nobody is shown them.
        at.checked_to_offset(offset).unwrap_or(at)
    }

    /// Its name in the time zone database.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What people call its time at that moment, such as CET.
    #[must_use]
    pub fn abbreviation(&self, at: OffsetDateTime) -> String {
        moment(at).map_or_else(String::new, |moment| {
            self.0.to_offset_info(moment).abbreviation().to_owned()
        })
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// The database is part of the program: the box need not have one, and the
    /// same program shows the same times everywhere.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let zone = TimeZoneDatabase::bundled().get(name);
        zone.map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }
}

fn moment(at: OffsetDateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.unix_timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_has_another_day_elsewhere() {
        let late = datetime!(2026-11-24 23:30 UTC);
        let shown = |name: &str| name.parse::<Zone>().unwrap().at(late).to_string();
        assert_eq!(shown("Europe/Luxembourg"), "2026-11-25 0:30:00.0 +01:00:00");
        assert_eq!(shown("America/New_York"), "2026-11-24 18:30:00.0 -05:00:00");
        assert_eq!(shown("UTC"), "2026-11-24 23:30:00.0 +00:00:00");
    }

    #[test]
    fn summer_has_its_own_offset_and_name() {
        let zone: Zone = "Europe/Luxembourg".parse().unwrap();
        assert_eq!(zone.abbreviation(datetime!(2026-03-29 00:59 UTC)), "CET");
        assert_eq!(zone.abbreviation(datetime!(2026-03-29 01:00 UTC)), "CEST");
        assert_eq!(zone.name(), "Europe/Luxembourg");
        assert_eq!(Zone::utc().name(), "UTC");
    }

    #[test]
    fn what_is_no_zone_is_named() {
        let error = "Nowhere/Land".parse::<Zone>().unwrap_err();
        assert!(error.to_string().contains("Nowhere/Land"));
    }

    proptest! {
        #[test]
        fn the_moment_stays_the_same(second in -10_000_000_000_i64..20_000_000_000) {
            let at = OffsetDateTime::from_unix_timestamp(second).unwrap();
            for name in ["Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"] {
                prop_assert_eq!(name.parse::<Zone>().unwrap().at(at), at);
            }
        }
    }
}
