//! The date in a Release file.

use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

/// The `Date` of a Release file.
pub(crate) fn date(release: &str) -> Option<OffsetDateTime> {
    let value = release
        .lines()
        .find_map(|line| line.strip_prefix("Date: "))?;
    // Debian writes `UTC` where RFC 2822 wants `+0000`.
    OffsetDateTime::parse(&value.trim().replace("UTC", "+0000"), &Rfc2822).ok()
}

/// RFC 3339 in UTC.
pub(crate) fn format(date: OffsetDateTime) -> Result<String, time::error::Format> {
    date.format(&Rfc3339)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_dates_are_read() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\nSuite: stable\nDate: Sat, 06 Sep 2025 08:43:13 UTC\n";
        let parsed = date(text).unwrap();
        assert_eq!(format(parsed).unwrap(), "2025-09-06T08:43:13Z");
        assert!(date("Suite: stable\n").is_none());
    }
}
