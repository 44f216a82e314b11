//! Runs reconcilers: each by its own timer and whenever somebody asks, never
//! twice at once, and whatever happens to one is no matter to the others.

use super::{Reconciler, Report};
use onebox_api::reconcilers::{Outcome, ReconcilerStatus};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::Mutex as Turn;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// All reconcilers with what they did.
#[derive(Clone, Default)]
pub struct Registry(Vec<Arc<Entry>>);

struct Entry {
    work: Arc<dyn Reconciler>,
    /// Held while it runs.
    turn: Turn<()>,
    kept: Mutex<Kept>,
}

struct Kept {
    status: ReconcilerStatus,
    due: Instant,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|entry| entry.work.name());
        f.debug_list().entries(names).finish()
    }
}

impl Registry {
    /// A registry of these. Their first runs come after `delay`, a second apart,
    /// so that a start is not all of them at once.
    #[must_use]
    pub fn new(work: Vec<Arc<dyn Reconciler>>, delay: Duration) -> Self {
        let entries = (0_u32..).zip(work).map(|(place, work)| {
            let wait = delay + Duration::from_secs(1) * place;
            Arc::new(Entry::new(work, wait))
        });
        Self(entries.collect())
    }

    /// What each did and will do.
    #[must_use]
    pub fn statuses(&self) -> Vec<ReconcilerStatus> {
        self.0.iter().map(|entry| entry.status()).collect()
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|entry| entry.work.name()).collect()
    }

    /// Runs one now, after the run that is going on if there is one, and tells
    /// how it went; `None` when there is none of this name.
    pub async fn run(&self, name: &str) -> Option<ReconcilerStatus> {
        let entry = self.0.iter().find(|entry| entry.work.name() == name)?;
        entry.once().await;
        Some(entry.status())
    }

    /// Runs all of them by their timers. Does not end; runs that go on are
    /// dropped with the future.
    pub async fn drive(&self) {
        let mut timers = JoinSet::new();
        for entry in &self.0 {
            timers.spawn(Arc::clone(entry).by_timer());
        }
        while timers.join_next().await.is_some() {}
    }
}

impl Entry {
    fn new(work: Arc<dyn Reconciler>, wait: Duration) -> Self {
        let status = ReconcilerStatus {
            name: work.name().to_owned(),
            description: work.description().to_owned(),
            period_seconds: work.period().as_secs(),
            running: false,
            runs: 0,
            failures_in_a_row: 0,
            last_run: None,
            last_duration_ms: None,
            last_outcome: None,
            summary: None,
            details: Value::Null,
            next_run: Some(OffsetDateTime::now_utc() + wait),
        };
        let due = Instant::now() + wait;
        Self {
            work,
            turn: Turn::new(()),
            kept: Mutex::new(Kept { status, due }),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status(&self) -> ReconcilerStatus {
        self.kept().status.clone()
    }

    async fn by_timer(self: Arc<Self>) {
        loop {
            let due = self.kept().due;
            tokio::time::sleep_until(due).await;
            // Somebody may have asked for a run meanwhile, which moved it.
            if self.kept().due <= Instant::now() {
                self.once().await;
            }
        }
    }

    async fn once(&self) {
        let _turn = self.turn.lock().await;
        self.kept().status.running = true;
        let start = Instant::now();
        let work = Arc::clone(&self.work);
        // A task of its own: a panic ends it and nothing else.
        let run = tokio::spawn(async move { work.activate().await }).await;
        let result = match run {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(failure)) => Err(failure.to_string()),
            Err(error) if error.is_panic() => Err(format!(
                "a programming error stopped it: {}; please report it",
                panic_text(error.into_panic().as_ref())
            )),
            Err(_) => Err("it was stopped".to_owned()),
        };
        self.note(start.elapsed(), result);
    }

    fn note(&self, took: Duration, result: Result<Report, String>) {
        let period = self.work.period();
        let now = OffsetDateTime::now_utc();
        let mut kept = self.kept();
        kept.due = Instant::now() + period;
        let status = &mut kept.status;
        status.running = false;
        status.runs += 1;
        status.last_run = Some(now);
        status.next_run = Some(now + period);
        status.last_duration_ms = u64::try_from(took.as_millis()).ok();
        let before = status.last_outcome;
        match result {
            Ok(report) => {
                status.failures_in_a_row = 0;
                status.last_outcome = Some(report.outcome);
                status.summary = Some(report.summary);
                status.details = report.details;
            }
            Err(why) => {
                status.failures_in_a_row += 1;
                status.last_outcome = Some(Outcome::Failed);
                status.summary = Some(why);
                status.details = Value::Null;
            }
        }
        tell(before, status);
    }
}

/// Changes go to the log; what stays as it was is in the status.
fn tell(before: Option<Outcome>, status: &ReconcilerStatus) {
    if before == status.last_outcome {
        return;
    }
    let (reconciler, summary) = (&*status.name, status.summary.as_deref().unwrap_or_default());
    match status.last_outcome {
        Some(Outcome::Failed) => tracing::error!(reconciler, "{reconciler}: {summary}"),
        Some(Outcome::Attention) => tracing::warn!(reconciler, "{reconciler}: {summary}"),
        _ => tracing::info!(reconciler, "{reconciler}: {summary}"),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Failure;
    use super::*;
    use futures_util::future::{BoxFuture, FutureExt};
    use std::sync::atomic::{AtomicU64, Ordering};

    #[derive(Default)]
    struct Counting {
        runs: AtomicU64,
        open: AtomicU64,
    }

    impl Reconciler for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }
        fn description(&self) -> &'static str {
            "Counts, fails the second time and panics the third."
        }
        fn period(&self) -> Duration {
            Duration::from_secs(60)
        }
        fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
            async {
                assert_eq!(self.open.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                tokio::time::sleep(Duration::from_secs(5)).await;
                self.open.fetch_sub(1, Ordering::SeqCst);
                match self.runs.fetch_add(1, Ordering::SeqCst) {
                    1 => Err("the second".into()),
                    2 => panic!("the third"),
                    n => Ok(Report::ok(format!("run {n}"), Value::Null)),
                }
            }
            .boxed()
        }
    }

    fn registry() -> (Registry, Arc<Counting>) {
        let work = Arc::new(Counting::default());
        let all: Vec<Arc<dyn Reconciler>> = vec![work.clone()];
        (Registry::new(all, Duration::from_secs(10)), work)
    }

    #[tokio::test(start_paused = true)]
    async fn it_runs_by_its_timer_and_survives_failures_and_panics() {
        let (registry, work) = registry();
        let driver = registry.clone();
        tokio::spawn(async move { driver.drive().await });
        let mut seen = Vec::new();
        tokio::time::sleep(Duration::from_secs(20)).await;
        for _ in 0..4 {
            let status = registry.statuses().remove(0);
            seen.push((status.runs, status.last_outcome, status.failures_in_a_row));
            tokio::time::sleep(Duration::from_secs(65)).await;
        }
        let (ok, failed) = (Some(Outcome::Ok), Some(Outcome::Failed));
        assert_eq!(
            seen,
            [(1, ok, 0), (2, failed, 1), (3, failed, 2), (4, ok, 0)]
        );
        assert!(work.runs.load(Ordering::SeqCst) >= 4);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_gets_a_run_of_their_own_and_moves_the_next() {
        let (registry, _) = registry();
        let driver = registry.clone();
        tokio::spawn(async move { driver.drive().await });
        // In the midst of the first run by timer.
        tokio::time::sleep(Duration::from_secs(12)).await;
        assert!(registry.statuses()[0].running);
        let status = registry.run("counting").await.unwrap();
        assert_eq!(status.runs, 2, "not the run that was going on");
        tokio::time::sleep(Duration::from_secs(50)).await;
        assert_eq!(
            registry.statuses()[0].runs,
            2,
            "a period from the end of it"
        );
        assert!(registry.run("another").await.is_none());
    }
}
