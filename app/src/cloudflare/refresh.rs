//! Asking Cloudflare for its networks: `GET /client/v4/ips` of its API, which
//! needs no key.

use super::InForce;
use super::list::{LARGEST, List, ListError};
use super::ranges::{Changes, Ranges, RangesError};
use crate::outbound::{Outbound, OutboundError};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;

/// How long the whole answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// There is no new list. The one in force stays.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Nothing can be asked.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// It was not answered.
    #[error("cannot ask {0} for Cloudflare's networks: {1}")]
    Away(String, #[source] reqwest::Error),
    /// It was answered with something else.
    #[error("{0} answered {1} instead of Cloudflare's networks")]
    Status(String, u16),
    /// The answer is too large.
    #[error("{0} answered more than {LARGEST} bytes")]
    Large(String),
    /// The answer is not what the API gives.
    #[error("the answer of {0} is not Cloudflare's: {1}")]
    Form(String, #[source] serde_json::Error),
    /// The answer says that something is wrong.
    #[error("{0} says that it has failed")]
    Failed(String),
    /// What it lists is not sound.
    #[error("the answer of {0} is not used: {1}")]
    Ranges(String, #[source] RangesError),
    /// It cannot be written down.
    #[error(transparent)]
    List(#[from] ListError),
}

/// The answer of the API; it may have more than this.
#[derive(Deserialize)]
struct Answer {
    success: bool,
    result: Option<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    ipv4_cidrs: Vec<String>,
    ipv6_cidrs: Vec<String>,
}

/// What was asked for.
#[derive(Debug)]
pub struct Refreshed {
    /// The new list.
    pub list: List,
    /// What it changes.
    pub changes: Changes,
}

/// Asks the API at `url`, and compares with the list of a state directory.
///
/// # Errors
/// When there is no answer, or one that is not sound in every part.
pub async fn ask(
    outbound: &Outbound,
    url: &str,
    state_dir: &Path,
    now: OffsetDateTime,
) -> Result<Refreshed, RefreshError> {
    let url = format!("{}/client/v4/ips", url.trim_end_matches('/'));
    let bytes = fetch(outbound, &url).await?;
    let answer: Answer =
        serde_json::from_slice(&bytes).map_err(|error| RefreshError::Form(url.clone(), error))?;
    let listed = match answer.result {
        Some(listed) if answer.success => listed,
        _ => return Err(RefreshError::Failed(url)),
    };
    let ranges = Ranges::read(&listed.ipv4_cidrs, &listed.ipv6_cidrs)
        .map_err(|error| RefreshError::Ranges(url.clone(), error))?;
    let before = InForce::find(&List::file(state_dir)).list;
    Ok(Refreshed {
        changes: before.ranges.changes(&ranges),
        list: List {
            source: url,
            as_of: now,
            ranges,
        },
    })
}

async fn fetch(outbound: &Outbound, url: &str) -> Result<Vec<u8>, RefreshError> {
    let away = |error| RefreshError::Away(url.to_owned(), error);
    let request = outbound.trusted()?.get(url).timeout(PATIENCE);
    let mut response = request.send().await.map_err(away)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(RefreshError::Status(
            url.to_owned(),
            response.status().as_u16(),
        ));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(away)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > LARGEST {
            return Err(RefreshError::Large(url.to_owned()));
        }
    }
    Ok(bytes)
}

impl Refreshed {
    /// Writes the list down; web processes read it within seconds.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn store(&self, state_dir: &Path) -> Result<PathBuf, RefreshError> {
        Ok(self.list.store(state_dir)?)
    }
}
