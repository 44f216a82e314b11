//! What the self-test keeps in the database for as long as it runs.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// What the slugs of its vendors begin with; 32 hexadecimal digits follow.
pub const SLUG: &str = "self-test-";

/// The address of such a vendor's owner. The domain is one that cannot exist
/// (RFC 2606): no mail ever leaves for it.
#[must_use]
pub fn address(slug: &str) -> String {
    format!("owner@{slug}.invalid")
}

/// Says that this session runs the self-test; false when another does.
///
/// # Errors
/// When the database fails.
pub async fn lock(db: impl PgExecutor<'_>) -> Result<bool, StorageError> {
    sqlx::query_scalar(include_str!("sql/self_test/lock.sql"))
        .fetch_one(db)
        .await
        .doing("ask whether another self-test runs")
}

/// Adds a vendor that nobody is shown.
///
/// # Errors
/// When the database fails.
pub async fn insert_vendor(
    db: impl PgExecutor<'_>,
    slug: &str,
    now: OffsetDateTime,
) -> Result<VendorId, StorageError> {
    sqlx::query_scalar(include_str!("sql/self_test/insert_vendor.sql"))
        .bind(slug)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("add the self-test's vendor")
}

/// Removes the vendors of self-tests begun before a moment, with their owners
/// and products; says how many.
///
/// # Errors
/// When the database fails.
pub async fn remove(db: impl PgExecutor<'_>, before: OffsetDateTime) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/self_test/remove.sql"))
        .bind(before)
        .execute(db)
        .await
        .doing("remove what a self-test has made")?;
    Ok(done.rows_affected())
}

/// Removes the jobs of self-tests begun before a moment; says how many.
///
/// # Errors
/// When the database fails.
pub async fn remove_jobs(
    db: impl PgExecutor<'_>,
    kind: &str,
    before: OffsetDateTime,
) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/self_test/remove_jobs.sql"))
        .bind(kind)
        .bind(before)
        .execute(db)
        .await
        .doing("remove the self-test's jobs")?;
    Ok(done.rows_affected())
}

/// The names of queues that an operator has paused.
///
/// # Errors
/// When the database fails.
pub async fn paused(db: impl PgExecutor<'_>) -> Result<Vec<String>, StorageError> {
    sqlx::query_scalar(include_str!("sql/self_test/paused.sql"))
        .fetch_all(db)
        .await
        .doing("read which queues are paused")
}
