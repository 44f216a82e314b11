//! Applies and reverts migrations.

use super::{Migration, failure};
use crate::storage::{Doing, StorageError};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

/// "onebox mg" in ASCII; advisory locks share one number space per database.
pub(super) const KEY: i64 = 0x6f6e_6562_6f78_6d67;

/// A migration could not be applied or reverted.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database failed outside a migration's own statements.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A migration failed; its transaction was rolled back.
    #[error(
        "cannot {way} migration {version} ({name}): {source}; the schema is as it was before it"
    )]
    Step {
        /// "apply" or "revert".
        way: &'static str,
        /// Its number.
        version: i32,
        /// Its name.
        name: String,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// A file was changed after it was applied.
    #[error(
        "migration {version} ({name}) differs from the one this database has; \
         an applied migration must not change, write a new one"
    )]
    Changed {
        /// Its number.
        version: i32,
        /// Its name.
        name: String,
    },
    /// There is no such version to go back to.
    #[error(
        "cannot revert to {wanted}: the database is at {current}, give a number from 0 to that"
    )]
    NoSuchVersion {
        /// What was asked for.
        wanted: i32,
        /// Where the database is.
        current: i32,
    },
}

/// A migration as the database has it.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its number.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// When it was applied, as text for people.
    pub applied_at: String,
    checksum: String,
    down: String,
}

/// What one migration's state is, for `wizamart migrate --status`.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// When it was applied, if it was.
    pub applied_at: Option<String>,
    /// Whether this binary carries it.
    pub known: bool,
}

/// Applies `migrations` that the database lacks and says which those were.
///
/// # Errors
/// When one fails; those before it stay applied.
pub async fn migrate(
    connection: &mut PgConnection,
    migrations: &[Migration],
) -> Result<Vec<i32>, MigrateError> {
    lock(connection).await?;
    let done = migrate_locked(connection, migrations).await;
    match &done {
        Ok(_) => failure::forget(connection).await?,
        Err(error) => failure::note(connection, error).await,
    }
    unlock(connection).await?;
    done
}

async fn migrate_locked(
    connection: &mut PgConnection,
    migrations: &[Migration],
) -> Result<Vec<i32>, MigrateError> {
    let applied = applied(connection).await?;
    let mut done = Vec::new();
    for migration in migrations {
        match applied
            .iter()
            .find(|applied| applied.version == migration.version)
        {
            Some(same) if same.checksum == migration.checksum() => {}
            Some(_) => {
                let name = migration.name.to_owned();
                return Err(MigrateError::Changed {
                    version: migration.version,
                    name,
                });
            }
            None => {
                apply(connection, migration).await?;
                done.push(migration.version);
            }
        }
    }
    Ok(done)
}

/// Reverts everything above `target`, newest first, and says what that was.
///
/// # Errors
/// When a revert fails; those before it stay reverted.
pub async fn revert_to(
    connection: &mut PgConnection,
    target: i32,
) -> Result<Vec<i32>, MigrateError> {
    lock(connection).await?;
    let done = revert_locked(connection, target).await;
    unlock(connection).await?;
    done
}

async fn revert_locked(
    connection: &mut PgConnection,
    target: i32,
) -> Result<Vec<i32>, MigrateError> {
    let applied = applied(connection).await?;
    let current = applied.last().map_or(0, |applied| applied.version);
    if target < 0 || target > current {
        return Err(MigrateError::NoSuchVersion {
            wanted: target,
            current,
        });
    }
    let mut done = Vec::new();
    for step in applied
        .iter()
        .rev()
        .filter(|applied| applied.version > target)
    {
        revert(connection, step).await?;
        done.push(step.version);
    }
    Ok(done)
}

/// Every migration either side knows.
///
/// # Errors
/// When the database fails.
pub async fn status(
    connection: &mut PgConnection,
    migrations: &[Migration],
) -> Result<Vec<Line>, MigrateError> {
    let applied = applied(connection).await?;
    let mut lines: Vec<Line> = migrations
        .iter()
        .map(|migration| Line {
            version: migration.version,
            name: migration.name.to_owned(),
            applied_at: None,
            known: true,
        })
        .collect();
    for row in applied {
        match lines.iter_mut().find(|line| line.version == row.version) {
            Some(line) => line.applied_at = Some(row.applied_at),
            None => lines.push(Line {
                version: row.version,
                name: row.name,
                applied_at: Some(row.applied_at),
                known: false,
            }),
        }
    }
    Ok(lines)
}

async fn lock(connection: &mut PgConnection) -> Result<(), StorageError> {
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(KEY)
        .execute(&mut *connection)
        .await
        .doing("wait for other migrations to finish")?;
    sqlx::raw_sql(
        "SET client_min_messages = warning;
         CREATE TABLE IF NOT EXISTS schema_migrations (
             version         integer PRIMARY KEY,
             name            text NOT NULL,
             checksum        text NOT NULL,
             compatible_from integer NOT NULL,
             down            text NOT NULL,
             applied_at      timestamptz NOT NULL DEFAULT now()
         )",
    )
    .execute(connection)
    .await
    .doing("create the list of migrations")?;
    Ok(())
}

async fn unlock(connection: &mut PgConnection) -> Result<(), StorageError> {
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(KEY)
        .execute(connection)
        .await
        .doing("let other migrations run")?;
    Ok(())
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>, StorageError> {
    let doing = "read the list of migrations";
    let known: bool = sqlx::query_scalar("SELECT to_regclass('schema_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .doing(doing)?;
    if !known {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "SELECT version, name, checksum, down, \
                to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS applied_at \
         FROM schema_migrations ORDER BY version",
    )
    .fetch_all(connection)
    .await
    .doing(doing)?;
    rows.iter()
        .map(|row| {
            Ok(Applied {
                version: row.try_get("version")?,
                name: row.try_get("name")?,
                checksum: row.try_get("checksum")?,
                down: row.try_get("down")?,
                applied_at: row.try_get("applied_at")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .doing(doing)
}

async fn apply(connection: &mut PgConnection, migration: &Migration) -> Result<(), MigrateError> {
    let step = async {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(migration.up)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO schema_migrations (version, name, checksum, compatible_from, down) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(migration.version)
        .bind(migration.name)
        .bind(migration.checksum())
        .bind(migration.compatible_from())
        .bind(migration.down)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    };
    step.await.map_err(|source| MigrateError::Step {
        way: "apply",
        version: migration.version,
        name: migration.name.to_owned(),
        source,
    })
}

async fn revert(connection: &mut PgConnection, applied: &Applied) -> Result<(), MigrateError> {
    let step = async {
        let mut transaction = connection.begin().await?;
        // The text was a file of ours when it was recorded.
        sqlx::raw_sql(AssertSqlSafe(applied.down.clone()))
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM schema_migrations WHERE version = $1")
            .bind(applied.version)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    };
    step.await.map_err(|source| MigrateError::Step {
        way: "revert",
        version: applied.version,
        name: applied.name.clone(),
        source,
    })
}
