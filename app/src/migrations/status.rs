//! Where the schema stands, for programs: `wizamart migrate --status --json`.

use super::runner::{self, MigrateError};
use super::state::{self, Fit};
use super::{ALL, Migration, current, failure};
use serde::Serialize;
use sqlx::PgConnection;

/// Where the schema stands, and what this program makes of it.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The database's schema; 0 when it has none.
    pub schema: i32,
    /// The newest that this program knows, and the one it needs at least.
    pub known: i32,
    /// The oldest programs that the database still serves: one whose `known`
    /// is below must not work with it.
    pub serves_from: i32,
    /// Whether this program may work with the database as it is.
    pub usable: bool,
    /// The oldest programs that the database will serve once this program has
    /// migrated it. Who is older can only go back with what was copied before,
    /// or with a revert.
    pub will_serve_from: i32,
    /// What a migration would apply, oldest first.
    pub pending: Vec<Pending>,
    /// What the database has and this program does not know.
    pub unknown: Vec<i32>,
    /// The migration that failed last, unless it was applied since.
    pub failed: Option<failure::Failure>,
    /// For how many seconds a migration has been running, if one is.
    pub running_seconds: Option<i64>,
}

/// A migration that the database lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// Its number.
    pub version: i32,
    /// Its name.
    pub name: &'static str,
    /// The oldest schema whose programs still work once it is applied.
    pub compatible_from: i32,
    /// Whether it can be reverted.
    pub reversible: bool,
    /// Whether the programs of the schema before it go on working: an upgrade
    /// over it can be left without a revert.
    pub expands: bool,
}

impl From<&Migration> for Pending {
    fn from(migration: &Migration) -> Self {
        let compatible_from = migration.compatible_from();
        Self {
            version: migration.version,
            name: migration.name,
            compatible_from,
            reversible: migration.is_reversible(),
            expands: compatible_from < migration.version,
        }
    }
}

/// Reads where the schema stands.
///
/// # Errors
/// When the database fails.
pub async fn read(connection: &mut PgConnection) -> Result<Status, MigrateError> {
    let lines = runner::status(connection, ALL).await?;
    let lacks = |version: i32| {
        let mut lines = lines.iter();
        lines.any(|line| line.version == version && line.applied_at.is_none())
    };
    let pending: Vec<Pending> = ALL
        .iter()
        .filter(|migration| lacks(migration.version))
        .map(Pending::from)
        .collect();
    let stands = state::stands(connection).await?;
    let later = pending.iter().map(|pending| pending.compatible_from).max();
    Ok(Status {
        schema: stands.version,
        known: current(),
        serves_from: stands.serves_from,
        usable: Fit::judge(stands.version, stands.serves_from, current()).is_usable(),
        will_serve_from: later.unwrap_or_default().max(stands.serves_from),
        unknown: lines
            .iter()
            .filter(|line| !line.known)
            .map(|line| line.version)
            .collect(),
        pending,
        failed: failure::find(connection).await?,
        running_seconds: failure::running(connection).await?,
    })
}
