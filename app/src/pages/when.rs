//! Moments, as pages show them.

use crate::domain::zone::Zone;
use time::OffsetDateTime;
use time::macros::format_description;

/// Date, hour, minute and second.
#[must_use]
pub fn second(at: OffsetDateTime, zone: &Zone) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    zone.at(at).format(form).unwrap_or_default()
}

/// Date, hour and minute.
#[must_use]
pub fn minute(at: OffsetDateTime, zone: &Zone) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]");
    zone.at(at).format(form).unwrap_or_default()
}

/// Date.
#[must_use]
pub fn day(at: OffsetDateTime, zone: &Zone) -> String {
    let form = format_description!("[year]-[month]-[day]");
    zone.at(at).format(form).unwrap_or_default()
}
