//! What all imports have in common: beginning, ending, and being tried again.

use super::decode::DecodeError;
use super::fetch::FetchError;
use super::source::Source;
use super::{orders, products};
use crate::domain::ids::VendorId;
use crate::files::{FileError, removal};
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::job::Context;
use crate::queue::jobs::import_mail::ImportMail;
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::imports::{self, ImportKind, ImportRow};
use crate::storage::{Doing, StorageError};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Times a source is asked before an import is given up. With the queue's
/// waits the last try is more than half an hour after the first.
pub const ATTEMPTS: i32 = 7;

/// Why a run does not reach its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Someone cancelled it, or another run has taken it over.
    #[error("this import is no longer ours")]
    NotOurs,
    /// The source is at fault for good.
    #[error("{0}")]
    Never(String),
    /// Another time may do.
    #[error("{0}")]
    Later(String),
    /// The source says when.
    #[error(transparent)]
    Wait(FetchError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<FetchError> for RunError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Never(text) => Self::Never(text),
            FetchError::Later(text) => Self::Later(text),
            FetchError::Wait(_) => Self::Wait(error),
        }
    }
}

impl From<DecodeError> for RunError {
    fn from(error: DecodeError) -> Self {
        match error {
            // It may have been cut off on its way.
            DecodeError::Gzip(_) => Self::Later(error.to_string()),
            DecodeError::TooLong => Self::Never(error.to_string()),
        }
    }
}

/// Runs an import from where it is, as a job.
///
/// # Errors
/// When the database fails; the job is tried again.
pub async fn run(context: &Context, vendor: VendorId, id: Uuid) -> Result<Outcome, JobError> {
    let now = context.clock.now();
    let Some(mut import) = imports::start(&context.pool, vendor, id, now).await? else {
        // Cancelled before it began, or done by a run whose end was not noted.
        return Ok(Outcome::Done);
    };
    let result = match import.kind {
        ImportKind::Products => products::run(context, &mut import).await,
        ImportKind::Orders => orders::run(context, &mut import).await,
    };
    end(context, &import, result).await
}

async fn end(
    context: &Context,
    import: &ImportRow,
    result: Result<(), RunError>,
) -> Result<Outcome, JobError> {
    match result {
        Ok(()) => {
            finish(context, import, None).await?;
            context
                .result(&serde_json::json!({
                    "created": import.created_rows,
                    "updated": import.updated_rows,
                    "same": import.same_rows,
                    "failed": import.failed_rows,
                }))
                .await;
            Ok(Outcome::Done)
        }
        Err(RunError::NotOurs) => Ok(Outcome::Done),
        Err(RunError::Never(error)) => {
            finish(context, import, Some(&error)).await?;
            Ok(Outcome::Fail { error })
        }
        Err(RunError::Wait(FetchError::Wait(wait))) => {
            let text = format!("the source asks to wait {} s", wait.as_secs());
            imports::set_error(&context.pool, import, &text).await?;
            let after = wait.try_into().unwrap_or(time::Duration::MINUTE);
            Ok(Outcome::Snooze { after })
        }
        Err(error) if context.attempt >= ATTEMPTS => {
            let error = format!("given up after {ATTEMPTS} tries: {error}");
            finish(context, import, Some(&error)).await?;
            Ok(Outcome::Fail { error })
        }
        Err(error) => {
            let error = error.to_string();
            imports::set_error(&context.pool, import, &error).await?;
            Ok(Outcome::Retry { error, after: None })
        }
    }
}

/// Tells those who watch how far an import is.
pub(super) async fn tell(context: &Context, import: &ImportRow, unit: &str) {
    let read = u64::try_from(import.read_bytes).unwrap_or(0);
    let total = import
        .total_bytes
        .and_then(|bytes| u64::try_from(bytes).ok());
    let done = import.created_rows + import.updated_rows + import.same_rows;
    let text = format!("{done} {unit}, {} with errors", import.failed_rows);
    context.progress(read, total, &text).await;
}

/// Ends an import; who asked for it gets a mail when not all of it was taken.
async fn finish(
    context: &Context,
    import: &ImportRow,
    error: Option<&str>,
) -> Result<(), JobError> {
    let mut transaction = context.pool.begin().await.doing("begin a transaction")?;
    let now = context.clock.now();
    let ended = imports::finish(&mut transaction, import, error, now).await?;
    forget_file(&mut transaction, import, now).await?;
    // Once: whoever comes later finds an import that has ended.
    if ended && (error.is_some() || import.failed_rows > 0) {
        let mail = ImportMail {
            vendor: import.vendor_id,
            import: import.id,
        };
        let mail = NewJob::of(&mail).map_err(|error| JobError::Other(error.to_string()))?;
        let mail = mail.vendor(import.vendor_id);
        enqueue(&mut transaction, &mail, now)
            .await
            .map_err(|error| JobError::Other(error.to_string()))?;
    }
    transaction
        .commit()
        .await
        .doing("commit the end of an import")?;
    Ok(())
}

/// A file that was sent to be imported ends with its import.
pub(super) async fn forget_file(
    connection: &mut PgConnection,
    import: &ImportRow,
    now: OffsetDateTime,
) -> Result<(), FileError> {
    if let Source::File(number, _) = Source::of(&import.source_url) {
        removal::forget(connection, import.vendor_id, number, now).await?;
    }
    Ok(())
}
