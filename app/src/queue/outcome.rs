//! What a run of a job can come to.

use crate::storage::StorageError;
use crate::storage::jobs::JobState;
use crate::storage::together::Failed;
use time::Duration;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done.
    Done,
    /// It failed; try again, after the usual wait unless one is given.
    Retry {
        /// What went wrong, for the operator.
        error: String,
        /// A wait the job knows better, such as another service's Retry-After.
        after: Option<Duration>,
    },
    /// It failed and trying again cannot help.
    Fail {
        /// What went wrong, for the operator.
        error: String,
    },
    /// Nothing is wrong, but it is too early. The attempt does not count.
    Snooze {
        /// When to ask again.
        after: Duration,
    },
}

/// An error a job meets on its way; the job is tried again.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database failed, for several jobs at once.
    #[error(transparent)]
    Together(#[from] Failed),
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl Outcome {
    /// Where the job stands after this attempt.
    #[must_use]
    pub fn state(&self, attempt: i32, max_attempts: i32) -> JobState {
        match self {
            Self::Done => JobState::Done,
            Self::Fail { .. } => JobState::Dead,
            Self::Retry { .. } if attempt >= max_attempts => JobState::Dead,
            Self::Retry { .. } | Self::Snooze { .. } => JobState::Queued,
        }
    }

    /// What went wrong, if anything.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Retry { error, .. } | Self::Fail { error } => Some(error),
            Self::Done | Self::Snooze { .. } => None,
        }
    }
}

impl From<Result<Outcome, JobError>> for Outcome {
    fn from(result: Result<Outcome, JobError>) -> Self {
        result.unwrap_or_else(|error| Self::Retry {
            error: error.to_string(),
            after: None,
        })
    }
}
