//! The keeper's recurring work.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `GET`: every reconciler, as a list of [`ReconcilerStatus`].
pub const LIST: &str = "/v1/reconcilers";

/// `POST` [`Run`]: runs one now and answers its [`ReconcilerStatus`].
pub const RUN: &str = "/v1/reconcilers/run";

/// A request to run one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Which.
    pub name: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All is as it should be, or was made so.
    Ok,
    /// Something needs the operator.
    Attention,
    /// The run itself failed.
    Failed,
}

/// What a reconciler did and will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReconcilerStatus {
    /// Its name.
    pub name: String,
    /// What it looks after.
    pub description: String,
    /// Seconds between runs that nobody asked for.
    pub period_seconds: u64,
    /// Whether it runs now.
    pub running: bool,
    /// Runs since boxd started.
    pub runs: u64,
    /// Runs that failed, since the last that did not.
    pub failures_in_a_row: u64,
    /// When the last run ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_run: Option<OffsetDateTime>,
    /// How long it took, in milliseconds.
    pub last_duration_ms: Option<u64>,
    /// How it ended.
    pub last_outcome: Option<Outcome>,
    /// In a sentence.
    pub summary: Option<String>,
    /// In detail; what stands here is each reconciler's own.
    pub details: serde_json::Value,
    /// When it runs next.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_run: Option<OffsetDateTime>,
}
