//! The table of uploaded files.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use crate::files::key::Key;
use crate::files::store::StoreKind;
use crate::files::tally::Total;
use crate::files::thumbnail::Sides;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgExecutor, Row};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// A small version of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct Small {
    #[serde(with = "text")]
    pub key: Key,
    pub content_type: String,
    pub size_bytes: u64,
}

/// Small versions by their longest side in pixels.
pub type Smalls = BTreeMap<u32, Small>;

/// An uploaded file.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct UploadRow {
    pub id: Uuid,
    pub vendor_id: VendorId,
    pub key: Key,
    pub file_name: String,
    pub content_type: String,
    pub size_bytes: u64,
    pub sha256: String,
    pub store: StoreKind,
    pub thumbnails: Smalls,
    pub created_at: OffsetDateTime,
}

impl UploadRow {
    /// The names of the file and of its small versions.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let small = self.thumbnails.values().map(|small| small.key.clone());
        std::iter::once(self.key.clone()).chain(small).collect()
    }
}

impl FromRow<'_, PgRow> for UploadRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let key: &str = row.try_get("key")?;
        let size: i64 = row.try_get("size_bytes")?;
        let Json(thumbnails) = row.try_get("thumbnails")?;
        let wrong = |error| sqlx::Error::Decode(error);
        Ok(Self {
            id: row.try_get("id")?,
            vendor_id: row.try_get("vendor_id")?,
            key: key.parse().map_err(|error| wrong(Box::from(error)))?,
            file_name: row.try_get("file_name")?,
            content_type: row.try_get("content_type")?,
            size_bytes: size.try_into().map_err(|error| wrong(Box::from(error)))?,
            sha256: row.try_get("sha256")?,
            store: row.try_get("store")?,
            thumbnails,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// A file that was stored.
#[expect(missing_docs, reason = "the columns are described in the migration")]
#[derive(Clone, Copy, Debug)]
pub struct NewUpload<'a> {
    pub vendor: VendorId,
    pub key: &'a Key,
    pub file_name: &'a str,
    pub content_type: &'a str,
    pub total: &'a Total,
    pub store: StoreKind,
    pub uploaded_by: Option<Uuid>,
    pub now: OffsetDateTime,
}

/// Adds a file.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    db: impl PgExecutor<'_>,
    new: &NewUpload<'_>,
) -> Result<UploadRow, StorageError> {
    sqlx::query_as(include_str!("sql/uploads/insert.sql"))
        .bind(Uuid::now_v7())
        .bind(new.vendor)
        .bind(new.key.as_str())
        .bind(new.file_name)
        .bind(new.content_type)
        .bind(i64::try_from(new.total.size).unwrap_or(i64::MAX))
        .bind(&new.total.sha256)
        .bind(new.store)
        .bind(new.uploaded_by)
        .bind(new.now)
        .fetch_one(db)
        .await
        .doing("write down a file")
}

/// A vendor's file.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
) -> Result<Option<UploadRow>, StorageError> {
    sqlx::query_as(include_str!("sql/uploads/find.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("look up a file")
}

/// A vendor's files, newest first, from after `before` on.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<UploadRow>, StorageError> {
    sqlx::query_as(include_str!("sql/uploads/list.sql"))
        .bind(vendor)
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list the files")
}

/// Forgets a vendor's file and gives what was known of it.
///
/// # Errors
/// When the database fails.
pub async fn delete(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
) -> Result<Option<UploadRow>, StorageError> {
    sqlx::query_as(include_str!("sql/uploads/delete.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("delete a file's row")
}

/// Holds a vendor's file, so that no product begins to show it before the
/// transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock(db: impl PgExecutor<'_>, vendor: VendorId, id: Uuid) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/uploads/lock.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_optional(db)
        .await
        .doing("hold a file")
        .map(drop)
}

/// Whether some product of the vendor shows a file.
///
/// # Errors
/// When the database fails.
pub async fn is_shown(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
) -> Result<bool, StorageError> {
    sqlx::query_scalar(include_str!("sql/uploads/is_shown.sql"))
        .bind(vendor)
        .bind(id)
        .fetch_one(db)
        .await
        .doing("look for the products of a picture")
}

/// Pictures of all vendors from before a moment that no product shows.
///
/// # Errors
/// When the database fails.
pub async fn unused(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
    limit: i64,
) -> Result<Vec<(VendorId, Uuid)>, StorageError> {
    sqlx::query_as(include_str!("sql/uploads/unused.sql"))
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("look for pictures that nothing shows")
}

/// The file with a name, of whatever vendor, and whether everybody may see it
/// because a product that is on sale shows it.
///
/// # Errors
/// When the database fails.
pub async fn find_by_key(
    db: impl PgExecutor<'_>,
    key: &Key,
) -> Result<Option<(UploadRow, bool)>, StorageError> {
    let row = sqlx::query(include_str!("sql/uploads/find_by_key.sql"))
        .bind(key.as_str())
        .fetch_optional(db)
        .await
        .doing("look up a file")?;
    row.map(|row| Ok((UploadRow::from_row(&row)?, row.try_get("is_public")?)))
        .transpose()
        .doing("read a file's row")
}

/// Adds the small versions of a picture and its own size, if it is still there and still in that
/// store. Tells whether it was.
///
/// # Errors
/// When the database fails.
pub async fn set_thumbnails(
    db: impl PgExecutor<'_>,
    vendor: VendorId,
    id: Uuid,
    store: StoreKind,
    smalls: &Smalls,
    sides: Sides,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/uploads/set_thumbnails.sql"))
        .bind(vendor)
        .bind(id)
        .bind(store)
        .bind(Json(smalls))
        .bind(i32::try_from(sides.width).unwrap_or(i32::MAX))
        .bind(i32::try_from(sides.height).unwrap_or(i32::MAX))
        .execute(db)
        .await
        .doing("write down small pictures")?;
    Ok(done.rows_affected() > 0)
}

/// Files of all vendors in order of their ids, after `after`; those of one
/// store, or of any.
///
/// # Errors
/// When the database fails.
pub async fn walk(
    db: impl PgExecutor<'_>,
    store: Option<StoreKind>,
    after: Uuid,
    limit: i64,
) -> Result<Vec<UploadRow>, StorageError> {
    sqlx::query_as(include_str!("sql/uploads/walk.sql"))
        .bind(store)
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("walk through the files")
}

/// So many of the files of all vendors, by chance.
///
/// # Errors
/// When the database fails.
pub async fn sample(db: impl PgExecutor<'_>, count: i64) -> Result<Vec<UploadRow>, StorageError> {
    sqlx::query_as(include_str!("sql/uploads/sample.sql"))
        .bind(count)
        .fetch_all(db)
        .await
        .doing("choose some of the files")
}

/// How many files of all vendors a store has, and their bytes.
///
/// # Errors
/// When the database fails.
pub async fn totals(
    db: impl PgExecutor<'_>,
    store: Option<StoreKind>,
) -> Result<(u64, u64), StorageError> {
    let (count, bytes): (i64, i64) = sqlx::query_as(include_str!("sql/uploads/totals.sql"))
        .bind(store)
        .fetch_one(db)
        .await
        .doing("count the files")?;
    Ok((count.unsigned_abs(), bytes.unsigned_abs()))
}

/// Says that a file is in another store now, unless its row has changed since
/// it was read. Tells whether it was the same.
///
/// # Errors
/// When the database fails.
pub async fn set_store(
    db: impl PgExecutor<'_>,
    row: &UploadRow,
    to: StoreKind,
) -> Result<bool, StorageError> {
    let done = sqlx::query(include_str!("sql/uploads/set_store.sql"))
        .bind(row.id)
        .bind(row.store)
        .bind(to)
        .bind(Json(&row.thumbnails))
        .execute(db)
        .await
        .doing("write down where a file is")?;
    Ok(done.rows_affected() > 0)
}

/// Which of these names some row knows, as a file, a small picture or a report.
///
/// # Errors
/// When the database fails.
pub async fn known(db: impl PgExecutor<'_>, names: &[String]) -> Result<Vec<String>, StorageError> {
    sqlx::query_scalar(include_str!("sql/uploads/known.sql"))
        .bind(names)
        .fetch_all(db)
        .await
        .doing("look for the rows of files")
}

/// Keys in JSON are text.
mod text {
    use super::Key;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(key: &Key, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(key.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
