//! What the doctor may do by itself: nothing that loses anything, and each the
//! same as a command that the operator could type.

use crate::systemd::{Transient, Units};
use onebox_api::units::Verb;
use std::fmt;

/// What is left of the journal when the disk is full.
const JOURNAL_KEPT: &str = "64M";

/// Something safe to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Start a unit that should run, whatever it ended with before.
    Start(String),
    /// Have a unit read its files again.
    Reload(String),
    /// Have a unit begin anew.
    Restart(String),
    /// Drop the oldest entries of the journal.
    ShrinkJournal,
}

/// As the command that does the same.
impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(unit) => write!(f, "boxctl service start {unit}"),
            Self::Reload(unit) => write!(f, "boxctl service reload {unit}"),
            Self::Restart(unit) => write!(f, "boxctl service restart {unit}"),
            Self::ShrinkJournal => write!(f, "journalctl --vacuum-size={JOURNAL_KEPT}"),
        }
    }
}

impl Remedy {
    /// What it does, for people.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Start(unit) => format!("start {unit}"),
            Self::Reload(unit) => format!("have {unit} read its files again"),
            Self::Restart(unit) => format!("restart {unit}"),
            Self::ShrinkJournal => "drop the oldest entries of the journal".to_owned(),
        }
    }

    /// Does it.
    pub(super) async fn apply(&self, systemd: &dyn Units) -> Result<String, String> {
        let act = async |verb: Verb, unit: &str| {
            let done = systemd.act(verb, unit).await;
            done.map_err(|error| error.to_string())
        };
        match self {
            Self::Start(unit) => {
                // One that failed too often is not started before this; one
                // that did not has nothing to be forgotten.
                let _ = systemd.act(Verb::ResetFailed, unit).await;
                act(Verb::Start, unit).await?;
                Ok(format!("{unit} was started"))
            }
            Self::Reload(unit) => {
                act(Verb::Reload, unit).await?;
                Ok(format!("{unit} has read its files again"))
            }
            Self::Restart(unit) => {
                act(Verb::Restart, unit).await?;
                Ok(format!("{unit} was restarted"))
            }
            Self::ShrinkJournal => shrink_journal(systemd).await,
        }
    }
}

/// In a unit of its own: the keeper itself may not write there.
async fn shrink_journal(systemd: &dyn Units) -> Result<String, String> {
    let unit = Transient {
        unit: "onebox-shrink-journal.service".to_owned(),
        description: "Dropping the oldest entries of the journal".to_owned(),
        command: vec![
            "/usr/bin/journalctl".to_owned(),
            "--rotate".to_owned(),
            format!("--vacuum-size={JOURNAL_KEPT}"),
        ],
        writable: vec!["/var/log/journal".to_owned()],
        ..Transient::default()
    };
    let ended = systemd
        .run(&unit)
        .await
        .map_err(|error| error.to_string())?;
    if ended.is_success() {
        Ok(format!("the journal has {JOURNAL_KEPT} at most"))
    } else {
        let (unit, result) = (&unit.unit, &ended.result);
        Err(format!("it ended as {result}; see `journalctl -u {unit}`"))
    }
}
