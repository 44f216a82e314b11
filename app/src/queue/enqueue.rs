//! Putting jobs into the queue, inside the caller's transaction: the job
//! exists exactly when what caused it does.

use super::job::Job;
use crate::domain::ids::VendorId;
use crate::storage::StorageError;
use crate::storage::jobs::{self, JobRow, NewRow};
use onebox_model::QueueName;
use serde_json::Value;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

/// Attempts before a job is dead.
pub const MAX_ATTEMPTS: i32 = 25;

/// How long a finished job is kept at least; a period of uniqueness may not be
/// longer than its row is sure to be there.
pub const LONGEST_PERIOD: Duration = Duration::hours(24);

/// Jobs with the same key that may not exist twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unique {
    /// Until a worker starts it. A change that comes later is a new job.
    WhileQueued(String),
    /// Once in each period, counted from the epoch, finished or not.
    PerPeriod(String, Duration),
}

/// A job to be enqueued.
#[derive(Clone, Debug)]
pub struct NewJob {
    queue: QueueName,
    kind: String,
    args: Value,
    priority: i16,
    run_at: Option<OffsetDateTime>,
    max_attempts: i32,
    unique: Option<Unique>,
    vendor: Option<VendorId>,
}

/// What enqueueing came to.
#[derive(Clone, Debug)]
pub enum Enqueued {
    /// A new job.
    New(JobRow),
    /// One with the same unique key was there.
    Existing(JobRow),
}

impl Enqueued {
    /// The job, new or not.
    #[must_use]
    pub fn into_row(self) -> JobRow {
        match self {
            Self::New(row) | Self::Existing(row) => row,
        }
    }
}

/// A job could not be enqueued.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// Its arguments have no JSON form.
    #[error("cannot enqueue a {kind} job: its arguments cannot be written as JSON: {source}")]
    Args {
        /// The kind of job.
        kind: &'static str,
        /// What the encoder said.
        #[source]
        source: serde_json::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl NewJob {
    /// A job of a known kind, due now, in its usual queue.
    ///
    /// # Errors
    /// When its arguments have no JSON form.
    pub fn of<J: Job>(job: &J) -> Result<Self, EnqueueError> {
        let args = serde_json::to_value(job).map_err(|source| EnqueueError::Args {
            kind: J::KIND,
            source,
        })?;
        Ok(Self::raw(J::QUEUE, J::KIND, args))
    }

    /// A job by name, for those who got the name from outside and checked it.
    #[must_use]
    pub fn raw(queue: QueueName, kind: impl Into<String>, args: Value) -> Self {
        Self {
            queue,
            kind: kind.into(),
            args,
            priority: 0,
            run_at: None,
            max_attempts: MAX_ATTEMPTS,
            unique: None,
            vendor: None,
        }
    }

    /// Runs it in another queue.
    #[must_use]
    pub fn on(mut self, queue: QueueName) -> Self {
        self.queue = queue;
        self
    }

    /// Runs it no sooner than this.
    #[must_use]
    pub fn at(mut self, run_at: OffsetDateTime) -> Self {
        self.run_at = Some(run_at);
        self
    }

    /// Higher runs first; 0 is usual.
    #[must_use]
    pub fn priority(mut self, priority: i16) -> Self {
        self.priority = priority;
        self
    }

    /// Gives up after this many attempts instead of 25.
    #[must_use]
    pub fn max_attempts(mut self, attempts: i32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// It is this vendor's job: the vendor's users may watch it.
    #[must_use]
    pub fn vendor(mut self, vendor: VendorId) -> Self {
        self.vendor = Some(vendor);
        self
    }

    /// Refuses a second one with the same key.
    #[must_use]
    pub fn unique(mut self, unique: Unique) -> Self {
        self.unique = Some(unique);
        self
    }
}

/// Enqueues a job in the caller's transaction. Workers hear of it when that
/// commits.
///
/// # Errors
/// When the database fails.
pub async fn enqueue(
    connection: &mut PgConnection,
    job: &NewJob,
    now: OffsetDateTime,
) -> Result<Enqueued, EnqueueError> {
    let (key, until) = match &job.unique {
        None => (None, None),
        Some(unique) => {
            let (key, until) = key_of(&job.kind, unique, now);
            (Some(key), until)
        }
    };
    let new = NewRow {
        queue: job.queue.as_str(),
        kind: &job.kind,
        args: &job.args,
        priority: job.priority,
        run_at: job.run_at.unwrap_or(now),
        max_attempts: job.max_attempts,
        unique_key: key.as_deref(),
        unique_until: until,
        vendor: job.vendor,
        now,
    };
    loop {
        if let Some(row) = jobs::insert(connection, &new).await? {
            return Ok(Enqueued::New(row));
        }
        // Someone holds the key. When the holder is gone by the time we look
        // (a worker has just started it), the key is free and we try again.
        if let Some(key) = &key
            && let Some(row) = jobs::find_by_unique_key(connection, key).await?
        {
            return Ok(Enqueued::Existing(row));
        }
    }
}

fn key_of(kind: &str, unique: &Unique, now: OffsetDateTime) -> (String, Option<OffsetDateTime>) {
    match unique {
        Unique::WhileQueued(key) => (format!("{kind}:{key}"), None),
        Unique::PerPeriod(key, period) => {
            let seconds = (*period)
                .clamp(Duration::SECOND, LONGEST_PERIOD)
                .whole_seconds();
            let start = now.unix_timestamp().div_euclid(seconds) * seconds;
            let until = now + Duration::seconds(start + seconds - now.unix_timestamp());
            (format!("{kind}:{key}@{start}+{seconds}"), Some(until))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn keys_of_one_period_agree_and_of_the_next_differ() {
        let unique = Unique::PerPeriod("report".into(), Duration::hours(1));
        let key = |now| key_of("k", &unique, now).0;
        assert_eq!(
            key(datetime!(2026-01-01 10:00 UTC)),
            key(datetime!(2026-01-01 10:59:59 UTC))
        );
        assert_ne!(
            key(datetime!(2026-01-01 10:59:59 UTC)),
            key(datetime!(2026-01-01 11:00 UTC))
        );
    }

    #[test]
    fn a_period_is_held_until_its_end() {
        let unique = Unique::PerPeriod("report".into(), Duration::hours(1));
        let (_, until) = key_of("k", &unique, datetime!(2026-01-01 10:20 UTC));
        assert_eq!(until, Some(datetime!(2026-01-01 11:00 UTC)));
    }

    #[test]
    fn kinds_do_not_share_keys() {
        let unique = Unique::WhileQueued("7".into());
        let now = datetime!(2026-01-01 10:20 UTC);
        assert_ne!(key_of("a", &unique, now).0, key_of("b", &unique, now).0);
    }
}
