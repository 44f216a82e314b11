//! What a job is to the one who writes it.

use super::feedback::Feedback;
use super::outcome::{JobError, Outcome};
use crate::clock::SharedClock;
use crate::domain::ids::VendorId;
use crate::services::Services;
use onebox_model::QueueName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use std::future::Future;
use uuid::Uuid;

/// A kind of job; its fields are its arguments, stored as JSON.
///
/// It may run more than once, also at the same time as a run that was thought
/// dead: make its effect keyed by [`Context::id`] or harmless to repeat.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The name stored with the job. It is for ever: rows carry it.
    const KIND: &'static str;
    /// Where it runs unless the enqueuer says otherwise.
    const QUEUE: QueueName;

    /// Does the work.
    fn run(self, context: Context) -> impl Future<Output = Result<Outcome, JobError>> + Send;

    /// What is wrong with the arguments, beyond their types. It is asked when
    /// someone outside enqueues the job.
    ///
    /// # Errors
    /// In words for the one who sent them.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// What a run is given.
#[derive(Clone, Debug)]
pub struct Context {
    /// The job's id, the same in every attempt.
    pub id: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// Whose job it is; `None` for the platform's own.
    pub vendor: Option<VendorId>,
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: SharedClock,
    /// Everything else a job may need.
    pub services: Services,
    pub(in crate::queue) feedback: Feedback,
}

impl Context {
    /// Tells those who watch how far the run is: `done` of `total` (when that
    /// is known), in the caller's unit, and in words. Call it as often as you
    /// like: what comes within 100 ms of the last is dropped, but for the
    /// final one (`done` = `total`). Redis being away is no error of the job.
    pub async fn progress(&self, done: u64, total: Option<u64>, text: &str) {
        self.feedback.progress(done, total, text).await;
    }

    /// Leaves a result of up to 64 KiB of JSON for whoever asks for the job in
    /// the next 24 hours. It may be lost; what must not be belongs into the
    /// database.
    pub async fn result(&self, value: &impl Serialize) {
        self.feedback.result(value).await;
    }
}
