//! What an operator does to jobs and queues, over the API, in the pages and on
//! the command line; and who may not.

use crate::support::app::TestApp;
use crate::support::eventually;
use crate::support::jobs::{Script, put, put_script, registry, row, worker};
use crate::support::process::Env;
use crate::support::redis;
use axum::body::Body;
use axum::http::Request;
use onebox_model::QueueName;
use serde_json::json;
use std::sync::Arc;
use time::Duration;
use uuid::Uuid;
use wizamart::clock::{SharedClock, SystemClock};
use wizamart::domain::ids::VendorId;
use wizamart::lifecycle;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::worker::{Worker, WorkerOptions};
use wizamart::storage::jobs::JobState;

const UNCONFIRMED: &str = "/api/v1/queues/default/purge?state=queued";

async fn acts(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("SELECT action || ' ' || subject FROM audit_log ORDER BY id")
        .fetch_all(&app.database.pool)
        .await
        .unwrap()
}

async fn delete_as(app: &TestApp, token: &str, path: &str) -> u16 {
    let request = Request::delete(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    app.send(request).await.status.as_u16()
}

#[tokio::test]
async fn a_dead_job_is_tried_again_and_its_history_kept() {
    let app = TestApp::new().await.with_admin().await;
    let (pool, clock): (_, SharedClock) = (&app.database.pool, app.clock.clone());
    let id = put_script(pool, &*clock, Script::GiveUp).await;
    worker(pool, &clock, 1).run_due().await.unwrap();
    assert_eq!(row(pool, id).await.state, JobState::Dead);
    let token = app.token().await;
    let again = app
        .post_as(&token, &format!("/api/v1/jobs/{id}/retry"), &json!({}))
        .await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(again.json()["state"], "queued");
    worker(pool, &clock, 1).run_due().await.unwrap();
    let job = row(pool, id).await;
    assert_eq!((job.state, job.attempt), (JobState::Dead, 2));
    let attempts: Vec<i32> = job.errors.iter().map(|error| error.attempt).collect();
    assert_eq!(attempts, [1, 2]);
    assert!(acts(&app).await.contains(&format!("job.retry {id}")));
}

#[tokio::test]
async fn a_waiting_job_that_is_cancelled_never_runs_and_can_be_deleted() {
    let app = TestApp::new().await.with_admin().await;
    let (pool, clock): (_, SharedClock) = (&app.database.pool, app.clock.clone());
    let id = put_script(pool, &*clock, Script::Succeed).await;
    let token = app.token().await;
    let path = format!("/api/v1/jobs/{id}");
    let cancel = format!("{path}/cancel");
    let cancelled = app.post_as(&token, &cancel, &json!({})).await;
    assert_eq!(cancelled.json()["state"], "dead");
    assert_eq!(cancelled.json()["last_error"], "cancelled");
    assert_eq!(worker(pool, &clock, 1).run_due().await.unwrap(), 0);
    assert_eq!(app.post_as(&token, &cancel, &json!({})).await.status, 409);
    assert_eq!(delete_as(&app, &token, &path).await, 204);
    assert_eq!(delete_as(&app, &token, &path).await, 404);
    let acts = acts(&app).await;
    assert!(acts.contains(&format!("job.cancel {id}")), "{acts:?}");
    assert!(acts.contains(&format!("job.delete {id}")), "{acts:?}");
}

#[tokio::test]
async fn a_running_job_that_is_cancelled_is_stopped_long_before_its_end() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let clock: SharedClock = Arc::new(SystemClock);
    let id = put_script(pool, &*clock, Script::Take { millis: 600_000 }).await;
    let options = WorkerOptions::new(vec![QueueName::Default], 1);
    let services = crate::support::jobs::services(pool, &clock);
    let (trigger, shutdown) = lifecycle::shutdown();
    let running = tokio::spawn(Worker::new(services, registry(), options).run(shutdown));
    eventually("the job runs", || async {
        row(pool, id).await.state == JobState::Running
    })
    .await;
    let token = app.token().await;
    assert_eq!(
        delete_as(&app, &token, &format!("/api/v1/jobs/{id}")).await,
        409
    );
    let cancel = format!("/api/v1/jobs/{id}/cancel");
    let asked = app.post_as(&token, &cancel, &json!({})).await;
    assert_eq!(asked.json()["state"], "running");
    eventually("the job is stopped", || async {
        row(pool, id).await.state == JobState::Dead
    })
    .await;
    assert_eq!(row(pool, id).await.last_error.as_deref(), Some("cancelled"));
    trigger.stop();
    running.await.unwrap();
}

#[tokio::test]
async fn a_paused_queue_is_left_alone_until_it_is_resumed() {
    let app = TestApp::new().await.with_admin().await;
    let (pool, clock): (_, SharedClock) = (&app.database.pool, app.clock.clone());
    let token = app.token().await;
    let post = async |path: &str| app.post_as(&token, path, &json!({})).await.status.as_u16();
    assert_eq!(post("/api/v1/queues/default/pause").await, 204);
    assert_eq!(post("/api/v1/queues/nonsense/pause").await, 404);
    let id = put_script(pool, &*clock, Script::Succeed).await;
    assert_eq!(worker(pool, &clock, 1).run_due().await.unwrap(), 0);
    let queues = app.get_as(&token, "/api/v1/queues").await.json();
    assert_eq!(queues["items"][0]["queue"], "default");
    assert_eq!(queues["items"][0]["due"], 1);
    assert_eq!(queues["items"][0]["paused_by"], crate::support::app::EMAIL);
    assert!(queues["items"][1]["paused_at"].is_null());
    assert_eq!(post("/api/v1/queues/default/resume").await, 204);
    assert_eq!(worker(pool, &clock, 1).run_due().await.unwrap(), 1);
    assert_eq!(row(pool, id).await.state, JobState::Done);
}

#[tokio::test]
async fn a_purge_wants_the_name_twice_and_leaves_other_queues_alone() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    for _ in 0..3 {
        put_script(pool, &*app.clock, Script::Succeed).await;
    }
    let elsewhere = NewJob::of(&Script::Succeed).unwrap().on(QueueName::Reports);
    let other = put(pool, &*app.clock, elsewhere).await.into_row().id;
    let token = app.token().await;
    let unconfirmed = app.post_as(&token, UNCONFIRMED, &json!({})).await;
    assert_eq!(unconfirmed.status, 422);
    let confirmed = format!("{UNCONFIRMED}&confirm=default");
    let purged = app.post_as(&token, &confirmed, &json!({})).await;
    assert_eq!(purged.json()["deleted"], 3, "{}", purged.body);
    assert_eq!(row(pool, other).await.state, JobState::Queued);
    assert!(acts(&app).await.contains(&"queue.purge default".to_owned()));
}

#[tokio::test]
async fn jobs_are_searched_and_paged() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(put_script(pool, &*app.clock, Script::Break(format!("Needle {n}"))).await);
    }
    put_script(pool, &*app.clock, Script::Succeed).await;
    let token = app.token().await;
    let mut found: Vec<Uuid> = Vec::new();
    let mut path = "/api/v1/jobs?q=needle&limit=2".to_owned();
    loop {
        let page = app.get_as(&token, &path).await.json();
        for item in page["items"].as_array().unwrap() {
            found.push(item["id"].as_str().unwrap().parse().unwrap());
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/jobs?q=needle&limit=2&cursor={cursor}"),
            None => break,
        }
    }
    found.reverse();
    assert_eq!(found, ids);
    let by_id = format!("/api/v1/jobs?q={}", ids[3]);
    let one = app.get_as(&token, &by_id).await.json();
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let none = app.get_as(&token, "/api/v1/jobs?kind=nothing").await.json();
    assert!(none["items"].as_array().unwrap().is_empty());
    let wrong = app.get_as(&token, "/api/v1/jobs?cursor=x").await;
    assert_eq!(wrong.status, 422);
}

#[tokio::test]
async fn the_pages_show_a_job_and_their_forms_change_it() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let id = put_script(pool, &*app.clock, Script::Break("<b>bad</b>".to_owned())).await;
    let cookie = app.log_in().await;
    let page = app.page("/admin/jobs", &cookie).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains(&id.to_string()));
    assert_eq!(page.body.matches("<svg class=\"plot\"").count(), 4);
    let csrf = page.csrf();
    let path = format!("/admin/jobs/{id}");
    let one = app.page(&path, &cookie).await;
    assert!(!one.body.contains("<b>bad</b>"), "arguments became markup");
    let send = async |path: &str, fields: &[(&str, &str)]| {
        app.form(path, &cookie, fields).await.status.as_u16()
    };
    let cancel = format!("{path}/cancel");
    assert_eq!(send(&cancel, &[("csrf", "wrong")]).await, 403);
    assert_eq!(send(&cancel, &[("csrf", &csrf)]).await, 303);
    assert_eq!(row(pool, id).await.state, JobState::Dead);
    let pause = "/admin/queues/default/pause";
    assert_eq!(send(pause, &[("csrf", &csrf)]).await, 303);
    let paused = app.page("/admin/jobs", &cookie).await;
    assert!(paused.body.contains("paused"));
    let ask = "/admin/queues/default/purge";
    let asked = app.page(&format!("{ask}?state=dead"), &cookie).await;
    assert!(asked.body.contains("deletes 1 dead jobs"), "{}", asked.body);
    let fields = [("csrf", csrf.as_str()), ("state", "dead")];
    assert_eq!(send(ask, &fields).await, 303);
    assert_eq!(app.page(&path, &cookie).await.status, 404);
}

#[tokio::test]
async fn a_vendors_user_sees_the_vendors_jobs_and_changes_none() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let of = |vendor| {
        NewJob::of(&Script::Succeed)
            .unwrap()
            .vendor(VendorId(vendor))
    };
    let (own, other) = (
        put(pool, &*app.clock, of(7)).await.into_row().id,
        put(pool, &*app.clock, of(8)).await.into_row().id,
    );
    let platforms = put_script(pool, &*app.clock, Script::Succeed).await;
    sqlx::raw_sql(
        "INSERT INTO vendors (id, slug, name) VALUES (7, 'seven', 'Seven'), (8, 'eight', 'Eight');
         UPDATE users SET role = 'staff', vendor_id = 7",
    )
    .execute(pool)
    .await
    .unwrap();
    let token = app.token().await;
    let listed = app.get_as(&token, "/api/v1/jobs").await.json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["id"], own.to_string());
    for (id, status) in [(own, 200), (other, 404), (platforms, 404)] {
        let shown = app.get_as(&token, &format!("/api/v1/jobs/{id}")).await;
        assert_eq!(shown.status, status);
    }
    for verb in ["retry", "cancel"] {
        let path = format!("/api/v1/jobs/{own}/{verb}");
        assert_eq!(app.post_as(&token, &path, &json!({})).await.status, 403);
    }
    assert_eq!(
        delete_as(&app, &token, &format!("/api/v1/jobs/{own}")).await,
        403
    );
    for path in ["/api/v1/queues", "/api/v1/workers", "/api/v1/cron"] {
        assert_eq!(app.get_as(&token, path).await.status, 403);
    }
}

#[tokio::test]
async fn the_command_line_does_the_same_and_asks_before_a_purge() {
    let app = TestApp::new().await;
    let pool = &app.database.pool;
    let env = Env::new(&app.database.url, &redis::private_url());
    let says = |args: &[&str]| {
        let output = env.command(args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), text)
    };
    let job = NewJob::of(&Script::Succeed)
        .unwrap()
        .at(wizamart::clock::Clock::now(&SystemClock) + Duration::hours(1));
    let id = put(pool, &SystemClock, job).await.into_row().id.to_string();
    assert!(says(&["jobs", "list"]).1.contains(&id));
    let shown: serde_json::Value = serde_json::from_str(&says(&["jobs", "show", &id]).1).unwrap();
    assert_eq!(shown["state"], "queued");
    assert!(says(&["jobs", "pause", "default"]).0);
    assert!(
        says(&["jobs", "queues"])
            .1
            .contains("paused by wizamart jobs")
    );
    assert!(says(&["jobs", "resume", "default"]).0);
    assert!(says(&["jobs", "cancel", &id]).0);
    assert!(!says(&["jobs", "cancel", &id]).0, "it has ended");
    // Standard input is closed: that is no answer.
    let asked = says(&["jobs", "purge", "default", "dead"]).1;
    assert!(asked.contains("nothing was deleted"), "{asked}");
    let purged = says(&["jobs", "purge", "default", "dead", "--yes"]).1;
    assert!(purged.contains("1 jobs are gone"), "{purged}");
    assert!(says(&["jobs", "workers", "--json"]).1.trim() == "[]");
    assert!(says(&["jobs", "cron"]).0);
}
