//! What a run tells those who watch it: how far it is, and its result. Both
//! live in Redis for a day and may be lost; a job never fails for it.

use crate::cache::CacheError;
use crate::domain::ids::VendorId;
use crate::events::{self, Event};
use crate::services::Services;
use crate::storage::jobs::{JobRow, JobState};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long feedback is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The largest result, in bytes of JSON.
pub const LARGEST_RESULT: usize = 64 * 1024;
/// Progress that follows the last within this time is dropped.
const PACE: Duration = Duration::from_millis(100);
/// Redis may hold up a job for this long, and after that not again for a
/// [`REST`].
const PATIENCE: Duration = Duration::from_millis(250);
const REST: Duration = Duration::from_secs(5);

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all, when that is known.
    pub total: Option<u64>,
    /// In words.
    pub text: String,
    /// When this was so.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The way from a run to those who watch it.
#[derive(Clone, Debug)]
pub(super) struct Feedback {
    services: Services,
    job: Uuid,
    kind: String,
    vendor: Option<VendorId>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    /// Nothing but the final progress is sent before this moment.
    quiet_until: Mutex<Instant>,
    watched: AtomicBool,
}

impl State {
    fn is_time(&self) -> bool {
        Instant::now()
            >= *self
                .quiet_until
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
    }

    fn be_quiet(&self, wait: Duration) {
        *self
            .quiet_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now() + wait;
    }
}

impl Feedback {
    pub(super) fn new(services: Services, row: &JobRow) -> Self {
        Self {
            services,
            job: row.id,
            kind: row.kind.clone(),
            vendor: row.vendor_id,
            state: Arc::new(State {
                quiet_until: Mutex::new(Instant::now()),
                watched: AtomicBool::new(false),
            }),
        }
    }

    /// The news that the run has ended, when someone may wait for it: the
    /// job's vendor, or whoever saw its progress.
    pub(super) fn finished(&self, state: JobState, error: Option<&str>) -> Option<Event> {
        let watched = self.vendor.is_some() || self.state.watched.load(Ordering::Relaxed);
        watched.then(|| Event::JobFinished {
            job: self.job,
            kind: self.kind.clone(),
            vendor: self.vendor,
            state,
            error: error.map(str::to_owned),
        })
    }

    pub(super) async fn progress(&self, done: u64, total: Option<u64>, text: &str) {
        if !self.state.is_time() && total != Some(done) {
            return;
        }
        self.state.watched.store(true, Ordering::Relaxed);
        self.state.be_quiet(PACE);
        let now = self.services.clock.now();
        let progress = Progress {
            done,
            total,
            text: text.to_owned(),
            at: now,
        };
        let event = Event::JobProgress {
            job: self.job,
            kind: self.kind.clone(),
            vendor: self.vendor,
            progress: progress.clone(),
        };
        let stored = serde_json::json!(progress).to_string();
        self.patiently(async {
            let key = progress_key(self.job);
            self.services.cache.set(&key, &stored, KEPT).await.is_ok()
                && events::publish(&self.services, &event).await.is_ok()
        })
        .await;
    }

    pub(super) async fn result(&self, value: &impl Serialize) {
        let text = match serde_json::to_string(value) {
            Ok(text) => text,
            Err(error) => return tracing::warn!("the result has no JSON form: {error}"),
        };
        if text.len() > LARGEST_RESULT {
            return tracing::warn!(bytes = text.len(), "the result is too large to be kept");
        }
        self.state.watched.store(true, Ordering::Relaxed);
        self.patiently(async {
            let key = result_key(self.job);
            self.services.cache.set(&key, &text, KEPT).await.is_ok()
        })
        .await;
    }

    async fn patiently(&self, sending: impl Future<Output = bool>) {
        if !matches!(tokio::time::timeout(PATIENCE, sending).await, Ok(true)) {
            tracing::debug!("Redis did not take the job's feedback");
            self.state.be_quiet(REST);
        }
    }
}

/// What Redis knows of a job.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// How far it is.
    pub progress: Option<Progress>,
    /// What it left.
    pub result: Option<Value>,
}

/// Reads what a job told; nothing when Redis is away.
pub async fn read(services: &Services, job: Uuid) -> Known {
    let (progress, result) = (progress_key(job), result_key(job));
    let (progress, result) =
        tokio::join!(services.cache.get(&progress), services.cache.get(&result));
    Known {
        progress: parse(progress),
        result: parse(result),
    }
}

fn parse<T: DeserializeOwned>(text: Result<Option<String>, CacheError>) -> Option<T> {
    serde_json::from_str(&text.ok()??).ok()
}

fn progress_key(job: Uuid) -> String {
    format!("job:{job}:progress")
}

fn result_key(job: Uuid) -> String {
    format!("job:{job}:result")
}
