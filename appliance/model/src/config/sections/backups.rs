//! `[backups]`: when the box is backed up, to where, and what is kept.

use crate::config::error::Finding;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Backups of the database, the files, and the box's own state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backups {
    /// Whether anything is backed up.
    pub on: bool,
    /// Whether backups are kept on the box's own disk.
    pub local: bool,
    /// Time of day, in the box's time zone, of the daily one.
    pub at: String,
    /// Day of the week of the full one.
    pub full_on: Day,
    /// Hours between small ones during the day; 0 for none.
    pub between_hours: u16,
    /// How many days every daily one is kept, and any second can be gone back to.
    pub keep_daily: u16,
    /// How many full ones are kept, one a week.
    pub keep_weekly: u16,
    /// How many full ones are kept, one a month.
    pub keep_monthly: u16,
    /// Seconds after which what was written is sent away at the latest.
    pub archive_seconds: u16,
    /// Most bytes a second that a backup reads, and so sends; 0 for no limit.
    pub bytes_per_second: u64,
    /// Days between two drills; 0 for none.
    pub drill_days: u16,
    /// An object store.
    pub s3: BackupS3,
}

/// A bucket that backups go to. Off while it has no bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupS3 {
    /// Address of the service.
    pub endpoint: Option<String>,
    /// Bucket, which must exist.
    pub bucket: Option<String>,
    /// Region; R2 has one, `auto`.
    pub region: String,
    /// Where in the bucket this box's backups are.
    pub path: String,
    /// Name of the key pair.
    pub access_key: Option<String>,
    /// Its secret half.
    pub secret_key: Option<Secret>,
    /// A file of authorities that sign the service's certificate, where they
    /// are not the usual ones.
    pub ca_file: Option<std::path::PathBuf>,
}

/// Days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    #[default]
    Sunday,
}

impl Default for Backups {
    fn default() -> Self {
        Self {
            on: true,
            local: true,
            at: "02:30".to_owned(),
            full_on: Day::Sunday,
            between_hours: 1,
            keep_daily: 7,
            keep_weekly: 4,
            keep_monthly: 6,
            archive_seconds: 60,
            bytes_per_second: 0,
            drill_days: 7,
            s3: BackupS3::default(),
        }
    }
}

impl Default for BackupS3 {
    fn default() -> Self {
        Self {
            endpoint: None,
            bucket: None,
            region: "auto".to_owned(),
            path: "/onebox".to_owned(),
            access_key: None,
            secret_key: None,
            ca_file: None,
        }
    }
}

/// A repository of backups, by the number it has in pgBackRest's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Repository {
    /// On the box's own disk.
    Local,
    /// In an object store.
    S3,
}

impl Repository {
    /// Its number (`repo1-…`); fixed, so that a box that drops one does not
    /// take the other for it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Local => 1,
            Self::S3 => 2,
        }
    }

    /// Its name in commands and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::S3 => "s3",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Local, Self::S3]
            .into_iter()
            .find(|repository| repository.name() == name)
    }
}

impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a time of day such as `02:30` says.
pub(super) fn hour_and_minute(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let part = |text: &str, most: u8| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|part| digits && *part <= most)
    };
    Some((part(hour, 23)?, part(minute, 59)?))
}

impl Backups {
    /// Where backups go.
    #[must_use]
    pub fn repositories(&self) -> Vec<Repository> {
        let local = (self.on && self.local).then_some(Repository::Local);
        let s3 = (self.on && self.s3.bucket.is_some()).then_some(Repository::S3);
        local.into_iter().chain(s3).collect()
    }

    /// Hour and minute of the daily one.
    #[must_use]
    pub fn hour_and_minute(&self) -> Option<(u8, u8)> {
        hour_and_minute(&self.at)
    }

    /// How long any second can be gone back to.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_daily) * 86_400)
    }

    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.hour_and_minute().is_none() {
            found.push(Finding::new(
                "backups.at",
                &self.at,
                "this is no time of day",
                r#"write hours and minutes such as "02:30""#,
            ));
        }
        for (key, value, least, most) in [
            ("backups.between_hours", self.between_hours, 0, 23),
            ("backups.keep_daily", self.keep_daily, 1, 365),
            ("backups.keep_weekly", self.keep_weekly, 1, 520),
            ("backups.keep_monthly", self.keep_monthly, 0, 120),
            ("backups.archive_seconds", self.archive_seconds, 10, 3600),
            ("backups.drill_days", self.drill_days, 0, 90),
        ] {
            if !(least..=most).contains(&value) {
                found.push(Finding::new(
                    key,
                    &value.to_string(),
                    "this is no useful number",
                    &format!("write a whole number from {least} to {most}"),
                ));
            }
        }
        if self.bytes_per_second != 0 && self.bytes_per_second < SLOWEST {
            found.push(Finding::new(
                "backups.bytes_per_second",
                &self.bytes_per_second.to_string(),
                "a backup would not end before the next one",
                &format!("write {SLOWEST} or more, or 0 for no limit"),
            ));
        }
        if self.on && self.repositories().is_empty() {
            found.push(Finding::new(
                "backups.local",
                "false",
                "backups are on and have no place to go",
                "set backups.s3.bucket, or write true, or backups.on = false",
            ));
        }
        found.extend(self.s3.validate());
        found
    }
}

/// Slower than this and a small shop takes days.
const SLOWEST: u64 = 100_000;

impl BackupS3 {
    /// Host and port of the service.
    #[must_use]
    pub fn host_and_port(&self) -> Option<(&str, u16)> {
        let rest = self.endpoint.as_deref()?.strip_prefix("https://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (rest, 443),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        (!host.is_empty() && host.chars().all(plain)).then_some((host, port))
    }

    fn validate(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if self.endpoint.is_some() && self.host_and_port().is_none() {
            found.push(Finding::hidden(
                "backups.s3.endpoint",
                "this is not the https:// address of a service",
                r#"write a URL such as "https://ACCOUNT.r2.cloudflarestorage.com""#,
            ));
        }
        // They are lines of a file of pgBackRest's.
        for (key, value) in [
            ("backups.s3.bucket", self.bucket.as_deref()),
            ("backups.s3.region", Some(self.region.as_str())),
            ("backups.s3.access_key", self.access_key.as_deref()),
        ] {
            let plain = |c: char| c.is_ascii_graphic();
            if let Some(value) = value.filter(|text| text.is_empty() || !text.chars().all(plain)) {
                found.push(Finding::new(
                    key,
                    value,
                    "this is empty or has characters that no such name has",
                    "write it as the service shows it",
                ));
            }
        }
        let letters = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        if !self.path.starts_with('/') || !self.path.chars().all(letters) {
            found.push(Finding::new(
                "backups.s3.path",
                &self.path,
                "this is no path in a bucket",
                r#"write one such as "/shop.example.com""#,
            ));
        }
        found.extend(Finding::of_path(
            "backups.s3.ca_file",
            self.ca_file.as_deref(),
            "/var/lib/onebox/s3-ca.pem",
        ));
        if self.bucket.is_some() {
            for (key, missing) in [
                ("backups.s3.endpoint", self.endpoint.is_none()),
                ("backups.s3.access_key", self.access_key.is_none()),
                ("backups.s3.secret_key", self.secret_key.is_none()),
            ] {
                if missing {
                    found.push(Finding::new(
                        key,
                        "nothing",
                        "backups.s3.bucket is set, and this is needed to reach it",
                        "write it too, or leave the bucket out",
                    ));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    const S3: &str = "[backups.s3]\nendpoint = \"https://s3.example.com:9000\"\nbucket = \"b\"\n\
                      access_key = \"k\"\nsecret_key = { secret = \"backup\" }\n";

    fn problems(text: &str) -> String {
        let parsed = Config::parse(text, "t".as_ref());
        parsed.map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn a_box_backs_itself_up_without_being_told() {
        let backups = Backups::default();
        assert_eq!(backups.repositories(), [Repository::Local]);
        assert_eq!(backups.hour_and_minute(), Some((2, 30)));
        assert!(backups.validate().is_empty());
    }

    #[test]
    fn a_bucket_is_a_second_place() {
        assert_eq!(problems(S3), "");
        let config = Config::parse(S3, "t".as_ref()).unwrap();
        let both = [Repository::Local, Repository::S3];
        assert_eq!(config.backups.repositories(), both);
        let server = Some(("s3.example.com", 9000));
        assert_eq!(config.backups.s3.host_and_port(), server);
    }

    #[test]
    fn what_backs_up_nothing_is_told() {
        for (text, part) in [
            ("at = \"2:30\"", "backups.at"),
            ("at = \"24:00\"", "backups.at"),
            ("keep_daily = 0", "from 1 to 365"),
            ("archive_seconds = 1", "from 10 to 3600"),
            ("bytes_per_second = 5", "100000 or more"),
            ("local = false", "no place to go"),
            ("s3 = { bucket = \"b\" }", "backups.s3.endpoint"),
            ("s3 = { endpoint = \"http://x\" }", "backups.s3.endpoint"),
            ("s3 = { path = \"x\" }", "backups.s3.path"),
            ("s3 = { bucket = \"a\\nb\" }", "backups.s3.bucket"),
        ] {
            let said = problems(&format!("[backups]\n{text}\n"));
            assert!(said.contains(part), "{text}: {said}");
        }
    }
}
