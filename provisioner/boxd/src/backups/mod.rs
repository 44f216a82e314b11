//! Backups: the database, the files of the application and the state of the
//! box, by pgBackRest, in one set.
//!
//! The database's directory holds two links, to the application's files and to
//! the box's state. pgBackRest follows them, so that one run backs up all three
//! with the same encryption, checksums and retention, and one restore brings
//! all three back as they were together.
//!
//! Everything that reads or writes a repository runs in a unit of its own
//! ([`tool`]), one at a time ([`Backups::turn`]). What is due and what is
//! superfluous is decided in [`calendar`], from times alone.

mod calendar;
mod discard;
mod drill;
mod error;
mod holes;
mod host_key;
mod info;
mod keys;
mod kit;
mod metrics;
mod reconciler;
mod restore;
mod scratch;
mod server;
mod state;
mod swap;
mod tool;

pub use error::BackupError;
pub use reconciler::{Backing, Drills};
pub use swap::undo_at_boot;

pub(crate) use calendar::weekday;
pub(crate) use keys::give_early;

use crate::acme::config_in_force;
use crate::disk::Disk;
use crate::generations::{Applier, Health};
use crate::steps::Steps;
use crate::systemd::{Transient, Units};
use info::{Condition, Info};
use onebox_api::backups::{self as api, Kind, Overview, Pruned, Verified};
use onebox_model::config::{self, Config, Repository};
use onebox_model::{Machine, Release, paths};
use server::Server;
use state::{Moment, State, Try};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio::sync::{Mutex as Turn, MutexGuard};
use tool::{Run, Tool};

/// How long what pgBackRest said is good enough for what looks every minute.
const STALE: Duration = Duration::from_secs(600);

/// Links in the database's directory to what goes along.
const LINKS: [(&str, &str); 2] = [
    ("onebox-files", paths::APP_STATE_DIR),
    ("onebox-state", paths::STATE_DIR),
];

/// What was seen of backups lately.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Why there are none.
    pub off: Option<&'static str>,
    /// When the last in each repository ended.
    pub last: Vec<(String, Option<OffsetDateTime>)>,
    /// Why the last try failed, by repository.
    pub errors: Vec<(String, String)>,
    /// How far the log has got; absent while PostgreSQL cannot be asked.
    pub archive: Option<onebox_api::backups::Archive>,
    /// When the last drill was.
    pub last_drill: Option<OffsetDateTime>,
    /// Why it failed.
    pub drill_error: Option<String>,
    /// Whether backups leave the box.
    pub away: bool,
}

/// Which repositories are read, and by which of pgBackRest's configurations.
#[derive(Clone, Debug, Default)]
struct Origin {
    config: Config,
    /// Options of each of its runs.
    options: Vec<String>,
}

impl Origin {
    /// Those of the box's own configuration.
    fn of_box(config: Config) -> Self {
        Self {
            config,
            options: Vec::new(),
        }
    }

    /// Whether it is the box's own.
    fn is_of_box(&self) -> bool {
        self.options.is_empty()
    }
}

/// The box's backups.
#[derive(Clone)]
pub struct Backups {
    disk: Arc<Disk>,
    systemd: Arc<dyn Units>,
    health: Arc<dyn Health>,
    machine: Machine,
    /// Held while pgBackRest is asked what there is: its unit has one name.
    asking: Arc<Turn<()>>,
    /// What pgBackRest said last, and when.
    seen: Arc<Mutex<Option<(Instant, Info)>>>,
    turn: Arc<Turn<()>>,
    /// What has the turn, for those who are refused.
    doing: Arc<Mutex<&'static str>>,
    /// When the server was started whose archiving was seen to.
    seen_to: Arc<Mutex<Option<OffsetDateTime>>>,
}

impl std::fmt::Debug for Backups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Backups")
    }
}

impl Backups {
    /// Those of a system.
    #[must_use]
    pub fn new(applier: &Applier) -> Self {
        Self {
            disk: Arc::clone(&applier.disk),
            systemd: Arc::clone(&applier.systemd),
            health: Arc::clone(&applier.health),
            machine: applier.machine,
            asking: Arc::default(),
            seen: Arc::default(),
            turn: Arc::default(),
            doing: Arc::new(Mutex::new("nothing")),
            seen_to: Arc::default(),
        }
    }

    fn tool(&self, origin: &Origin) -> Tool {
        Tool {
            disk: Arc::clone(&self.disk),
            systemd: Arc::clone(&self.systemd),
            options: origin.options.clone(),
        }
    }

    fn server(&self) -> Server {
        Server::of_box(&self.disk)
    }

    /// Sees to it that the server heeds `archive_timeout`, once for each start
    /// of it.
    async fn wake_server(&self) -> Result<(), BackupError> {
        let seen = || self.seen_to.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *seen();
        let started = self.server().wake(before).await?;
        *seen() = Some(started);
        Ok(())
    }

    /// Takes the turn for `doing`, or says what has it.
    fn take(&self, doing: &'static str) -> Result<MutexGuard<'_, ()>, BackupError> {
        let mut now = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(turn) = self.turn.try_lock() else {
            return Err(BackupError::Busy((*now).to_owned()));
        };
        *now = doing;
        Ok(turn)
    }

    fn choices(&self) -> Result<Config, BackupError> {
        let config = config_in_force(&self.disk);
        if config.database.url.is_some() {
            return Err(BackupError::Off(
                "the database is elsewhere (database.url), and whoever runs it backs it up",
            ));
        }
        if config.backups.repositories().is_empty() {
            return Err(BackupError::Off(
                "backups are off (backups.on = false); `boxctl config edit` turns them on",
            ));
        }
        Ok(config)
    }

    /// The repositories that were meant.
    fn meant(
        backups: &config::Backups,
        name: Option<&str>,
    ) -> Result<Vec<Repository>, BackupError> {
        let all = backups.repositories();
        let Some(name) = name else {
            return Ok(all);
        };
        match Repository::named(name).filter(|one| all.contains(one)) {
            Some(one) => Ok(vec![one]),
            None => Err(BackupError::NoRepository {
                asked: name.to_owned(),
                known: all
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" and "),
            }),
        }
    }

    async fn info(&self, origin: &Origin) -> Result<Info, BackupError> {
        let options = [
            "--output=json",
            "--log-level-console=off",
            "--log-level-stderr=error",
        ]
        .map(str::to_owned);
        let _asking = self.asking.lock().await;
        let run = Run::new("onebox-backup-info", "listing backups", "info", &options);
        let info = Info::parse(&self.tool(origin).run(run, &Steps::logged()).await?)?;
        if origin.is_of_box() {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            *seen = Some((Instant::now(), info.clone()));
            drop(seen);
            State::change(&self.disk, |state| {
                state.last = origin
                    .config
                    .backups
                    .repositories()
                    .into_iter()
                    .filter_map(|one| {
                        let last = info.backups(one).last()?.ended;
                        Some((one.name().to_owned(), Moment(last)))
                    })
                    .collect();
                let now = OffsetDateTime::now_utc();
                for one in origin.config.backups.repositories() {
                    state.measured(one.name(), now, info.bytes(one));
                }
            })?;
        }
        Ok(info)
    }

    /// What it said a while ago; asked anew when that is too long ago.
    async fn info_lately(&self, origin: &Origin) -> Result<Info, BackupError> {
        let seen = {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.clone()
        };
        match seen {
            Some((when, info)) if when.elapsed() < STALE => Ok(info),
            _ => self.info(origin).await,
        }
    }

    /// What the keeper saw last, without asking pgBackRest.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub async fn seen(&self) -> Result<Seen, BackupError> {
        let config = match self.choices() {
            Ok(config) => config,
            Err(BackupError::Off(why)) => {
                return Ok(Seen {
                    off: Some(why),
                    ..Seen::default()
                });
            }
            Err(error) => return Err(error),
        };
        let state = State::load(&self.disk);
        let repositories = config.backups.repositories();
        let name = |one: &Repository| one.name().to_owned();
        Ok(Seen {
            off: None,
            last: repositories
                .iter()
                .map(|one| (name(one), state.last.get(one.name()).map(|at| at.0)))
                .collect(),
            errors: repositories
                .iter()
                .filter_map(|one| {
                    let error = state.tries.get(one.name())?.error.clone()?;
                    Some((name(one), error))
                })
                .collect(),
            archive: self.server().archive().await.ok(),
            last_drill: state.drill.as_ref().map(|drill| drill.at),
            drill_error: state.drill.and_then(|drill| drill.error),
            away: repositories.contains(&Repository::S3),
        })
    }

    /// What there is, and how it is.
    ///
    /// # Errors
    /// When backups are off or pgBackRest cannot be run.
    pub async fn overview(&self) -> Result<Overview, BackupError> {
        let config = match self.choices() {
            Ok(config) => config,
            Err(BackupError::Off(_)) => return Ok(Overview::default()),
            Err(error) => return Err(error),
        };
        let info = self.info(&Origin::of_box(config.clone())).await?;
        let state = State::load(&self.disk);
        let window = config.backups.window();
        let mut overview = Overview {
            on: true,
            archive: self.server().archive().await.ok(),
            last_drill: state.drill.clone(),
            ..Overview::default()
        };
        for repository in config.backups.repositories() {
            let backups = info.backups(repository);
            let begin = OffsetDateTime::now_utc() - window;
            let oldest = backups.iter().find(|backup| backup.ended >= begin);
            let before = backups.iter().rfind(|backup| backup.ended < begin);
            let tried = state.tries.get(repository.name());
            overview.repositories.push(api::Repository {
                name: repository.name().to_owned(),
                place: place(&config.backups, repository),
                error: match info.condition(repository) {
                    Condition::Wrong(why) => Some(why),
                    _ => None,
                },
                bytes: info.bytes(repository),
                growth: state.growth(repository.name(), OffsetDateTime::now_utc()),
                since: before
                    .map(|_| begin)
                    .or_else(|| oldest.map(|one| one.ended)),
                last: backups.iter().map(|backup| backup.ended).max(),
                last_error: tried.and_then(|tried| tried.error.clone()),
            });
            overview.backups.extend(backups);
        }
        overview.backups.sort_by_key(|backup| backup.started);
        Ok(overview)
    }

    /// Makes a backup now.
    ///
    /// # Errors
    /// When it fails in any of the repositories; the others have theirs.
    pub async fn now(&self, asked: &api::Now, steps: &Steps) -> Result<Overview, BackupError> {
        let config = self.choices()?;
        let repositories = Self::meant(&config.backups, asked.repository.as_deref())?;
        {
            let _turn = self.take("a backup")?;
            keys::give(&self.disk, &config.backups)?;
            let info = self.info(&Origin::of_box(config.clone())).await?;
            let mut failed = None;
            for repository in repositories {
                let kind = asked.kind.unwrap_or(Kind::Incr);
                let made = self.make(&config, &info, repository, kind, steps).await;
                if let Err(error) = made {
                    steps.tell(format!("{repository}: {error}"));
                    failed.get_or_insert(error);
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        self.overview().await
    }

    /// Makes a backup in one repository and drops what need not be kept there.
    /// Who calls has the turn.
    async fn make(
        &self,
        config: &Config,
        info: &Info,
        repository: Repository,
        kind: Kind,
        steps: &Steps,
    ) -> Result<(), BackupError> {
        let done = self.make_in(config, info, repository, kind, steps).await;
        State::change(&self.disk, |state| {
            let before = state.tries.get(repository.name());
            let failures = before.map_or(0, |before| before.failures_in_a_row);
            let now = Try {
                at: OffsetDateTime::now_utc(),
                failures_in_a_row: if done.is_ok() { 0 } else { failures + 1 },
                error: done.as_ref().err().map(ToString::to_string),
            };
            state.tries.insert(repository.name().to_owned(), now);
        })?;
        done
    }

    async fn make_in(
        &self,
        config: &Config,
        info: &Info,
        repository: Repository,
        kind: Kind,
        steps: &Steps,
    ) -> Result<(), BackupError> {
        // All of them: the log is archived when each has it, and a backup waits
        // for its own.
        for one in config.backups.repositories() {
            self.stanza(info, one, steps).await?;
        }
        self.link()?;
        let number = repository.number();
        let mut options = vec![
            format!("--repo={number}"),
            format!("--type={}", kind.name()),
            // Dropping is a run of its own.
            "--no-expire-auto".to_owned(),
            "--log-level-console=detail".to_owned(),
        ];
        for (name, value) in self.notes().await? {
            options.push(format!("--annotation={name}={value}"));
        }
        let what = format!("{} backup to {repository}", kind.name());
        steps.tell(&*what);
        let mut run = Run::new("onebox-backup", what, "backup", &options);
        run.shape = Transient {
            reads_all: true,
            gives_way: true,
            bytes_per_second: config.backups.bytes_per_second,
            ..run.shape
        };
        let made = self.tool(&Origin::default()).run(run, steps).await;
        made.map_err(|error| discard::explain(error, repository))?;
        self.drop_superfluous(config, repository, false, steps)
            .await?;
        Ok(())
    }

    /// Makes a repository ready for this box.
    async fn stanza(
        &self,
        info: &Info,
        repository: Repository,
        steps: &Steps,
    ) -> Result<(), BackupError> {
        if info.condition(repository) != Condition::Unused {
            return Ok(());
        }
        // It has no choice of a repository: all are made ready that are not.
        let what = format!("making {repository} ready for backups");
        steps.tell(&*what);
        let run = Run::new("onebox-backup-stanza", what, "stanza-create", &[]);
        self.tool(&Origin::default()).run(run, steps).await?;
        self.archive_histories()
    }

    /// Makes the links in the database's directory, and what they lead to, be
    /// there.
    fn link(&self) -> Result<(), BackupError> {
        for (name, target) in LINKS {
            let path = format!("{}/{name}", paths::POSTGRES_DATA);
            self.disk.link(&path, target)?;
        }
        Ok(host_key::keep(&self.disk)?)
    }

    /// What is noted with a backup: which release made it and what was in it.
    async fn notes(&self) -> Result<BTreeMap<String, String>, BackupError> {
        let mut notes = self.server().contents().await?;
        if let Ok(release) = Release::load(&self.disk.path(paths::RELEASE)) {
            notes.insert("release".to_owned(), release.version);
        }
        let uploads = files_below(&self.disk.path(paths::APP_STATE_DIR));
        notes.insert("files".to_owned(), uploads.len().to_string());
        Ok(notes)
    }

    async fn drop_superfluous(
        &self,
        config: &Config,
        repository: Repository,
        dry_run: bool,
        steps: &Steps,
    ) -> Result<Vec<String>, BackupError> {
        let backups = self
            .info(&Origin::of_box(config.clone()))
            .await?
            .backups(repository);
        let now = jiff::Zoned::now().with_time_zone(calendar::zone(&config.time.zone));
        let labels = calendar::superfluous(&backups, &config.backups, &now);
        if dry_run {
            return Ok(labels);
        }
        let repo = format!("--repo={}", repository.number());
        let mut runs: Vec<Vec<String>> = labels
            .iter()
            // Those of others go with them.
            .map(|label| vec![repo.clone(), format!("--set={label}")])
            .collect();
        // The log that no backup needs any more.
        runs.push(vec![repo]);
        for options in runs {
            let what = format!("dropping old backups from {repository}");
            let run = Run::new("onebox-backup-expire", what, "expire", &options);
            self.tool(&Origin::default()).run(run, steps).await?;
        }
        for label in &labels {
            steps.tell(format!("dropped {label} from {repository}"));
        }
        Ok(labels)
    }

    /// Drops what need not be kept.
    ///
    /// # Errors
    /// When pgBackRest fails.
    pub async fn prune(&self, asked: &api::Prune, steps: &Steps) -> Result<Pruned, BackupError> {
        let config = self.choices()?;
        let _turn = self.take("pruning")?;
        let mut dropped = Vec::new();
        for repository in config.backups.repositories() {
            let labels = self
                .drop_superfluous(&config, repository, asked.dry_run, steps)
                .await?;
            dropped.extend(
                labels
                    .into_iter()
                    .map(|label| format!("{repository} {label}")),
            );
        }
        Ok(Pruned { dropped })
    }

    /// Reads every file of the repositories and compares it with its checksum.
    ///
    /// # Errors
    /// When that cannot be done; faults are in the answer.
    pub async fn verify(&self, steps: &Steps) -> Result<Verified, BackupError> {
        let config = self.choices()?;
        let _turn = self.take("a verification")?;
        let (mut faults, mut summary) = (Vec::new(), Vec::new());
        for repository in config.backups.repositories() {
            let options = [
                format!("--repo={}", repository.number()),
                "--output=text".to_owned(),
                "--verbose".to_owned(),
                "--log-level-console=info".to_owned(),
            ];
            let what = format!("verifying {repository}");
            steps.tell(&*what);
            let mut run = Run::new("onebox-backup-verify", what, "verify", &options);
            run.shape.gives_way = true;
            let said = self.tool(&Origin::default()).run(run, steps).await?;
            let (mut bad, good) = verdict(&said);
            bad.extend(self.holes(&config, repository).await?);
            faults.extend(bad.into_iter().map(|line| format!("{repository}: {line}")));
            summary.extend(good.into_iter().map(|line| format!("{repository}: {line}")));
        }
        Ok(Verified { faults, summary })
    }
}

/// What a verification says is faulty, and what it looked at. It succeeds
/// whatever it finds, and may say a thing twice, to its log and as its answer.
fn verdict(said: &str) -> (Vec<String>, Vec<String>) {
    let (mut bad, mut good): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut head = "";
    for line in said.lines() {
        let line = line
            .split_once("INFO: ")
            .map_or(line, |(_, rest)| rest)
            .trim();
        if line.starts_with("archiveId:") || line.starts_with("backup:") {
            head = line;
            // One that was cut off is gone on with, or dropped, by the next.
            let is_unfinished = line.contains("status: in-progress");
            if is_unfinished || line.contains("status: valid") || line.starts_with("archiveId:") {
                good.push(line.to_owned());
            } else {
                bad.push(line.to_owned());
            }
        } else if line.starts_with("missing: ") || line.starts_with("checksum invalid: ") {
            let none = line.split(", ").all(|count| count.ends_with(": 0"));
            if !none {
                bad.push(format!("{head}; {line}"));
            }
        } else if line.starts_with("invalid checksum") || line.starts_with("invalid size") {
            bad.push(line.to_owned());
        }
    }
    for lines in [&mut bad, &mut good] {
        let mut seen = std::collections::BTreeSet::new();
        lines.retain(|line| seen.insert(line.clone()));
    }
    (bad, good)
}

fn place(backups: &config::Backups, repository: Repository) -> String {
    match repository {
        Repository::Local => paths::BACKUP_REPOSITORY.to_owned(),
        Repository::S3 => {
            let s3 = &backups.s3;
            let (host, port) = s3.host_and_port().unwrap_or_default();
            let bucket = s3.bucket.as_deref().unwrap_or_default();
            format!("{host}:{port}/{bucket}{}", s3.path)
        }
    }
}

/// The files below a directory, as far as it can be read.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(&directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => left.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
2026-11-28 21:05:38.453 P01   INFO: invalid checksum '20261128-205905F/bundle/2'\n\
2026-11-28 21:05:38.476 P00   INFO: stanza: onebox\n\
                                    status: error\n\
                                      archiveId: 17-1, total WAL checked: 6, total valid WAL: 6\n\
                                        missing: 0, checksum invalid: 0, size invalid: 0, other: 0\n\
                                      backup: 20261128-205905F, status: invalid, total files checked: 969, total valid files: 968\n\
                                        missing: 0, checksum invalid: 1, size invalid: 0, other: 0\n\
  backup: 20261128-205905F, status: invalid, total files checked: 969, total valid files: 968\n";

    #[test]
    fn faults_that_a_verification_found_are_told_once() {
        let (bad, good) = verdict(SAID);
        assert_eq!(bad.len(), 3, "{bad:?}");
        let unfinished = "backup: 20261129-022231F_20261129-022241I, status: in-progress, total files checked: 0";
        assert_eq!(verdict(unfinished).0, Vec::<String>::new());
        assert_eq!(bad[0], "invalid checksum '20261128-205905F/bundle/2'");
        assert!(bad[2].ends_with("checksum invalid: 1, size invalid: 0, other: 0"));
        assert_eq!(
            good,
            ["archiveId: 17-1, total WAL checked: 6, total valid WAL: 6"]
        );
    }
}
