//! How many jobs to fetch ahead. Jobs that take a millisecond are worth
//! fetching by the hundred; a job that takes a second must not wait behind
//! another while a second worker is idle. So nothing is fetched ahead until
//! runs have been seen to be short, and then no more than [`WORTH`] of work.

use std::time::Duration;

/// The work that may wait in a worker.
const WORTH: Duration = Duration::from_millis(50);
/// The most jobs that may.
const MOST: usize = 512;
/// The weight of the newest run in the average.
const WEIGHT: f64 = 0.1;

#[derive(Debug)]
pub(super) struct Pace {
    concurrency: usize,
    /// A run's length on average, in seconds; unknown at first.
    average: Option<f64>,
    /// Doubles with each fetch that was full: a worker that has just started,
    /// perhaps because a job killed the one before, takes little.
    limit: usize,
}

impl Pace {
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            concurrency,
            average: None,
            limit: 0,
        }
    }

    /// A run ended after this time; `None` when it was stopped.
    pub(super) fn ran(&mut self, took: Option<Duration>) {
        let took = took.map_or(WORTH.as_secs_f64(), |took| took.as_secs_f64());
        // One long run counts at once, short ones little by little.
        self.average = Some(match self.average {
            Some(average) if took < average => average + WEIGHT * (took - average),
            _ => took,
        });
    }

    /// A fetch ended; `full` when it brought what was asked for.
    pub(super) fn fetched(&mut self, full: bool) {
        if full {
            self.limit = (2 * self.limit).max(self.concurrency).min(MOST);
        }
    }

    /// How many jobs to fetch beyond those that can start.
    pub(super) fn ahead(&self) -> usize {
        let Some(average) = self.average else {
            return 0;
        };
        // Of no time at all there would be infinitely many.
        let per_job = average.max(1e-6);
        let side_by_side = f64::from(u32::try_from(self.concurrency).unwrap_or(u32::MAX));
        let worth = WORTH.as_secs_f64() / per_job * side_by_side;
        let worth = Duration::try_from_secs_f64(worth).map_or(u64::MAX, |whole| whole.as_secs());
        usize::try_from(worth).unwrap_or(usize::MAX).min(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(concurrency: usize) -> Pace {
        let mut pace = Pace::new(concurrency);
        pace.ran(Some(Duration::from_micros(20)));
        pace
    }

    #[test]
    fn nothing_is_fetched_ahead_before_a_run_was_seen() {
        let mut pace = Pace::new(4);
        pace.fetched(true);
        assert_eq!(pace.ahead(), 0);
    }

    #[test]
    fn short_jobs_are_fetched_ahead_more_and_more() {
        let mut pace = short(4);
        let grown: Vec<usize> = (0..10)
            .map(|_| {
                pace.fetched(true);
                pace.ahead()
            })
            .collect();
        assert_eq!(grown, [4, 8, 16, 32, 64, 128, 256, 512, 512, 512]);
    }

    #[test]
    fn one_long_job_ends_that_at_once() {
        let mut pace = short(1);
        for _ in 0..20 {
            pace.fetched(true);
        }
        pace.ran(Some(Duration::from_secs(2)));
        assert_eq!(pace.ahead(), 0);
    }

    #[test]
    fn no_more_is_fetched_ahead_than_its_worth() {
        let mut pace = Pace::new(2);
        pace.ran(Some(Duration::from_millis(5)));
        for _ in 0..20 {
            pace.fetched(true);
        }
        assert_eq!(pace.ahead(), 20);
    }
}
