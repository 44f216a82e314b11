//! Moments in messages.

use time::OffsetDateTime;
use time::UtcOffset;

/// To the second, in UTC: `2026-11-29 15:08:21 UTC`.
pub(crate) fn moment(at: &OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let (hour, minute, second) = at.to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02} UTC", at.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_said_to_the_second() {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(3_661_500);
        assert_eq!(moment(&at), "1970-01-01 01:01:01 UTC");
    }
}
