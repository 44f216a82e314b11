//! The rules of the queue, with time in the test's hands.

use crate::support::eventually;
use crate::support::jobs::{Noted, Script, notes, put, put_script, row, worker, worker_with};
use crate::support::postgres::Database;
use onebox_model::QueueName;
use std::sync::Arc;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use wizamart::clock::{Clock, ManualClock, SharedClock, SystemClock};
use wizamart::lifecycle;
use wizamart::queue::enqueue::{Enqueued, NewJob, Unique, enqueue};
use wizamart::queue::worker::{Worker, WorkerOptions};
use wizamart::storage::jobs::JobState;
use wizamart::storage::{leases, workers};

const START: OffsetDateTime = datetime!(2026-11-23 10:00 UTC);

struct Setting {
    database: Database,
    clock: Arc<ManualClock>,
    shared: SharedClock,
}

impl Setting {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::starting_at(START));
        Self {
            database: Database::migrated().await,
            shared: clock.clone(),
            clock,
        }
    }

    fn worker(&self) -> Worker {
        worker(&self.database.pool, &self.shared, 4)
    }

    async fn put(&self, job: NewJob) -> Enqueued {
        put(&self.database.pool, &*self.clock, job).await
    }

    async fn script(&self, script: Script) -> uuid::Uuid {
        put_script(&self.database.pool, &*self.clock, script).await
    }

    async fn row(&self, id: uuid::Uuid) -> wizamart::storage::jobs::JobRow {
        row(&self.database.pool, id).await
    }
}

fn noted(name: &str) -> NewJob {
    NewJob::of(&Noted(name.to_owned())).unwrap()
}

#[tokio::test]
async fn a_job_exists_exactly_when_its_transaction_commits() {
    let it = Setting::new().await;
    let mut transaction = it.database.pool.begin().await.unwrap();
    enqueue(&mut transaction, &noted("lost"), START)
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    it.put(noted("kept")).await;
    assert_eq!(it.worker().run_due().await.unwrap(), 1);
    assert_eq!(notes(&it.database.pool), ["kept"]);
}

#[tokio::test]
async fn a_failing_job_is_tried_on_schedule_and_dies_after_25_attempts() {
    let it = Setting::new().await;
    let id = it.script(Script::Break("no luck".into())).await;
    let mut worker = it.worker();
    for attempt in 1..=25 {
        assert_eq!(worker.run_due().await.unwrap(), 1, "attempt {attempt}");
        let row = it.row(id).await;
        assert_eq!(row.attempt, attempt);
        assert_eq!(row.last_error.as_deref(), Some("no luck"));
        if attempt == 25 {
            assert_eq!(row.state, JobState::Dead);
            break;
        }
        assert_eq!(row.state, JobState::Queued);
        let wait = row.run_at - it.clock.now();
        let least = Duration::seconds(i64::from(attempt).pow(4));
        assert!(
            wait >= least && wait <= least * 1.1 + Duration::SECOND,
            "{attempt}: {wait}"
        );
        it.clock.advance(wait - Duration::MILLISECOND);
        assert_eq!(worker.run_due().await.unwrap(), 0, "too early");
        it.clock.advance(Duration::MILLISECOND);
    }
    it.clock.advance(Duration::days(365));
    assert_eq!(worker.run_due().await.unwrap(), 0, "dead is dead");
}

#[tokio::test]
async fn a_job_may_know_better_when_to_come_back() {
    let it = Setting::new().await;
    let id = it.script(Script::BreakFor { seconds: 7200 }).await;
    it.worker().run_due().await.unwrap();
    assert_eq!(it.row(id).await.run_at, START + Duration::hours(2));
}

#[tokio::test]
async fn a_job_that_gives_up_is_dead_at_once() {
    let it = Setting::new().await;
    let id = it.script(Script::GiveUp).await;
    it.worker().run_due().await.unwrap();
    let row = it.row(id).await;
    assert_eq!((row.state, row.attempt), (JobState::Dead, 1));
    assert_eq!(row.finished_at, Some(START));
}

#[tokio::test]
async fn snoozing_costs_no_attempt() {
    let it = Setting::new().await;
    let id = it.script(Script::Snooze { seconds: 60 }).await;
    let mut worker = it.worker();
    for round in 1..=30 {
        assert_eq!(worker.run_due().await.unwrap(), 1);
        let row = it.row(id).await;
        assert_eq!((row.state, row.attempt), (JobState::Queued, 0));
        assert_eq!(row.run_at, START + Duration::minutes(round));
        it.clock.advance(Duration::MINUTE);
    }
}

#[tokio::test]
async fn a_panic_is_caught_recorded_and_tried_again_while_others_go_on() {
    let it = Setting::new().await;
    let id = it.script(Script::Panic("index out of bounds".into())).await;
    it.put(noted("neighbour")).await;
    assert_eq!(it.worker().run_due().await.unwrap(), 2);
    let row = it.row(id).await;
    assert_eq!((row.state, row.attempt), (JobState::Queued, 1));
    assert_eq!(
        row.last_error.as_deref(),
        Some("panic: index out of bounds")
    );
    assert_eq!(notes(&it.database.pool), ["neighbour"]);
}

#[tokio::test]
async fn a_kind_of_another_version_stays_in_the_queue_with_an_error() {
    let it = Setting::new().await;
    let job = NewJob::raw(QueueName::Default, "from_the_future", serde_json::json!({}));
    let id = it.put(job).await.into_row().id;
    it.worker().run_due().await.unwrap();
    let row = it.row(id).await;
    assert_eq!(row.state, JobState::Queued);
    assert!(row.last_error.unwrap().contains("from_the_future"));
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_not_tried_25_times() {
    let it = Setting::new().await;
    let job = NewJob::raw(
        QueueName::Default,
        "noted",
        serde_json::json!({"not": "a note"}),
    );
    let id = it.put(job).await.into_row().id;
    it.worker().run_due().await.unwrap();
    assert_eq!(it.row(id).await.state, JobState::Dead);
}

#[tokio::test]
async fn the_best_priority_runs_first_and_equals_in_order() {
    let it = Setting::new().await;
    it.put(noted("usual 1")).await;
    it.put(noted("last").priority(-5)).await;
    it.put(noted("usual 2")).await;
    it.put(noted("first").priority(9)).await;
    worker(&it.database.pool, &it.shared, 1)
        .run_due()
        .await
        .unwrap();
    assert_eq!(
        notes(&it.database.pool),
        ["first", "usual 1", "usual 2", "last"]
    );
}

#[tokio::test]
async fn a_job_for_later_waits_for_its_time() {
    let it = Setting::new().await;
    it.put(noted("later").at(START + Duration::HOUR)).await;
    let mut worker = it.worker();
    assert_eq!(worker.run_due().await.unwrap(), 0);
    it.clock.advance(Duration::HOUR);
    assert_eq!(worker.run_due().await.unwrap(), 1);
}

#[tokio::test]
async fn a_unique_job_is_there_once_until_it_starts() {
    let it = Setting::new().await;
    let job = || noted("sync").unique(Unique::WhileQueued("vendor 7".into()));
    let Enqueued::New(first) = it.put(job()).await else {
        panic!("not new")
    };
    let Enqueued::Existing(second) = it.put(job()).await else {
        panic!("not the same")
    };
    assert_eq!(first.id, second.id);
    let other = noted("sync").unique(Unique::WhileQueued("vendor 8".into()));
    assert!(matches!(it.put(other).await, Enqueued::New(_)));
    assert_eq!(it.worker().run_due().await.unwrap(), 2);
    assert!(
        matches!(it.put(job()).await, Enqueued::New(_)),
        "it has run: a new one is new"
    );
}

#[tokio::test]
async fn a_unique_job_that_failed_does_not_keep_a_new_one_out() {
    let it = Setting::new().await;
    let job = |script: Script| {
        NewJob::of(&script)
            .unwrap()
            .unique(Unique::WhileQueued("vendor 7".into()))
    };
    it.put(job(Script::Break("x".into()))).await;
    it.worker().run_due().await.unwrap();
    assert!(matches!(
        it.put(job(Script::Succeed)).await,
        Enqueued::New(_)
    ));
}

#[tokio::test]
async fn a_job_that_is_unique_per_period_is_there_once_even_when_done() {
    let it = Setting::new().await;
    let job = || noted("report").unique(Unique::PerPeriod("daily".into(), Duration::HOUR));
    assert!(matches!(it.put(job()).await, Enqueued::New(_)));
    it.worker().run_due().await.unwrap();
    assert!(matches!(it.put(job()).await, Enqueued::Existing(_)));
    it.clock.advance(Duration::HOUR);
    assert!(matches!(it.put(job()).await, Enqueued::New(_)));
}

#[tokio::test]
async fn many_who_enqueue_one_unique_job_at_once_get_one() {
    let it = Setting::new().await;
    let all = (0..8).map(|_| {
        let pool = it.database.pool.clone();
        tokio::spawn(async move {
            let job = noted("sync").unique(Unique::WhileQueued("all".into()));
            put(&pool, &ManualClock::starting_at(START), job)
                .await
                .into_row()
                .id
        })
    });
    let mut ids = std::collections::HashSet::new();
    for one in all.collect::<Vec<_>>() {
        ids.insert(one.await.unwrap());
    }
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn workers_side_by_side_share_jobs_and_repeat_none() {
    let it = Setting::new().await;
    for n in 0..200 {
        it.put(noted(&n.to_string())).await;
    }
    let mut first = it.worker();
    let mut second = it.worker();
    let (one, two) = tokio::join!(first.run_due(), second.run_due());
    assert_eq!(one.unwrap() + two.unwrap(), 200);
    let mut ran = notes(&it.database.pool);
    ran.sort_unstable();
    ran.dedup();
    assert_eq!(ran.len(), 200);
}

#[tokio::test]
async fn a_lease_that_runs_out_returns_the_job_and_locks_out_its_old_holder() {
    let it = Setting::new().await;
    let pool = &it.database.pool;
    let id = it.put(noted("contested")).await.into_row().id;
    let dead = uuid::Uuid::now_v7();
    let until = START + Duration::minutes(1);
    assert_eq!(
        leases::fetch(pool, "default", dead, START, until, 1)
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        leases::expire(pool, until).await.unwrap().is_empty(),
        "not yet"
    );
    it.clock.advance(Duration::seconds(61));
    let expired = leases::expire(pool, it.clock.now()).await.unwrap();
    assert_eq!(
        (expired.len(), expired[0].attempt),
        (1, 1),
        "the attempt counts"
    );
    assert_eq!(
        it.worker().run_due().await.unwrap(),
        0,
        "it waits like any failed job"
    );
    it.clock.advance(Duration::seconds(2));
    assert_eq!(it.worker().run_due().await.unwrap(), 1);
    let late = leases::Settled {
        job: id,
        attempt: 1,
        counted: true,
        state: JobState::Queued,
        run_at: Some(START),
        error: Some("I am back"),
    };
    let written = leases::settle(pool, dead, START, &[late]).await.unwrap();
    assert!(written.is_empty());
    assert_eq!(it.row(id).await.state, JobState::Done);
}

#[tokio::test]
async fn a_job_that_kills_every_worker_dies_in_the_end() {
    let it = Setting::new().await;
    let id = it.put(noted("deadly").max_attempts(2)).await.into_row().id;
    for _ in 0..2 {
        let now = it.clock.now();
        let until = now + Duration::SECOND;
        let worker = uuid::Uuid::now_v7();
        leases::fetch(&it.database.pool, "default", worker, now, until, 1)
            .await
            .unwrap();
        it.clock.advance(Duration::HOUR);
        leases::expire(&it.database.pool, it.clock.now())
            .await
            .unwrap();
        it.clock.advance(Duration::HOUR);
    }
    assert_eq!(it.row(id).await.state, JobState::Dead);
}

#[tokio::test]
async fn old_jobs_and_silent_workers_are_cleaned_up() {
    let it = Setting::new().await;
    let pool = &it.database.pool;
    let done = it.script(Script::Succeed).await;
    let dead = it.script(Script::GiveUp).await;
    let per_period = noted("p").unique(Unique::PerPeriod("p".into(), Duration::hours(24)));
    it.put(per_period).await;
    it.worker().run_due().await.unwrap();
    let clean = wizamart::queue::jobs::clean_up::CleanUp {};
    let found = |id| async move {
        wizamart::storage::jobs::find(pool, id)
            .await
            .unwrap()
            .is_some()
    };

    it.clock.advance(Duration::hours(23));
    it.put(NewJob::of(&clean).unwrap()).await;
    it.worker().run_due().await.unwrap();
    assert!(found(done).await && found(dead).await);

    it.clock.advance(Duration::hours(2));
    it.put(NewJob::of(&clean).unwrap()).await;
    it.worker().run_due().await.unwrap();
    assert!(!found(done).await && found(dead).await);

    it.clock.advance(Duration::days(7));
    it.put(NewJob::of(&clean).unwrap()).await;
    it.worker().run_due().await.unwrap();
    assert!(!found(dead).await);
}

/// These run on real time: they are about waiting.
fn quick() -> WorkerOptions {
    let mut options = WorkerOptions::new(vec![QueueName::Default], 2);
    options.heartbeat = std::time::Duration::from_millis(100);
    options.lease = std::time::Duration::from_secs(5);
    options.poll = std::time::Duration::from_secs(60);
    options
}

#[tokio::test]
async fn a_waiting_worker_is_woken_by_the_commit() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let (trigger, shutdown) = lifecycle::shutdown();
    let worker = worker_with(&database.pool, &clock, quick());
    let running = tokio::spawn(worker.run(shutdown));
    // Its polls are a minute apart: only a notification explains speed.
    let warm = put_script(&database.pool, &SystemClock, Script::Succeed).await;
    eventually("the first job is done", || async {
        row(&database.pool, warm).await.state == JobState::Done
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let started = std::time::Instant::now();
    let id = put_script(&database.pool, &SystemClock, Script::Succeed).await;
    eventually("the job is done", || async {
        row(&database.pool, id).await.state == JobState::Done
    })
    .await;
    assert!(started.elapsed() < std::time::Duration::from_secs(2));
    trigger.stop();
    running.await.unwrap();
}

#[tokio::test]
async fn a_running_job_keeps_its_lease_by_the_heartbeat() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let (trigger, shutdown) = lifecycle::shutdown();
    let mut options = quick();
    options.lease = std::time::Duration::from_millis(600);
    let id = put_script(&database.pool, &SystemClock, Script::Take { millis: 2500 }).await;
    let running = tokio::spawn(worker_with(&database.pool, &clock, options).run(shutdown));
    eventually("the job is done", || async {
        row(&database.pool, id).await.state == JobState::Done
    })
    .await;
    assert_eq!(
        row(&database.pool, id).await.attempt,
        1,
        "nobody took it over"
    );
    trigger.stop();
    running.await.unwrap();
}

#[tokio::test]
async fn a_worker_that_stops_finishes_what_runs_and_takes_nothing_new() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let (trigger, shutdown) = lifecycle::shutdown();
    let id = put_script(&database.pool, &SystemClock, Script::Take { millis: 3000 }).await;
    let running = tokio::spawn(worker_with(&database.pool, &clock, quick()).run(shutdown));
    eventually("the job runs", || async {
        row(&database.pool, id).await.state == JobState::Running
    })
    .await;
    trigger.stop();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let late = put_script(&database.pool, &SystemClock, Script::Succeed).await;
    running.await.unwrap();
    assert_eq!(row(&database.pool, id).await.state, JobState::Done);
    assert_eq!(row(&database.pool, late).await.state, JobState::Queued);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM workers")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(left, 0, "it has left the registry");
}

#[tokio::test]
async fn what_cannot_finish_in_time_goes_back_without_losing_an_attempt() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let (trigger, shutdown) = lifecycle::shutdown();
    let options = quick().drain(std::time::Duration::from_millis(200));
    let id = put_script(
        &database.pool,
        &SystemClock,
        Script::Take { millis: 60_000 },
    )
    .await;
    let running = tokio::spawn(worker_with(&database.pool, &clock, options).run(shutdown));
    eventually("the job runs", || async {
        row(&database.pool, id).await.state == JobState::Running
    })
    .await;
    trigger.stop();
    running.await.unwrap();
    let row = row(&database.pool, id).await;
    assert_eq!((row.state, row.attempt), (JobState::Queued, 0));
}

#[tokio::test]
async fn a_run_whose_job_was_given_away_is_stopped() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let (trigger, shutdown) = lifecycle::shutdown();
    let id = put_script(
        &database.pool,
        &SystemClock,
        Script::Take { millis: 60_000 },
    )
    .await;
    let running = tokio::spawn(worker_with(&database.pool, &clock, quick()).run(shutdown));
    eventually("the job runs", || async {
        row(&database.pool, id).await.state == JobState::Running
    })
    .await;
    // As if the lease had run out while the worker hung.
    let hour = Duration::HOUR;
    leases::expire(&database.pool, SystemClock.now() + hour)
        .await
        .unwrap();
    trigger.stop();
    // It ends at once instead of draining: the run was stopped.
    tokio::time::timeout(std::time::Duration::from_secs(10), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row(&database.pool, id).await.attempt, 1);
}

#[tokio::test]
async fn a_heartbeat_shows_who_works() {
    let database = Database::migrated().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let (trigger, shutdown) = lifecycle::shutdown();
    let worker = worker_with(&database.pool, &clock, quick());
    let running = tokio::spawn(worker.run(shutdown));
    let now = SystemClock.now();
    let alive = || async {
        let all = workers::service(&database.pool, &["default"], now, now - Duration::MINUTE);
        all.await.unwrap()[0].has_worker
    };
    eventually("the worker is in the registry", alive).await;
    trigger.stop();
    running.await.unwrap();
    assert!(!alive().await);
}
