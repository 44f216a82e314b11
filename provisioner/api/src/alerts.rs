//! Alerts: what is wrong, who was told, and what could not be told yet.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `GET`: [`Status`].
pub const STATUS: &str = "/v1/alerts";
/// `POST`: tells every channel that this is a test; [`Tried`] for each.
pub const TEST: &str = "/v1/alerts/test";

/// How alerting stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Who is told: `mail ops@example.com`, `webhook`, `pagerduty`, `opsgenie`.
    pub channels: Vec<String>,
    /// What is wrong now.
    pub troubles: Vec<Trouble>,
    /// What could not be delivered yet.
    pub waiting: Vec<Waiting>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Which of the keeper's watches says so.
    pub name: String,
    /// What is wrong, in a sentence.
    pub summary: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// When somebody was last told; absent while it may pass by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    pub told: Option<OffsetDateTime>,
}

/// A message that was not delivered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// To whom.
    pub channel: String,
    /// What it says.
    pub subject: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    #[serde(with = "time::serde::rfc3339")]
    pub next_try: OffsetDateTime,
    /// Why it failed.
    pub error: Option<String>,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Which channel.
    pub channel: String,
    /// Why it failed; absent when it was taken.
    pub error: Option<String>,
}
