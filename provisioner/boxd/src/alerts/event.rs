//! What is told.

use onebox_model::Config;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::format_description;

/// Why something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something is wrong.
    Wrong,
    /// It still is.
    Reminder,
    /// It is well again.
    Well,
    /// Somebody wants to see whether this arrives.
    Test,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Why.
    pub kind: Kind,
    /// Which of the keeper's watches it is from.
    pub name: String,
    /// What is so, in a sentence.
    pub summary: String,
    /// The box.
    pub host: String,
    /// Since when it is so.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// When it was seen.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Event {
    /// One that says that it is a test.
    #[must_use]
    pub fn test(config: &Config) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            kind: Kind::Test,
            name: "test".to_owned(),
            summary: "This is a test of alerts; nothing is wrong.".to_owned(),
            host: host(config),
            since: now,
            at: now,
        }
    }

    /// In a line.
    #[must_use]
    pub fn subject(&self) -> String {
        let what = match self.kind {
            Kind::Wrong => "wrong",
            Kind::Reminder => "still wrong",
            Kind::Well => "well again",
            Kind::Test => "test",
        };
        format!("[{}] {what}: {}", self.host, self.name)
    }

    /// In paragraphs.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let form = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
        let since = self.since.format(&form).unwrap_or_default();
        let mut lines = vec![self.summary.clone()];
        match self.kind {
            Kind::Wrong | Kind::Reminder => {
                lines.push(format!("Since {since}."));
                lines.push("`boxctl doctor` on the box says what to do.".to_owned());
            }
            Kind::Well => lines.push(format!("It was wrong since {since}.")),
            Kind::Test => {}
        }
        lines
    }

    /// The same for all that is told of one trouble: services put it together.
    #[must_use]
    pub fn alias(&self) -> String {
        format!("onebox/{}/{}", self.host, self.name)
    }
}

/// What the box is called by people.
pub(super) fn host(config: &Config) -> String {
    config.web.domains.first().cloned().unwrap_or_else(|| {
        let uname = rustix::system::uname();
        uname.nodename().to_string_lossy().into_owned()
    })
}
