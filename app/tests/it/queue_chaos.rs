//! The queue when everything goes wrong at once: nothing that was accepted is
//! lost, nothing is stuck, and one bad kind does not starve the others.

use crate::support::eventually;
use crate::support::jobs::{Noted, Script, notes, put, put_script, row, worker, worker_with};
use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use onebox_model::QueueName;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::sync::Arc;
use std::time::Duration as StdDuration;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use wizamart::clock::{ManualClock, SharedClock, SystemClock};
use wizamart::lifecycle;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::jobs::demo_mail::DemoMail;
use wizamart::queue::worker::WorkerOptions;
use wizamart::storage::jobs::JobState;
use wizamart::storage::leases;

const START: OffsetDateTime = datetime!(2026-11-23 10:00 UTC);

async fn count(pool: &PgPool, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn ten_thousand_failures_spread_out_and_let_others_pass() {
    let Database { pool, .. } = Database::migrated().await;
    let manual = Arc::new(ManualClock::starting_at(START));
    let clock: SharedClock = manual.clone();
    sqlx::query(
        "INSERT INTO jobs (id, queue, kind, args, run_at, created_at)
         SELECT gen_random_uuid(), 'default', 'script', '{\"Break\": \"down\"}', $1, $1
         FROM generate_series(1, 10000)",
    )
    .bind(START)
    .execute(&pool)
    .await
    .unwrap();
    let mut worker = worker(&pool, &clock, 250);
    assert_eq!(worker.run_due().await.unwrap(), 10_000);
    let open = "SELECT count(*) FROM jobs WHERE state = 'queued' AND attempt = 1
                AND run_at BETWEEN '2026-11-23 10:00:01Z' AND '2026-11-23 10:00:02.2Z'";
    assert_eq!(count(&pool, open).await, 10_000);
    let moments = "SELECT count(DISTINCT run_at) FROM jobs";
    assert!(count(&pool, moments).await > 9_000, "they return together");

    // One that is new does not wait for what failed.
    let id = put_script(&pool, &*clock, Script::Succeed).await;
    assert_eq!(worker.run_due().await.unwrap(), 1);
    assert_eq!(row(&pool, id).await.state, JobState::Done);
    // And once they are due again, an urgent one passes them all.
    manual.advance(Duration::seconds(5));
    let urgent = NewJob::of(&Noted("urgent".to_owned())).unwrap().priority(5);
    put(&pool, &*clock, urgent).await;
    let taken = leases::fetch(
        &pool,
        "default",
        uuid::Uuid::now_v7(),
        clock.now(),
        clock.now(),
        1,
    )
    .await
    .unwrap();
    assert_eq!(taken[0].kind, "noted");
}

#[tokio::test]
async fn an_unimportant_job_does_not_wait_for_ever() {
    let Database { pool, .. } = Database::migrated().await;
    let manual = Arc::new(ManualClock::starting_at(START));
    let clock: SharedClock = manual.clone();
    let noted = |name: &str, priority| {
        NewJob::of(&Noted(name.to_owned()))
            .unwrap()
            .priority(priority)
    };
    put(&pool, &*clock, noted("patient", 0)).await;
    for round in 0..3 {
        manual.advance(Duration::minutes(2));
        put(&pool, &*clock, noted(&format!("urgent {round}"), 2)).await;
        let since = clock.now() - Duration::minutes(1);
        leases::age(&pool, "default", since, clock.now())
            .await
            .unwrap();
    }
    worker(&pool, &clock, 1).run_due().await.unwrap();
    // Two steps made it an equal, and among equals the older one is first.
    assert_eq!(notes(&pool)[0], "patient");
}

#[tokio::test]
async fn jobs_that_hold_every_connection_keep_their_leases() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    // As a worker process has it: one for each job, three of its own.
    let pool = PgPoolOptions::new()
        .max_connections(4 + 3)
        .connect_lazy_with(database.options.clone());
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(
            put_script(
                &database.pool,
                &SystemClock,
                Script::HoldConnection { millis: 3_000 },
            )
            .await,
        );
    }
    let options = WorkerOptions::new(vec![QueueName::Default], 4).lease(StdDuration::from_secs(1));
    let (trigger, shutdown) = lifecycle::shutdown();
    let running = tokio::spawn(worker_with(&pool, &clock, options).run(shutdown));
    for id in ids {
        eventually("the job is done", || async {
            row(&database.pool, id).await.state == JobState::Done
        })
        .await;
        assert_eq!(
            row(&database.pool, id).await.attempt,
            1,
            "its lease was lost"
        );
    }
    trigger.stop();
    running.await.unwrap();
}

#[tokio::test]
async fn workers_whose_connections_are_cut_again_and_again_do_all_their_work() {
    let database = Database::migrated().await;
    let env = Env::new(&database.url, &redis::private_url());
    let args = [
        "worker",
        "--queue",
        "emails",
        "--lease",
        "2",
        "--concurrency",
        "4",
    ];
    let mut workers = [env.start(&args), env.start(&args)];
    for n in 0..200 {
        let mail = DemoMail {
            to: "a@example.org".to_owned(),
            subject: n.to_string(),
        };
        put(&database.pool, &SystemClock, NewJob::of(&mail).unwrap()).await;
        if n % 20 == 0 {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'wizamart worker'",
            )
            .execute(&database.pool)
            .await
            .unwrap();
        }
    }
    eventually("every job is done", || async {
        count(
            &database.pool,
            "SELECT count(*) FROM jobs WHERE state <> 'done'",
        )
        .await
            == 0
    })
    .await;
    assert_eq!(
        count(&database.pool, "SELECT count(*) FROM outbox").await,
        200
    );
    for worker in &mut workers {
        worker.terminate();
        assert!(worker.ended().await.success(), "{}", env.said());
    }
}

#[tokio::test]
async fn short_jobs_fetched_ahead_by_a_worker_that_is_killed_are_all_done() {
    let database = Database::migrated().await;
    sqlx::query(
        "INSERT INTO jobs (id, queue, kind, args, run_at, created_at)
         SELECT gen_random_uuid(), 'default', 'bench_noop', '{\"keep_result\": false}', now(), now()
         FROM generate_series(1, 5000)",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let env = Env::new(&database.url, &redis::private_url());
    let args = ["worker", "--queue", "default", "--lease", "1"];
    let done = "SELECT count(*) FROM jobs WHERE state = 'done'";
    let doomed = env.start(&args);
    eventually("some are done", || async {
        count(&database.pool, done).await > 500
    })
    .await;
    doomed.kill();
    let mut heir = env.start(&args);
    eventually("all are done", || async {
        count(&database.pool, done).await == 5_000
    })
    .await;
    heir.terminate();
    assert!(heir.ended().await.success(), "{}", env.said());
}

#[tokio::test]
async fn a_scheduler_that_is_killed_is_followed_by_another() {
    let database = Database::migrated().await;
    let env = Env::new(&database.url, &redis::private_url());
    let leader =
        "SELECT COALESCE(max(pid), 0)::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let first = env.start(&["scheduler"]);
    eventually("one leads", || async {
        count(&database.pool, leader).await != 0
    })
    .await;
    let led = count(&database.pool, leader).await;
    let _second = env.start(&["scheduler"]);
    first.kill();
    eventually("the other leads", || async {
        let now = count(&database.pool, leader).await;
        now != 0 && now != led
    })
    .await;
}
