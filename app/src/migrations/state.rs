//! What the database says about its schema, against what this binary needs.

use super::current;
use crate::storage::{Doing, StorageError};
use sqlx::{PgConnection, Row};

/// How the schema and the binary fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "fit", rename_all = "snake_case")]
pub enum Fit {
    /// Made for each other.
    Same {
        /// The schema of both.
        version: i32,
    },
    /// The database is ahead, and its migrations say that this binary works.
    NewerCompatible {
        /// The database's schema.
        database: i32,
        /// The binary's.
        binary: i32,
    },
    /// The database is ahead, and has lost what this binary needs.
    TooNew {
        /// The database's schema.
        database: i32,
        /// The oldest it serves.
        serves_from: i32,
        /// The binary's.
        binary: i32,
    },
    /// The database is behind.
    TooOld {
        /// The database's schema; 0 when it has none.
        database: i32,
        /// The binary's.
        binary: i32,
    },
}

impl Fit {
    /// Judges a database at `database` that serves programs from `serves_from`.
    #[must_use]
    pub fn judge(database: i32, serves_from: i32, binary: i32) -> Self {
        if database == binary {
            Self::Same { version: binary }
        } else if database < binary {
            Self::TooOld { database, binary }
        } else if serves_from <= binary {
            Self::NewerCompatible { database, binary }
        } else {
            Self::TooNew {
                database,
                serves_from,
                binary,
            }
        }
    }

    /// Whether the program may work.
    #[must_use]
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Same { .. } | Self::NewerCompatible { .. })
    }
}

impl std::fmt::Display for Fit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Same { version } => write!(f, "schema {version}"),
            Self::NewerCompatible { database, binary } => {
                write!(
                    f,
                    "schema {database}, newer than this program's {binary} and compatible"
                )
            }
            Self::TooNew {
                database,
                serves_from,
                binary,
            } => write!(
                f,
                "schema {database} serves programs from {serves_from} on, this one is of {binary}: \
                 install the newer release or run its `wizamart migrate --revert-to {binary}`"
            ),
            Self::TooOld { database, binary } => write!(
                f,
                "schema {database}, this program needs {binary}: run `wizamart migrate`"
            ),
        }
    }
}

/// What the database has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// Its schema; 0 when it has none.
    pub version: i32,
    /// The oldest schema whose programs it serves.
    pub serves_from: i32,
}

/// How the database fits this binary.
///
/// # Errors
/// When the database fails.
pub async fn fit(connection: &mut PgConnection) -> Result<Fit, StorageError> {
    let stands = stands(connection).await?;
    Ok(Fit::judge(stands.version, stands.serves_from, current()))
}

/// Where the database's schema stands.
///
/// # Errors
/// When the database fails.
pub async fn stands(connection: &mut PgConnection) -> Result<Stands, StorageError> {
    let doing = "read the schema's version";
    let known: bool = sqlx::query_scalar("SELECT to_regclass('schema_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .doing(doing)?;
    if !known {
        return Ok(Stands {
            version: 0,
            serves_from: 0,
        });
    }
    let row = sqlx::query(
        "SELECT COALESCE(max(version), 0) AS version, \
                COALESCE(max(compatible_from), 0) AS serves_from FROM schema_migrations",
    )
    .fetch_one(connection)
    .await
    .doing(doing)?;
    Ok(Stands {
        version: row.try_get("version").doing(doing)?,
        serves_from: row.try_get("serves_from").doing(doing)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_schema_is_refused() {
        assert!(!Fit::judge(2, 2, 3).is_usable());
        assert!(!Fit::judge(0, 0, 3).is_usable());
    }

    #[test]
    fn a_newer_schema_is_judged_by_what_it_serves() {
        assert!(Fit::judge(4, 3, 3).is_usable());
        assert!(!Fit::judge(4, 4, 3).is_usable());
        assert!(Fit::judge(3, 3, 3).is_usable());
    }
}
