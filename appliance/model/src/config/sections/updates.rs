//! `[updates]`: where new releases come from, who must have signed them, and
//! when the box installs them by itself.

use super::backups::Day;
use crate::config::error::Finding;
use crate::config::url::is_api_url;
use serde::{Deserialize, Serialize};

/// New releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Updates {
    /// Address of a channel: the directory that `boxctl release publish` makes.
    pub channel: Option<String>,
    /// A file of the authorities whose releases are taken besides those that the
    /// image brings.
    pub roots_file: Option<std::path::PathBuf>,
    /// A file of authorities that sign the certificate of the channel's server,
    /// where they are not the usual ones.
    pub ca_file: Option<std::path::PathBuf>,
    /// Whether new releases are installed without being asked for.
    pub automatic: bool,
    /// Day of the week on which that may begin; every day when left out.
    pub on: Option<Day>,
    /// Time of day, in the box's time zone, from which that may begin.
    pub from: String,
    /// Minutes from then on in which that may begin.
    pub minutes: u16,
    /// Most minutes that a new release has to be found good in.
    pub trial_minutes: u16,
}

impl Default for Updates {
    fn default() -> Self {
        Self {
            channel: None,
            roots_file: None,
            ca_file: None,
            automatic: false,
            on: None,
            from: "03:30".to_owned(),
            minutes: 120,
            trial_minutes: 30,
        }
    }
}

impl Updates {
    /// Hour and minute from which an upgrade may begin by itself.
    #[must_use]
    pub fn hour_and_minute(&self) -> Option<(u8, u8)> {
        super::backups::hour_and_minute(&self.from)
    }

    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let channel = self.channel.as_deref();
        if let Some(channel) = channel.filter(|channel| !is_api_url(channel)) {
            // Hidden where it may hold a password.
            let what = if channel.contains('@') {
                "…"
            } else {
                channel
            };
            found.push(Finding::new(
                "updates.channel",
                what,
                "this is not the https:// address of a directory on a web server",
                r#"write a URL such as "https://releases.example.com/stable""#,
            ));
        }
        for (key, path, example) in [
            (
                "updates.roots_file",
                &self.roots_file,
                "/var/lib/onebox/release-roots.pem",
            ),
            (
                "updates.ca_file",
                &self.ca_file,
                "/var/lib/onebox/channel-ca.pem",
            ),
        ] {
            found.extend(Finding::of_path(key, path.as_deref(), example));
        }
        if self.hour_and_minute().is_none() {
            found.push(Finding::new(
                "updates.from",
                &self.from,
                "this is no time of day",
                r#"write hours and minutes such as "03:30""#,
            ));
        }
        for (key, value, least, most) in [
            ("updates.minutes", self.minutes, 10, 1440),
            ("updates.trial_minutes", self.trial_minutes, 5, 720),
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
        if self.automatic && self.channel.is_none() {
            found.push(Finding::new(
                "updates.automatic",
                "true",
                "there is no channel that releases could come from",
                "set updates.channel too, or write false",
            ));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn problems(text: &str) -> String {
        let parsed = Config::parse(&format!("[updates]\n{text}"), "t".as_ref());
        parsed.map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn nothing_is_installed_without_being_told() {
        let updates = Updates::default();
        assert!(!updates.automatic && updates.channel.is_none());
        assert_eq!(updates.hour_and_minute(), Some((3, 30)));
        assert!(updates.validate().is_empty());
    }

    #[test]
    fn a_channel_is_an_address() {
        assert_eq!(
            problems(
                "channel = \"https://releases.example.com/stable\"\nautomatic = true\non = \"friday\"\n"
            ),
            ""
        );
        for (text, key) in [
            ("channel = \"releases\"\n", "updates.channel"),
            ("channel = \"ftp://a/b\"\n", "updates.channel"),
            (
                "channel = \"https://user:hunter2@a/b\"\n",
                "updates.channel",
            ),
            ("automatic = true\n", "updates.automatic"),
            ("from = \"3am\"\n", "updates.from"),
            ("minutes = 1\n", "updates.minutes"),
            ("trial_minutes = 1\n", "updates.trial_minutes"),
            ("roots_file = \"roots.pem\"\n", "updates.roots_file"),
        ] {
            let said = problems(text);
            assert!(
                said.contains(key) && !said.contains("hunter2"),
                "{text}: {said}"
            );
        }
    }
}
