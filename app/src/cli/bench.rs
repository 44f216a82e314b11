//! `wizamart bench queue`: how fast the queue is. Hidden: it is for measuring
//! and runs against the queue `default` of whatever database is configured,
//! whose workers must be running. One JSON object is printed.
//!
//! - `throughput N` pauses the queue, enqueues N jobs that do nothing one by
//!   one, resumes it and waits until all are done; once with results kept in
//!   Redis and once without.
//! - `latency N RATE` enqueues N jobs at RATE a second and tells how long it
//!   took from just before the enqueueing to the job's start.

use super::{CliError, runtime};
use crate::auth::audit::Entry;
use crate::cache::Cache;
use crate::clock::SystemClock;
use crate::queue::control;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::feedback;
use crate::queue::job::Job;
use crate::queue::jobs::bench::{Noop, Stamp};
use crate::secrets::{Sealer, sealer};
use crate::services::Services;
use crate::settings::Settings;
use crate::storage::{Doing, connect, jobs};
use onebox_model::QueueName;
use serde_json::{Map, Value, json};
use sqlx::{Connection, PgConnection};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use uuid::Uuid;

/// Nothing measured takes longer.
const LIMIT: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Measure the job queue
    #[command(subcommand)]
    Queue(What),
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum What {
    /// Jobs a second
    Throughput { jobs: u32 },
    /// Milliseconds from enqueueing to start
    Latency { jobs: u32, rate: f64 },
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    let Args::Queue(what) = args;
    let measured = runtime::single(measure(what, settings))??;
    println!("{measured}");
    Ok(())
}

async fn measure(what: &What, settings: &Settings) -> Result<Value, CliError> {
    let services = Services::new(
        connect::lazy_pool(&settings.database, 2, "wizamart bench"),
        Cache::from(&settings.redis)?,
        Arc::new(SystemClock),
        Arc::new(settings.config.clone()),
        std::env::temp_dir(),
        // These jobs have no secrets.
        Sealer::with(&[sealer::new_key()?], Path::new("no file"))?,
    );
    let mut connection = PgConnection::connect_with(&settings.database)
        .await
        .doing("connect to PostgreSQL")?;
    match *what {
        What::Throughput { jobs } => {
            let mut all = Map::new();
            all.insert("tasks".to_owned(), json!(2 * jobs));
            for (suffix, keep) in [("", true), (", ignore_result", false)] {
                let (put, drain) = throughput(&services, &mut connection, jobs, keep).await?;
                all.insert(format!("enqueue/s{suffix}"), json!(put));
                all.insert(format!("drain/s{suffix}"), json!(drain));
            }
            Ok(Value::Object(all))
        }
        What::Latency { jobs, rate } => latency(&services, &mut connection, jobs, rate).await,
    }
}

async fn put(connection: &mut PgConnection, job: &NewJob) -> Result<Uuid, CliError> {
    let mut transaction = connection.begin().await.doing("begin a transaction")?;
    let enqueued = enqueue(&mut transaction, job, OffsetDateTime::now_utc()).await;
    let row = enqueued.map_err(|error| CliError::Input(error.to_string()))?;
    transaction.commit().await.doing("commit a job")?;
    Ok(row.into_row().id)
}

async fn throughput(
    services: &Services,
    connection: &mut PgConnection,
    jobs: u32,
    keep_result: bool,
) -> Result<(f64, f64), CliError> {
    let (pool, queue) = (&services.pool, QueueName::Default);
    let now = OffsetDateTime::now_utc();
    let entry = |action| Entry::unattended("wizamart bench", action, now);
    control::pause(pool, queue, now, "wizamart bench", entry("queue.pause")).await?;
    let job =
        NewJob::of(&Noop { keep_result }).map_err(|error| CliError::Input(error.to_string()))?;
    let began = Instant::now();
    for _ in 0..jobs {
        put(connection, &job).await?;
    }
    let enqueued = began.elapsed();
    let released = Instant::now();
    control::resume(pool, queue, entry("queue.resume")).await?;
    while jobs::any_open(pool, Noop::KIND).await? {
        if released.elapsed() > LIMIT {
            return Err(CliError::Input(
                "the queue does not drain; is a worker running?".to_owned(),
            ));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rate = |took: Duration| f64::from(jobs) / took.as_secs_f64();
    Ok((rate(enqueued), rate(released.elapsed())))
}

async fn latency(
    services: &Services,
    connection: &mut PgConnection,
    jobs: u32,
    rate: f64,
) -> Result<Value, CliError> {
    let began = Instant::now();
    let mut ids = Vec::new();
    for n in 0..jobs {
        let at = began + Duration::from_secs_f64(f64::from(n) / rate);
        tokio::time::sleep_until(at.into()).await;
        let stamp = Stamp::now(OffsetDateTime::now_utc());
        let job = NewJob::of(&stamp).map_err(|error| CliError::Input(error.to_string()))?;
        ids.push(put(connection, &job).await?);
    }
    let mut took = Vec::with_capacity(ids.len());
    for id in ids {
        took.push(result(services, id).await?);
    }
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took.get(took.len() * part / 100).copied();
    Ok(json!({"p50 ms": at(50), "p99 ms": at(99)}))
}

async fn result(services: &Services, id: Uuid) -> Result<f64, CliError> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        if let Some(value) = feedback::read(services, id)
            .await
            .result
            .and_then(|value| value.as_f64())
        {
            return Ok(value);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Err(CliError::Input(format!(
        "the job {id} left no result; is a worker running?"
    )))
}
