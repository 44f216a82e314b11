//! The periodic jobs of the product.

use super::schedule::Schedule;
use crate::queue::job::Job;
use crate::queue::jobs::clean_up::CleanUp;
use crate::queue::jobs::cleanup_expired_sessions::CleanupExpiredSessions;
use crate::queue::jobs::due_credit_notes::DueCreditNotes;
use crate::queue::jobs::file_retention::FileRetention;
use crate::queue::jobs::mail_retention::MailRetention;
use crate::queue::jobs::refresh_cloudflare::RefreshCloudflare;
use crate::queue::jobs::rotate_signing_keys::RotateSigningKeys;
use crate::queue::jobs::sample::TakeSamples;
use crate::queue::jobs::sync_subscription::SyncSubscriptions;
use crate::storage::{StorageError, cron};
use sqlx::PgPool;
use time::OffsetDateTime;

/// Name, schedule, queue and kind; arguments are always empty.
#[must_use]
pub fn all() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    vec![
        (
            "clean-up",
            "17 * * * *",
            CleanUp::QUEUE.as_str(),
            CleanUp::KIND,
        ),
        (
            "samples",
            "* * * * *",
            TakeSamples::QUEUE.as_str(),
            TakeSamples::KIND,
        ),
        (
            "clean-up-sessions",
            "41 3 * * *",
            CleanupExpiredSessions::QUEUE.as_str(),
            CleanupExpiredSessions::KIND,
        ),
        (
            "due-credit-notes",
            "29 * * * *",
            DueCreditNotes::QUEUE.as_str(),
            DueCreditNotes::KIND,
        ),
        (
            "mail-retention",
            "47 3 * * *",
            MailRetention::QUEUE.as_str(),
            MailRetention::KIND,
        ),
        (
            "file-retention",
            "23 4 * * *",
            FileRetention::QUEUE.as_str(),
            FileRetention::KIND,
        ),
        (
            "refresh-cloudflare",
            "29 4 * * 1",
            RefreshCloudflare::QUEUE.as_str(),
            RefreshCloudflare::KIND,
        ),
        (
            "rotate-signing-keys",
            "11 4 * * *",
            RotateSigningKeys::QUEUE.as_str(),
            RotateSigningKeys::KIND,
        ),
        (
            "sync-subscriptions",
            "53 3 * * *",
            SyncSubscriptions::QUEUE.as_str(),
            SyncSubscriptions::KIND,
        ),
    ]
}

/// Brings the table in line with this version's list.
///
/// # Errors
/// When the database fails.
pub async fn store(pool: &PgPool, now: OffsetDateTime) -> Result<(), StorageError> {
    for (name, schedule, queue, kind) in all() {
        match schedule.parse::<Schedule>() {
            Ok(parsed) => {
                cron::upsert(pool, name, schedule, queue, kind, parsed.next_after(now)).await?;
            }
            Err(error) => tracing::error!(name, "{error}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::registry::Registry;

    #[test]
    fn every_entry_has_a_schedule_that_parses_and_a_known_kind() {
        let registry = Registry::standard();
        for (name, schedule, queue, kind) in all() {
            assert!(schedule.parse::<Schedule>().is_ok(), "{name}");
            assert!(queue.parse::<onebox_model::QueueName>().is_ok(), "{name}");
            assert_eq!(
                registry.check(kind, serde_json::json!({})),
                Ok(()),
                "{name}"
            );
        }
    }
}
