//! Changing the box: what would change, doing it, and going back.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `GET`: the [`Plan`] of the operator's file.
pub const PLAN: &str = "/v1/plan";

/// `POST` [`Apply`]: applies the operator's file; steps, then [`Applied`].
pub const APPLY: &str = "/v1/apply";

/// `POST` [`Undo`]: applies an earlier generation anew; steps, then [`Applied`].
pub const UNDO: &str = "/v1/undo";

/// `POST` with an empty object: keeps a change that waits to be confirmed; a
/// [`Generation`].
pub const CONFIRM: &str = "/v1/confirm";

/// `GET`: all generations that are kept, the newest first, as a list of
/// [`Generation`].
pub const HISTORY: &str = "/v1/generations";

/// What applying would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The generation in force; absent before the first.
    pub current: Option<u64>,
    /// Keys of the operator's file whose values differ.
    pub settings: Vec<SettingChange>,
    /// Files that differ from what stands on the box.
    pub files: Vec<FileChange>,
    /// Units that have to be told, in this order.
    pub actions: Vec<Action>,
    /// Whether comments or the order of keys alone differ.
    pub text_only: bool,
    /// Whether it could lock the operator out, and must be confirmed.
    pub needs_confirmation: bool,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl Plan {
    /// Whether there is nothing to do at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.files.is_empty() && !self.text_only
    }

    /// How many things differ: keys, and files that do not follow from them alone.
    #[must_use]
    pub fn count(&self) -> u64 {
        let count = match self.settings.len() {
            0 => self.files.len() + usize::from(self.text_only),
            keys => keys,
        };
        count as u64
    }
}

/// A key whose value differs. Values that may be secret are absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    /// The dotted key.
    pub key: String,
    /// In force.
    pub before: serde_json::Value,
    /// Wanted.
    pub after: serde_json::Value,
    /// Whether the values are left out because they may be secret.
    pub secret: bool,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChangeKind {
    /// It is not there.
    Added,
    /// It says something else.
    Changed,
    /// It is not wanted any more.
    Removed,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Which.
    pub path: String,
    /// How.
    pub kind: FileChangeKind,
    /// The lines that differ, as a unified diff; empty where they may be secret.
    pub diff: String,
}

/// A unit that has to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Which.
    pub unit: String,
    /// `reload` or `restart`.
    pub verb: crate::units::Verb,
}

/// A request to apply the operator's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// Why, for the history.
    #[serde(default)]
    pub message: String,
    /// Fail instead of waiting when somebody else applies.
    #[serde(default)]
    pub no_wait: bool,
    /// How long the box may take to be healthy, in seconds; absent for the
    /// keeper's own patience.
    #[serde(default)]
    pub patience_seconds: Option<u64>,
}

/// A request to go back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// To which generation; absent for the one before.
    #[serde(default)]
    pub to: Option<u64>,
}

/// What came of an apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The generation in force; absent when nothing was there to do and there
    /// is none.
    pub generation: Option<Generation>,
    /// What was done.
    pub plan: Plan,
}

/// What became of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is being applied.
    Applying,
    /// It is in force and must be confirmed by then.
    Unconfirmed {
        /// Until when.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
    /// It was good.
    Kept,
    /// It was taken back.
    Reverted {
        /// Why.
        why: String,
    },
}

/// A configuration that was applied, or was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// Its number; they count up and are never used twice.
    pub number: u64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// By which account, or by what.
    pub by: String,
    /// Why.
    pub message: String,
    /// What became of it.
    pub fate: Fate,
    /// Whether it is in force.
    #[serde(default)]
    pub current: bool,
}
