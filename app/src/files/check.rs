//! Whether the files and their rows agree: every row has its files, of the
//! size and digest written down, and every file has a row.

use super::key::Key;
use super::migrate::Owner;
use super::store::{FileStore, StoreKind};
use super::tally::drain;
use super::{FileError, Files};
use crate::storage::StorageError;
use crate::storage::reports::{self, ReportRow};
use crate::storage::uploads::{self, UploadRow};
use futures_util::TryStreamExt;
use serde::Serialize;
use sqlx::PgPool;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Rows and names looked at at a time.
const SLICE: usize = 200;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Uploads that were looked at.
    pub uploads: u64,
    /// Reports that were looked at.
    pub reports: u64,
    /// Files that are not as their rows say.
    pub faults: Vec<Fault>,
    /// Files that no row knows. One that is being taken in right now is among
    /// them.
    pub orphans: Vec<Orphan>,
}

/// A file that is not as its row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Whose file it is.
    pub of: Owner,
    /// The owner's row.
    pub id: Uuid,
    /// Its name.
    pub key: String,
    /// Where it should be; nothing when an earlier release kept it beside the
    /// stores.
    pub store: Option<StoreKind>,
    /// What is wrong.
    pub error: String,
}

/// A file that no row knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Orphan {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub store: StoreKind,
    /// Its size in bytes.
    pub size: u64,
}

/// The check cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A store cannot be listed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Findings {
    /// Whether everything is as it should be. Orphans cost room, no more.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Looks at every row and every file, and reads each of them. `progress` hears
/// of each upload, and its bytes.
///
/// # Errors
/// When the database or a store fails.
pub async fn check(
    files: &Files,
    pool: &PgPool,
    mut progress: impl FnMut(u64),
) -> Result<Findings, CheckError> {
    let mut findings = Findings::default();
    let mut after = Uuid::nil();
    loop {
        let rows = uploads::walk(pool, None, after, i64::try_from(SLICE).unwrap_or(1)).await?;
        let Some(last) = rows.last() else {
            break;
        };
        after = last.id;
        for row in &rows {
            findings.uploads += 1;
            look_at(files, row, &mut findings.faults).await;
            progress(row.size_bytes);
        }
    }
    for store in [None, Some(StoreKind::Local), Some(StoreKind::S3)] {
        let mut after = Uuid::nil();
        loop {
            let limit = i64::try_from(SLICE).unwrap_or(1);
            let rows = reports::walk(pool, store, after, limit).await?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.id;
            for row in &rows {
                findings.reports += 1;
                look_at_report(files, row, &mut findings.faults).await;
                progress(row.size_bytes.unwrap_or_default().unsigned_abs());
            }
        }
    }
    for store in files.usable() {
        let mut listed = store.list().try_chunks(SLICE);
        while let Some(chunk) = listed.try_next().await.map_err(|error| error.1)? {
            let names: Vec<String> = chunk.iter().map(|file| file.name.clone()).collect();
            let known: BTreeSet<String> = uploads::known(pool, &names).await?.into_iter().collect();
            let orphans = chunk.into_iter().filter(|file| !known.contains(&file.name));
            findings.orphans.extend(orphans.map(|file| Orphan {
                name: file.name,
                store: store.kind(),
                size: file.size,
            }));
        }
    }
    Ok(findings)
}

/// Looks at so many uploads, chosen by chance, and reads each of them.
///
/// # Errors
/// When the database fails.
pub async fn check_sample(
    files: &Files,
    pool: &PgPool,
    count: u32,
    mut progress: impl FnMut(u64),
) -> Result<Findings, CheckError> {
    let mut findings = Findings::default();
    for row in uploads::sample(pool, i64::from(count)).await? {
        findings.uploads += 1;
        look_at(files, &row, &mut findings.faults).await;
        progress(row.size_bytes);
    }
    Ok(findings)
}

async fn look_at(files: &Files, row: &UploadRow, faults: &mut Vec<Fault>) {
    let mut fault = |key: &str, error: String| {
        faults.push(Fault {
            of: Owner::Upload,
            id: row.id,
            key: key.to_owned(),
            store: Some(row.store),
            error,
        });
    };
    let store = match files.store(row.store) {
        Ok(store) => store,
        Err(error) => return fault(row.key.as_str(), error.to_string()),
    };
    if let Some(error) = read(&*store, &row.key, row.size_bytes, Some(&row.sha256)).await {
        fault(row.key.as_str(), error);
    }
    for small in row.thumbnails.values() {
        match store.size(&small.key).await {
            Ok(Some(size)) if size == small.size_bytes => {}
            Ok(Some(size)) => fault(
                small.key.as_str(),
                format!("it has {size} bytes, not {}", small.size_bytes),
            ),
            Ok(None) => fault(small.key.as_str(), "it is missing".to_owned()),
            Err(error) => fault(small.key.as_str(), error.to_string()),
        }
    }
}

async fn look_at_report(files: &Files, row: &ReportRow, faults: &mut Vec<Fault>) {
    let store = files.of_report(row.store);
    let key = row.key();
    let error = match (store, key) {
        (Ok(store), Ok(Some(key))) => {
            let size = row.size_bytes.unwrap_or_default().unsigned_abs();
            read(&*store, &key, size, row.sha256.as_deref()).await
        }
        (Ok(_), Ok(None)) => None,
        (Err(error), _) => Some(error.to_string()),
        (_, Err(error)) => Some(error.to_string()),
    };
    if let Some(error) = error {
        faults.push(Fault {
            of: Owner::Report,
            id: row.id,
            key: row.file_key.clone().unwrap_or_default(),
            store: row.store,
            error,
        });
    }
}

/// What is wrong with a file.
async fn read(store: &dyn FileStore, key: &Key, size: u64, sha256: Option<&str>) -> Option<String> {
    let read = async { drain(store.open(key, None).await?).await };
    match read.await {
        Ok(total) if total.size != size => Some(format!("it has {} bytes, not {size}", total.size)),
        Ok(total) if sha256.is_some_and(|sha256| total.sha256 != sha256) => {
            Some("its content has changed".to_owned())
        }
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}
