//! A restored cluster beside the one in use: restored, recovered, and asked.
//!
//! Drills and restores are the same up to here, so that what is practised every
//! week is what is done at the worst hour.

use super::info::Piece;
use super::server::{PIECE_BYTES, Server};
use super::tool::{Run, Tool};
use super::{BackupError, Backups, Origin};
use crate::disk::Access;
use crate::status::machine;
use crate::steps::Steps;
use crate::systemd::{Ended, SystemdError, Transient};
use onebox_api::units::Verb;
use onebox_model::config::Repository;
use onebox_model::paths::{
    PGBACKREST_LOCKS, POSTGRES_BIN, POSTGRES_CONF, POSTGRES_DATA, POSTGRES_HOME,
};
use onebox_model::render::Account;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;
use tokio::task::JoinHandle;

/// Where clusters are restored, beside the one in use: on the same file system,
/// so that they change places without being copied.
pub(super) const RESTORED: &str = "/var/lib/postgresql/17/restored";
/// The same for drills.
pub(super) const DRILLED: &str = "/var/lib/postgresql/17/drill";
/// Socket and settings of a server on one.
const SCRATCH: &str = "/run/onebox/backups/scratch";
const SETTINGS: &str = "/run/onebox/backups/scratch/postgresql.conf";
const SERVER_UNIT: &str = "onebox-recovery.service";
const RESTORE_UNIT: &str = "onebox-restore.service";
pub(super) const SERVER_LOG: &str = "/run/onebox/backups/onebox-recovery.log";

/// Room beside the data: the log that is replayed.
const SLACK: u64 = 256 * 1024 * 1024;
/// Letters of the name of a file of the log.
const PIECE_NAME: usize = 24;
/// How often a server that recovers is asked.
const LOOK: Duration = Duration::from_millis(500);
/// The longest recovery.
const LIMIT: Duration = Duration::from_secs(24 * 3600);

/// How far the log is replayed after a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// All there is.
    Newest { timeline: Option<u32> },
    /// Up to a time, on the timeline of then.
    Time {
        at: OffsetDateTime,
        timeline: Option<u32>,
    },
    /// To the end of the backup.
    BackupEnd,
}

/// A time as PostgreSQL reads it.
const TIME: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]+00");

impl Target {
    /// The timeline is always said where it is known: an archive may also hold
    /// one of a restore that was taken back, and that would be the latest.
    fn options(self) -> Vec<String> {
        let on =
            |timeline: Option<u32>| timeline.map(|number| format!("--target-timeline={number}"));
        match self {
            Self::Newest { timeline } => {
                let mut options = vec!["--type=default".to_owned()];
                options.extend(on(timeline));
                options
            }
            Self::BackupEnd => ["--type=immediate", "--target-action=promote"]
                .map(str::to_owned)
                .to_vec(),
            Self::Time { at, timeline } => {
                let utc = at.to_offset(time::UtcOffset::UTC);
                let text = utc.format(TIME).unwrap_or_default();
                let mut options = vec![
                    "--type=time".to_owned(),
                    format!("--target={text}"),
                    "--target-action=promote".to_owned(),
                ];
                options.extend(on(timeline));
                options
            }
        }
    }
}

/// A recovered cluster with a server on it.
pub(super) struct Scratch {
    /// Its server.
    pub(super) server: Server,
    /// The last change that was replayed.
    pub(super) last_change: Option<OffsetDateTime>,
    running: JoinHandle<Result<Ended, SystemdError>>,
}

impl Backups {
    /// Restores a backup into `directory` and replays the log up to `target`.
    /// Whatever goes wrong, nothing is left running; the directory is removed
    /// by the next run or by [`Backups::clear`].
    pub(super) async fn recover(
        &self,
        origin: &Origin,
        directory: &'static str,
        repository: Repository,
        (label, bytes): (&str, u64),
        target: Target,
        steps: &Steps,
    ) -> Result<Scratch, BackupError> {
        // Of a keeper that was killed they may still run and write there.
        for unit in [RESTORE_UNIT, SERVER_UNIT] {
            self.stop_left_over(unit).await;
        }
        self.clear(directory)?;
        self.room("the restored data", bytes)?;
        self.disk
            .directory(directory, Access::of(Account::Postgres, 0o700))?;
        let mut options = vec![
            format!("--pg1-path={directory}"),
            format!("--repo={}", repository.number()),
            format!("--set={label}"),
            "--log-level-console=detail".to_owned(),
        ];
        options.extend(target.options());
        let what = format!("restoring {label} from {repository}");
        steps.tell(&*what);
        let name = RESTORE_UNIT.trim_end_matches(".service");
        let mut run = Run::new(name, what, "restore", &options);
        // Files get the owners they had.
        "root".clone_into(&mut run.shape.user);
        run.shape.writable = vec![directory.to_owned(), PGBACKREST_LOCKS.to_owned()];
        run.shape.gives_way = directory == DRILLED;
        let restored = self.tool(origin).run(run, steps).await;
        let recovered = match restored {
            Ok(_) => self.start(directory, steps).await,
            Err(error) => Err(error),
        };
        // On a disk that is full the data in use need the room.
        if recovered.is_err() {
            self.clear(directory)?;
        }
        recovered
    }

    /// Stops a unit that nobody waits for any more; most times there is none.
    async fn stop_left_over(&self, unit: &str) {
        let state = self.systemd.state(unit).await;
        let runs = |state: &str| ["active", "activating", "deactivating"].contains(&state);
        if state.is_ok_and(|state| runs(&state.active_state))
            && let Err(error) = self.systemd.act(Verb::Stop, unit).await
        {
            tracing::warn!("{error}");
        }
    }

    /// Removes a directory of restored data.
    pub(super) fn clear(&self, directory: &str) -> Result<(), BackupError> {
        Ok(self.disk.remove_tree(directory)?)
    }

    /// Says so when `bytes` and what comes with them would not fit.
    pub(super) fn room(&self, what: &'static str, bytes: u64) -> Result<(), BackupError> {
        let needs = bytes + SLACK;
        let free = self.free()?;
        if needs <= free {
            return Ok(());
        }
        Err(BackupError::Space {
            place: POSTGRES_HOME.to_owned(),
            what,
            free: free / 1_000_000,
            needs: needs / 1_000_000,
        })
    }

    pub(super) fn free(&self) -> Result<u64, BackupError> {
        let path = self.disk.path(POSTGRES_HOME);
        machine::disk_use(&path)
            .map(|is| is.free_bytes)
            .map_err(|error| BackupError::io("see what is free")(std::io::Error::other(error)))
    }

    async fn start(&self, directory: &'static str, steps: &Steps) -> Result<Scratch, BackupError> {
        self.disk
            .directory(SCRATCH, Access::of(Account::Postgres, 0o700))?;
        // As the server that wrote the log, or it is not replayed; but small,
        // by itself, and without an archive of its own.
        let settings = format!(
            "include '{POSTGRES_CONF}'\n\
             data_directory = '{directory}'\n\
             unix_socket_directories = '{SCRATCH}'\n\
             cluster_name = 'onebox recovery'\n\
             archive_mode = off\n\
             shared_buffers = 32MB\n\
             hot_standby = on\n"
        );
        self.disk.write(
            SETTINGS,
            settings.as_bytes(),
            Access::of(Account::Postgres, 0o600),
        )?;
        self.disk.remove(SERVER_LOG)?;
        let unit = Transient {
            unit: SERVER_UNIT.to_owned(),
            description: "Recovering a restored database".to_owned(),
            command: vec![
                format!("{POSTGRES_BIN}/postgres"),
                format!("-D{directory}"),
                format!("-cconfig_file={SETTINGS}"),
            ],
            user: "postgres".to_owned(),
            limit: LIMIT,
            writable: vec![
                directory.to_owned(),
                SCRATCH.to_owned(),
                PGBACKREST_LOCKS.to_owned(),
            ],
            output: Some(SERVER_LOG.to_owned()),
            gives_way: directory == DRILLED,
            ..Transient::default()
        };
        steps.tell("replaying the log of changes");
        let systemd = std::sync::Arc::clone(&self.systemd);
        let mut running = tokio::spawn(async move { systemd.run(&unit).await });
        let server = Server::at(&self.disk.path(SCRATCH));
        let tool = self.tool(&Origin::default());
        loop {
            tokio::select! {
                ended = &mut running => {
                    let how = match ended {
                        Ok(Ok(ended)) => format!("it ended as {} ({})", ended.result, ended.status),
                        Ok(Err(error)) => error.to_string(),
                        Err(error) => error.to_string(),
                    };
                    return Err(self.never_ready(&tool, &how));
                }
                () = tokio::time::sleep(LOOK) => {
                    if let Some(last_change) = ready(&server).await {
                        return Ok(Scratch { server, last_change, running });
                    }
                }
            }
        }
    }

    /// Has the server that follows archive what the recovery wrote: the history
    /// of the new timeline, which later recoveries find their way by, and the
    /// pieces of the log that are complete. Its own server archived nothing,
    /// because the data might still be thrown away.
    pub(super) fn mark_for_archive(
        &self,
        directory: &str,
        timeline: u32,
    ) -> Result<(), BackupError> {
        let log = format!("{directory}/pg_wal");
        let of_timeline = format!("{timeline:08X}");
        let names = self.disk.names(&log)?;
        let written = |name: &&String| {
            let piece = Piece::parse(name).filter(|_| name.len() == PIECE_NAME);
            piece.is_some_and(|piece| {
                let begin = begin_of(&self.disk.path(&format!("{log}/{name}")));
                name.starts_with(&of_timeline) && begin == Some(piece.number * PIECE_BYTES)
            })
        };
        let mut new: Vec<&String> = names.iter().filter(written).collect();
        // The last is still written to.
        new.pop();
        let history = format!("{of_timeline}.history");
        new.extend(names.iter().filter(|name| **name == history));
        for name in new {
            let status = format!("{log}/archive_status/{name}");
            let known = [".ready", ".done"]
                .iter()
                .any(|state| self.disk.path(&format!("{status}{state}")).exists());
            if !known {
                self.disk.write(
                    &format!("{status}.ready"),
                    b"",
                    Access::of(Account::Postgres, 0o600),
                )?;
            }
        }
        Ok(())
    }

    /// Has the histories of all timelines archived once more: a repository that
    /// was not there when they began lacks them, and nothing that it holds of
    /// such a timeline could be recovered.
    pub(super) fn archive_histories(&self) -> Result<(), BackupError> {
        let log = format!("{POSTGRES_DATA}/pg_wal");
        for name in self.disk.names(&log)? {
            if name.ends_with(".history") {
                let status = format!("{log}/archive_status/{name}");
                let access = Access::of(Account::Postgres, 0o600);
                self.disk.write(&format!("{status}.ready"), b"", access)?;
                self.disk.remove(&format!("{status}.done"))?;
            }
        }
        Ok(())
    }

    fn never_ready(&self, tool: &Tool, how: &str) -> BackupError {
        let said = tool.said(SERVER_LOG);
        let last = said
            .lines()
            .rfind(|line| line.contains("last completed transaction was at log time"));
        let reached = last.and_then(|line| line.rsplit_once("log time "));
        if said.contains("recovery ended before configured recovery target was reached") {
            return BackupError::Unreachable(format!(
                "the archive ends before that time{}",
                reached.map_or(String::new(), |(_, at)| format!(
                    ": its last change is of {at}"
                ))
            ));
        }
        let fatal: Vec<&str> = said
            .lines()
            // Of our own asking whether it is ready.
            .filter(|line| !line.contains("the database system is"))
            .filter(|line| {
                ["FATAL:", "PANIC:", "ERROR:"]
                    .iter()
                    .any(|word| line.contains(word))
            })
            .collect();
        BackupError::Program {
            what: "recovering the restored database".to_owned(),
            said: if fatal.is_empty() {
                how.to_owned()
            } else {
                fatal.join("; ")
            },
            log: SERVER_LOG.to_owned(),
        }
    }
}

/// The place in the log that a file of it begins with, from its first page
/// (`XLogPageHeaderData`): files that wait to be used hold old pages.
fn begin_of(path: &std::path::Path) -> Option<u64> {
    let mut head = [0; 16];
    let mut file = std::fs::File::open(path).ok()?;
    std::io::Read::read_exact(&mut file, &mut head).ok()?;
    // Two of magic, two of flags, four of the timeline.
    let place = head.get(8..16)?;
    Some(u64::from_le_bytes(place.try_into().ok()?))
}

/// Whether the recovery is over, and the time of the last change then.
async fn ready(server: &Server) -> Option<Option<OffsetDateTime>> {
    let mut connection = server.connect("postgres").await.ok()?;
    let (recovers, last): (bool, Option<OffsetDateTime>) =
        sqlx::query_as("SELECT pg_is_in_recovery(), pg_last_xact_replay_timestamp()")
            .fetch_one(&mut connection)
            .await
            .ok()?;
    (!recovers).then_some(last)
}

impl Scratch {
    /// Ends the server; its data are whole and closed afterwards.
    pub(super) async fn stop(self, backups: &Backups) -> Result<(), BackupError> {
        backups.systemd.act(Verb::Stop, SERVER_UNIT).await?;
        // It is told of the end of its unit, however that went.
        let _ = self.running.await;
        Ok(())
    }
}
