//! The site starts beside the migration: it answers what needs no schema, and
//! holds everything else back until the schema fits.

use crate::support::eventually;
use crate::support::managed::free_port;
use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use wizamart::migrations::{ALL, current, runner};
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
