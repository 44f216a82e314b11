//! The queues over the last hour, from the samples.

use crate::domain::zone::Zone;
use crate::plot::{Marks, Plot, Series};
use crate::storage::{StorageError, samples};
use onebox_model::queues;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

/// What is drawn: title, unit, the samples' prefix, and how.
const PLOTS: [(&str, &str, &str, Marks); 4] = [
    (
        "Throughput",
        "jobs done a minute",
        "queue.done",
        Marks::Lines,
    ),
    (
        "Failures",
        "jobs given up a minute",
        "queue.dead",
        Marks::Bars,
    ),
    (
        "Queue age",
        "age of the oldest due job in seconds",
        "queue.age",
        Marks::Lines,
    ),
    ("Queue depth", "due jobs", "queue.depth", Marks::Lines),
];

/// Each plot as an `<svg>` element.
///
/// # Errors
/// When the database fails.
pub async fn all(
    pool: &PgPool,
    zone: &Zone,
    now: OffsetDateTime,
) -> Result<Vec<String>, StorageError> {
    let from = now - Duration::HOUR;
    let mut drawn = Vec::with_capacity(PLOTS.len());
    for (title, unit, prefix, marks) in PLOTS {
        let mut series = Vec::with_capacity(queues::ALL.len());
        for queue in queues::ALL {
            let samples = samples::series(pool, &format!("{prefix}:{queue}"), from).await?;
            series.push(Series {
                name: queue.to_string(),
                points: samples
                    .into_iter()
                    .map(|sample| (sample.at, sample.value))
                    .collect(),
            });
        }
        let plot = Plot {
            title: title.to_owned(),
            unit: unit.to_owned(),
            zone: zone.clone(),
            from,
            until: now,
            marks,
            series,
        };
        drawn.push(plot.render());
    }
    Ok(drawn)
}
