//! Drills: the newest backup is restored aside, recovered to a moment ago, and
//! looked at.

use super::scratch::{DRILLED, Scratch, Target};
use super::server::Server;
use super::state::State;
use super::{BackupError, Backups, Origin, files_below, keys};
use crate::steps::Steps;
use crate::systemd::Transient;
use aws_lc_rs::digest::{Context, SHA256};
use onebox_api::backups::Drill;
use onebox_api::units::Verb;
use onebox_model::config::{Config, Repository, StoreChoice};
use onebox_model::paths::{APP_STATE_DIR, BACKUP_LOGS, POSTGRES_BIN};
use onebox_model::units::FILES_CHECK;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// Between the row that must be there and the one that must not.
const APART: Duration = Duration::from_secs(2);
/// Beyond the time that the log is sent at the latest.
const LATE: Duration = Duration::from_secs(300);
/// How many files are compared with those in use.
const SAMPLE: usize = 50;
/// The longest look at every page and index.
const CHECK_LIMIT: Duration = Duration::from_secs(6 * 3600);
const CHECK_UNIT: &str = "onebox-backup-check";

const TABLE: &str = "CREATE SCHEMA IF NOT EXISTS onebox";
const ROWS: &str = "CREATE TABLE IF NOT EXISTS onebox.sentinel \
    (made timestamptz PRIMARY KEY DEFAULT clock_timestamp(), note text NOT NULL)";
const OLD: &str = "DELETE FROM onebox.sentinel WHERE made < now() - interval '1 day'";
const WRITE: &str = "INSERT INTO onebox.sentinel (note) VALUES ($1) \
    RETURNING made, pg_walfile_name(pg_current_wal_insert_lsn())";

/// What is in the database just before and just after the target.
struct Moment {
    at: OffsetDateTime,
    there: OffsetDateTime,
    not_there: OffsetDateTime,
    before: BTreeMap<String, String>,
    after: BTreeMap<String, String>,
    rpo: Duration,
}

impl Backups {
    /// Practises a restore. How it went is remembered, and in the answer.
    ///
    /// # Errors
    /// When it could not be begun. A drill that failed is an answer.
    pub async fn drill(&self, steps: &Steps) -> Result<Drill, BackupError> {
        let config = self.choices()?;
        let _turn = self.take("a drill")?;
        keys::give(&self.disk, &config.backups)?;
        self.wake_server().await?;
        // Each in its turn: one that is never tried is one that is not there.
        let all = config.backups.repositories();
        let last = State::load(&self.disk).drill;
        let repository = all
            .iter()
            .rev()
            .find(|one| {
                last.as_ref()
                    .is_none_or(|last| last.repository != one.name())
            })
            .or(all.last())
            .copied()
            .unwrap_or(Repository::Local);
        let mut drill = Drill {
            at: OffsetDateTime::now_utc(),
            repository: repository.name().to_owned(),
            label: None,
            error: None,
            checks: Vec::new(),
            rpo_seconds: None,
            rto_seconds: None,
        };
        if let Err(error) = self.practise(&config, repository, &mut drill, steps).await {
            drill.error = Some(error.to_string());
        }
        let cleared = self.clear(DRILLED);
        State::change(&self.disk, |state| state.drill = Some(drill.clone()))?;
        cleared?;
        Ok(drill)
    }

    async fn practise(
        &self,
        config: &Config,
        repository: Repository,
        drill: &mut Drill,
        steps: &Steps,
    ) -> Result<(), BackupError> {
        let origin = Origin::of_box(config.clone());
        let backups = self.info(&origin).await?.backups(repository);
        let Some(backup) = backups.last() else {
            return Err(BackupError::Unreachable(format!(
                "there is no backup in {repository} yet; `boxctl backup now` makes one"
            )));
        };
        drill.label = Some(backup.label.clone());
        steps.tell("writing a row that must come back, and waiting until it is in the archive");
        let patience = Duration::from_secs(config.backups.archive_seconds.into()) + LATE;
        let moment = moment(&self.server(), patience).await?;
        drill.rpo_seconds = Some(rounded(moment.rpo));
        let begin = Instant::now();
        let target = Target::Time {
            at: moment.at,
            timeline: Some(self.server().timeline().await?),
        };
        let scratch = self
            .recover(
                &origin,
                DRILLED,
                repository,
                (&backup.label, backup.bytes),
                target,
                steps,
            )
            .await?;
        drill.rto_seconds = Some(rounded(begin.elapsed()));
        let looked = self.look(&scratch, &moment, drill, steps).await;
        scratch.stop(self).await?;
        looked?;
        if config.storage.store == StoreChoice::S3 {
            self.check_bucket(drill, steps).await?;
        }
        Ok(())
    }

    async fn look(
        &self,
        scratch: &Scratch,
        moment: &Moment,
        drill: &mut Drill,
        steps: &Steps,
    ) -> Result<(), BackupError> {
        steps.tell("looking at what was restored");
        let rows = sentinels(&scratch.server).await?;
        if !rows.contains(&moment.there) {
            return Err(BackupError::Unreachable(format!(
                "the row that was written at {} is not in the restored database",
                moment.there
            )));
        }
        if rows.contains(&moment.not_there) {
            return Err(BackupError::Unreachable(format!(
                "the row that was written at {} is in a database of {}",
                moment.not_there, moment.at
            )));
        }
        drill
            .checks
            .push("the row written before the target is there, the one after it is not".to_owned());
        let restored = scratch.server.contents().await?;
        for (name, before) in &moment.before {
            let number = |text: Option<&String>| text.and_then(|text| text.parse::<i64>().ok());
            let (least, most) = (number(Some(before)), number(moment.after.get(name)));
            let found = number(restored.get(name));
            let (least, most) = (least.min(most), least.max(most));
            if found < least || found > most {
                return Err(BackupError::Unreachable(format!(
                    "{name}: the restored database has {found:?}, the one in use had {least:?} to {most:?}"
                )));
            }
        }
        let counted: Vec<String> = restored
            .iter()
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        drill
            .checks
            .push(format!("counts agree: {}", counted.join(", ")));
        self.check_pages(steps).await?;
        drill
            .checks
            .push("pg_amcheck found every table and index sound".to_owned());
        let files = self.disk.path(&format!("{DRILLED}/onebox-files"));
        let compared = compare_files(&files, &self.disk.path(APP_STATE_DIR))?;
        drill
            .checks
            .push(format!("{compared} files are as those in use"));
        Ok(())
    }

    /// Files that are in a bucket are not copied; their list, which every backup
    /// has, is compared with what is there.
    async fn check_bucket(&self, drill: &mut Drill, steps: &Steps) -> Result<(), BackupError> {
        steps.tell("reading some of the files in the bucket");
        let done = self.systemd.act(Verb::Start, FILES_CHECK).await;
        done.map_err(|error| {
            BackupError::Unreachable(format!(
                "files in the bucket are not as their list says, or cannot be read: {error}; `journalctl -u {FILES_CHECK}` names them, `wizamart storage check` looks at all"
            ))
        })?;
        let told = "files in the bucket are as their list in the backup says";
        drill.checks.push(told.to_owned());
        Ok(())
    }

    /// Every page of every table and index (`pg_amcheck`(1)).
    async fn check_pages(&self, steps: &Steps) -> Result<(), BackupError> {
        steps.tell("checking every table and index");
        let log = format!("{BACKUP_LOGS}/{CHECK_UNIT}.log");
        let unit = Transient {
            unit: format!("{CHECK_UNIT}.service"),
            description: "Checking a restored database".to_owned(),
            command: [
                &format!("{POSTGRES_BIN}/pg_amcheck"),
                "--host=/run/onebox/backups/scratch",
                "--username=postgres",
                "--all",
                "--install-missing",
            ]
            .map(ToOwned::to_owned)
            .to_vec(),
            user: "postgres".to_owned(),
            limit: CHECK_LIMIT,
            output: Some(log.clone()),
            gives_way: true,
            ..Transient::default()
        };
        self.disk.remove(&log)?;
        let ended = self.systemd.run(&unit).await?;
        if ended.is_success() {
            return Ok(());
        }
        let said = self.tool(&Origin::default()).said(&log);
        let first: Vec<&str> = said.lines().take(5).collect();
        Err(BackupError::Program {
            what: "checking the restored database".to_owned(),
            said: first.join(" "),
            log,
        })
    }
}

/// Writes a row, lets the target pass, writes another, and waits until the
/// first is in the archive by itself.
async fn moment(server: &Server, patience: Duration) -> Result<Moment, BackupError> {
    let write = BackupError::database("write a row for the drill");
    let mut connection = server.connect("postgres").await?;
    for statement in [TABLE, ROWS, OLD] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .map_err(BackupError::database("make a table for drills"))?;
    }
    let before = server.contents().await?;
    let begin = Instant::now();
    let (there, piece): (OffsetDateTime, String) = sqlx::query_as(WRITE)
        .bind("before the target")
        .fetch_one(&mut connection)
        .await
        .map_err(write)?;
    tokio::time::sleep(APART).await;
    let at: OffsetDateTime = sqlx::query_scalar("SELECT clock_timestamp()")
        .fetch_one(&mut connection)
        .await
        .map_err(BackupError::database("tell the time"))?;
    tokio::time::sleep(APART).await;
    let (not_there, later): (OffsetDateTime, String) = sqlx::query_as(WRITE)
        .bind("after the target")
        .fetch_one(&mut connection)
        .await
        .map_err(BackupError::database("write a row for the drill"))?;
    let after = server.contents().await?;
    server.archived(&piece, patience).await?;
    let rpo = begin.elapsed();
    // A recovery stops at the first change after its target: it must find one.
    server.archived(&later, patience).await?;
    Ok(Moment {
        at,
        there,
        not_there,
        before,
        after,
        rpo,
    })
}

/// Seconds, to the millisecond.
fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

async fn sentinels(server: &Server) -> Result<Vec<OffsetDateTime>, BackupError> {
    let mut connection = server.connect("postgres").await?;
    sqlx::query_scalar("SELECT made FROM onebox.sentinel")
        .fetch_all(&mut connection)
        .await
        .map_err(BackupError::database("be asked for the drill's rows"))
}

/// Compares a sample of restored files with those in use, by their contents;
/// says how many. One that is in use no more is not compared.
fn compare_files(restored: &Path, in_use: &Path) -> Result<usize, BackupError> {
    let mut all = files_below(restored);
    all.sort();
    // Spread over all of them.
    let step = all.len().div_ceil(SAMPLE).max(1);
    let mut compared = 0;
    for file in all.iter().step_by(step) {
        let Ok(below) = file.strip_prefix(restored) else {
            continue;
        };
        let other = in_use.join(below);
        if !other.is_file() {
            continue;
        }
        let (one, two) = (hash(file)?, hash(&other)?);
        if one != two {
            return Err(BackupError::Unreachable(format!(
                "{} is not as it was backed up, or changed since",
                other.display()
            )));
        }
        compared += 1;
    }
    Ok(compared)
}

fn hash(path: &Path) -> Result<Vec<u8>, BackupError> {
    let failed = || BackupError::io(format!("read {}", path.display()));
    let mut file = std::fs::File::open(path).map_err(failed())?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(failed())?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(context.finish().as_ref().to_vec());
        };
        context.update(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_differs_fails_the_drill_and_one_that_is_gone_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let (restored, in_use) = (dir.path().join("r"), dir.path().join("u"));
        for path in ["r/a", "u/a"] {
            fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        fs::write(restored.join("a/1"), "x").unwrap();
        fs::write(restored.join("gone"), "x").unwrap();
        fs::write(in_use.join("a/1"), "x").unwrap();
        assert_eq!(compare_files(&restored, &in_use).unwrap(), 1);
        fs::write(in_use.join("a/1"), "y").unwrap();
        assert!(compare_files(&restored, &in_use).is_err());
    }
}
