//! While an upgrade is on trial everything waits, and afterwards nothing was
//! lost.

use crate::support::app::{EMAIL, PASSWORD, TestApp};
use crate::support::eventually;
use crate::support::jobs::{Noted, Script, notes, put, put_script, registry, row, services};
use crate::support::postgres::Database;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use onebox_model::paths::{TRIAL_HELD, TRIAL_TOKEN, in_dir};
use onebox_model::{QueueName, queues};
use sqlx::PgPool;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;
use wizamart::clock::{SharedClock, SystemClock};
use wizamart::cloudflare::Cloudflare;
use wizamart::controllers;
use wizamart::edge::counters::Counters;
use wizamart::edge::limits::Limits;
use wizamart::edge::serve::{Service, serve};
use wizamart::edge::statics::Statics;
use wizamart::hold::Hold;
use wizamart::lifecycle::{self, Shutdown, Trigger};
use wizamart::metrics::listen;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::jobs::self_test::SelfTest;
use wizamart::queue::scheduler::Scheduler;
use wizamart::queue::worker::{Worker, WorkerOptions};
use wizamart::storage::jobs::JobState;

/// An upgrade on trial.
struct Trial {
    dir: tempfile::TempDir,
    hold: Hold,
    shutdown: Shutdown,
    trigger: Trigger,
}

impl Trial {
    fn begin() -> Self {
        Self::with_patience(Duration::from_secs(60))
    }

    fn with_patience(patience: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(in_dir(dir.path(), TRIAL_HELD), "").unwrap();
        std::fs::write(in_dir(dir.path(), TRIAL_TOKEN), "the-token\n").unwrap();
        let hold = Hold::with_patience(dir.path(), patience);
        let (trigger, shutdown) = lifecycle::shutdown();
        tokio::spawn(hold.clone().watch(shutdown.clone()));
        Self {
            dir,
            hold,
            shutdown,
            trigger,
        }
    }

    fn commit(&self) {
        std::fs::remove_file(in_dir(self.dir.path(), TRIAL_HELD)).unwrap();
    }
}

async fn metrics(app: &TestApp, dir: &Path) -> String {
    let router = listen::router(app.state.services.clone(), dir.into(), dir.into());
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let body = router.oneshot(request).await.unwrap().into_body();
    let bytes = body.collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn requests_wait_for_the_commit_and_none_fails() {
    let trial = Trial::begin();
    let app = TestApp::new().await.with_admin().await;
    let app = Arc::new(app.held_by(trial.hold.clone()));
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..20 {
        let app = Arc::clone(&app);
        waiting.spawn(async move {
            match number {
                0 => app.try_login("192.0.2.9", EMAIL, PASSWORD).await.status,
                1 => app.get("/").await.status,
                _ => app.get("/api/v1/products").await.status,
            }
        });
    }
    eventually("all are held", || async {
        let page = metrics(&app, trial.dir.path()).await;
        page.lines().any(|line| line == "wizamart_requests_held 20")
    })
    .await;
    assert!(waiting.try_join_next().is_none());
    let ready = app.get("/ready").await;
    assert_eq!(ready.status, 200, "{}", ready.body);
    assert_eq!(ready.json()["held"], true);
    assert_eq!(app.get("/health").await.status, 200);

    trial.commit();
    while let Some(status) = waiting.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(app.get("/ready").await.json()["held"], false);
    let page = metrics(&app, trial.dir.path()).await;
    assert!(page.contains("wizamart_requests_held 0\n"), "{page}");
}

#[tokio::test]
async fn the_token_passes_and_another_waits() {
    let trial = Trial::begin();
    let app = TestApp::new().await.held_by(trial.hold.clone());
    let with = |token: &'static str| {
        let request = Request::get("/api/v1/products").header("x-onebox-trial", token);
        app.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(with("the-token").await.status, 200);
    let waiting = tokio::time::timeout(Duration::from_millis(300), with("the-tokem"));
    assert!(waiting.await.is_err(), "let through with another token");
    let none = tokio::time::timeout(Duration::from_millis(300), with(""));
    assert!(none.await.is_err(), "let through with none");
}

#[tokio::test]
async fn who_has_waited_long_enough_is_told_when_to_come_again() {
    let trial = Trial::with_patience(Duration::from_millis(200));
    let app = TestApp::new().await.held_by(trial.hold.clone());
    let refused = app.get("/api/v1/products").await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), "10");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let request = Request::get("/").header("accept", "text/html");
    let page = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, 503);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.body.contains("being upgraded"), "{}", page.body);
}

#[tokio::test]
async fn a_version_on_trial_that_stops_refuses_what_it_holds() {
    let trial = Trial::begin();
    let app = TestApp::new().await.held_by(trial.hold.clone());
    let (answer, ()) = tokio::join!(app.get("/api/v1/products"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        trial.trigger.stop();
    });
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "10");
}

#[tokio::test]
async fn no_limit_of_the_edge_cuts_a_held_request() {
    let trial = Trial::begin();
    let app = TestApp::new().await.held_by(trial.hold.clone());
    let short = Duration::from_millis(300);
    let limits = Limits {
        header_read: short,
        write: short,
        idle: short,
        request: Duration::from_secs(5),
        ..Limits::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let service = Service {
        router: controllers::router(app.state.clone(), &limits),
        tls: None,
        limits,
        statics: Statics::new(None),
        counters: Counters::default(),
        cloudflare: Cloudflare::default(),
        hold: trial.hold.clone(),
    };
    tokio::spawn(serve(listener, service, trial.shutdown.clone()));
    let ask = async |head: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let get = ask("GET /api/v1/products HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    // The body of this one comes when it is asked for.
    let post = ask(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    );
    let commit = async {
        tokio::time::sleep(5 * short).await;
        trial.commit();
    };
    let (got, posted, ()) = tokio::join!(get, post, commit);
    assert!(got.starts_with("HTTP/1.1 200"), "{got}");
    assert!(posted.starts_with("HTTP/1.1 422"), "{posted}");
}

fn clock() -> SharedClock {
    Arc::new(SystemClock)
}

fn worker(pool: &PgPool, hold: &Hold) -> Worker {
    let services = services(pool, &clock()).held_by(hold.clone());
    let options = WorkerOptions::new(queues::ALL.to_vec(), 2);
    Worker::new(services, registry(), options)
}

#[tokio::test]
async fn jobs_stay_where_they_are_but_for_the_self_tests() {
    let trial = Trial::begin();
    let Database { pool, .. } = Database::migrated().await;
    let note = NewJob::of(&Noted("later".into())).unwrap();
    put(&pool, &SystemClock, note).await;
    let held = put_script(&pool, &SystemClock, Script::Succeed).await;
    let working = tokio::spawn(worker(&pool, &trial.hold).run(trial.shutdown.clone()));
    // Also when it comes while the worker sleeps, and whatever is paused.
    tokio::time::sleep(Duration::from_millis(500)).await;
    sqlx::query("INSERT INTO queue_pauses (queue, paused_at) VALUES ('reports', now())")
        .execute(&pool)
        .await
        .unwrap();
    for queue in [QueueName::Default, QueueName::Reports] {
        let test = NewJob::of(&SelfTest {}).unwrap().on(queue);
        let id = put(&pool, &SystemClock, test).await.into_row().id;
        eventually("the self-test's job is done", || async {
            row(&pool, id).await.state == JobState::Done
        })
        .await;
    }
    assert_eq!(notes(&pool), [""; 0]);
    let before = row(&pool, held).await;
    assert_eq!((before.state, before.attempt), (JobState::Queued, 0));

    trial.commit();
    eventually("the others have run", || async {
        row(&pool, held).await.state == JobState::Done && notes(&pool) == ["later"]
    })
    .await;
    trial.trigger.stop();
    working.await.unwrap();
}

#[tokio::test]
async fn nothing_is_enqueued_by_the_clock() {
    let trial = Trial::begin();
    let Database { pool, .. } = Database::migrated().await;
    sqlx::query(
        "INSERT INTO cron (name, schedule, queue, kind, args, next_run_at)
         VALUES ('often', '* * * * *', 'default', 'script', '\"Succeed\"', now())",
    )
    .execute(&pool)
    .await
    .unwrap();
    let options = (*pool.connect_options()).clone();
    let scheduler = Scheduler::new(pool.clone(), options, clock())
        .pulse(Duration::from_millis(20))
        .held_by(trial.hold.clone());
    tokio::spawn(scheduler.run(trial.shutdown.clone()));
    let count = async |sql: &'static str| -> i64 {
        sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap()
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(count("SELECT count(*) FROM jobs").await, 0);
    assert_eq!(
        count("SELECT count(*) FROM cron").await,
        1,
        "its own neither"
    );
    trial.commit();
    eventually("what is due is enqueued", || async {
        count("SELECT count(*) FROM jobs WHERE kind = 'script'").await == 1
    })
    .await;
}
