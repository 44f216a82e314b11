//! Reports end after ninety days, pictures that no product shows after what
//! the operator says. Other files that were uploaded stay: who has their
//! address may count on them.

use crate::files::removal;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::{Doing, reports, uploads};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// How long reports are kept.
pub const KEEP_REPORTS: Duration = Duration::days(90);

/// Rows deleted at a time.
const SLICE: i64 = 200;

/// Deletes files that are past their time.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct FileRetention {}

impl Job for FileRetention {
    const KIND: &'static str = "file_retention";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let now = context.clock.now();
        let reports = end_reports(&context, now).await?;
        let days = context.services.config.storage.keep_unused_pictures_days;
        let pictures = match days {
            0 => 0,
            days => end_pictures(&context, now - Duration::days(i64::from(days)), now).await?,
        };
        tracing::info!(reports, pictures, "old files deleted");
        Ok(Outcome::Done)
    }
}

async fn end_reports(context: &Context, now: OffsetDateTime) -> Result<usize, JobError> {
    let mut ended = 0;
    loop {
        let begun = context.pool.begin().await;
        let mut transaction = begun.doing("begin a transaction")?;
        let rows = reports::delete_old(&mut *transaction, now - KEEP_REPORTS, SLICE).await?;
        for row in &rows {
            removal::forget_report(&mut transaction, &context.services.files, row, now).await?;
        }
        let committed = transaction.commit().await;
        committed.doing("commit the end of old reports")?;
        ended += rows.len();
        if rows.len() < usize::try_from(SLICE).unwrap_or(usize::MAX) {
            return Ok(ended);
        }
    }
}

async fn end_pictures(
    context: &Context,
    before: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<u64, JobError> {
    let mut ended = 0;
    loop {
        let unused = uploads::unused(&context.pool, before, SLICE).await?;
        let mut gone = 0;
        for (vendor, id) in &unused {
            let begun = context.pool.begin().await;
            let mut transaction = begun.doing("begin a transaction")?;
            // Nobody can show it from here on, and whoever does is seen.
            uploads::lock(&mut *transaction, *vendor, *id).await?;
            if !uploads::is_shown(&mut *transaction, *vendor, *id).await? {
                removal::forget(&mut transaction, *vendor, *id, now).await?;
                gone += 1;
            }
            let committed = transaction.commit().await;
            committed.doing("commit the end of a picture")?;
        }
        ended += gone;
        // None of these could go: the same ones would come again.
        if gone == 0 {
            return Ok(ended);
        }
    }
}
