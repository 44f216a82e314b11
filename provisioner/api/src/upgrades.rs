//! Upgrades: what runs, what there is, going over to another release, and
//! going back.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `GET`: [`Overview`].
pub const OVERVIEW: &str = "/v1/upgrades";
/// `POST` [`Ask`]: what an upgrade would change; steps, then [`Offer`].
pub const CHECK: &str = "/v1/upgrades/check";
/// `POST` [`Ask`]: does it up to the restart; steps, then [`Begun`].
pub const UPGRADE: &str = "/v1/upgrades/begin";
/// `POST` [`RollBack`]: what going back would cost; steps, then [`Price`].
pub const PRICE: &str = "/v1/upgrades/price";
/// `POST` [`RollBack`]: goes back up to the switch; steps, then [`Begun`].
pub const ROLL_BACK: &str = "/v1/upgrades/roll-back";
/// `POST` [`Version`]: lets a release be installed again that was no good.
pub const FORGIVE: &str = "/v1/upgrades/forgive";

/// A slot and what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// `A` or `B`.
    pub slot: String,
    /// Version of the release; empty when nobody knows.
    #[serde(default)]
    pub version: String,
    /// Revision of the sources it was built from.
    #[serde(default)]
    pub revision: String,
}

/// Something that was looked at and not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// A unit, an address, or a step of the self-test.
    pub what: String,
    /// What was wrong with it.
    pub why: String,
}

impl std::fmt::Display for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// How an upgrade ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The new release was found good and stays.
    Committed,
    /// It was not, and the box went back by itself.
    RolledBack,
    /// The power went before the box was told to go over.
    Interrupted,
}

/// An upgrade that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it was over.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What ran before.
    pub from: Side,
    /// What was on trial.
    pub to: Side,
    /// How it ended.
    pub ending: Ending,
    /// Seconds in which nobody was answered, as far as the box can tell: from
    /// the moment it was told to go over to the one in which visitors were let
    /// in again.
    pub away_seconds: f64,
    /// How often the new release was started.
    #[serde(default)]
    pub starts: u32,
    /// What was no good.
    #[serde(default)]
    pub probes: Vec<Probe>,
}

/// A release that was no good on this box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bad {
    /// Its version.
    pub version: String,
    /// Revision of the sources it was built from.
    pub revision: String,
    /// When it was tried.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What was no good.
    pub probes: Vec<Probe>,
    /// Last lines of the logs.
    #[serde(default)]
    pub logs: Vec<String>,
}

/// A trial that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What ran before.
    pub from: Side,
    /// What is on trial.
    pub to: Side,
    /// How far it is, in words.
    pub stage: String,
    /// When the box was told to go over.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// How upgrades are on this box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// What runs.
    pub running: Side,
    /// What the other slot holds.
    pub other: Option<Side>,
    /// Whether the box could go over to that again.
    pub other_is_good: bool,
    /// The trial under way.
    pub trial: Option<Trial>,
    /// Where releases come from.
    pub channel: Option<String>,
    /// When that was last read.
    #[serde(with = "time::serde::rfc3339::option")]
    pub channel_read_at: Option<OffsetDateTime>,
    /// Why it could not be read the last time.
    pub channel_error: Option<String>,
    /// The newest release in it, when that is newer than what runs.
    pub newer: Option<String>,
    /// Whether releases are installed without being asked for.
    pub automatic: bool,
    /// What was, oldest first.
    pub history: Vec<Event>,
    /// Releases that were no good, and are not installed unless forced.
    pub bad: Vec<Bad>,
}

/// Which release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// A version of the channel, the whole path of a bundle on the box, or a
    /// URL of one; the newest of the channel when left out.
    pub source: Option<String>,
    /// One that was no good, or is older than what runs, all the same.
    #[serde(default)]
    pub force: bool,
    /// Without a backup before.
    #[serde(default)]
    pub no_backup: bool,
    /// By restarting the machine, also where the kernel could go on.
    #[serde(default)]
    pub restart: bool,
}

/// Which version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The version.
    pub version: String,
}

/// A package that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageChange {
    /// Its name.
    pub name: String,
    /// The version that runs; absent where it comes new.
    pub from: Option<String>,
    /// The version that would; absent where it goes.
    pub to: Option<String>,
}

/// What an upgrade would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What runs.
    pub running: Side,
    /// What would.
    pub version: String,
    /// Revision of the sources it was built from.
    pub revision: String,
    /// Where it comes from.
    pub source: String,
    /// Bytes of the image; what is in the box already is not transferred.
    pub bytes: u64,
    /// Packages that change.
    pub packages: Vec<PackageChange>,
    /// Migrations that run, by their names.
    pub migrations: Vec<String>,
    /// Whether it brings another kernel or initrd, so that the machine restarts.
    pub kernel_changes: bool,
    /// What happens, in order.
    pub steps: Vec<String>,
    /// Seconds nobody was answered the last times, the newest last.
    pub away_seconds_before: Vec<f64>,
    /// Bytes that are free for the data while it is on trial.
    pub free: u64,
    /// When the last backup ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_backup: Option<OffsetDateTime>,
    /// Why it cannot be done; none means that it can.
    pub obstacles: Vec<String>,
}

/// The box goes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// To what.
    pub to: Side,
    /// Minutes it has to be found good in.
    pub trial_minutes: u16,
    /// Whether the machine restarts; else the kernel goes on, and visitors'
    /// connections wait.
    #[serde(default)]
    pub restarts: bool,
    /// Where the rows are that were written since the upgrade, when it goes back.
    #[serde(default)]
    pub export: Option<String>,
}

/// How to go back to the release of before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollBack {
    /// By restarting the machine, also where the kernel could go on.
    #[serde(default)]
    pub restart: bool,
}

/// Rows of a table that were written since an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The table.
    pub table: String,
    /// How many.
    pub rows: u64,
}

/// What going back to the release of before would cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// What runs.
    pub running: Side,
    /// What would; absent when there is nothing to go back to.
    pub to: Option<Side>,
    /// When visitors were let in to what runs.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// What was written since, by table; none when nothing was.
    pub written: Vec<Written>,
    /// The migration that the schema is taken back to; absent where it stays.
    pub reverts_to: Option<i64>,
    /// What happens, in order.
    pub steps: Vec<String>,
    /// Why it cannot be done; none means that it can.
    pub obstacles: Vec<String>,
}
