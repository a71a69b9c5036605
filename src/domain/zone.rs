//! Where days begin.

use super::Timestamp;
use jiff::tz::TimeZone;

/// A time zone of the IANA database, such as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// The zone of that name, whatever its case; none when the database has no such zone.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        // One without a name could not be written down.
        zone.iana_name()?;
        Some(Self(zone))
    }

    /// As the database spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// When the day began that this moment is in.
    #[must_use]
    pub fn day_began(&self, moment: Timestamp) -> Timestamp {
        let began = jiff::Timestamp::from_microsecond(moment.micros())
            .and_then(|at| at.to_zoned(self.0.clone()).start_of_day());
        // Only at the ends of the calendar, thousands of years away.
        began.map_or(moment, |day| {
            Timestamp::from_micros(day.timestamp().as_microsecond())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Zone;
    use crate::domain::Timestamp;

    #[test]
    fn a_day_begins_at_midnight_where_the_agency_is() {
        let began = |zone: &str, at: &str| {
            let zone = Zone::from_name(zone).unwrap();
            zone.day_began(Timestamp::parse(at).unwrap()).to_string()
        };
        for (zone, at, began_at) in [
            ("UTC", "2026-11-21T23:59:59Z", "2026-11-21T00:00:00.000000Z"),
            (
                "Europe/Berlin",
                "2026-11-20T23:30:00Z",
                "2026-11-20T23:00:00.000000Z",
            ),
            (
                "America/New_York",
                "2026-11-21T03:00:00Z",
                "2026-11-20T05:00:00.000000Z",
            ),
            (
                "Asia/Kolkata",
                "2026-11-21T18:30:00Z",
                "2026-11-21T18:30:00.000000Z",
            ),
            // The day on which the clocks are put back, and one that has no midnight.
            (
                "Europe/Berlin",
                "2026-10-25T12:00:00Z",
                "2026-10-24T22:00:00.000000Z",
            ),
            (
                "America/Santiago",
                "2026-09-06T12:00:00Z",
                "2026-09-06T04:00:00.000000Z",
            ),
        ] {
            assert_eq!(began(zone, at), began_at, "{zone} {at}");
        }
    }

    #[test]
    fn a_zone_is_one_of_the_database() {
        assert_eq!(
            Zone::from_name("europe/berlin").unwrap().name(),
            "Europe/Berlin"
        );
        assert_eq!(Zone::default().name(), "UTC");
        for none in ["", "Mars/Olympus", "+01:00", "CEST6"] {
            assert_eq!(Zone::from_name(none), None, "{none}");
        }
    }
}
