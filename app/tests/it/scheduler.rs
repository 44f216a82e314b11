//! Periodic jobs: once each, skipped while the last is unfinished, and led by
//! one scheduler at a time.

use crate::support::eventually;
use crate::support::jobs::{Script, worker};
use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration as StdDuration;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use wizamart::clock::{Clock, ManualClock, SharedClock, SystemClock};
use wizamart::lifecycle;
use wizamart::queue::job::Job;
use wizamart::queue::scheduler::tick::tick;
use wizamart::queue::scheduler::{Scheduler, builtin};

const START: OffsetDateTime = datetime!(2026-11-23 10:00 UTC);

async fn add(pool: &PgPool, name: &str, schedule: &str, next: OffsetDateTime) {
    sqlx::query(
        "INSERT INTO cron (name, schedule, queue, kind, args, next_run_at)
         VALUES ($1, $2, 'default', $3, '\"Succeed\"', $4)",
    )
    .bind(name)
    .bind(schedule)
    .bind(Script::KIND)
    .bind(next)
    .execute(pool)
    .await
    .unwrap();
}

async fn jobs(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM jobs")
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn next_run(pool: &PgPool, name: &str) -> OffsetDateTime {
    sqlx::query_scalar("SELECT next_run_at FROM cron WHERE name = $1")
        .bind(name)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_due_job_is_enqueued_once_and_its_next_run_set() {
    let Database { pool, .. } = Database::migrated().await;
    add(&pool, "hourly", "0 * * * *", START).await;
    assert_eq!(tick(&pool, START - Duration::SECOND).await.unwrap(), 0);
    assert_eq!(tick(&pool, START).await.unwrap(), 1);
    assert_eq!(tick(&pool, START).await.unwrap(), 0);
    assert_eq!(next_run(&pool, "hourly").await, START + Duration::HOUR);
}

#[tokio::test]
async fn runs_missed_for_a_day_are_made_up_for_once() {
    let Database { pool, .. } = Database::migrated().await;
    add(&pool, "hourly", "0 * * * *", START).await;
    let later = START + Duration::hours(24) + Duration::minutes(5);
    assert_eq!(tick(&pool, later).await.unwrap(), 1);
    assert_eq!(next_run(&pool, "hourly").await, START + Duration::hours(25));
}

#[tokio::test]
async fn a_run_is_skipped_while_the_previous_one_is_unfinished() {
    let Database { pool, .. } = Database::migrated().await;
    let manual = Arc::new(ManualClock::starting_at(START));
    let clock: SharedClock = manual.clone();
    add(&pool, "hourly", "0 * * * *", START).await;
    assert_eq!(tick(&pool, START).await.unwrap(), 1);
    assert_eq!(tick(&pool, START + Duration::HOUR).await.unwrap(), 0);
    manual.advance(Duration::HOUR);
    worker(&pool, &clock, 1).run_due().await.unwrap();
    assert_eq!(tick(&pool, START + Duration::hours(2)).await.unwrap(), 1);
}

#[tokio::test]
async fn two_leaders_at_once_would_still_enqueue_once() {
    let Database { pool, .. } = Database::migrated().await;
    for n in 0..20 {
        add(&pool, &n.to_string(), "0 * * * *", START).await;
    }
    let (one, two) = tokio::join!(tick(&pool, START), tick(&pool, START));
    assert_eq!(one.unwrap() + two.unwrap(), 20);
    assert_eq!(jobs(&pool).await, 20);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stops_no_other() {
    let Database { pool, .. } = Database::migrated().await;
    add(&pool, "broken", "every full moon", START - Duration::HOUR).await;
    add(&pool, "sound", "0 * * * *", START).await;
    assert_eq!(tick(&pool, START).await.unwrap(), 1);
    assert_eq!(next_run(&pool, "broken").await, START + Duration::HOUR);
}

#[tokio::test]
async fn storing_the_built_in_ones_again_keeps_their_next_run() {
    let Database { pool, .. } = Database::migrated().await;
    builtin::store(&pool, START).await.unwrap();
    let first = next_run(&pool, "clean-up").await;
    builtin::store(&pool, START + Duration::days(3))
        .await
        .unwrap();
    assert_eq!(next_run(&pool, "clean-up").await, first);
}

#[tokio::test]
async fn one_leads_and_another_takes_over_when_its_connection_dies() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let start = || {
        let (trigger, shutdown) = lifecycle::shutdown();
        let options = database.options.clone();
        let scheduler = Scheduler::new(database.pool.clone(), options, Arc::clone(&clock))
            .pulse(StdDuration::from_millis(100));
        (trigger, tokio::spawn(scheduler.run(shutdown)))
    };
    let leaders = || async {
        sqlx::query_scalar::<_, i32>(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_all(&database.pool)
        .await
        .unwrap()
    };
    let all = [start(), start()];
    eventually("someone leads", || async { leaders().await.len() == 1 }).await;
    let first = leaders().await[0];
    sqlx::query("SELECT pg_terminate_backend($1)")
        .bind(first)
        .execute(&database.pool)
        .await
        .unwrap();
    eventually("someone leads again", || async {
        let now = leaders().await;
        now.len() == 1 && now[0] != first
    })
    .await;
    add(&database.pool, "due", "0 * * * *", SystemClock.now()).await;
    eventually("the new leader works", || async {
        jobs(&database.pool).await == 1
    })
    .await;
    for (trigger, running) in all {
        trigger.stop();
        running.await.unwrap();
    }
    assert_eq!(jobs(&database.pool).await, 1);
}

#[tokio::test]
async fn the_process_stores_the_built_in_jobs_and_ends_when_asked() {
    let database = Database::migrated().await;
    let env = Env::new(&database.url, &redis::private_url());
    let mut scheduler = env.start(&["scheduler"]);
    eventually("the built-in jobs are stored", || async {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM cron")
            .fetch_one(&database.pool)
            .await
            .unwrap();
        count == i64::try_from(builtin::all().len()).unwrap()
    })
    .await;
    scheduler.terminate();
    assert!(scheduler.ended().await.success(), "{}", env.said());
}
