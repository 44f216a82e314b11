//! The table of imports: what was asked for, how far it is, what was wrong
//! with which row.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgExecutor, Row};
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;
use uuid::Uuid;

/// Errors kept of one import; the rest is only counted.
pub const MOST_ERRORS: i64 = 1_000;

/// What is imported.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ImportKind {
    /// Products, from a feed.
    Products,
    /// Orders, from a marketplace's interface.
    Orders,
}

impl ImportKind {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Orders => "orders",
        }
    }
}

impl fmt::Display for ImportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no kind of import.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} cannot be imported; write products or orders")]
pub struct UnknownKind(String);

impl FromStr for ImportKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Products, Self::Orders]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// One import as stored.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct ImportRow {
    pub id: Uuid,
    pub vendor_id: VendorId,
    pub kind: ImportKind,
    pub source_url: String,
    pub state: String,
    pub job_id: Option<Uuid>,
    pub position: i64,
    pub cursor: Option<String>,
    pub source_tag: String,
    pub total_bytes: Option<i64>,
    pub read_bytes: i64,
    pub created_rows: i64,
    pub updated_rows: i64,
    pub same_rows: i64,
    pub failed_rows: i64,
    pub error: Option<String>,
    pub requested_by: Option<Uuid>,
    pub created_at: OffsetDateTime,
    pub started_at: Option<OffsetDateTime>,
    pub finished_at: Option<OffsetDateTime>,
}

impl FromRow<'_, PgRow> for ImportRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let kind: &str = row.try_get("kind")?;
        Ok(Self {
            id: row.try_get("id")?,
            vendor_id: row.try_get("vendor_id")?,
            kind: kind
                .parse()
                .map_err(|error: UnknownKind| sqlx::Error::Decode(error.into()))?,
            source_url: row.try_get("source_url")?,
            state: row.try_get("state")?,
            job_id: row.try_get("job_id")?,
            position: row.try_get("position")?,
            cursor: row.try_get("cursor")?,
            source_tag: row.try_get("source_tag")?,
            total_bytes: row.try_get("total_bytes")?,
            read_bytes: row.try_get("read_bytes")?,
            created_rows: row.try_get("created_rows")?,
            updated_rows: row.try_get("updated_rows")?,
            same_rows: row.try_get("same_rows")?,
            failed_rows: row.try_get("failed_rows")?,
            error: row.try_get("error")?,
            requested_by: row.try_get("requested_by")?,
            created_at: row.try_get("created_at")?,
            started_at: row.try_get("started_at")?,
            finished_at: row.try_get("finished_at")?,
        })
    }
}

/// What is wrong with one row of the source.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct RowError {
    /// The row; the first one below the headings of a feed is 2.
    pub row_number: i64,
    /// The column, or empty when it is the row as a whole.
    pub field: String,
    /// What stands there, shortened.
    pub value: String,
    /// What is wrong with it.
    pub detail: String,
}

/// A step of an import, to be written with what it did.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Step {
    pub position: i64,
    pub cursor: Option<String>,
    pub read_bytes: i64,
    pub created: i64,
    pub updated: i64,
    pub same: i64,
    pub failed: i64,
}

/// Adds an import; `None` when one of that kind waits or runs already.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    kind: ImportKind,
    source_url: &str,
    requested_by: Uuid,
    now: OffsetDateTime,
) -> Result<Option<ImportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/imports/insert.sql"))
        .bind(Uuid::now_v7())
        .bind(vendor)
        .bind(kind.as_str())
        .bind(source_url)
        .bind(requested_by)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("add an import")
}

/// Remembers which job does it.
///
/// # Errors
/// When the database fails.
pub async fn set_job(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
    job: Uuid,
) -> Result<ImportRow, StorageError> {
    sqlx::query_as(include_str!("sql/imports/set_job.sql"))
        .bind(vendor)
        .bind(id)
        .bind(job)
        .fetch_one(db)
        .await
        .doing("note the job of an import")
}

/// Ends imports whose job is gone.
///
/// # Errors
/// When the database fails.
pub async fn abandon(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    kind: ImportKind,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/imports/abandon.sql"))
        .bind(vendor)
        .bind(kind.as_str())
        .bind(now)
        .execute(db)
        .await
        .doing("end abandoned imports")
        .map(drop)
}

/// The import of a kind that waits or runs.
///
/// # Errors
/// When the database fails.
pub async fn active(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    kind: ImportKind,
) -> Result<Option<Uuid>, StorageError> {
    sqlx::query_scalar(include_str!("sql/imports/active.sql"))
        .bind(vendor)
        .bind(kind.as_str())
        .fetch_optional(db)
        .await
        .doing("look for a running import")
}

/// One import of a vendor.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
) -> Result<Option<ImportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/imports/find.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up an import")
}

/// A vendor's imports, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    kind: Option<ImportKind>,
    limit: i64,
) -> Result<Vec<ImportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/imports/list.sql"))
        .bind(vendor)
        .bind(kind.map(ImportKind::as_str))
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list imports")
}

/// Cancels what waits or runs; `None` when it does neither.
///
/// # Errors
/// When the database fails.
pub async fn cancel(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<ImportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/imports/cancel.sql"))
        .bind(vendor)
        .bind(id)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("cancel an import")
}

/// Says that a run has begun; `None` when there is nothing left to run.
///
/// # Errors
/// When the database fails.
pub async fn start(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<ImportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/imports/start.sql"))
        .bind(vendor)
        .bind(id)
        .bind(now)
        .fetch_optional(db)
        .await
        .doing("start an import")
}

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// At the first row; what an earlier run noted is forgotten.
    Start,
    /// Where the earlier run was.
    Position,
}

/// Notes what the source says it is.
///
/// # Errors
/// When the database fails.
pub async fn begin_source(
    connection: &mut PgConnection,
    import: &ImportRow,
    tag: &str,
    total_bytes: Option<i64>,
    from: From,
) -> Result<(), StorageError> {
    if from == From::Start {
        sqlx::query(include_str!("sql/import_errors/delete.sql"))
            .bind(import.id)
            .execute(&mut *connection)
            .await
            .doing("forget the errors of an earlier run")?;
        forget_skus(&mut *connection, import.id).await?;
    }
    sqlx::query(include_str!("sql/imports/begin_source.sql"))
        .bind(import.vendor_id)
        .bind(import.id)
        .bind(tag)
        .bind(total_bytes)
        .bind(from == From::Start)
        .execute(connection)
        .await
        .doing("note the source of an import")
        .map(drop)
}

/// Takes an import one step further; `None` when it was cancelled or another
/// run has taken it.
///
/// # Errors
/// When the database fails.
pub async fn advance(
    db: impl PgExecutor<'_>,
    import: &ImportRow,
    step: &Step,
) -> Result<Option<ImportRow>, StorageError> {
    sqlx::query_as(include_str!("sql/imports/advance.sql"))
        .bind(import.vendor_id)
        .bind(import.id)
        .bind(import.position)
        .bind(step.position)
        .bind(&step.cursor)
        .bind(step.read_bytes)
        .bind(step.created)
        .bind(step.updated)
        .bind(step.same)
        .bind(step.failed)
        .fetch_optional(db)
        .await
        .doing("take an import further")
}

/// Ends a run that was running; says whether it was.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    connection: &mut PgConnection,
    import: &ImportRow,
    error: Option<&str>,
    now: OffsetDateTime,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/imports/finish.sql"))
        .bind(import.vendor_id)
        .bind(import.id)
        .bind(if error.is_none() { "done" } else { "failed" })
        .bind(error)
        .bind(now)
        .execute(&mut *connection)
        .await
        .doing("finish an import")?;
    forget_skus(connection, import.id).await?;
    Ok(done.rows_affected() > 0)
}

/// Says why a run waits.
///
/// # Errors
/// When the database fails.
pub async fn set_error(
    db: impl PgExecutor<'_>,
    import: &ImportRow,
    error: &str,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/imports/set_error.sql"))
        .bind(import.vendor_id)
        .bind(import.id)
        .bind(error)
        .execute(db)
        .await
        .doing("note why an import waits")
        .map(drop)
}

/// Keeps errors of rows, up to [`MOST_ERRORS`] of an import.
///
/// # Errors
/// When the database fails.
pub async fn add_errors(
    db: impl PgExecutor<'_>,
    import: Uuid,
    errors: &[RowError],
) -> Result<(), StorageError> {
    let texts = |of: fn(&RowError) -> &String| errors.iter().map(of).cloned().collect::<Vec<_>>();
    let rows: Vec<i64> = errors.iter().map(|error| error.row_number).collect();
    sqlx::query(include_str!("sql/import_errors/insert.sql"))
        .bind(import)
        .bind(rows)
        .bind(texts(|error| &error.field))
        .bind(texts(|error| &error.value))
        .bind(texts(|error| &error.detail))
        .bind(MOST_ERRORS)
        .execute(db)
        .await
        .doing("keep the errors of an import")
        .map(drop)
}

/// The errors of rows after `after`, in their order.
///
/// # Errors
/// When the database fails.
pub async fn errors(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    import: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<RowError>, StorageError> {
    let rows = sqlx::query(include_str!("sql/import_errors/list.sql"))
        .bind(vendor)
        .bind(import)
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list the errors of an import")?;
    rows.iter()
        .map(|row| {
            Ok(RowError {
                row_number: row.try_get("row_number")?,
                field: row.try_get("field")?,
                value: row.try_get("value")?,
                detail: row.try_get("detail")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .doing("list the errors of an import")
}

/// Notes article numbers of a feed and gives the rows that were the first to
/// have theirs.
///
/// # Errors
/// When the database fails.
pub async fn claim_skus(
    db: impl PgExecutor<'_>,
    import: Uuid,
    skus: &[String],
    rows: &[i64],
) -> Result<Vec<i64>, StorageError> {
    sqlx::query_scalar(include_str!("sql/import_skus/claim.sql"))
        .bind(import)
        .bind(skus)
        .bind(rows)
        .fetch_all(db)
        .await
        .doing("note the article numbers of a feed")
}

/// The rows that had these article numbers first.
///
/// # Errors
/// When the database fails.
pub async fn first_rows(
    db: impl PgExecutor<'_>,
    import: Uuid,
    skus: &[String],
) -> Result<Vec<(String, i64)>, StorageError> {
    sqlx::query_as(include_str!("sql/import_skus/first_rows.sql"))
        .bind(import)
        .bind(skus)
        .fetch_all(db)
        .await
        .doing("look up article numbers of a feed")
}

async fn forget_skus(db: impl PgExecutor<'_>, import: Uuid) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/import_skus/delete.sql"))
        .bind(import)
        .execute(db)
        .await
        .doing("forget the article numbers of a feed")
        .map(drop)
}
