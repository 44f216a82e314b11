//! What monitors are told when all is well, and when something is not.

use crate::support::app::TestApp;
use crate::support::postgres::{Cluster, Database};
use onebox_model::queues;
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;
use wizamart::clock::Clock;
use wizamart::queue::worker::{Worker, WorkerOptions};

const NO_REDIS: &str = "redis+unix:///nonexistent/redis.sock";

#[tokio::test]
async fn health_answers_after_a_real_query_and_a_real_ping() {
    let app = TestApp::new().await;
    let answer = app.get("/health").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({"status": "healthy", "database": "ok", "redis": "ok"})
    );
}

#[tokio::test]
async fn version_knows_nothing_of_an_image_outside_a_box() {
    let app = TestApp::new().await;
    let version = app.get("/version").await.json();
    assert_eq!(version["app"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["image"], json!(null));
}

#[tokio::test]
async fn a_box_whose_workers_beat_is_ready() {
    let app = TestApp::new().await;
    // Workers start after the web.
    assert_eq!(app.get("/ready").await.status, 200);
    app.clock.advance(time::Duration::minutes(3));
    let waiting = app.get("/ready").await;
    assert_eq!(waiting.status, 503);
    assert!(
        waiting.json()["checks"]["queue"]["detail"]
            .as_str()
            .unwrap()
            .contains("no worker")
    );

    let (trigger, shutdown) = wizamart::lifecycle::shutdown();
    let worker = Worker::new(
        app.state.services.clone(),
        app.state.registry.clone(),
        WorkerOptions::new(queues::ALL.to_vec(), 1),
    );
    let running = tokio::spawn(worker.run(shutdown));
    crate::support::eventually("the box is ready", || async {
        app.get("/ready").await.status == 200
    })
    .await;
    let report = app.get("/ready").await.json();
    assert_eq!(report["status"], "ready");
    for check in [
        "postgresql",
        "redis",
        "migrations",
        "queue",
        "secrets",
        "disk",
    ] {
        assert_eq!(report["checks"][check]["status"], "ok", "{check}");
        assert!(report["checks"][check]["latency_ms"].is_number(), "{check}");
    }

    // A worker that hangs is missed a minute later.
    trigger.stop();
    running.await.unwrap();
    assert_eq!(app.get("/ready").await.status, 503);
}

#[tokio::test]
async fn a_job_that_nobody_starts_makes_the_box_unready() {
    let app = TestApp::new().await;
    for queue in queues::ALL {
        let beat = wizamart::storage::workers::Heartbeat {
            id: uuid::Uuid::now_v7(),
            queues: &[queue.to_string()],
            host: "test",
            pid: 1,
            concurrency: 1,
            running: 0,
            now: app.clock.now() + time::Duration::minutes(10),
        };
        wizamart::storage::workers::heartbeat(&app.database.pool, &beat)
            .await
            .unwrap();
    }
    let script = crate::support::jobs::Script::Succeed;
    crate::support::jobs::put_script(&app.database.pool, &*app.clock, script).await;
    assert_eq!(app.get("/ready").await.status, 200);
    app.clock.advance(time::Duration::minutes(10));
    let report = app.get("/ready").await.json();
    let detail = report["checks"]["queue"]["detail"].as_str().unwrap();
    assert!(
        detail.contains("default") && detail.contains("stood still"),
        "{detail}"
    );
}

#[tokio::test]
async fn without_redis_the_box_says_so_and_jobs_go_on() {
    let app = TestApp::with_redis(NO_REDIS).await;
    let health = app.get("/health").await;
    assert_eq!(health.status, 503);
    assert_eq!(health.json()["redis"], "failed");
    assert_eq!(health.json()["database"], "ok");
    assert_eq!(
        app.get("/ready").await.json()["checks"]["redis"]["status"],
        "failed"
    );
    assert_eq!(app.get("/admin/login").await.status, 200);

    let pool = &app.database.pool;
    let script = crate::support::jobs::Script::Succeed;
    let id = crate::support::jobs::put_script(pool, &*app.clock, script).await;
    let clock: wizamart::clock::SharedClock = app.clock.clone();
    crate::support::jobs::worker(pool, &clock, 1)
        .run_due()
        .await
        .unwrap();
    assert_eq!(
        crate::support::jobs::row(pool, id).await.state.as_str(),
        "done"
    );
}

#[tokio::test]
async fn without_postgresql_the_box_answers_and_recovers_by_itself() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::restartable)
        .await
        .unwrap();
    let mut connection = cluster.connect("postgres").await;
    wizamart::migrations::runner::migrate(&mut connection, wizamart::migrations::ALL)
        .await
        .unwrap();
    let options = cluster.options("postgres");
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(options.clone());
    let database = Database {
        url: cluster.url("postgres"),
        options,
        pool,
    };
    let app = TestApp::on(database, &crate::support::redis::private_url()).await;
    assert_eq!(app.get("/health").await.status, 200);

    let cluster = tokio::task::spawn_blocking(move || {
        cluster.stop();
        cluster
    });
    let mut cluster = cluster.await.unwrap();
    let started = std::time::Instant::now();
    let report = app.get("/ready").await;
    assert_eq!(report.status, 503);
    assert!(started.elapsed() < Duration::from_secs(4), "a check hung");
    let checks = &report.json()["checks"];
    assert_eq!(checks["postgresql"]["status"], "failed");
    assert_eq!(
        (&checks["redis"]["status"], &checks["disk"]["status"]),
        (&json!("ok"), &json!("ok"))
    );
    assert_eq!(app.get("/admin/login").await.status, 200);

    let _cluster = tokio::task::spawn_blocking(move || {
        cluster.start();
        cluster
    })
    .await
    .unwrap();
    crate::support::eventually("healthy again", || async {
        app.get("/health").await.status == 200
    })
    .await;
}
