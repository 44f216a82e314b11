//! The table of reports.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use crate::files::key::{BadKey, Key};
use crate::files::store::StoreKind;
use crate::files::tally::Total;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// One report as stored.
#[derive(Clone, Debug)]
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
    pub store: Option<StoreKind>,
    pub sha256: Option<String>,
    /// It is in a store that this release does not know.
    pub is_elsewhere: bool,
}

impl FromRow<'_, PgRow> for ReportRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        // One row of a newer release must not hide the others.
        let named: Option<&str> = row.try_get("store")?;
        let store = named.and_then(|name| name.parse().ok());
        Ok(Self {
            id: row.try_get("id")?,
            vendor_id: row.try_get("vendor_id")?,
            kind: row.try_get("kind")?,
            format: row.try_get("format")?,
            from_date: row.try_get("from_date")?,
            to_date: row.try_get("to_date")?,
            state: row.try_get("state")?,
            job_id: row.try_get("job_id")?,
            file_key: row.try_get("file_key")?,
            size_bytes: row.try_get("size_bytes")?,
            error: row.try_get("error")?,
            created_at: row.try_get("created_at")?,
            finished_at: row.try_get("finished_at")?,
            is_elsewhere: named.is_some() && store.is_none(),
            store,
            sha256: row.try_get("sha256")?,
        })
    }
}

impl ReportRow {
    /// Whether this release knows how the report was made and where it is. A
    /// newer one, that was gone back from, may have made others.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let (kind, format) = (self.kind.as_str(), self.format.as_str());
        kind == "sales" && matches!(format, "csv" | "xlsx") && !self.is_elsewhere
    }

    /// The name of its file; `None` while there is none.
    ///
    /// # Errors
    /// When the row holds what is no name.
    pub fn key(&self) -> Result<Option<Key>, BadKey> {
        self.file_key.as_deref().map(str::parse).transpose()
    }
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

/// Where a report's file is, and what it is.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The store that has it.
    pub store: StoreKind,
    /// Its size and digest.
    pub total: Total,
}

/// How making a report ended.
#[derive(Clone, Copy, Debug)]
pub enum Made<'a> {
    /// With a file under this key.
    File(&'a Key, &'a Kept),
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
    let (state, file, error) = match made {
        Made::File(key, kept) => ("done", Some((key, kept)), None),
        Made::Failed(error) => ("failed", None, Some(error)),
    };
    let size = |kept: &Kept| i64::try_from(kept.total.size).unwrap_or(i64::MAX);
    sqlx::query(include_str!("sql/reports/finish.sql"))
        .bind(report.vendor_id)
        .bind(report.id)
        .bind(state)
        .bind(file.map(|(key, _)| key.as_str()))
        .bind(file.map(|(_, kept)| size(kept)))
        .bind(error)
        .bind(now)
        .bind(file.map(|(_, kept)| kept.store))
        .bind(file.map(|(_, kept)| &kept.total.sha256))
        .execute(db)
        .await
        .doing("finish a report")
        .map(drop)
}

/// Reports of all vendors with a file in a store, or (`None`) where an earlier
/// release kept it, in order of their ids, after `after`.
///
/// # Errors
/// When the database fails.
pub async fn walk(
    db: impl PgExecutor<'_>,
    store: Option<StoreKind>,
    after: Uuid,
    limit: i64,
) -> Result<Vec<ReportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/reports/walk.sql"))
        .bind(store)
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("walk through the reports")
}

/// Bytes of the reports of all vendors that are anywhere but in a store; of
/// all with `None`.
///
/// # Errors
/// When the database fails.
pub async fn bytes_outside(
    db: impl PgExecutor<'_>,
    store: Option<StoreKind>,
) -> Result<u64, StorageError> {
    let bytes: i64 = sqlx::query_scalar(include_str!("sql/reports/totals.sql"))
        .bind(store)
        .fetch_one(db)
        .await
        .doing("add up the reports")?;
    Ok(bytes.unsigned_abs())
}

/// Says that a report's file is in another store now. Tells whether it was
/// where the row said when it was read.
///
/// # Errors
/// When the database fails.
pub async fn set_store(
    db: impl PgExecutor<'_>,
    row: &ReportRow,
    to: StoreKind,
    sha256: &str,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/reports/set_store.sql"))
        .bind(row.vendor_id)
        .bind(row.id)
        .bind(row.store)
        .bind(to)
        .bind(sha256)
        .execute(db)
        .await
        .doing("write down where a report is")?;
    Ok(done.rows_affected() > 0)
}

/// Forgets up to `limit` reports of all vendors from before a moment, and
/// gives what was known of them.
///
/// # Errors
/// When the database fails.
pub async fn delete_old(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
    limit: i64,
) -> Result<Vec<ReportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/reports/delete_old.sql"))
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("forget old reports")
}
