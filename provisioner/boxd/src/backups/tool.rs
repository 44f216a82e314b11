//! pgBackRest (pgbackrest(1)), each run of it in a unit of its own.

use super::BackupError;
use crate::disk::Disk;
use crate::status::machine;
use crate::steps::Steps;
use crate::systemd::{Ended, Transient, Units};
use onebox_model::paths::{BACKUP_LOGS, BACKUP_REPOSITORY, PGBACKREST_BINARY, POSTGRES_HOME};
use onebox_model::render::STANZA;
use std::sync::Arc;
use std::time::Duration;

/// How often a run is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Progress is told in steps of so many percent.
const STEP: u8 = 10;
/// With less than this free a disk is full: a piece of the log and a bit.
const FULL: u64 = 64_000_000;
/// How often a run is begun, and the first pause between two.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(5);

/// The tool on this system.
#[derive(Clone)]
pub(super) struct Tool {
    pub(super) disk: Arc<Disk>,
    pub(super) systemd: Arc<dyn Units>,
    /// Of every run.
    pub(super) options: Vec<String>,
}

/// What to run.
pub(super) struct Run {
    /// The unit without its suffix, which also names the log.
    pub(super) unit: &'static str,
    /// What for, as in "cannot …" and "… failed".
    pub(super) what: String,
    /// Command and options of pgBackRest.
    pub(super) arguments: Vec<String>,
    /// As which account, how long, and how modestly.
    pub(super) shape: Transient,
}

impl Run {
    pub(super) fn new(
        unit: &'static str,
        what: impl Into<String>,
        command: &str,
        options: &[String],
    ) -> Self {
        let mut arguments = vec![format!("--stanza={STANZA}")];
        arguments.extend_from_slice(options);
        arguments.push(command.to_owned());
        Self {
            unit,
            what: what.into(),
            arguments,
            shape: Transient {
                user: "postgres".to_owned(),
                limit: Duration::from_secs(24 * 3600),
                writable: ["-/var/lib/pgbackrest", "/run/pgbackrest"]
                    .map(str::to_owned)
                    .to_vec(),
                ..Transient::default()
            },
        }
    }
}

impl Tool {
    /// Runs it to its end and returns what it said.
    ///
    /// # Errors
    /// When it fails, with its own words.
    pub(super) async fn run(&self, run: Run, steps: &Steps) -> Result<String, BackupError> {
        let log = format!("{BACKUP_LOGS}/{}.log", run.unit);
        let mut command = vec![PGBACKREST_BINARY.to_owned()];
        command.extend_from_slice(&self.options);
        command.extend(run.arguments);
        let unit = Transient {
            unit: format!("{}.service", run.unit),
            description: run.what.clone(),
            command,
            output: Some(log.clone()),
            ..run.shape
        };
        let mut tries = 1;
        loop {
            let ended = self.once(&unit, &log, &run.what, steps).await?;
            let said = self.said(&log);
            if ended.is_success() {
                return Ok(said);
            }
            let why = errors(&said);
            if tries < TRIES && is_told_to_wait(&why) {
                let pause = PAUSE * tries;
                let seconds = pause.as_secs();
                steps.tell(format!(
                    "{}: the object store is busy, once more in {seconds} s",
                    run.what
                ));
                tokio::time::sleep(pause).await;
                tries += 1;
                continue;
            }
            return Err(BackupError::Program {
                what: run.what,
                said: if why.is_empty() {
                    format!("it ended as {} ({})", ended.result, ended.status)
                } else {
                    why + &self.full_disks()
                },
                log,
            });
        }
    }

    /// Runs a unit to its end and tells how far it is.
    async fn once(
        &self,
        unit: &Transient,
        log: &str,
        what: &str,
        steps: &Steps,
    ) -> Result<Ended, BackupError> {
        self.disk.remove(log)?;
        let running = self.systemd.run(unit);
        tokio::pin!(running);
        let mut told = 0;
        loop {
            tokio::select! {
                ended = &mut running => return Ok(ended?),
                () = tokio::time::sleep(LOOK) => {
                    let text = self.said(log);
                    if let Some(percent) = percent(&text).filter(|now| *now >= told + STEP) {
                        told = percent - percent % STEP;
                        steps.tell(format!("{what}: {told} %"));
                    }
                }
            }
        }
    }

    /// Says so when a disk is full: pgBackRest tells of files that it cannot
    /// write, and not why.
    fn full_disks(&self) -> String {
        let mut told = String::new();
        for place in [POSTGRES_HOME, BACKUP_REPOSITORY] {
            let free = machine::disk_use(&self.disk.path(place)).map(|disk| disk.free_bytes);
            if let Ok(free) = free
                && free < FULL
            {
                told = format!(
                    "; {place} has {} MB free, make room (`boxctl doctor --only disk` says what is large)",
                    free / 1_000_000
                );
            }
        }
        told
    }

    pub(super) fn said(&self, log: &str) -> String {
        let bytes = self.disk.read(log).ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Whether an object store asked for patience in a way that pgBackRest 2.55
/// takes for a refusal: it tries again by itself after a 5xx, not after these.
fn is_told_to_wait(errors: &str) -> bool {
    ["failed with 429", "failed with 408"]
        .iter()
        .any(|status| errors.contains(status))
}

/// How far it says that it is: the last "…, 45.32%)".
fn percent(said: &str) -> Option<u8> {
    let (before, _) = said.rsplit_once("%)")?;
    let number = before.rsplit([' ', ',']).next()?;
    let whole = number.split('.').next()?;
    whole.parse().ok().filter(|percent| *percent <= 100)
}

/// What it says are errors, with its hints, without time and process.
fn errors(said: &str) -> String {
    let mut all = Vec::new();
    let mut inside = false;
    for line in said.lines() {
        // Without a time before it where it comes by its standard error.
        if let Some((_, error)) = line.split_once("ERROR: ") {
            all.push(error.trim());
            inside = true;
        } else if inside && line.starts_with("   ") {
            all.push(line.trim());
        } else {
            inside = false;
        }
    }
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = concat!(
        "2026-11-28 20:59:06.566 P01 DETAIL: backup file base/1/1247 (bundle 2/1, 120KB, 99.82%) checksum 0ce8\n",
        "2026-11-28 20:58:47.029 P00  ERROR: [055]: unable to load info file\n",
        "                                    HINT: has a stanza-create been performed?\n",
        "2026-11-28 20:58:47.029 P00   INFO: backup command end: aborted with exception [055]\n",
    );

    #[test]
    fn its_progress_and_its_errors_are_read() {
        assert_eq!(percent(SAID), Some(99));
        assert_eq!(percent("nothing"), None);
        assert_eq!(
            errors(SAID),
            "[055]: unable to load info file HINT: has a stanza-create been performed?"
        );
        assert_eq!(errors("ERROR: [101]: no\n"), "[101]: no");
        assert_eq!(errors("all went well"), "");
    }
}
