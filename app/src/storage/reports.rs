//! The table of reports.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::{FromRow, PgExecutor};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// One report as stored.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ReportRow {
    pub id: Uuid,
    pub vendor_id: VendorId,
    pub kind: String,
    pub format: String,
    pub from_date: Date,
    pub to_date: Date,
    pub state: String,
    pub job_id: Option<Uuid>,
    pub file_key: Option<String>,
    pub size_bytes: Option<i64>,
    pub error: Option<String>,
    pub created_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
}

/// What is asked for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct NewReport<'a> {
    pub vendor: VendorId,
    pub format: &'a str,
    pub from: Date,
    pub to: Date,
    pub requested_by: Uuid,
}

/// Adds a report.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    new: &NewReport<'_>,
    now: OffsetDateTime,
) -> Result<ReportRow, StorageError> {
    sqlx::query_as(include_str!("sql/reports/insert.sql"))
        .bind(Uuid::now_v7())
        .bind(new.vendor)
        .bind(new.format)
        .bind(new.from)
        .bind(new.to)
        .bind(new.requested_by)
        .bind(now)
        .fetch_one(db)
        .await
        .doing("add a report")
}

/// Remembers which job makes it.
///
/// # Errors
/// When the database fails.
pub async fn set_job(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
    job: Uuid,
) -> Result<ReportRow, StorageError> {
    sqlx::query_as(include_str!("sql/reports/set_job.sql"))
        .bind(vendor)
        .bind(id)
        .bind(job)
        .fetch_one(db)
        .await
        .doing("note the job of a report")
}

/// One report of a vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
) -> Result<Option<ReportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/reports/find.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up a report")
}

/// A vendor's reports, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    limit: i64,
) -> Result<Vec<ReportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/reports/list.sql"))
        .bind(vendor)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list reports")
}

/// Says that a report is being made; `None` when it is made already.
///
/// # Errors
/// When the database fails.
pub async fn start(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
) -> Result<Option<ReportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/reports/start.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("start a report")
}

/// How making a report ended.
#[derive(Clone, Copy, Debug)]
pub enum Made<'a> {
    /// With a file of so many bytes under this key.
    File(&'a str, i64),
    /// Not at all.
    Failed(&'a str),
}

/// Ends a report.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    db: impl PgExecutor<'_>,
    report: &ReportRow,
    made: Made<'_>,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    let (state, key, size, error) = match made {
        Made::File(key, size) => ("done", Some(key), Some(size), None),
        Made::Failed(error) => ("failed", None, None, Some(error)),
    };
    sqlx::query(include_str!("sql/reports/finish.sql"))
        .bind(report.vendor_id)
        .bind(report.id)
        .bind(state)
        .bind(key)
        .bind(size)
        .bind(error)
        .bind(now)
        .execute(db)
        .await
        .doing("finish a report")
        .map(drop)
}
