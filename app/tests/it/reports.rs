//! Sales reports, from the request to the file.

use crate::imports::{open_config, shop, worker};
use crate::support::app::{Answer, TestApp};
use calamine::{Data, Reader, Xlsx};
use onebox_model::QueueName;
use serde_json::{Value, json};
use std::io::Cursor;
use wizamart::domain::ids::VendorId;

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
        .try_login(
            "192.0.2.1",
            "blue@example.org",
            crate::support::app::PASSWORD,
        )
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
