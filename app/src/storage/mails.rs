//! The table of mails: one row for each job that sends one.

use super::{Doing, StorageError};
use crate::domain::ids::VendorId;
use sqlx::{FromRow, PgExecutor, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// A mail that is about to be handed over.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    /// The job that sends it.
    pub job: Uuid,
    /// The shop it is about.
    pub vendor: Option<VendorId>,
    /// Name of the template.
    pub template: &'a str,
    /// Recipient's address.
    pub recipient: &'a str,
    /// Subject line.
    pub subject: &'a str,
    /// The way out.
    pub transport: &'a str,
    /// Its Message-ID.
    pub message_id: &'a str,
    /// Its text, sealed, where that is kept.
    pub text: Option<&'a [u8]>,
}

/// What was known of a mail before this run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing, or that it was refused.
    NotSent,
    /// A run began to hand it over and told no result.
    Unknown,
    /// It was sent: this run has nothing to do.
    Sent,
}

/// How a hand-over failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It will be tried again.
    Waiting,
    /// It was refused for good.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// A mail as the back office lists it.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct MailRow {
    pub job_id: Uuid,
    pub vendor_id: Option<VendorId>,
    pub template: String,
    pub recipient: String,
    pub subject: String,
    pub transport: String,
    pub state: String,
    pub error: String,
    pub message_id: String,
    /// Of an earlier release.
    pub text_body: String,
    pub text_sealed: Option<Vec<u8>>,
    pub created_at: OffsetDateTime,
    pub sent_at: Option<OffsetDateTime>,
}

/// Whether the mail of a job was sent.
///
/// # Errors
/// When the database fails.
pub async fn is_sent(db: impl PgExecutor<'_>, job: Uuid) -> Result<bool, StorageError> {
    let state: Option<String> = sqlx::query_scalar(include_str!("sql/mails/state.sql"))
        .bind(job)
        .fetch_optional(db)
        .await
        .doing("look up a mail")?;
    Ok(state.as_deref() == Some("sent"))
}

/// Writes down that a mail is being handed over.
///
/// # Errors
/// When the database fails.
pub async fn begin(
    db: impl PgExecutor<'_>,
    mail: &NewMail<'_>,
    now: OffsetDateTime,
) -> Result<Before, StorageError> {
    const ACTION: &str = "write down a mail";
    let row = sqlx::query(include_str!("sql/mails/begin.sql"))
        .bind(mail.job)
        .bind(mail.vendor)
        .bind(mail.template)
        .bind(mail.recipient)
        .bind(mail.subject)
        .bind(mail.transport)
        .bind(mail.message_id)
        .bind(mail.text)
        .bind(now)
        .fetch_one(db)
        .await
        .doing(ACTION)?;
    let before: Option<String> = row.try_get("before").doing(ACTION)?;
    let begun: bool = row.try_get("begun").doing(ACTION)?;
    Ok(match before.as_deref() {
        _ if !begun => Before::Sent,
        Some("sending") => Before::Unknown,
        _ => Before::NotSent,
    })
}

/// Writes down that a mail was handed over.
///
/// # Errors
/// When the database fails.
pub async fn sent(
    db: impl PgExecutor<'_>,
    job: Uuid,
    now: OffsetDateTime,
) -> Result<(), StorageError> {
    sqlx::query(include_str!("sql/mails/sent.sql"))
        .bind(job)
        .bind(now)
        .execute(db)
        .await
        .doing("write down that a mail was sent")?;
    Ok(())
}

/// Writes down that a mail was not handed over, and why.
///
/// # Errors
/// When the database fails.
pub async fn failed(
    db: impl PgExecutor<'_>,
    job: Uuid,
    how: Failed,
    error: &str,
) -> Result<(), StorageError> {
    let state = match how {
        Failed::Waiting => "waiting",
        Failed::Refused => "refused",
        Failed::Unknown => "sending",
    };
    sqlx::query(include_str!("sql/mails/failed.sql"))
        .bind(job)
        .bind(state)
        .bind(error)
        .execute(db)
        .await
        .doing("write down that a mail was not sent")?;
    Ok(())
}

/// The latest mails, newest first; `before` pages on.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: impl PgExecutor<'_>,
    before: Option<OffsetDateTime>,
    limit: i64,
) -> Result<Vec<MailRow>, StorageError> {
    sqlx::query_as(include_str!("sql/mails/list.sql"))
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await
        .doing("list mails")
}

/// Deletes at most `limit` mails from before a moment; how many it were.
///
/// # Errors
/// When the database fails.
pub async fn delete_old(
    db: impl PgExecutor<'_>,
    before: OffsetDateTime,
    limit: i64,
) -> Result<u64, StorageError> {
    let done = sqlx::query(include_str!("sql/mails/delete_old.sql"))
        .bind(before)
        .bind(limit)
        .execute(db)
        .await
        .doing("delete old mails")?;
    Ok(done.rows_affected())
}
