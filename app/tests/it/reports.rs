//! Sales reports, from the request to the file.

use crate::imports::{open_config, shop, worker};
use crate::support::app::{Answer, PASSWORD, TestApp};
use crate::support::s3::S3Server;
use calamine::{Data, Reader, Xlsx};
use futures_util::StreamExt;
use onebox_model::QueueName;
use onebox_model::config::StoreChoice;
use serde_json::{Value, json};
use std::io::Cursor;
use std::path::PathBuf;
use wizamart::clock::Clock;
use wizamart::domain::ids::VendorId;
use wizamart::files::store::StoreKind;
use wizamart::files::{check, migrate};
use wizamart::queue::enqueue::{NewJob, enqueue};
use wizamart::queue::jobs::file_retention::FileRetention;
use wizamart::queue::outcome::Outcome;

/// An order of one item.
async fn sold(
    app: &TestApp,
    vendor: VendorId,
    at: &str,
    status: &str,
    sku: &str,
    name: &str,
    cents: i64,
) {
    sqlx::query(
        "WITH o AS (INSERT INTO orders (vendor_id, status, total_cents, currency, placed_at)
                    VALUES ($1, $2, $6 * 2, 'EUR', $3::text::timestamptz) RETURNING id)
         INSERT INTO order_items (order_id, vendor_id, sku, name, quantity, price_cents)
         SELECT id, $1, $4, $5, 2, $6 FROM o",
    )
    .bind(vendor)
    .bind(status)
    .bind(at)
    .bind(sku)
    .bind(name)
    .bind(cents)
    .execute(&app.database.pool)
    .await
    .unwrap();
}

/// A shop in Luxembourg's time with three days of sales.
async fn selling() -> (TestApp, VendorId, String) {
    let mut config = open_config();
    config.time.zone = "Europe/Luxembourg".to_owned();
    let app = TestApp::configured(config).await;
    let (vendor, token) = shop(&app, "green").await;
    let (other, _) = shop(&app, "blue").await;
    // Half past midnight on the 2nd, in summer time.
    sold(
        &app,
        vendor,
        "2026-06-01T22:30:00Z",
        "paid",
        "K-1",
        "Kettle",
        1250,
    )
    .await;
    sold(
        &app,
        vendor,
        "2026-06-01T10:00:00Z",
        "paid",
        "B-1",
        "=HYPERLINK(\"https://evil\")",
        5,
    )
    .await;
    sold(
        &app,
        vendor,
        "2026-06-03T10:00:00Z",
        "shipped",
        "K-1",
        "Kettle",
        1250,
    )
    .await;
    sold(
        &app,
        vendor,
        "2026-06-03T10:00:00Z",
        "cancelled",
        "K-1",
        "Kettle",
        1250,
    )
    .await;
    sold(
        &app,
        vendor,
        "2026-06-03T22:30:00Z",
        "paid",
        "K-1",
        "Kettle",
        1250,
    )
    .await;
    sold(
        &app,
        other,
        "2026-06-02T10:00:00Z",
        "paid",
        "X-1",
        "Other",
        9900,
    )
    .await;
    (app, vendor, token)
}

async fn ask(app: &TestApp, token: &str, format: &str) -> String {
    let body = json!({"format": format, "from": "2026-06-01", "to": "2026-06-03"});
    let answer = app.post_as(token, "/api/v1/reports", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.header("location").to_owned()
}

async fn made(app: &TestApp, token: &str, format: &str) -> (String, Answer) {
    let path = ask(app, token, format).await;
    let early = app.get_as(token, &format!("{path}/download")).await;
    assert_eq!(early.status, 409);
    worker(app, QueueName::Reports).run_due().await.unwrap();
    let shown = app.get_as(token, &path).await.json();
    assert_eq!(shown["state"], "done", "{shown}");
    let file = app.get_as(token, &format!("{path}/download")).await;
    assert_eq!(file.status, 200);
    assert_eq!(shown["size_bytes"], json!(file.bytes.len()));
    (path, file)
}

#[tokio::test]
async fn a_table_has_a_line_for_each_day_and_product_of_the_zone() {
    let (app, _, token) = selling().await;
    let (_, file) = made(&app, &token, "csv").await;
    assert_eq!(
        file.body,
        "date,sku,product,orders,items,revenue,currency\n\
         2026-06-01,B-1,\"'=HYPERLINK(\"\"https://evil\"\")\",1,2,0.10,EUR\n\
         2026-06-02,K-1,Kettle,1,2,25.00,EUR\n\
         2026-06-03,K-1,Kettle,1,2,25.00,EUR\n"
    );
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"sales-2026-06-01-2026-06-03.csv\""
    );
}

#[tokio::test]
async fn a_workbook_has_days_products_and_a_plot() {
    let (app, _, token) = selling().await;
    let (_, file) = made(&app, &token, "xlsx").await;
    let mut book = Xlsx::new(Cursor::new(file.bytes.to_vec())).unwrap();
    let days = book.worksheet_range("By day").unwrap();
    let figures: Vec<_> = (1..4)
        .map(|row| {
            let at = |column| days.get((row, column)).cloned();
            (at(1), at(3))
        })
        .collect();
    let figure = |number: f64| Some(Data::Float(number));
    assert_eq!(
        figures,
        [
            (figure(1.0), figure(0.1)),
            (figure(1.0), figure(25.0)),
            (figure(1.0), figure(25.0)),
        ]
    );
    assert_eq!(
        days.get((0, 3)),
        Some(&Data::String("Revenue (EUR)".into()))
    );
    let products = book.worksheet_range("By product").unwrap();
    assert_eq!(products.get((1, 0)), Some(&Data::String("K-1".into())));
    assert_eq!(products.get((1, 4)), Some(&Data::Float(50.0)));
    // A name is text, whatever it starts with.
    assert_eq!(
        products.get((2, 1)),
        Some(&Data::String("=HYPERLINK(\"https://evil\")".into()))
    );
    assert!(book.worksheet_formula("By product").unwrap().is_empty());

    // Names of parts stand plainly in the archive.
    let has = |part: &str| {
        file.bytes
            .windows(part.len())
            .any(|bytes| bytes == part.as_bytes())
    };
    assert!(has("xl/charts/chart1.xml") && !has("xl/charts/chart2.xml"));
}

#[tokio::test]
async fn a_report_is_its_shops_own() {
    let (app, _, token) = selling().await;
    let (path, _) = made(&app, &token, "csv").await;
    let answer = app
        .try_login("192.0.2.1", "blue@example.org", PASSWORD)
        .await;
    let other = answer.json()["access_token"].as_str().unwrap().to_owned();
    for path in [path.clone(), format!("{path}/download")] {
        assert_eq!(app.get_as(&other, &path).await.status, 404);
        assert_eq!(app.get(&path).await.status, 401);
    }
    assert_eq!(
        app.get_as(&other, "/api/v1/reports").await.json()["items"],
        json!([])
    );
    let own = app.get_as(&token, "/api/v1/reports?limit=5").await.json();
    assert_eq!(own["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_report_goes_to_the_bucket_and_comes_back_from_it() {
    let server = S3Server::start().await;
    let app = TestApp::configured(server.config()).await;
    let (vendor, token) = shop(&app, "green").await;
    sold(
        &app,
        vendor,
        "2026-06-01T10:00:00Z",
        "paid",
        "K",
        "Kettle",
        5,
    )
    .await;
    for format in ["csv", "xlsx"] {
        made(&app, &token, format).await;
    }
    assert_eq!(server.puts(), 2);
    let state = &app.state.services.state_dir;
    assert!(!state.join("reports").exists() && !state.join("files").exists());
    assert_eq!(std::fs::read_dir(state.join("scratch")).unwrap().count(), 0);
}

/// Puts a report's file where releases before kept it.
async fn as_before(app: &TestApp) -> PathBuf {
    let key: String =
        sqlx::query_scalar("UPDATE reports SET store = NULL, sha256 = NULL RETURNING file_key")
            .fetch_one(&app.database.pool)
            .await
            .unwrap();
    let state = &app.state.services.state_dir;
    let old = state.join(&key);
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::rename(state.join("files").join(&key), &old).unwrap();
    old
}

#[tokio::test]
async fn a_report_of_an_earlier_release_is_still_there_and_moves_along() {
    let server = S3Server::start().await;
    let mut config = server.config();
    config.storage.store = StoreChoice::Local;
    let app = TestApp::configured(config).await;
    let (_, token) = shop(&app, "green").await;
    let (path, file) = made(&app, &token, "csv").await;
    let old = as_before(&app).await;
    let download = format!("{path}/download");
    assert_eq!(app.get_as(&token, &download).await.body, file.body);
    let services = &app.state.services;
    let found = check::check(&services.files, &services.pool, |_| ())
        .await
        .unwrap();
    assert_eq!((found.reports, found.faults.len()), (1, 0));
    for (to, local) in [(StoreKind::S3, false), (StoreKind::Local, true)] {
        let moved = migrate::move_all(&services.files, &services.pool, to, |_| ()).await;
        let moved = moved.unwrap();
        assert_eq!((moved.reports, moved.failed.len()), (1, 0));
        assert_eq!(app.get_as(&token, &download).await.body, file.body);
        let deleted = migrate::delete_source(&services.files, &services.pool, to).await;
        assert!(deleted.unwrap() >= 1);
        assert!(!old.exists());
        assert_eq!(app.get_as(&token, &download).await.body, file.body);
        let key = old.strip_prefix(&*services.state_dir).unwrap();
        assert_eq!(services.state_dir.join("files").join(key).exists(), local);
    }
    // Somebody deleted it by hand.
    let files = services.state_dir.join("files/reports");
    std::fs::remove_dir_all(files).unwrap();
    assert_eq!(app.get_as(&token, &download).await.status, 404);
    let found = check::check(&services.files, &services.pool, |_| ())
        .await
        .unwrap();
    assert_eq!(found.faults.len(), 1);
}

#[tokio::test]
async fn a_damaged_report_is_not_moved() {
    let server = S3Server::start().await;
    let mut config = server.config();
    config.storage.store = StoreChoice::Local;
    let app = TestApp::configured(config).await;
    let (_, token) = shop(&app, "green").await;
    made(&app, &token, "csv").await;
    let key: String = sqlx::query_scalar("SELECT file_key FROM reports")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    let services = &app.state.services;
    std::fs::write(services.state_dir.join("files").join(key), "other").unwrap();
    let moved = migrate::move_all(&services.files, &services.pool, StoreKind::S3, |_| ()).await;
    let moved = moved.unwrap();
    assert_eq!((moved.reports, moved.failed.len()), (0, 1));
    assert!(
        moved.failed[0].error.contains("damaged"),
        "{:?}",
        moved.failed
    );
}

#[tokio::test]
async fn reports_end_after_ninety_days_with_their_files() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let (old, _) = made(&app, &token, "csv").await;
    let earlier = as_before(&app).await;
    app.clock.advance(time::Duration::minutes(1));
    let (next, _) = made(&app, &token, "csv").await;
    app.clock
        .advance(time::Duration::days(90) - time::Duration::minutes(1));
    let login = app
        .try_login("192.0.2.1", "green@example.org", PASSWORD)
        .await;
    let token = login.json()["access_token"].as_str().unwrap().to_owned();
    let (young, _) = made(&app, &token, "csv").await;
    let sweep = async || {
        let job = NewJob::of(&FileRetention {}).unwrap();
        let mut connection = app.database.pool.acquire().await.unwrap();
        enqueue(&mut connection, &job, app.clock.now())
            .await
            .unwrap();
        assert_eq!(app.run_jobs("file_retention").await, [Outcome::Done]);
    };
    app.clock.advance(time::Duration::seconds(1));
    sweep().await;
    assert!(!earlier.exists());
    let gone = app.get_as(&token, &old).await;
    assert_eq!(gone.status, 404);
    assert_eq!(app.get_as(&token, &next).await.status, 200);
    app.clock.advance(time::Duration::minutes(1));
    sweep().await;
    assert_eq!(app.run_jobs("delete_files").await, [Outcome::Done]);
    assert_eq!(app.get_as(&token, &next).await.status, 404);
    let kept = app.get_as(&token, &format!("{young}/download")).await;
    assert_eq!(kept.status, 200);
    let files = &app.state.services.files;
    let left = files.current().unwrap().list().count().await;
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_refused_with_the_field() {
    let (app, _, token) = selling().await;
    for (from, to, field) in [
        ("2026-06-02", "2026-06-01", "to"),
        ("2020-01-01", "2026-06-01", "to"),
        ("June", "2026-06-01", "from"),
        ("2026-06-01", "2026-02-30", "to"),
    ] {
        let body = json!({"format": "csv", "from": from, "to": to});
        let answer = app.post_as(&token, "/api/v1/reports", &body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    let body: Value = json!({"format": "pdf", "from": "2026-06-01", "to": "2026-06-01"});
    assert_eq!(
        app.post_as(&token, "/api/v1/reports", &body).await.status,
        422
    );
    assert_eq!(
        app.get_as(&token, "/api/v1/reports?limit=0").await.status,
        422
    );
}

#[tokio::test]
async fn a_report_that_cannot_be_made_says_so() {
    let mut config = open_config();
    config.time.zone = "Nowhere/Land".to_owned();
    let app = TestApp::configured(config).await;
    let (_, token) = shop(&app, "green").await;
    let path = ask(&app, &token, "csv").await;
    for _ in 0..3 {
        worker(&app, QueueName::Reports).run_due().await.unwrap();
        app.clock.advance(time::Duration::minutes(2));
    }
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(shown["state"], "failed", "{shown}");
}

#[tokio::test]
async fn a_report_that_only_a_newer_release_knows_is_a_conflict_and_hides_no_other() {
    let (app, _, token) = selling().await;
    let (path, file) = made(&app, &token, "csv").await;
    // As a newer release's migration does.
    sqlx::raw_sql(
        "ALTER TABLE reports DROP CONSTRAINT reports_kind_check,
             DROP CONSTRAINT reports_format_check, DROP CONSTRAINT reports_store_check,
             DROP CONSTRAINT reports_state_check",
    )
    .execute(&app.database.pool)
    .await
    .unwrap();
    let download = format!("{path}/download");
    for (change, back) in [
        ("kind = 'stock'", "kind = 'sales'"),
        ("format = 'ods'", "format = 'csv'"),
        ("store = 'moon'", "store = 'local'"),
    ] {
        let set = |what: &str| sqlx::AssertSqlSafe(format!("UPDATE reports SET {what}"));
        sqlx::raw_sql(set(change))
            .execute(&app.database.pool)
            .await
            .unwrap();
        let refused = app.get_as(&token, &download).await;
        assert_eq!(refused.status, 409, "{change}: {}", refused.body);
        assert!(refused.body.contains("newer release"), "{}", refused.body);
        for list in ["/api/v1/reports", &path] {
            let shown = app.get_as(&token, list).await;
            assert_eq!(shown.status, 200, "{change}: {}", shown.body);
        }
        sqlx::raw_sql(set(back))
            .execute(&app.database.pool)
            .await
            .unwrap();
        assert_eq!(app.get_as(&token, &download).await.body, file.body);
    }
    sqlx::raw_sql("UPDATE reports SET state = 'archived', file_key = 'Ä'")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(app.get_as(&token, &download).await.status, 404);
}
