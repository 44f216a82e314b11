//! Makes the small versions of an uploaded picture.

use crate::domain::ids::VendorId;
use crate::files::tally;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::uploads::{self, Small, Smalls, UploadRow};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Makes the small versions of one picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thumbnails {
    /// Whose it is.
    pub vendor: VendorId,
    /// Which.
    pub upload: Uuid,
}

impl Job for Thumbnails {
    const KIND: &'static str = "thumbnails";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let Some(row) = uploads::find(&context.pool, self.vendor, self.upload).await? else {
            // Deleted in the meantime.
            return Ok(Outcome::Done);
        };
        make(&context, &row).await
    }
}

async fn make(context: &Context, row: &UploadRow) -> Result<Outcome, JobError> {
    let files = &context.services.files;
    let store = files.store(row.store)?;
    let body = store.open(&row.key, None).await?;
    let bytes = tally::collect(body, row.size_bytes).await?;
    let made = match files.thumbnails(bytes, row.content_type.clone()).await {
        Ok(made) => made,
        Err(unfit) => {
            return Ok(Outcome::Fail {
                error: format!("{}: {unfit}", row.file_name),
            });
        }
    };
    let mut smalls = Smalls::new();
    for small in made.versions {
        let key = row.key.thumbnail(small.size);
        let size_bytes = small.bytes.len() as u64;
        let body = tally::whole(small.bytes.into());
        store.put(&key, small.content_type, body).await?;
        let content_type = small.content_type.to_owned();
        let known = Small {
            key,
            content_type,
            size_bytes,
        };
        smalls.insert(small.size, known);
    }
    let written = uploads::set_thumbnails(
        &context.pool,
        row.vendor_id,
        row.id,
        row.store,
        &smalls,
        made.sides,
    );
    if !written.await? {
        // Deleted, or moved to the other store: what was made is in the wrong
        // place. If the picture is still there, the next attempt finds it.
        for small in smalls.values() {
            store.delete(&small.key).await?;
        }
        return Ok(Outcome::Retry {
            error: "the picture was moved or deleted meanwhile".to_owned(),
            after: None,
        });
    }
    Ok(Outcome::Done)
}
