//! What no rule in the process can help against: kill -9, and PostgreSQL
//! going away. The workers are real processes here.

use crate::support::eventually;
use crate::support::jobs::{put, row};
use crate::support::postgres::{Cluster, Database};
use crate::support::process::Env;
use crate::support::redis;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;
use uuid::Uuid;
use wizamart::clock::SystemClock;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::jobs::demo_mail::DemoMail;
use wizamart::storage::jobs::JobState;

const WORKER: [&str; 5] = ["worker", "--queue", "emails", "--lease", "2"];

async fn put_mail(pool: &PgPool) -> Uuid {
    let mail = DemoMail {
        to: "a@example.org".to_owned(),
        subject: "Hi".to_owned(),
    };
    put(pool, &SystemClock, NewJob::of(&mail).unwrap())
        .await
        .into_row()
        .id
}

async fn mails(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM outbox")
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_job_whose_worker_is_killed_runs_again_and_counts_once() {
    let database = Database::migrated().await;
    let env = Env::new(&database.url, &redis::private_url());
    // Nobody can write a mail while this holds the table: workers hang in
    // the middle of the job.
    let mut holder = database.pool.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *holder)
        .await
        .unwrap();
    let id = put_mail(&database.pool).await;
    let doomed = env.start(&WORKER);
    eventually("the job runs", || async {
        row(&database.pool, id).await.state == JobState::Running
    })
    .await;
    doomed.kill();
    holder.rollback().await.unwrap();

    let mut heir = env.start(&WORKER);
    eventually("the job is done", || async {
        row(&database.pool, id).await.state == JobState::Done
    })
    .await;
    assert_eq!(row(&database.pool, id).await.attempt, 2);
    assert_eq!(mails(&database.pool).await, 1);
    heir.terminate();
    assert!(heir.ended().await.success(), "{}", env.said());
}

#[tokio::test]
async fn two_workers_killed_one_after_the_other_lose_nothing() {
    let database = Database::migrated().await;
    let env = Env::new(&database.url, &redis::private_url());
    let mut ids = Vec::new();
    for _ in 0..50 {
        ids.push(put_mail(&database.pool).await);
    }
    for _ in 0..2 {
        let doomed = env.start(&WORKER);
        let before = mails(&database.pool).await;
        eventually("some mails are written", || async {
            let now = mails(&database.pool).await;
            now > before || now == 50
        })
        .await;
        doomed.kill();
    }
    let _last = env.start(&WORKER);
    eventually("every mail is written", || async {
        mails(&database.pool).await == 50
    })
    .await;
    for id in ids {
        eventually("every job is done", || async {
            row(&database.pool, id).await.state == JobState::Done
        })
        .await;
    }
}

#[tokio::test]
async fn sigterm_lets_the_running_job_finish() {
    let database = Database::migrated().await;
    let env = Env::new(&database.url, &redis::private_url());
    let mut holder = database.pool.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *holder)
        .await
        .unwrap();
    let id = put_mail(&database.pool).await;
    let mut worker = env.start(&WORKER);
    eventually("the job runs", || async {
        row(&database.pool, id).await.state == JobState::Running
    })
    .await;
    worker.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    holder.rollback().await.unwrap();
    assert!(worker.ended().await.success(), "{}", env.said());
    let row = row(&database.pool, id).await;
    assert_eq!((row.state, row.attempt), (JobState::Done, 1));
}

#[tokio::test]
async fn workers_survive_a_restart_of_postgresql() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::restartable)
        .await
        .unwrap();
    let mut connection = cluster.connect("postgres").await;
    wizamart::migrations::runner::migrate(&mut connection, wizamart::migrations::ALL)
        .await
        .unwrap();
    let pool = PgPoolOptions::new().connect_lazy_with(cluster.options("postgres"));
    let env = Env::new(&cluster.url("postgres"), &redis::private_url());
    let mut worker = env.start(&WORKER);
    let before = put_mail(&pool).await;
    eventually("a job is done", || async {
        row(&pool, before).await.state == JobState::Done
    })
    .await;

    let cluster = tokio::task::spawn_blocking(move || {
        cluster.stop();
        std::thread::sleep(Duration::from_secs(1));
        cluster.start();
        cluster
    })
    .await
    .unwrap();
    drop(cluster.connect("postgres").await);
    let started = std::time::Instant::now();
    let after = put_mail(&pool).await;
    eventually("a job is done again", || async {
        row(&pool, after).await.state == JobState::Done
    })
    .await;
    assert!(started.elapsed() < Duration::from_secs(15));
    worker.terminate();
    assert!(worker.ended().await.success(), "{}", env.said());
}

#[tokio::test]
async fn a_worker_waits_for_the_schema() {
    let database = Database::empty().await;
    let env = Env::new(&database.url, &redis::private_url());
    let mut worker = env.start(&WORKER);
    eventually("it says what it waits for", || async {
        env.said().contains("wizamart migrate")
    })
    .await;
    let migrated = env.command(&["migrate"]).output().unwrap();
    assert!(migrated.status.success());
    let id = put_mail(&database.pool).await;
    eventually("the job is done", || async {
        row(&database.pool, id).await.state == JobState::Done
    })
    .await;
    worker.terminate();
    assert!(worker.ended().await.success());
}
