//! Going back: to the newest state, to a time, or to a backup.

use super::scratch::{RESTORED, SERVER_LOG, Scratch, Target};
use super::state::{State, Timeline};
use super::swap::{self, RESTORED_PARTS, Swap};
use super::{BackupError, Backups, LINKS, Origin, host_key, keys};
use crate::disk::Access;
use crate::steps::Steps;
use onebox_api::backups::{self as api, Plan, Restored};
use onebox_api::units::Verb;
use onebox_model::config::Repository;
use onebox_model::{Release, paths, queues, units};
use std::path::Path;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// How long the last of the log may take to get into the archive.
const FLUSH: Duration = Duration::from_secs(120);
/// How long the box may take to be healthy with the restored data; a migration
/// may be part of it.
const HEALTHY: Duration = Duration::from_secs(600);

/// What was chosen for a restore.
struct Choice {
    repository: Repository,
    backup: api::Backup,
    target: Target,
    told: String,
}

impl Backups {
    /// The box's own repositories, ready to be read.
    fn own(&self) -> Result<Origin, BackupError> {
        let config = self.choices()?;
        keys::give(&self.disk, &config.backups)?;
        Ok(Origin::of_box(config))
    }

    async fn choose(&self, origin: &Origin, asked: &api::Restore) -> Result<Choice, BackupError> {
        let repositories = Self::meant(&origin.config.backups, asked.repository.as_deref())?;
        if asked.at.is_some() && asked.label.is_some() {
            return Err(BackupError::Unreachable(
                "a time and a backup are two places to go back to; give one of --at and --backup"
                    .to_owned(),
            ));
        }
        let now = OffsetDateTime::now_utc();
        if let Some(at) = asked.at.filter(|at| *at > now) {
            return Err(BackupError::Unreachable(format!(
                "{at} is in the future; it is {now} now (`timedatectl`)"
            )));
        }
        let info = self.info(origin).await?;
        let state = State::load(&self.disk);
        // A kit leads to another box's log, of which the latest is the best.
        let current = if origin.options.is_empty() {
            let written = self.server().timeline().await.ok();
            written.or_else(|| state.timelines.last().map(|line| line.number))
        } else {
            None
        };
        let mut earliest: Option<OffsetDateTime> = None;
        let mut wrong = Vec::new();
        for repository in repositories {
            if let super::Condition::Wrong(why) = info.condition(repository) {
                wrong.push(format!("{repository}: {why}"));
            }
            let backups = info.backups(repository);
            let found = match (&asked.label, asked.at) {
                (Some(label), _) => backups.iter().find(|backup| backup.label == *label),
                (None, Some(at)) => backups.iter().rfind(|backup| backup.ended <= at),
                (None, None) => backups.last(),
            };
            let oldest = backups.first().map(|backup| backup.ended);
            earliest = earliest.into_iter().chain(oldest).min();
            let Some(backup) = found else {
                continue;
            };
            let (target, told) = match (&asked.label, asked.at) {
                (Some(_), _) => (Target::BackupEnd, "nothing".to_owned()),
                (None, Some(at)) => {
                    let timeline = state.timeline_at(at).or(current);
                    (Target::Time { at, timeline }, format!("the log up to {at}"))
                }
                (None, None) => {
                    let timeline = current;
                    (Target::Newest { timeline }, "all of the log".to_owned())
                }
            };
            return Ok(Choice {
                repository,
                backup: backup.clone(),
                target,
                told,
            });
        }
        let why = if let Some(label) = &asked.label {
            format!("there is no backup {label:?}; `boxctl backup list` shows what there is")
        } else if let Some(earliest) = earliest {
            format!("that is before the first backup, which ended at {earliest}")
        } else if wrong.is_empty() {
            "there is no backup yet; `boxctl backup now` makes one".to_owned()
        } else {
            wrong.join("; ")
        };
        Err(BackupError::Unreachable(why))
    }

    /// Refuses a backup of a newer release: an older one cannot know its schema.
    fn fits(&self, backup: &api::Backup) -> Result<(), BackupError> {
        let Ok(release) = Release::load(&self.disk.path(paths::RELEASE)) else {
            return Ok(());
        };
        let Some(made_by) = backup.notes.get("release") else {
            return Ok(());
        };
        if numbers(made_by) <= numbers(&release.version) {
            return Ok(());
        }
        Err(BackupError::Unreachable(format!(
            "{} was made by release {made_by}, and this box runs {}; upgrade the box first",
            backup.label, release.version
        )))
    }

    /// What a restore would do.
    ///
    /// # Errors
    /// When the state asked for cannot be had.
    pub async fn restore_plan(&self, asked: &api::Restore) -> Result<Plan, BackupError> {
        let choice = self.choose(&self.own()?, asked).await?;
        self.fits(&choice.backup)?;
        let mut steps = vec![
            format!("restore {} into {RESTORED}", choice.backup.label),
            format!("replay {}", choice.told),
            "stop the site, its workers and PostgreSQL".to_owned(),
            format!("exchange {RESTORED} and {}", paths::POSTGRES_DATA),
            "add the files that are missing now, and take none away".to_owned(),
        ];
        if asked.everything {
            steps.push(format!("exchange {} too", paths::STATE_DIR));
        }
        steps.push("start everything, bring the schema up to this release".to_owned());
        steps.push("look whether the box is healthy; if not, exchange back".to_owned());
        Ok(Plan {
            repository: choice.repository.name().to_owned(),
            label: choice.backup.label.clone(),
            ended: choice.backup.ended,
            target: choice.told,
            needs: choice.backup.bytes,
            free: self.free()?,
            steps,
        })
    }

    /// Goes back. The data in use stay where they are until the restored ones
    /// are complete, are kept until the box is healthy with those, and come
    /// back if it is not.
    ///
    /// # Errors
    /// When it cannot be done; then the data are those of before.
    pub async fn restore(
        &self,
        asked: &api::Restore,
        steps: &Steps,
    ) -> Result<Restored, BackupError> {
        let _turn = self.take("a restore")?;
        self.restore_from(&self.own()?, asked, steps).await
    }

    /// The same from any repositories. Who calls has the turn.
    pub(super) async fn restore_from(
        &self,
        origin: &Origin,
        asked: &api::Restore,
        steps: &Steps,
    ) -> Result<Restored, BackupError> {
        let (begin, begun) = (Instant::now(), OffsetDateTime::now_utc());
        let choice = self.choose(origin, asked).await?;
        self.fits(&choice.backup)?;
        // What was written until now is in the archive before anything happens:
        // this state too can be gone back to. A server that is down has nothing
        // to add.
        let flushed = if origin.is_of_box() {
            steps.tell("sending the last of the log to the archive");
            let flushed = self.server().flush(FLUSH).await;
            if let Err(error) = &flushed {
                steps.tell(format!("not everything is in the archive: {error}"));
            }
            flushed.is_ok()
        } else {
            // What this box has is kept aside: its archive goes with its state.
            false
        };
        let label = choice.backup.label.clone();
        let recover = |target| {
            let backup = (&*label, choice.backup.bytes);
            self.recover(origin, RESTORED, choice.repository, backup, target, steps)
        };
        let recovered = recover(choice.target).await;
        let (scratch, target) = match (recovered, choice.target) {
            // Nothing was written after that time, and all of the log was read.
            (Err(BackupError::Unreachable(_)), Target::Time { timeline, .. }) if flushed => {
                steps.tell("nothing was written after that time: replaying all of the log");
                let target = Target::Newest { timeline };
                (recover(target).await?, target)
            }
            (other, target) => (other?, target),
        };
        let read = self.read_all(origin, &choice, target, &scratch).await;
        if let Err(error) = read {
            scratch.stop(self).await?;
            return Err(error);
        }
        let last_change = scratch.last_change;
        let timeline = scratch.server.timeline().await;
        scratch.stop(self).await?;
        let timeline = timeline?;
        self.mark_for_archive(RESTORED, timeline)?;
        let away = Instant::now();
        swap::running(&self.disk, true)?;
        let swapped = self.change_places(asked.everything, steps).await;
        let swap = match swapped {
            Ok(swap) => swap,
            Err(error) => {
                self.serve(asked.everything, steps).await?;
                swap::running(&self.disk, false)?;
                return Err(error);
            }
        };
        let healthy = match self.serve(asked.everything, steps).await {
            Ok(()) => {
                steps.tell("looking whether the box is healthy");
                self.health.check(HEALTHY).await
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = healthy {
            steps.tell(format!("it is not ({why}): the data of before come back"));
            let stopped = self.stop_all().await;
            let back = stopped.and_then(|()| swap.back(&self.disk));
            let served = self.serve(asked.everything, steps).await;
            swap::running(&self.disk, false)?;
            return Err(match back.and(served) {
                Ok(()) => BackupError::Unhealthy(why),
                Err(error) => BackupError::Stuck {
                    why,
                    error: error.to_string(),
                },
            });
        }
        let away_seconds = away.elapsed().as_secs_f64();
        swap.confirm(&self.disk)?;
        swap::running(&self.disk, false)?;
        State::change(&self.disk, |state| {
            let since = OffsetDateTime::now_utc();
            state.timelines.push(Timeline {
                number: timeline,
                since,
            });
        })?;
        // What is not in the archive is nowhere else.
        let kept_aside = match flushed {
            true => {
                self.clear(RESTORED)?;
                self.clear(RESTORED_PARTS)?;
                None
            }
            // Under a name that no later restore clears.
            false => {
                let aside = format!("{RESTORED}-over-{label}-{}", begun.unix_timestamp());
                let (from, to) = (self.disk.path(RESTORED), self.disk.path(&aside));
                std::fs::rename(&from, &to)
                    .map_err(BackupError::io(format!("move {}", from.display())))?;
                Some(aside)
            }
        };
        Ok(Restored {
            repository: choice.repository.name().to_owned(),
            label,
            last_change,
            seconds: begin.elapsed().as_secs_f64(),
            away_seconds,
            kept_aside,
        })
    }

    /// Makes sure that all of the log was replayed where all of it was asked
    /// for. PostgreSQL takes any piece that it cannot get for the end of the
    /// log: a repository that fails for a moment would cost data.
    async fn read_all(
        &self,
        origin: &Origin,
        choice: &Choice,
        target: Target,
        scratch: &Scratch,
    ) -> Result<(), BackupError> {
        let (Target::Newest { timeline }, Some(replayed)) =
            (target, scratch.server.replayed().await?)
        else {
            return Ok(());
        };
        let info = self.info(origin).await?;
        let newest = info.newest_log(choice.repository);
        let Some(newest) =
            newest.filter(|piece| timeline.is_none_or(|line| line == piece.timeline))
        else {
            return Ok(());
        };
        if replayed >= newest.number {
            return Ok(());
        }
        let next = info.backups(choice.repository);
        let next = next.iter().find(|one| one.ended > choice.backup.ended);
        Err(BackupError::Unreachable(hole(
            choice,
            scratch.last_change,
            next,
            newest.number - replayed,
        )))
    }

    /// Takes back a restore that a keeper left in the middle when it was killed.
    ///
    /// # Errors
    /// When the data of before cannot be put back, or nothing starts with them.
    pub async fn recover_restore(&self, steps: &Steps) -> Result<(), BackupError> {
        if !swap::left_over(&self.disk) {
            return Ok(());
        }
        let _turn = self.take("taking back a restore")?;
        self.stop_all().await?;
        if let Some(done) = swap::undo(&self.disk)? {
            steps.tell(done);
        }
        // The state may have been that of the restore for a while.
        self.serve(true, steps).await?;
        Ok(swap::running(&self.disk, false)?)
    }

    /// Stops what uses the data and puts the restored ones into their places.
    async fn change_places(&self, everything: bool, steps: &Steps) -> Result<Swap, BackupError> {
        steps.tell("stopping the site, its workers and PostgreSQL");
        self.stop_all().await?;
        self.clear(RESTORED_PARTS)?;
        self.disk.directory(RESTORED_PARTS, Access::root(0o700))?;
        // Out of the database's directory; where a link was, one will be.
        for (name, _) in LINKS {
            let from = self.disk.path(&format!("{RESTORED}/{name}"));
            let to = self.disk.path(&format!("{RESTORED_PARTS}/{name}"));
            if from.is_dir() && !from.is_symlink() {
                std::fs::rename(&from, &to)
                    .map_err(BackupError::io(format!("move {}", from.display())))?;
            }
        }
        // What the recovery was told is of no use to the server that follows.
        self.disk.write(
            &format!("{RESTORED}/postgresql.auto.conf"),
            b"",
            Access::of(onebox_model::render::Account::Postgres, 0o600),
        )?;
        let files = self.disk.path(&format!("{RESTORED_PARTS}/onebox-files"));
        let present = self.disk.path(paths::APP_STATE_DIR);
        let added = add_missing(&files, &present).map_err(BackupError::io("bring files back"))?;
        steps.tell(format!("{added} files that were missing are back"));
        let mut pairs = Vec::new();
        if everything {
            // On the way back it opens the secrets of before.
            host_key::keep(&self.disk)?;
            let state = format!("{RESTORED_PARTS}/onebox-state");
            host_key::keep_machine_id(&self.disk, &state)?;
            pairs.push((paths::STATE_DIR.to_owned(), state));
        }
        pairs.push((paths::POSTGRES_DATA.to_owned(), RESTORED.to_owned()));
        Swap::begin(&self.disk, pairs)
    }

    /// Stops what uses the data. One that does not stop is dealt with by
    /// systemd, which kills it.
    async fn stop_all(&self) -> Result<(), BackupError> {
        swap::hold_server(&self.disk, true)?;
        for unit in users().iter().rev() {
            if let Err(error) = self.systemd.act(Verb::Stop, unit).await {
                tracing::warn!("{error}");
            }
        }
        // Under a server no directory may change.
        let server = self.systemd.state(units::POSTGRESQL).await?;
        if ["active", "activating", "deactivating"].contains(&&*server.active_state) {
            return Err(BackupError::Unreachable(format!(
                "{} is still {} and does not stop; `journalctl -u postgresql` says why",
                units::POSTGRESQL,
                server.active_state
            )));
        }
        Ok(())
    }

    /// Starts what uses the data.
    async fn serve(&self, everything: bool, steps: &Steps) -> Result<(), BackupError> {
        if everything {
            super::kit::adopt_state(self, steps).await?;
        }
        swap::hold_server(&self.disk, false)?;
        steps.tell("starting PostgreSQL, the site and its workers");
        for unit in users() {
            self.systemd.act(Verb::Start, &unit).await?;
        }
        Ok(())
    }
}

/// What can be gone back to when the log cannot be read to its end.
fn hole(
    choice: &Choice,
    reached: Option<OffsetDateTime>,
    next: Option<&api::Backup>,
    pieces: u64,
) -> String {
    let until = reached.unwrap_or(choice.backup.ended);
    let since = next.map_or_else(String::new, |next| {
        format!(
            ", and again any since {} (the end of backup {})",
            next.ended, next.label
        )
    });
    format!(
        "the log cannot be read beyond {until}: a piece of it, of the last {pieces} in {}, is missing or damaged. \
         Any second from {} to {until} can be gone back to (--at){since}. If the store failed for a moment, try again; \
         `boxctl backup verify` looks at every piece, and {SERVER_LOG} says which could not be read",
        choice.repository, choice.backup.ended
    )
}

/// Units that use the data, in the order of a start.
fn users() -> Vec<String> {
    let mut all = [units::POSTGRESQL, units::MIGRATE, units::WEB]
        .map(str::to_owned)
        .to_vec();
    all.extend(queues::ALL.into_iter().map(units::worker));
    all.push(units::SCHEDULER.to_owned());
    all
}

/// The numbers of a version, for comparing.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// Moves files below `from` that are not below `to` there, with the
/// directories they need; says how many.
fn add_missing(from: &Path, to: &Path) -> std::io::Result<u64> {
    let mut added = 0;
    let Ok(entries) = std::fs::read_dir(from) else {
        return Ok(0);
    };
    for entry in entries {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if !target.exists() {
            added += count(&source);
            std::fs::rename(&source, &target)?;
        } else if entry.file_type()?.is_dir() && target.is_dir() {
            added += add_missing(&source, &target)?;
        }
    }
    Ok(added)
}

fn count(path: &Path) -> u64 {
    if path.is_dir() {
        super::files_below(path).len() as u64
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_that_are_missing_come_back_and_none_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        for path in ["from/a/b", "to/a", "from/c/d"] {
            fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        for (path, text) in [
            ("from/a/1", "old"),
            ("from/a/b/2", "x"),
            ("from/c/d/3", "x"),
            ("to/a/1", "new"),
            ("to/4", "x"),
        ] {
            fs::write(dir.path().join(path), text).unwrap();
        }
        assert_eq!(add_missing(&from, &to).unwrap(), 2);
        assert_eq!(fs::read_to_string(to.join("a/1")).unwrap(), "new");
        for path in ["a/b/2", "c/d/3", "4"] {
            assert!(to.join(path).is_file(), "{path}");
        }
    }

    #[test]
    fn releases_are_compared_by_their_numbers() {
        assert!(numbers("1.10.0") > numbers("1.9.2"));
        assert_eq!(numbers("0.1.0"), numbers("0.1.0"));
    }
}
