//! What PostgreSQL is asked about its log and its contents.

use super::BackupError;
use onebox_api::backups::Archive;
use onebox_model::paths::POSTGRES_SOCKET_DIR;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// A server that does not answer within this does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a piece of the log.
pub(super) const PIECE_BYTES: u64 = 16 * 1024 * 1024;

/// The application's database.
const APPLICATION: &str = "wizamart";

/// Tables that are counted: what a shop would miss.
const COUNTED: [&str; 4] = ["users", "vendors", "products", "orders"];

const ARCHIVE: &str = "SELECT count(*) AS waiting, \
    coalesce(floor(extract(epoch FROM now() - min(modification))), 0)::bigint AS oldest, \
    (SELECT last_archived_time FROM pg_stat_archiver) AS last \
    FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'";

/// A server, by its socket.
#[derive(Clone, Debug)]
pub(super) struct Server(pub(super) PgConnectOptions);

impl Server {
    /// One whose socket is in this directory.
    pub(super) fn at(directory: &std::path::Path) -> Self {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(directory)
            .username("postgres")
            .database("postgres")
            .application_name("boxd")
            .disable_statement_logging();
        Self(options)
    }

    /// The box's own, below a system's root.
    pub(super) fn of_box(disk: &crate::disk::Disk) -> Self {
        Self::at(&disk.path(POSTGRES_SOCKET_DIR))
    }

    pub(super) async fn connect(&self, database: &str) -> Result<PgConnection, BackupError> {
        let options = self.0.clone().database(database);
        match tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await {
            Ok(connected) => connected.map_err(BackupError::database("be reached")),
            Err(_) => Err(BackupError::database("be reached")(
                sqlx::Error::PoolTimedOut,
            )),
        }
    }

    /// Has the server read its settings again, unless the one that runs was
    /// started at `seen`; says when it was.
    ///
    /// The process that heeds `archive_timeout` decides how long to sleep while
    /// the server is still recovering, when it does not: after a start it may
    /// not send the log for as long as `checkpoint_timeout` (`CheckpointerMain`
    /// of PostgreSQL 17). Reading its settings wakes it.
    pub(super) async fn wake(
        &self,
        seen: Option<OffsetDateTime>,
    ) -> Result<OffsetDateTime, BackupError> {
        let mut connection = self.connect("postgres").await?;
        let started: OffsetDateTime = sqlx::query_scalar("SELECT pg_postmaster_start_time()")
            .fetch_one(&mut connection)
            .await
            .map_err(BackupError::database("say when it was started"))?;
        if seen != Some(started) {
            sqlx::query("SELECT pg_reload_conf()")
                .execute(&mut connection)
                .await
                .map_err(BackupError::database("read its settings again"))?;
        }
        Ok(started)
    }

    /// How far the log has got into the archive.
    pub(super) async fn archive(&self) -> Result<Archive, BackupError> {
        let mut connection = self.connect("postgres").await?;
        let row = sqlx::query(ARCHIVE)
            .fetch_one(&mut connection)
            .await
            .map_err(BackupError::database("say how its archive is"))?;
        let number = |name| row.get::<i64, _>(name).try_into().unwrap_or(0);
        Ok(Archive {
            waiting: number("waiting"),
            oldest_seconds: number("oldest"),
            last: row.get::<Option<OffsetDateTime>, _>("last"),
        })
    }

    /// What is in the application's database: rows of the tables that count,
    /// and the version of its schema. Nothing while it is not there.
    pub(super) async fn contents(&self) -> Result<BTreeMap<String, String>, BackupError> {
        let mut counts = BTreeMap::new();
        let mut connection = match self.connect(APPLICATION).await {
            Ok(connection) => connection,
            // A box of which nothing was asked yet.
            Err(BackupError::Database {
                source: sqlx::Error::Database(error),
                ..
            }) if error.code().as_deref() == Some("3D000") => return Ok(counts),
            Err(error) => return Err(error),
        };
        let asked = [(
            "schema",
            "SELECT max(version)::bigint FROM schema_migrations",
        )]
        .map(|(name, query)| (name.to_owned(), query.to_owned()))
        .into_iter()
        .chain(COUNTED.map(|table| {
            (
                table.to_owned(),
                format!("SELECT count(*)::bigint FROM {table}"),
            )
        }));
        for (name, query) in asked {
            // A schema of before the table has none of it.
            let count: Result<Option<i64>, sqlx::Error> = sqlx::query_scalar(AssertSqlSafe(query))
                .fetch_one(&mut connection)
                .await;
            if let Ok(Some(count)) = count {
                counts.insert(name, count.to_string());
            }
        }
        Ok(counts)
    }

    /// Ends the piece of the log that is written to and waits until it is in
    /// the archive, with a commit in it at this moment.
    pub(super) async fn flush(&self, patience: Duration) -> Result<(), BackupError> {
        let mut connection = self.connect("postgres").await?;
        let asked = BackupError::database("end a piece of its log");
        // A transaction with a number leaves a commit, which a recovery to this
        // very time needs to stop at.
        let name: String = sqlx::query_scalar(
            "WITH one AS MATERIALIZED (SELECT pg_current_xact_id()) \
             SELECT pg_walfile_name(pg_current_wal_insert_lsn()) FROM one",
        )
        .fetch_one(&mut connection)
        .await
        .map_err(asked)?;
        sqlx::query("SELECT pg_switch_wal()")
            .execute(&mut connection)
            .await
            .map_err(BackupError::database("end a piece of its log"))?;
        self.archived(&name, patience).await
    }

    /// Waits until a piece of the log is in the archive.
    pub(super) async fn archived(&self, name: &str, patience: Duration) -> Result<(), BackupError> {
        let mut connection = self.connect("postgres").await?;
        let until = Instant::now() + patience;
        loop {
            let done: bool = sqlx::query_scalar(
                "SELECT coalesce(last_archived_wal >= $1, false) FROM pg_stat_archiver",
            )
            .bind(name)
            .fetch_one(&mut connection)
            .await
            .map_err(BackupError::database("say how its archive is"))?;
            if done {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(BackupError::Unreachable(format!(
                    "the log is not in the archive after {} s; `journalctl -u postgresql` says why",
                    patience.as_secs()
                )));
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// The number of the piece of the log that was replayed last.
    pub(super) async fn replayed(&self) -> Result<Option<u64>, BackupError> {
        let mut connection = self.connect("postgres").await?;
        // A place is that of the next record: one that ends a piece leads to the
        // beginning of the one after it.
        let bytes: Option<i64> =
            sqlx::query_scalar("SELECT (pg_last_wal_replay_lsn() - '0/1'::pg_lsn)::bigint")
                .fetch_one(&mut connection)
                .await
                .map_err(BackupError::database("say how far it replayed its log"))?;
        Ok(bytes
            .and_then(|bytes| u64::try_from(bytes).ok())
            .map(|bytes| bytes / PIECE_BYTES))
    }

    /// The timeline that is written.
    pub(super) async fn timeline(&self) -> Result<u32, BackupError> {
        let mut connection = self.connect("postgres").await?;
        let name: String =
            sqlx::query_scalar("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
                .fetch_one(&mut connection)
                .await
                .map_err(BackupError::database("say its timeline"))?;
        // A file of the log is named after its timeline, in hexadecimal.
        let number = name
            .get(..8)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.ok_or_else(|| BackupError::Answer(name))
    }
}
