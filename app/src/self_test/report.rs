//! How a self-test went: its steps in order, up to the first that failed.

use super::StepError;
use crate::lifecycle::Shutdown;
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What was done.
    pub name: String,
    /// Whether it went well.
    pub ok: bool,
    /// How long it took.
    pub ms: u64,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The whole. The keeper reads it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether every step went well.
    pub ok: bool,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Report {
    /// Of a walk that did not begin.
    #[must_use]
    pub fn never_began(error: String) -> Self {
        Self {
            ok: false,
            steps: vec![Step {
                name: "begin".to_owned(),
                ok: false,
                ms: 0,
                error: Some(error),
            }],
        }
    }

    /// The first step that failed.
    #[must_use]
    pub fn failed(&self) -> Option<&Step> {
        self.steps.iter().find(|step| !step.ok)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.ok { '✓' } else { '✗' };
        write!(f, "{mark} {:<16} {:>6} ms", self.name, self.ms)?;
        match &self.error {
            Some(error) => write!(f, "  {error}"),
            None => Ok(()),
        }
    }
}

/// Steps as they are taken.
pub(super) struct Steps<T> {
    began: Instant,
    timeout: Duration,
    shutdown: Shutdown,
    told: T,
    taken: Vec<Step>,
}

impl<T: FnMut(&Step)> Steps<T> {
    pub(super) fn new(timeout: Duration, shutdown: Shutdown, told: T) -> Self {
        Self {
            began: Instant::now(),
            timeout,
            shutdown,
            told,
            taken: Vec::new(),
        }
    }

    /// What is left of the time.
    pub(super) fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.began.elapsed())
    }

    /// Takes a step; its result, unless it failed.
    pub(super) async fn step<R>(
        &mut self,
        name: &str,
        work: impl Future<Output = Result<R, StepError>>,
    ) -> Option<R> {
        let began = Instant::now();
        let shutdown = self.shutdown.clone();
        let done = tokio::select! {
            done = work => done,
            () = tokio::time::sleep(self.left()) => Err(StepError::Late(self.timeout)),
            () = shutdown.requested() => Err(StepError::Stopped),
        };
        self.note(name, began, done)
    }

    /// Takes the step that is taken whatever happened, in a time of its own.
    pub(super) async fn last<R>(
        &mut self,
        name: &str,
        limit: Duration,
        work: impl Future<Output = Result<R, StepError>>,
    ) {
        let began = Instant::now();
        let done = tokio::time::timeout(limit, work).await;
        self.note(name, began, done.unwrap_or(Err(StepError::Late(limit))));
    }

    fn note<R>(&mut self, name: &str, began: Instant, done: Result<R, StepError>) -> Option<R> {
        let (result, error) = match done {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let step = Step {
            name: name.to_owned(),
            ok: error.is_none(),
            ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            error,
        };
        (self.told)(&step);
        self.taken.push(step);
        result
    }

    pub(super) fn report(self) -> Report {
        Report {
            ok: self.taken.iter().all(|step| step.ok),
            steps: self.taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle;

    #[tokio::test]
    async fn steps_are_told_as_they_end_and_one_failure_is_the_reports() {
        let (_trigger, shutdown) = lifecycle::shutdown();
        let mut told = Vec::new();
        let mut steps = Steps::new(Duration::from_secs(5), shutdown, |step: &Step| {
            told.push(step.to_string());
        });
        assert_eq!(steps.step("one", async { Ok(1) }).await, Some(1));
        let failed: Option<()> = steps.step("two", async { Err(StepError::Another) }).await;
        assert_eq!(failed, None);
        let report = steps.report();
        assert!(!report.ok);
        let json = serde_json::json!(report);
        assert_eq!(json["steps"][0]["ok"], true);
        assert!(json["steps"][0].get("error").is_none());
        assert!(told[1].starts_with("✗ two") && told[1].contains("another self-test"));
    }

    #[tokio::test]
    async fn nothing_is_waited_for_beyond_the_time_or_a_signal() {
        let (trigger, shutdown) = lifecycle::shutdown();
        let forever = std::future::pending::<Result<(), StepError>>;
        let mut steps = Steps::new(Duration::from_millis(1), shutdown.clone(), |_: &Step| {});
        steps.step("long", forever()).await;
        let error = steps.report().steps.remove(0).error.unwrap();
        assert!(error.contains("1ms"), "{error}");
        trigger.stop();
        let mut steps = Steps::new(Duration::from_secs(60), shutdown, |_: &Step| {});
        steps.step("long", forever()).await;
        let error = steps.report().steps.remove(0).error.unwrap();
        assert!(error.contains("stopped"), "{error}");
    }
}
