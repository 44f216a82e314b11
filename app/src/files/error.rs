//! Why a file cannot be had or kept.

use super::intake::Wanted;
use super::key::BadKey;
use crate::errors::{AppError, Problem};
use crate::queue::outcome::JobError;
use crate::random::NoRandomness;
use axum::http::StatusCode;
use std::io;

/// A file operation failed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The store has no such file.
    #[error("the file store has no {key}")]
    NotFound {
        /// The file.
        key: String,
    },
    /// The file is larger than it may be.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Something else was wanted.
    #[error("is of type {content_type}, which is not taken here; {wanted}")]
    Unwanted {
        /// What it is.
        content_type: &'static str,
        /// What was wanted.
        wanted: Wanted,
    },
    /// Whoever sent the file stopped or broke the form.
    #[error("the file did not arrive whole: {0}")]
    Sender(String),
    /// The directory's disk failed.
    #[error("cannot {action} {key}: {source}")]
    Disk {
        /// What was tried.
        action: &'static str,
        /// The file.
        key: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The S3 service failed or refused.
    #[error("cannot {action} {key} in the bucket: {detail}")]
    S3 {
        /// What was tried.
        action: &'static str,
        /// The file.
        key: String,
        /// What the service or the connection said.
        detail: String,
    },
    /// The store is not set up.
    #[error("the S3 store cannot be used: {0}")]
    NotConfigured(String),
    /// A name that no file has.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// No new name can be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] crate::storage::StorageError),
    /// The job that goes with the file could not be enqueued.
    #[error(transparent)]
    Enqueue(#[from] crate::queue::enqueue::EnqueueError),
}

impl From<FileError> for AppError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound { .. } | FileError::Key(_) => {
                tracing::warn!("{error}");
                Self::not_found("There is no such file (any more).")
            }
            FileError::TooLarge { .. } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE)
                .detail(format!("{error}."))
                .into(),
            FileError::Unwanted { .. } => Self::invalid("file", error.to_string()),
            FileError::Sender(_) => Problem::new(StatusCode::BAD_REQUEST)
                .detail(format!("{error}."))
                .into(),
            FileError::S3 { .. } | FileError::NotConfigured(_) => {
                Self::Unavailable(error.to_string())
            }
            FileError::Storage(error) => error.into(),
            FileError::Enqueue(error) => error.into(),
            FileError::Disk { .. } | FileError::Randomness(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<FileError> for JobError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Storage(error) => Self::Storage(error),
            other => Self::Other(other.to_string()),
        }
    }
}
