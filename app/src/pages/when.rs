//! Moments, as pages show them.

use time::OffsetDateTime;
use time::macros::format_description;

/// Date, hour and minute in UTC.
#[must_use]
pub fn minute(at: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]");
    at.to_offset(time::UtcOffset::UTC)
        .format(form)
        .unwrap_or_default()
}

/// Date in UTC.
#[must_use]
pub fn day(at: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day]");
    at.to_offset(time::UtcOffset::UTC)
        .format(form)
        .unwrap_or_default()
}
