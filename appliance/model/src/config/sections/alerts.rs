//! `[alerts]`: who is told when something is wrong.

use super::admin::is_address;
use crate::config::error::Finding;
use crate::config::url::is_api_url;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// Telling people. Off while no channel is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// Seconds that something must be wrong before anybody is told.
    pub after: u64,
    /// Hours after which it is told again while it lasts; 0 for never.
    pub repeat: u64,
    /// Addresses that get a mail.
    pub mail: Vec<String>,
    /// Address of a program that gets a POST; it may hold a token.
    pub webhook: Option<Secret>,
    /// PagerDuty.
    pub pagerduty: Service,
    /// Opsgenie.
    pub opsgenie: Service,
}

/// A service that calls people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// What it knows this box by; off when left out.
    pub key: Option<Secret>,
    /// Its address; the usual one when left out.
    pub url: Option<String>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            after: 120,
            repeat: 24,
            mail: Vec::new(),
            webhook: None,
            pagerduty: Service::default(),
            opsgenie: Service::default(),
        }
    }
}

/// The longest wait, in seconds, before somebody is told.
const LONGEST_WAIT: u64 = 86_400;
/// The longest pause, in hours, between two reminders.
const LONGEST_PAUSE: u64 = 24 * 30;

impl Alerts {
    /// Whether anybody is told at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.mail.is_empty()
            || self.webhook.is_some()
            || self.pagerduty.key.is_some()
            || self.opsgenie.key.is_some()
    }

    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for (key, value, most) in [
            ("alerts.after", self.after, LONGEST_WAIT),
            ("alerts.repeat", self.repeat, LONGEST_PAUSE),
        ] {
            if value > most {
                found.push(Finding::new(
                    key,
                    &value.to_string(),
                    "nobody would be told in time",
                    &format!("write a whole number from 0 to {most}"),
                ));
            }
        }
        for address in self.mail.iter().filter(|address| !is_address(address)) {
            found.push(Finding::new(
                "alerts.mail",
                address,
                "this is not a mail address",
                r#"write addresses such as ["ops@example.com"]"#,
            ));
        }
        for (key, service) in [
            ("alerts.pagerduty.url", &self.pagerduty),
            ("alerts.opsgenie.url", &self.opsgenie),
        ] {
            if let Some(url) = service.url.as_ref().filter(|url| !is_api_url(url)) {
                found.push(Finding::new(
                    key,
                    url,
                    "this is not an https:// address",
                    "write the service's address, or leave the key out",
                ));
            }
        }
        // A secret that is only named is looked at when it is used.
        let webhook = self
            .webhook
            .as_ref()
            .filter(|secret| secret.name().is_none());
        let given = webhook.and_then(|secret| secret.reveal(&crate::Credentials::default()).ok());
        if given.is_some_and(|url| !is_api_url(&url)) {
            found.push(Finding::new(
                "alerts.webhook",
                "…",
                "this is not an https:// address",
                r#"write an address such as "https://chat.example.com/hooks/…", or { secret = "name" }"#,
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
        let parsed = Config::parse(text, "t".as_ref());
        parsed.map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn channels_are_understood() {
        let text = "[alerts]\nafter = 0\nmail = [\"ops@example.com\"]\nwebhook = { secret = \"hook\" }\n\
                    [alerts.pagerduty]\nkey = { secret = \"pd\" }\n[alerts.opsgenie]\nurl = \"https://api.eu.opsgenie.com\"\n";
        assert_eq!(problems(text), "");
        let config = Config::parse(text, "t".as_ref()).unwrap();
        assert!(config.alerts.is_on());
        assert_eq!(config.alerts.repeat, 24);
        let names: Vec<String> = config
            .named_secrets()
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        assert_eq!(names, ["hook", "pd"]);
        assert!(!Alerts::default().is_on());
    }

    #[test]
    fn what_reaches_nobody_is_told() {
        for (text, part) in [
            ("mail = [\"ops\"]", "this is not a mail address"),
            ("after = 100000", "from 0 to 86400"),
            ("repeat = 10000", "from 0 to 720"),
            ("webhook = \"ftp://x\"", "alerts.webhook"),
            ("webhook = \"http://chat.example.com/x\"", "https://"),
            ("webhook = \"http://localhost.example.com\"", "https://"),
            (
                "pagerduty = { url = \"pagerduty.com\" }",
                "alerts.pagerduty.url",
            ),
        ] {
            let said = problems(&format!("[alerts]\n{text}\n"));
            assert!(said.contains(part), "{text}: {said}");
        }
    }
}
