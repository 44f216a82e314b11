//! The keeper's recurring work: each piece takes no input, does what is needed
//! to make things as they should be (or says what is not), and can be run any
//! number of times. A timer and a request run it through the same path.

mod certificates;
mod registry;
pub mod watch;

pub use certificates::Certificates;
pub use registry::Registry;

use futures_util::future::BoxFuture;
use onebox_api::reconcilers::Outcome;
use std::error::Error;
use std::time::Duration;

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whether somebody has to look.
    pub outcome: Outcome,
    /// In a sentence.
    pub summary: String,
    /// For programs, and for who wants to know more.
    pub details: serde_json::Value,
}

impl Report {
    /// All is as it should be.
    #[must_use]
    pub fn ok(summary: impl Into<String>, details: serde_json::Value) -> Self {
        Self {
            outcome: Outcome::Ok,
            summary: summary.into(),
            details,
        }
    }

    /// Somebody has to look.
    #[must_use]
    pub fn attention(summary: impl Into<String>, details: serde_json::Value) -> Self {
        Self {
            outcome: Outcome::Attention,
            summary: summary.into(),
            details,
        }
    }
}

/// Why a run failed, in whatever form its parts say so.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A piece of recurring work.
pub trait Reconciler: Send + Sync {
    /// Its name in commands and answers.
    fn name(&self) -> &'static str;

    /// What it looks after, in a sentence.
    fn description(&self) -> &'static str;

    /// How long after the end of a run the next one begins.
    fn period(&self) -> Duration;

    /// Does it.
    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>>;
}
