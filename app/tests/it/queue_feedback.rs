//! What jobs tell those who watch, the samples of the plots, and that none of
//! it can fail a job.

use crate::support::app::TestApp;
use crate::support::jobs::{Script, put, put_script, registry, row, services_on, worker};
use crate::support::postgres::Database;
use onebox_model::QueueName;
use std::sync::Arc;
use time::Duration;
use time::macros::datetime;
use wizamart::clock::{ManualClock, SharedClock};
use wizamart::domain::ids::VendorId;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::feedback;
use wizamart::queue::jobs::sample::TakeSamples;
use wizamart::queue::worker::{Worker, WorkerOptions};
use wizamart::storage::jobs::JobState;
use wizamart::storage::samples;

#[tokio::test]
async fn a_job_shows_its_progress_and_its_result() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let id = put_script(pool, &*app.clock, Script::Tell { done: 3, total: 9 }).await;
    let options = WorkerOptions::new(vec![QueueName::Default], 1);
    let mut worker = Worker::new(app.state.services.clone(), registry(), options);
    assert_eq!(worker.run_due().await.unwrap(), 1);
    let token = app.token().await;
    let job = app
        .get_as(&token, &format!("/api/v1/jobs/{id}"))
        .await
        .json();
    assert_eq!(job["progress"]["done"], 3);
    assert_eq!(job["progress"]["total"], 9);
    assert_eq!(job["progress"]["text"], "rows read");
    assert_eq!(job["result"]["rows"], 9);
}

#[tokio::test]
async fn a_job_is_done_even_when_nobody_can_be_told() {
    let Database { pool, .. } = Database::migrated().await;
    let clock: SharedClock = Arc::new(ManualClock::starting_at(datetime!(2026-11-23 10:00 UTC)));
    let nowhere = "redis+unix:///nonexistent/redis.sock";
    let services = services_on(&pool, &clock, nowhere);
    let id = put_script(&pool, &*clock, Script::Tell { done: 9, total: 9 }).await;
    let options = WorkerOptions::new(vec![QueueName::Default], 1);
    let mut worker = Worker::new(services.clone(), registry(), options);
    worker.run_due().await.unwrap();
    assert_eq!(row(&pool, id).await.state, JobState::Done);
    let known = feedback::read(&services, id).await;
    assert!(known.progress.is_none() && known.result.is_none());
}

#[tokio::test]
async fn a_job_carries_its_vendor() {
    let Database { pool, .. } = Database::migrated().await;
    let clock = ManualClock::starting_at(datetime!(2026-11-23 10:00 UTC));
    let job = NewJob::of(&Script::Succeed).unwrap().vendor(VendorId(7));
    let id = put(&pool, &clock, job).await.into_row().id;
    assert_eq!(row(&pool, id).await.vendor_id, Some(VendorId(7)));
}

#[tokio::test]
async fn a_minute_is_sampled_once_and_counts_what_ended_in_it() {
    let Database { pool, .. } = Database::migrated().await;
    let manual = Arc::new(ManualClock::starting_at(datetime!(2026-11-23 10:00:30 UTC)));
    let clock: SharedClock = manual.clone();
    put_script(&pool, &*clock, Script::Succeed).await;
    put_script(&pool, &*clock, Script::GiveUp).await;
    worker(&pool, &clock, 2).run_due().await.unwrap();
    put_script(&pool, &*clock, Script::Succeed).await;
    manual.advance(Duration::seconds(40));
    for _ in 0..2 {
        let sampling = NewJob::of(&TakeSamples {}).unwrap().priority(9);
        put(&pool, &*clock, sampling).await;
        worker(&pool, &clock, 1).run_due().await.unwrap();
    }
    let read = async |name: &str| {
        let since = clock.now() - Duration::HOUR;
        samples::series(&pool, name, since).await.unwrap()
    };
    let done = read("queue.done:default").await;
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].value, 1.0);
    assert_eq!(done[0].at, datetime!(2026-11-23 10:01 UTC));
    assert_eq!(read("queue.dead:default").await[0].value, 1.0);
    assert_eq!(read("queue.depth:default").await[0].value, 1.0);
    assert_eq!(read("queue.age:default").await[0].value, 30.0);
    assert_eq!(read("orders").await[0].value, 0.0);
}
