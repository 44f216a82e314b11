//! Imports that are cut off, killed, or long.

use crate::imports::{counts, open_config, shop, started, work};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::eventually;
use crate::support::feeds::{Feeds, Served};
use crate::support::process::Env;
use crate::support::redis;
use std::fmt::Write;
use time::Duration;

fn feed(rows: usize) -> String {
    let mut text = "id,title,description,price,quantity,brand\n".to_owned();
    for n in 0..rows {
        let cents = n % 100;
        let _ = writeln!(
            text,
            "SKU-{n:06},Product number {n},\"A thing, of some \"\"use\"\" and {n} words\",{}.{cents:02} EUR,{n},Brand {}",
            n % 500,
            n % 40,
        );
    }
    text
}

/// Rows whose second version is another one than the first: what was not
/// written again keeps revision 1.
async fn products(app: &TestApp) -> (i64, i64) {
    sqlx::query_as("SELECT count(*), max(revision)::bigint FROM products")
        .fetch_one(&app.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_broken_connection_goes_on_where_it_was() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let text = feed(5_000);
    let whole = Served::text(text.clone()).header("etag", "\"one\"");
    let feeds = Feeds::serve([whole.clone().cut_at(text.len() / 2), whole]).await;
    let path = started(&app, &token, "products", &feeds.url).await;
    work(&app).await;
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(shown["state"], "running", "{shown}");
    assert!(
        shown["error"].as_str().unwrap().contains("broke off"),
        "{shown}"
    );
    let half = shown["created_rows"].as_i64().unwrap();
    assert!((1_000..3_000).contains(&half) && half % 500 == 0, "{half}");

    app.clock.advance(Duration::minutes(1));
    work(&app).await;
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(
        (&shown["state"], &shown["error"]),
        (&"done".into(), &serde_json::Value::Null)
    );
    // Nothing was read twice: the second run created the rest and no more.
    assert_eq!(counts(&shown), [5_000, 0, 0, 0]);
    assert_eq!(products(&app).await, (5_000, 1));
}

#[tokio::test]
async fn another_feed_than_before_starts_over() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let text = feed(3_000);
    let first = Served::text(text.clone()).header("etag", "\"one\"");
    let changed = text
        .replace("Product number 7\n", "")
        .replace(",Product", ",Thing");
    let second = Served::text(changed).header("etag", "\"two\"");
    let feeds = Feeds::serve([first.cut_at(text.len() / 2), second]).await;
    let path = started(&app, &token, "products", &feeds.url).await;
    work(&app).await;
    let half = app.get_as(&token, &path).await.json()["created_rows"]
        .as_i64()
        .unwrap();
    app.clock.advance(Duration::minutes(1));
    work(&app).await;
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(counts(&shown), [3_000 - half, half, 0, 0], "{shown}");
    assert_eq!(products(&app).await, (3_000, 2));
}

#[tokio::test]
async fn a_source_that_stays_away_is_given_up() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let feeds = Feeds::serve([Served::status(502)]).await;
    let path = started(&app, &token, "products", &feeds.url).await;
    for _ in 0..7 {
        work(&app).await;
        app.clock.advance(Duration::hours(2));
    }
    let answer = app
        .try_login("192.0.2.1", "green@example.org", PASSWORD)
        .await;
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(shown["state"], "failed");
    assert!(shown["error"].as_str().unwrap().contains("502"), "{shown}");
    assert_eq!(feeds.asked().len(), 7);
}

#[tokio::test]
async fn a_killed_worker_is_continued_by_the_next() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let text = feed(6_000);
    let held = Served::text(text.clone())
        .header("etag", "\"one\"")
        .hold_at(text.len() / 2);
    let feeds = Feeds::serve([held]).await;
    let path = started(&app, &token, "products", &feeds.url).await;
    let mut env = Env::new(&app.database.url, &redis::private_url());
    env.set("ONEBOX_IMPORTS__ALLOW_PRIVATE_NETWORKS", "true");
    let state = env.dir.path().to_str().unwrap().to_owned();
    let args = [
        "worker",
        "--queue",
        "imports",
        "--lease",
        "2",
        "--state-dir",
        &state,
    ];
    let doomed = env.start(&args);
    let created = || async { app.get_as(&token, &path).await.json()["created_rows"].as_i64() };
    eventually("half of it is written", || async {
        created().await >= Some(2_500)
    })
    .await;
    doomed.kill();
    feeds.go_on();
    let _heir = env.start(&args);
    eventually("the import is done", || async {
        app.get_as(&token, &path).await.json()["state"] == "done"
    })
    .await;
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(counts(&shown), [6_000, 0, 0, 0], "{shown}");
    assert_eq!(products(&app).await, (6_000, 1));
}

fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_hundred_thousand_rows_need_no_more_memory_than_a_few() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let (few, many) = (feed(2_000), feed(100_000));
    let feeds = Feeds::serve([Served::text(few), Served::text(many)]).await;
    let mut env = Env::new(&app.database.url, &redis::private_url());
    env.set("ONEBOX_IMPORTS__ALLOW_PRIVATE_NETWORKS", "true");
    let state = env.dir.path().to_str().unwrap().to_owned();
    let worker = env.start(&["worker", "--queue", "imports", "--state-dir", &state]);
    let mut peaks = Vec::new();
    for _ in 0..2 {
        let path = started(&app, &token, "products", &feeds.url).await;
        let begun = std::time::Instant::now();
        while app.get_as(&token, &path).await.json()["state"] != "done" {
            assert!(begun.elapsed().as_secs() < 240, "{}", env.said());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        peaks.push(peak_kib(worker.id()));
        eprintln!(
            "imported in {:?}, peak {} KiB",
            begun.elapsed(),
            peaks[peaks.len() - 1]
        );
    }
    assert_eq!(products(&app).await.0, 100_000);
    // The feed alone is 9 MB.
    assert!(peaks[1] < peaks[0] + 6 * 1024, "{peaks:?} KiB");
}
