//! The site starts beside the migration: it answers what needs no schema, and
//! holds everything else back until the schema fits.

use crate::support::app::TestApp;
use crate::support::eventually;
use crate::support::managed::free_port;
use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use wizamart::migrations::{ALL, Migration, current, runner, status};
use wizamart::outbound::{Outbound, Reach};

#[tokio::test]
async fn requests_wait_for_the_migration_and_are_refused_when_it_does_not_come() {
    let database = Database::empty().await;
    let mut connection = database.pool.acquire().await.unwrap();
    let older = &ALL[..ALL.len() - 1];
    runner::migrate(&mut connection, older).await.unwrap();

    let env = Env::new(&database.url, &redis::private_url());
    let address = format!("127.0.0.1:{}", free_port());
    let state = env.dir.path().to_str().unwrap();
    let web = env.start(&["web", "--listen-http", &address, "--state-dir", state]);
    let outbound = Outbound::new(Reach::Everywhere);
    let client = outbound.trusted().unwrap();
    let get = |path: &str| client.get(format!("http://{address}{path}")).send();
    eventually("the process answers", || async {
        get("/version")
            .await
            .is_ok_and(|answer| answer.status() == 200)
    })
    .await;

    let ready = get("/ready").await.unwrap();
    assert_eq!(ready.status(), 503);
    let wanted = format!("schema {}, this program needs {}", current() - 1, current());
    let report = ready.text().await.unwrap();
    assert!(report.contains(&wanted), "{report}");

    let refused = get("/api/v1/products").await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    let kind = refused.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "application/problem+json");
    assert!(env.said().contains(&wanted), "{}", env.said());

    // One who asked before the migration gets the page that it makes possible.
    let (page, migrated) = tokio::join!(get("/admin/login"), runner::migrate(&mut connection, ALL));
    assert_eq!(migrated.unwrap(), [current()]);
    assert_eq!(page.unwrap().status(), 200, "{}", env.said());
    assert_eq!(get("/api/v1/products").await.unwrap().status(), 200);
    web.kill();
}

/// A database one migration behind, and that migration with other SQL.
async fn behind(up: &'static str) -> (Database, Vec<Migration>) {
    let database = Database::empty().await;
    let mut connection = database.pool.acquire().await.unwrap();
    let older = &ALL[..ALL.len() - 1];
    runner::migrate(&mut connection, older).await.unwrap();
    let mut migrations = older.to_vec();
    migrations.push(Migration {
        version: current(),
        name: "of_this_test",
        up,
        down: "SELECT 1",
    });
    (database, migrations)
}

async fn obstacle(app: &TestApp) -> String {
    let ready = app.get("/ready").await;
    assert_eq!(ready.status, 503, "{}", ready.body);
    let detail = &ready.json()["checks"]["migrations"]["detail"];
    detail.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_migration_that_failed_is_named_until_it_is_applied() {
    let (database, migrations) = behind("SELECT 1 / 0").await;
    let mut connection = database.pool.acquire().await.unwrap();
    runner::migrate(&mut connection, &migrations)
        .await
        .unwrap_err();
    let app = TestApp::on(database.clone(), &redis::private_url()).await;
    let named = format!("cannot apply migration {} (of_this_test)", current());
    let told = obstacle(&app).await;
    assert!(
        told.contains(&named) && told.contains("division by zero"),
        "{told}"
    );
    let status = status::read(&mut connection).await.unwrap();
    assert_eq!((status.schema, status.known), (current() - 1, current()));
    assert!(!status.usable);
    let failed = status.failed.unwrap();
    assert_eq!(
        (failed.version, failed.name.as_str()),
        (current(), "of_this_test")
    );
    let pending = status.pending.first().unwrap();
    assert_eq!((pending.version, pending.reversible), (current(), true));
    assert_eq!(status.pending.len(), 1);

    runner::migrate(&mut connection, ALL).await.unwrap();
    let status = status::read(&mut connection).await.unwrap();
    assert!(status.usable && status.failed.is_none() && status.pending.is_empty());
    assert_eq!(status.serves_from, status.will_serve_from);
}

#[tokio::test]
async fn a_migration_that_takes_its_time_is_named() {
    let (database, migrations) = behind("SELECT pg_sleep(60)").await;
    let app = TestApp::on(database.clone(), &redis::private_url()).await;
    let pool = database.pool.clone();
    let migrating = tokio::spawn(async move {
        let mut connection = pool.acquire().await.unwrap();
        runner::migrate(&mut connection, &migrations).await
    });
    let named = format!(
        "migration {} ({}) has been",
        current(),
        ALL.last().unwrap().name
    );
    eventually("the one that runs is named", || async {
        obstacle(&app).await.contains(&named)
    })
    .await;
    migrating.abort();
}

#[tokio::test]
async fn the_status_is_json_for_programs() {
    let database = Database::migrated().await;
    let env = Env::new(&database.url, &redis::private_url());
    let said = env
        .command(&["migrate", "--status", "--json"])
        .output()
        .unwrap();
    let status: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(status["schema"], current());
    assert_eq!(status["usable"], true);
    assert_eq!(status["pending"].as_array().unwrap().len(), 0);
    assert!(status["failed"].is_null() && status["running_seconds"].is_null());
}
