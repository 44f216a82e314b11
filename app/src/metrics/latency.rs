//! How long requests took in the last minute, for the dashboard's plot: counts
//! in buckets that grow by a fifth, so that a quantile is right within a tenth,
//! whatever its size. Prometheus has its own histogram.

use crate::services::Services;
use crate::storage::samples;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use time::OffsetDateTime;

/// Each bucket ends this much higher than the one before.
const GROWTH: f64 = 1.2;
/// Where the first bucket ends, in milliseconds.
const FIRST: f64 = 0.05;
/// The last one holds everything above a minute and a half.
const BUCKETS: usize = 80;

/// Times of requests since they were last taken. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Latency(Arc<[AtomicU64; BUCKETS]>);

impl Default for Latency {
    fn default() -> Self {
        Self(Arc::new([const { AtomicU64::new(0) }; BUCKETS]))
    }
}

/// Two quantiles, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles {
    /// Half were faster.
    pub p50: f64,
    /// 99 of 100 were faster.
    pub p99: f64,
}

impl Latency {
    /// A request took this long.
    pub fn observe(&self, took: Duration) {
        let steps = (took.as_secs_f64() * 1e3 / FIRST).ln() / GROWTH.ln();
        // Saturates: below the first bucket is the first, NaN too.
        let index = (steps.ceil().max(0.0) as usize).min(BUCKETS - 1);
        if let Some(bucket) = self.0.get(index) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The quantiles since the last time; `None` when there was no request.
    #[must_use]
    pub fn take(&self) -> Option<Quantiles> {
        let counts: Vec<u64> = self
            .0
            .iter()
            .map(|bucket| bucket.swap(0, Ordering::Relaxed))
            .collect();
        let all: u64 = counts.iter().sum();
        let at = |share: f64| {
            let wanted = (all as f64 * share).ceil();
            let mut seen = 0;
            let index = counts.iter().position(|count| {
                seen += count;
                seen as f64 >= wanted
            });
            FIRST * GROWTH.powi(i32::try_from(index.unwrap_or(BUCKETS)).unwrap_or(i32::MAX))
        };
        (all > 0).then(|| Quantiles {
            p50: at(0.5),
            p99: at(0.99),
        })
    }
}

/// Writes the quantiles down at the end of each minute. It ends with the
/// process; what the last minute was is lost then.
pub async fn keep(services: Services) {
    loop {
        let now = services.clock.now();
        let past = now.unix_timestamp().rem_euclid(60).unsigned_abs();
        tokio::time::sleep(Duration::from_secs(60 - past)).await;
        services.hold.over().await;
        let Some(quantiles) = services.metrics.latency.take() else {
            continue;
        };
        let minute = services.clock.now().unix_timestamp().div_euclid(60) * 60;
        let Ok(at) = OffsetDateTime::from_unix_timestamp(minute) else {
            continue;
        };
        let values = [
            ("latency.p50".to_owned(), quantiles.p50),
            ("latency.p99".to_owned(), quantiles.p99),
        ];
        if let Err(error) = samples::record(&services.pool, at, &values).await {
            tracing::debug!("{error}; the plot of this minute stays empty");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_are_right_within_their_bucket_and_taken_once() {
        let latency = Latency::default();
        for millis in 1..=100 {
            latency.observe(Duration::from_millis(millis));
        }
        let taken = latency.take().unwrap();
        assert!((50.0..60.0).contains(&taken.p50), "{taken:?}");
        assert!((99.0..120.0).contains(&taken.p99), "{taken:?}");
        assert_eq!(latency.take(), None);
    }

    proptest! {
        #[test]
        fn any_time_is_counted_and_never_shown_smaller_than_it_was(micros in 0_u64..200_000_000) {
            let latency = Latency::default();
            latency.observe(Duration::from_micros(micros));
            let shown = latency.take().unwrap().p50;
            let millis = micros as f64 / 1e3;
            prop_assert!(shown * 1.000_001 >= millis.min(60_000.0), "{millis} ms shown as {shown}");
            prop_assert!(shown <= (millis * GROWTH * 1.000_001).max(FIRST), "{millis} ms shown as {shown}");
        }
    }
}
