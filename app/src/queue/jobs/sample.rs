//! Each minute, writes down the numbers the plots are drawn from. Requests'
//! latency is not among them: each web process knows its own and records it.

use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::samples;
use onebox_model::{QueueName, queues};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// How long samples are kept.
pub const KEPT: Duration = Duration::days(30);

/// Measures the last whole minute.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct TakeSamples {}

impl Job for TakeSamples {
    const KIND: &'static str = "take_samples";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let at = whole_minute(context.clock.now());
        let names: Vec<&str> = queues::ALL.iter().map(|queue| queue.as_str()).collect();
        let values = samples::measure(&context.pool, &names, at - Duration::MINUTE, at).await?;
        samples::record(&context.pool, at, &values).await?;
        samples::delete_before(&context.pool, at - KEPT).await?;
        Ok(Outcome::Done)
    }
}

fn whole_minute(moment: OffsetDateTime) -> OffsetDateTime {
    let past = moment.unix_timestamp().rem_euclid(60);
    moment.truncate_to_second() - Duration::seconds(past)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_minute_begins_where_the_clock_shows_no_seconds() {
        assert_eq!(
            whole_minute(datetime!(2026-01-01 10:59:59.5 UTC)),
            datetime!(2026-01-01 10:59 UTC)
        );
    }
}
