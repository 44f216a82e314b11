//! Counting and digesting a file while it passes.

use super::FileError;
use super::store::Bytestream;
use crate::random;
use aws_lc_rs::digest::{Context, SHA256};
use futures_util::{StreamExt, TryStreamExt};
use std::sync::{Arc, Mutex, PoisonError};

/// What has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// How many bytes.
    pub size: u64,
    /// Their SHA-256 as hexadecimal digits.
    pub sha256: String,
}

/// Watches one stream.
pub struct Tally(Arc<Mutex<(u64, Context)>>);

impl Tally {
    /// Watches a stream, which fails when it is longer than `limit` bytes.
    pub fn watch<'a>(body: Bytestream<'a>, limit: u64) -> (Self, Bytestream<'a>) {
        let state = Arc::new(Mutex::new((0_u64, Context::new(&SHA256))));
        let tally = Self(Arc::clone(&state));
        let watched = body.and_then(move |piece| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.0 += piece.len() as u64;
            state.1.update(&piece);
            let fits = state.0 <= limit;
            drop(state);
            std::future::ready(if fits {
                Ok(piece)
            } else {
                Err(FileError::TooLarge { limit })
            })
        });
        (tally, watched.boxed())
    }

    /// What has passed so far.
    #[must_use]
    pub fn total(&self) -> Total {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Total {
            size: state.0,
            sha256: random::hex(state.1.clone().finish().as_ref()),
        }
    }
}

/// Reads a stream to its end and keeps nothing of it.
///
/// # Errors
/// When the stream does.
pub async fn drain(body: Bytestream<'_>) -> Result<Total, FileError> {
    let (tally, mut body) = Tally::watch(body, u64::MAX);
    while body.try_next().await?.is_some() {}
    Ok(tally.total())
}

/// Reads a stream to its end into memory: for what is known to be small.
///
/// # Errors
/// When the stream fails or is longer than `limit` bytes.
pub async fn collect(body: Bytestream<'_>, limit: u64) -> Result<Vec<u8>, FileError> {
    let (_, mut body) = Tally::watch(body, limit);
    let mut bytes = Vec::new();
    while let Some(piece) = body.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Bytes that are there already, as a stream.
#[must_use]
pub fn whole(bytes: bytes::Bytes) -> Bytestream<'static> {
    futures_util::stream::once(std::future::ready(Ok(bytes))).boxed()
}
