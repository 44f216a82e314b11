//! What the plots are drawn from: one number a minute under each name.

use super::{Doing, StorageError};
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// One number at one moment.
#[derive(Clone, Copy, Debug, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Sample {
    pub at: OffsetDateTime,
    pub value: f64,
}

/// A sample's name and value.
pub type Named = (String, f64);

/// Writes down numbers of one moment; a second time changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn record(
    db: impl PgExecutor<'_>,
    at: OffsetDateTime,
    values: &[Named],
) -> Result<(), StorageError> {
    let (names, values): (Vec<&str>, Vec<f64>) = values
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .unzip();
    sqlx::query(include_str!("sql/samples/insert.sql"))
        .bind(at)
        .bind(names)
        .bind(values)
        .execute(db)
        .await
        .doing("write samples")?;
    Ok(())
}

/// What the database itself can tell of the minute before `at`: each queue's
/// depth, age and throughput, and the platform's orders and revenue.
///
/// # Errors
/// When the database fails.
pub async fn measure(
    db: impl PgExecutor<'_>,
    queues: &[&str],
    from: OffsetDateTime,
    at: OffsetDateTime,
) -> Result<Vec<Named>, StorageError> {
    sqlx::query_as(include_str!("sql/samples/measure.sql"))
        .bind(queues)
        .bind(from)
        .bind(at)
        .fetch_all(db)
        .await
        .doing("measure the queues")
}

/// One name's samples since a moment, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn series(
    db: impl PgExecutor<'_>,
    name: &str,
    since: OffsetDateTime,
) -> Result<Vec<Sample>, StorageError> {
    sqlx::query_as(include_str!("sql/samples/series.sql"))
        .bind(name)
        .bind(since)
        .fetch_all(db)
        .await
        .doing("read samples")
}

/// Deletes what is older; says how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_before(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/samples/delete_before.sql"))
        .bind(before)
        .execute(db)
        .await
        .doing("delete old samples")?;
    Ok(done.rows_affected())
}
