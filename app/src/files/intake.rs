//! Taking in a file: looked at, measured and stored while it arrives, then
//! written down together with the job that makes its small versions.

use super::key::Key;
use super::store::Bytestream;
use super::tally::Tally;
use super::{FileError, names, sniff};
use crate::domain::ids::VendorId;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::thumbnails::Thumbnails;
use crate::services::Services;
use crate::storage::Doing;
use crate::storage::uploads::{self, NewUpload, UploadRow};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::fmt;
use uuid::Uuid;

/// Who sends a file.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// The vendor it will belong to.
    pub vendor: VendorId,
    /// The account, if it was one.
    pub user: Option<Uuid>,
}

/// What may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Anything.
    File,
    /// A picture of a kind that small versions can be made of.
    Picture,
    /// A table as text, packed or not.
    Table,
}

impl Wanted {
    fn fits(self, content_type: &str) -> bool {
        match self {
            Self::File => true,
            Self::Picture => sniff::is_picture(content_type),
            Self::Table => sniff::may_be_table(content_type),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "any file is",
            Self::Picture => "JPEG, PNG, GIF and WebP pictures are",
            Self::Table => "text with commas, semicolons or tabs (CSV) is",
        })
    }
}

/// Keeps a file and gives its row.
///
/// # Errors
/// When it is not what is wanted, is too large, does not arrive whole, or
/// cannot be stored. Nothing is left of it then.
pub async fn take(
    services: &Services,
    sender: Sender,
    sent_name: &str,
    wanted: Wanted,
    body: Bytestream<'_>,
) -> Result<UploadRow, FileError> {
    let files = &services.files;
    let store = files.current()?;
    let (tally, mut body) = Tally::watch(body, files.max_upload_bytes());
    let start = start(&mut body).await?;
    let content_type = sniff::content_type(&start);
    if !wanted.fits(content_type) {
        return Err(FileError::Unwanted {
            content_type,
            wanted,
        });
    }
    let key = Key::random(sender.vendor)?;
    let whole = stream::once(std::future::ready(Ok(start))).chain(body);
    store.put(&key, content_type, whole.boxed()).await?;
    let total = tally.total();
    let new = NewUpload {
        vendor: sender.vendor,
        key: &key,
        file_name: &names::kept(sent_name),
        content_type,
        total: &total,
        store: store.kind(),
        uploaded_by: sender.user,
        now: services.clock.now(),
    };
    let written = write_down(services, &new).await;
    if written.is_err()
        && let Err(error) = store.delete(&key).await
    {
        // `wizamart storage check` finds it.
        tracing::warn!("a file without a row stays behind: {error}");
    }
    written
}

async fn write_down(services: &Services, new: &NewUpload<'_>) -> Result<UploadRow, FileError> {
    let begun = services.pool.begin().await;
    let mut transaction = begun.doing("begin a transaction")?;
    let row = uploads::insert(&mut *transaction, new).await?;
    if sniff::is_picture(new.content_type) {
        let job = NewJob::of(&Thumbnails {
            vendor: new.vendor,
            upload: row.id,
        })?;
        enqueue(&mut transaction, &job.vendor(new.vendor), new.now).await?;
    }
    transaction.commit().await.doing("commit the new file")?;
    Ok(row)
}

/// Enough of the start to tell what it is.
async fn start(body: &mut Bytestream<'_>) -> Result<Bytes, FileError> {
    let mut start = BytesMut::new();
    while start.len() < sniff::LOOKED_AT {
        match body.try_next().await? {
            Some(piece) => start.extend_from_slice(&piece),
            None => break,
        }
    }
    Ok(start.freeze())
}
