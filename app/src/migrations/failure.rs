//! Why the schema is not where it should be: the migration that failed last, or
//! the one that runs at this moment. The program that migrates ends, and its
//! log is elsewhere; who asks the site why it is not ready is told here.
//!
//! The note is in the database: whoever goes back to a copy of it goes back to
//! one without the note.

use super::runner::{KEY, MigrateError};
use crate::storage::{Doing, StorageError};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};

/// The table is no migration's: the first one may be the one that fails.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_failures (
    version integer PRIMARY KEY,
    name    text NOT NULL,
    error   text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
)";

/// A migration that failed and has not been applied since.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
pub struct Failure {
    /// Its number.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// What was said.
    pub error: String,
}

/// Notes a failed step; anything else is none of a migration's.
pub(super) async fn note(connection: &mut PgConnection, error: &MigrateError) {
    let (version, name) = match error {
        MigrateError::Step { version, name, .. } | MigrateError::Changed { version, name } => {
            (*version, name)
        }
        MigrateError::Storage(_) | MigrateError::NoSuchVersion { .. } => return,
    };
    let noted = async {
        sqlx::raw_sql(TABLE).execute(&mut *connection).await?;
        sqlx::query(
            "INSERT INTO schema_failures (version, name, error) VALUES ($1, $2, $3) \
             ON CONFLICT (version) DO UPDATE SET error = excluded.error, at = now()",
        )
        .bind(version)
        .bind(name)
        .bind(error.to_string())
        .execute(&mut *connection)
        .await
    };
    if let Err(error) = noted.await {
        tracing::warn!("cannot note that migration {version} failed: {error}");
    }
}

/// Forgets everything: it went well.
pub(super) async fn forget(connection: &mut PgConnection) -> Result<(), StorageError> {
    sqlx::raw_sql("DROP TABLE IF EXISTS schema_failures")
        .execute(connection)
        .await
        .doing("forget failed migrations")?;
    Ok(())
}

/// The first migration that failed and was not applied since.
///
/// # Errors
/// When the database fails.
pub async fn find(connection: &mut PgConnection) -> Result<Option<Failure>, StorageError> {
    let doing = "look for a failed migration";
    let any: bool = sqlx::query_scalar("SELECT to_regclass('schema_failures') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .doing(doing)?;
    if !any {
        return Ok(None);
    }
    sqlx::query_as("SELECT version, name, error FROM schema_failures ORDER BY version LIMIT 1")
        .fetch_optional(connection)
        .await
        .doing(doing)
}

/// For how many seconds the statement of a migration has run; `None` when
/// nobody migrates.
///
/// # Errors
/// When the database fails.
pub async fn running(connection: &mut PgConnection) -> Result<Option<i64>, StorageError> {
    sqlx::query_scalar(
        "SELECT extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.query_start))::bigint \
           FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
          WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
            AND (l.classid::bigint << 32) | l.objid::bigint = $1 \
            AND a.state <> 'idle' LIMIT 1",
    )
    .bind(KEY)
    .fetch_optional(connection)
    .await
    .doing("look whether a migration runs")
}
