//! What was written to the database since a moment, counted and put into files.
//!
//! A table's rows tell by their `created_at`; those of a table without one by the
//! row that they belong to (a foreign key of one column).

use super::UpgradeError;
use crate::disk::{Access, Disk};
use futures_util::TryStreamExt;
use onebox_api::upgrades::Written;
use onebox_model::paths::UPGRADES_DIR;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row as _};
use std::io::Write as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// What keeps itself going, and means nothing to a person or in another database.
const TECHNICAL: [&str; 13] = [
    "cron",
    "idempotency_keys",
    "jobs",
    "outbox",
    "password_resets",
    "recovery_codes",
    "refresh_families",
    "refresh_spent",
    "samples",
    "sealed_signing_keys",
    "sealing",
    "signing_keys",
    "workers",
];

const TABLES: &str = "SELECT table_name::text FROM information_schema.columns \
    JOIN information_schema.tables USING (table_schema, table_name) \
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' \
    AND column_name = 'created_at' AND data_type = 'timestamp with time zone' ORDER BY 1";
const CHILDREN: &str = "SELECT child.relname::text AS child, mine.attname::text AS mine, \
    parent.relname::text AS parent, theirs.attname::text AS theirs \
    FROM pg_constraint \
    JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid \
    JOIN pg_attribute mine ON mine.attrelid = conrelid AND mine.attnum = conkey[1] \
    JOIN pg_attribute theirs ON theirs.attrelid = confrelid AND theirs.attnum = confkey[1] \
    WHERE contype = 'f' AND array_length(conkey, 1) = 1 \
    AND connamespace = 'public'::regnamespace ORDER BY 1, 2";

/// A table, and which of its rows are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    table: String,
    rows: String,
}

/// A name as PostgreSQL takes it whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

async fn parts(
    connection: &mut PgConnection,
    since: OffsetDateTime,
) -> Result<Vec<Part>, sqlx::Error> {
    let since = since
        .format(&Rfc3339)
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    let tables: Vec<String> = sqlx::query_scalar(TABLES)
        .fetch_all(&mut *connection)
        .await?;
    let is_shown = |table: &str| !TECHNICAL.contains(&table);
    let mut parts: Vec<Part> = tables
        .iter()
        .filter(|table| is_shown(table))
        .map(|table| Part {
            table: table.clone(),
            rows: format!("created_at > '{since}'"),
        })
        .collect();
    for row in sqlx::query(CHILDREN).fetch_all(&mut *connection).await? {
        let column = |name: &str| row.try_get::<String, _>(name);
        let (child, parent) = (column("child")?, column("parent")?);
        let is_counted = parts.iter().any(|part| part.table == child);
        if is_counted || !is_shown(&child) || !is_shown(&parent) || !tables.contains(&parent) {
            continue;
        }
        parts.push(Part {
            rows: format!(
                "{} IN (SELECT {} FROM {} WHERE created_at > '{since}')",
                quoted(&column("mine")?),
                quoted(&column("theirs")?),
                quoted(&parent)
            ),
            table: child,
        });
    }
    Ok(parts)
}

/// How many rows were written since, of each table that has some.
///
/// # Errors
/// When the database fails.
pub(super) async fn count(
    connection: &mut PgConnection,
    since: OffsetDateTime,
) -> Result<Vec<Written>, sqlx::Error> {
    let mut written = Vec::new();
    for part in parts(connection, since).await? {
        let count = format!(
            "SELECT count(*) FROM {} WHERE {}",
            quoted(&part.table),
            part.rows
        );
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count))
            .fetch_one(&mut *connection)
            .await?;
        if rows > 0 {
            written.push(Written {
                table: part.table,
                rows: rows.unsigned_abs(),
            });
        }
    }
    written.sort_by(|one, other| one.table.cmp(&other.table));
    Ok(written)
}

/// Writes those rows into files, one CSV with a header for each table, for root's
/// eyes only. Returns the directory.
///
/// # Errors
/// When the database fails or the disk is full; then what was written goes.
pub(super) async fn export(
    disk: &Disk,
    connection: &mut PgConnection,
    since: OffsetDateTime,
    written: &[Written],
) -> Result<String, UpgradeError> {
    let name = OffsetDateTime::now_utc()
        .format(format_description!(
            "[year][month][day]T[hour][minute][second]Z"
        ))
        .map_err(|error| UpgradeError::Refused(error.to_string()))?;
    let place = format!("{UPGRADES_DIR}/rollback-{name}");
    disk.directory(UPGRADES_DIR, Access::root(0o700))?;
    disk.directory(&place, Access::root(0o700))?;
    let exported = rows(disk, connection, since, written, &place).await;
    if exported.is_err() {
        disk.remove_tree(&place)?;
    }
    exported.map(|()| place)
}

async fn rows(
    disk: &Disk,
    connection: &mut PgConnection,
    since: OffsetDateTime,
    written: &[Written],
    place: &str,
) -> Result<(), UpgradeError> {
    for part in parts(connection, since).await.map_err(failed)? {
        if written.iter().all(|written| written.table != part.table) {
            continue;
        }
        let path = disk.path(&format!("{place}/{}.csv", part.table));
        let trouble = || UpgradeError::io(format!("write {}", path.display()));
        let mut file = std::fs::File::create(&path).map_err(trouble())?;
        let copy = format!(
            "COPY (SELECT * FROM {} WHERE {} ORDER BY 1) TO STDOUT (FORMAT csv, HEADER)",
            quoted(&part.table),
            part.rows
        );
        let mut stream = connection.copy_out_raw(&copy).await.map_err(failed)?;
        while let Some(bytes) = stream.try_next().await.map_err(failed)? {
            file.write_all(&bytes).map_err(trouble())?;
        }
        file.sync_all().map_err(trouble())?;
    }
    Ok(())
}

/// The database refused.
pub(super) fn failed(error: sqlx::Error) -> UpgradeError {
    UpgradeError::Refused(format!(
        "what was written since the upgrade cannot be read from PostgreSQL: {error}; `boxctl doctor` says what is wrong"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_it_ends() {
        assert_eq!(quoted("orders"), "\"orders\"");
        assert_eq!(quoted("a\"; DROP"), "\"a\"\"; DROP\"");
    }
}
