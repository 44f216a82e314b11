//! Backups: what there is, making one, looking at them, and going back.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// `GET`: [`Overview`].
pub const OVERVIEW: &str = "/v1/backups";
/// `POST` [`Now`]: makes one; steps, then [`Overview`].
pub const NOW: &str = "/v1/backups/now";
/// `POST`: reads every file of the repositories; steps, then [`Verified`].
pub const VERIFY: &str = "/v1/backups/verify";
/// `POST` [`Prune`]: drops what is not to be kept; steps, then [`Pruned`].
pub const PRUNE: &str = "/v1/backups/prune";
/// `POST` [`Discard`]: drops one; steps, then [`Pruned`].
pub const DISCARD: &str = "/v1/backups/drop";
/// `POST`: restores the newest aside and looks at it; steps, then [`Drill`].
pub const DRILL: &str = "/v1/backups/drill";
/// `POST` [`Restore`]: what it would do, as [`Plan`].
pub const RESTORE_PLAN: &str = "/v1/backups/restore/plan";
/// `POST` [`Restore`]: does it; steps, then [`Restored`].
pub const RESTORE: &str = "/v1/backups/restore";
/// `GET`: [`Kit`], which holds secrets.
pub const KIT: &str = "/v1/backups/kit";
/// `POST` [`RestoreKit`]: makes this box another; steps, then [`Restored`].
pub const RESTORE_KIT: &str = "/v1/backups/restore/kit";

/// How much a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Everything.
    Full,
    /// What changed since the last full one.
    Diff,
    /// What changed since the last one.
    Incr,
}

impl Kind {
    /// Its name in pgBackRest (`--type`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Diff => "diff",
            Self::Incr => "incr",
        }
    }
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Whether this box backs itself up.
    pub on: bool,
    /// Where backups go.
    pub repositories: Vec<Repository>,
    /// Oldest first.
    pub backups: Vec<Backup>,
    /// How the log of changes gets there; absent while PostgreSQL cannot be asked.
    pub archive: Option<Archive>,
    /// The last drill.
    pub last_drill: Option<Drill>,
}

/// A place for backups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repository {
    /// `local` or `s3`.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Bytes of all its backups.
    pub bytes: u64,
    /// Bytes by which that changes in a day, over the last week; absent in the
    /// first day.
    pub growth: Option<i64>,
    /// Any second from here on can be gone back to.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// When the last backup ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last: Option<OffsetDateTime>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// One backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its name in pgBackRest.
    pub label: String,
    /// Which repository it is in.
    pub repository: String,
    /// How much it holds.
    pub kind: Kind,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339")]
    pub ended: OffsetDateTime,
    /// Bytes that a restore of it writes.
    pub bytes: u64,
    /// Bytes that it added to the repository.
    pub stored: u64,
    /// Others that a restore of it needs.
    pub needs: Vec<String>,
    /// Whether pages of the database were damaged when it was made.
    pub damaged: bool,
    /// What the box noted: `release`, `schema`, `orders`, …
    pub notes: BTreeMap<String, String>,
}

/// How far the log of changes has got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Archive {
    /// Pieces (of 16 MiB) that are not everywhere yet.
    pub waiting: u64,
    /// Seconds the oldest of them waits.
    pub oldest_seconds: u64,
    /// When the last one was everywhere.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last: Option<OffsetDateTime>,
}

/// Makes a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// How much; what the first lacks and else what changed, when left out.
    pub kind: Option<Kind>,
    /// Where; everywhere when left out.
    pub repository: Option<String>,
}

/// What looking at every file found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// What is wrong, by repository; none means all is well.
    pub faults: Vec<String>,
    /// What was looked at.
    pub summary: Vec<String>,
}

/// Drops backups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prune {
    /// Only tells which.
    pub dry_run: bool,
}

/// Drops one backup, and those that need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discard {
    /// Its name in pgBackRest.
    pub label: String,
    /// From which repository; from every one that has it when left out.
    pub repository: Option<String>,
    /// Only tells which.
    pub dry_run: bool,
}

/// What was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// `local 20261128-023000F`.
    pub dropped: Vec<String>,
}

/// How a drill went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drill {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// From which repository.
    pub repository: String,
    /// Which backup it began from.
    pub label: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// What was looked at, and how it was.
    pub checks: Vec<String>,
    /// Seconds between a commit and its being in the archive.
    pub rpo_seconds: Option<f64>,
    /// Seconds from the beginning of the restore to a server that answers.
    pub rto_seconds: Option<f64>,
}

/// Where to go back to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// The state at this time; the newest when left out.
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
    /// The state at the end of this backup.
    pub label: Option<String>,
    /// From which repository; from the first that can when left out.
    pub repository: Option<String>,
    /// The state of the box itself too: its configuration, secrets and certificates.
    pub everything: bool,
}

/// What a restore would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// From which repository.
    pub repository: String,
    /// Which backup it begins from.
    pub label: String,
    /// When that ended.
    #[serde(with = "time::serde::rfc3339")]
    pub ended: OffsetDateTime,
    /// What is replayed after it: nothing, or the log up to a time, or all of it.
    pub target: String,
    /// Bytes it needs beside the present data.
    pub needs: u64,
    /// Bytes that are free.
    pub free: u64,
    /// What it does, in order.
    pub steps: Vec<String>,
}

/// A restore was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restored {
    /// From which repository.
    pub repository: String,
    /// Which backup it began from.
    pub label: String,
    /// When the last change was made that is there again.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_change: Option<OffsetDateTime>,
    /// Seconds from the beginning to a healthy box.
    pub seconds: f64,
    /// Seconds the site was away.
    pub away_seconds: f64,
    /// Where the data of before are, where they were kept.
    pub kept_aside: Option<String>,
}

/// What a bare new box needs to become this one. Holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kit {
    /// Settings of the operator's file that lead to the repository.
    pub settings: String,
    /// Passphrase of the repositories.
    pub cipher: String,
    /// Secret half of the key pair.
    pub secret_key: Option<String>,
    /// What the store's certificate is checked with, in PEM, where it is not
    /// signed by a public authority.
    pub ca: Option<String>,
}

impl std::fmt::Debug for Kit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kit(…)")
    }
}

impl Kit {
    /// As it stands on the page: settings as in the operator's file, and the
    /// secrets.
    #[must_use]
    pub fn text(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text = format!(
            "{}\n[kit]\ncipher = {}\n",
            self.settings,
            quoted(&self.cipher)
        );
        if let Some(secret) = &self.secret_key {
            text.push_str(&format!("secret_key = {}\n", quoted(secret)));
        }
        if let Some(ca) = &self.ca {
            text.push_str(&format!("ca = {}\n", quoted(ca)));
        }
        text
    }

    /// Reads a page, or what its code says.
    ///
    /// # Errors
    /// With the line that is not understood, in words.
    pub fn parse(page: &str) -> Result<Self, String> {
        let mut settings = String::new();
        let (mut cipher, mut secret_key, mut ca) = (None, None, None);
        let mut section = String::new();
        for (number, line) in (1..).zip(page.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with('[') {
                if !["[backups.s3]", "[kit]"].contains(&line) {
                    return Err(format!(
                        "line {number}: {line} is no part of a recovery kit"
                    ));
                }
                line.clone_into(&mut section);
                if section == "[backups.s3]" {
                    settings.push_str("[backups.s3]\n");
                }
                continue;
            }
            let value = line.split_once('=').map(|(name, value)| {
                let text = serde_json::from_str::<String>(value.trim());
                (name.trim(), text)
            });
            let Some((name, Ok(value))) = value else {
                return Err(format!("line {number} is not of the form name = \"value\""));
            };
            match (&*section, name) {
                ("[kit]", "cipher") => cipher = Some(value),
                ("[kit]", "secret_key") => secret_key = Some(value),
                ("[kit]", "ca") => ca = Some(value),
                ("[backups.s3]", _) => {
                    settings.push_str(line);
                    settings.push('\n');
                }
                _ => {
                    return Err(format!(
                        "line {number}: {name} is no part of a recovery kit"
                    ));
                }
            }
        }
        let cipher = cipher.ok_or("there is no cipher in it: the whole page is needed")?;
        if settings.is_empty() {
            return Err("there is no [backups.s3] in it: the whole page is needed".to_owned());
        }
        Ok(Self {
            settings,
            cipher,
            secret_key,
            ca,
        })
    }
}

/// Makes this box the one that a kit is of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestoreKit {
    /// The kit.
    pub kit: Kit,
    /// To which state.
    pub restore: Restore,
}
