//! Imports of orders from a marketplace's interface.

use crate::imports::{counts, open_config, shop, started, work};
use crate::support::app::TestApp;
use crate::support::feeds::{Feeds, Served};
use onebox_model::Secret;
use serde_json::{Value, json};
use time::Duration;

fn order(id: &str, status: &str) -> Value {
    json!({
        "id": id, "status": status, "placed_at": "2026-11-20T10:00:00Z", "currency": "EUR",
        "total": "25.00", "customer": {"email": "Ann@example.org", "name": "Ann", "country": "LU"},
        "items": [{"sku": "K-1", "name": "Kettle", "quantity": 2, "price": "12.50"}],
    })
}

fn page(orders: &[Value], next: Option<&str>) -> Served {
    let page = json!({"seller": "green", "orders": orders, "next_cursor": next});
    Served::text(page.to_string()).header("content-type", "application/json")
}

async fn count(app: &TestApp, what: &'static str) -> i64 {
    sqlx::query_scalar(what)
        .fetch_one(&app.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn pages_are_followed_and_a_second_import_changes_nothing() {
    let app = TestApp::configured(open_config()).await;
    let (vendor, token) = shop(&app, "green").await;
    sqlx::query("INSERT INTO products (vendor_id, sku, name, price_cents, stock) VALUES ($1, 'K-1', 'Kettle', 1, 5)")
        .bind(vendor)
        .execute(&app.database.pool)
        .await
        .unwrap();
    let mut ours = order("A-3", "paid");
    ours["invoiced_by"] = json!("seller");
    let last = page(&[ours], None);
    let pages = || {
        [page(
            &[order("A-1", "paid"), order("A-2", "pending")],
            Some("p 2/é"),
        )]
    };
    let feeds = Feeds::serve(
        pages()
            .into_iter()
            .chain([last.clone()])
            .chain(pages())
            .chain([last]),
    )
    .await;
    let path = started(&app, &token, "orders", &feeds.url).await;
    work(&app).await;
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(
        (&shown["state"], counts(&shown)),
        (&json!("done"), [3, 0, 0, 0]),
        "{shown}"
    );
    assert_eq!(feeds.asked()[1].target, "/feed?cursor=p+2%2F%C3%A9");
    // One customer, whatever the capital letters; items know their product;
    // the stock is the feed's to say; one invoice, for the order we invoice.
    assert_eq!(count(&app, "SELECT count(*) FROM customers").await, 1);
    assert_eq!(
        count(
            &app,
            "SELECT count(*) FROM order_items WHERE product_id IS NOT NULL"
        )
        .await,
        3
    );
    assert_eq!(count(&app, "SELECT stock::bigint FROM products").await, 5);
    let (number, label): (i64, String) =
        sqlx::query_as("SELECT i.number, i.label FROM invoices i JOIN orders o ON o.id = i.order_id AND o.external_id = 'A-3'")
            .fetch_one(&app.database.pool)
            .await
            .unwrap();
    assert_eq!((number, label.as_str()), (1, "INV-000001"));

    let path = started(&app, &token, "orders", &feeds.url).await;
    work(&app).await;
    assert_eq!(
        counts(&app.get_as(&token, &path).await.json()),
        [0, 0, 3, 0]
    );
    assert_eq!(count(&app, "SELECT count(*) FROM invoices").await, 1);
}

#[tokio::test]
async fn a_state_moves_forward_only() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let states = ["paid", "shipped", "paid", "refunded"];
    let feeds = Feeds::serve(states.map(|state| page(&[order("A-1", state)], None))).await;
    let mut seen = Vec::new();
    for _ in states {
        started(&app, &token, "orders", &feeds.url).await;
        work(&app).await;
        let status: String = sqlx::query_scalar("SELECT status FROM orders")
            .fetch_one(&app.database.pool)
            .await
            .unwrap();
        seen.push(status);
        app.clock.advance(Duration::minutes(1));
    }
    assert_eq!(seen, ["paid", "shipped", "shipped", "refunded"]);
}

#[tokio::test]
async fn our_invoice_of_an_order_that_is_called_off_elsewhere_is_taken_back_once() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let ours = |id, state| {
        let mut order = order(id, state);
        order["invoiced_by"] = json!("seller");
        order
    };
    let runs = [
        vec![ours("A-1", "paid"), order("A-2", "paid")],
        vec![ours("A-1", "cancelled"), order("A-2", "cancelled")],
        vec![ours("A-1", "refunded")],
        vec![ours("A-3", "refunded")],
    ];
    let feeds = Feeds::serve(runs.iter().map(|orders| page(orders, None))).await;
    for _ in &runs {
        started(&app, &token, "orders", &feeds.url).await;
        work(&app).await;
        app.clock.advance(Duration::minutes(1));
    }
    let notes = app.get_as(&token, "/api/v1/credit-notes").await.json();
    let shown: Vec<[&str; 3]> = notes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| ["label", "invoice_label", "reason"].map(|name| note[name].as_str().unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            ["CN-INV-000002", "INV-000002", "refunded"],
            ["CN-INV-000001", "INV-000001", "cancelled"],
        ]
    );
}

#[tokio::test]
async fn a_busy_marketplace_is_given_the_time_it_asks_for() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let feeds = Feeds::serve([
        page(&[order("A-1", "paid")], Some("2")),
        Served::status(429).header("retry-after", "90"),
        page(&[order("A-2", "paid")], None),
    ])
    .await;
    let path = started(&app, &token, "orders", &feeds.url).await;
    work(&app).await;
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(
        (&shown["state"], counts(&shown)),
        (&json!("running"), [1, 0, 0, 0])
    );
    assert!(shown["error"].as_str().unwrap().contains("90 s"), "{shown}");
    app.clock.advance(Duration::seconds(89));
    work(&app).await;
    assert_eq!(feeds.asked().len(), 2, "too early");
    app.clock.advance(Duration::seconds(2));
    work(&app).await;
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(
        (&shown["state"], counts(&shown)),
        (&json!("done"), [2, 0, 0, 0]),
        "{shown}"
    );
    // It went on with the page it had not had.
    assert_eq!(feeds.asked()[2].target, "/feed?cursor=2");
    assert_eq!(count(&app, "SELECT attempt::bigint FROM jobs").await, 1);
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_told_and_stops_nothing() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let mut dollars = order("A-2", "paid");
    dollars["currency"] = json!("USD");
    let orders = [
        order("A-1", "paid"),
        dollars,
        json!({"id": "A-3"}),
        order("A-4", "lost"),
        order("A-5", "paid"),
    ];
    let feeds = Feeds::serve([page(&orders, None)]).await;
    let path = started(&app, &token, "orders", &feeds.url).await;
    work(&app).await;
    assert_eq!(
        counts(&app.get_as(&token, &path).await.json()),
        [2, 0, 0, 3]
    );
    let errors = app.get_as(&token, &format!("{path}/errors")).await.json();
    let rows: Vec<_> = errors["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["row_number"].clone())
        .collect();
    assert_eq!(rows, [2, 3, 4]);
    assert_eq!(errors["items"][1]["value"], "A-3");
}

#[tokio::test]
async fn orders_of_another_seller_are_refused() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "blue").await;
    let feeds = Feeds::serve([page(&[order("A-1", "paid")], None)]).await;
    let path = started(&app, &token, "orders", &feeds.url).await;
    work(&app).await;
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(shown["state"], "failed");
    assert!(
        shown["error"].as_str().unwrap().contains("green"),
        "{shown}"
    );
    assert_eq!(count(&app, "SELECT count(*) FROM orders").await, 0);
}

#[tokio::test]
async fn the_token_goes_to_its_marketplace_and_to_nobody_else() {
    let marketplace = Feeds::serve([page(&[], None)]).await;
    let stranger = Feeds::serve([page(&[], None)]).await;
    let mut config = open_config();
    config.imports.orders_origin = Some(marketplace.url.trim_end_matches("/feed").to_owned());
    config.imports.orders_token = Some(Secret::given("hunter2"));
    let app = TestApp::configured(config).await;
    let (_, token) = shop(&app, "green").await;
    for feeds in [&marketplace, &stranger] {
        let path = started(&app, &token, "orders", &feeds.url).await;
        work(&app).await;
        assert_eq!(app.get_as(&token, &path).await.json()["state"], "done");
    }
    assert_eq!(
        marketplace.asked()[0].headers["authorization"],
        "Bearer hunter2"
    );
    assert!(!stranger.asked()[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_source_that_never_ends_or_is_no_interface_fails() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    for (answer, expected) in [
        (page(&[order("A-1", "paid")], Some("again")), "same page"),
        (Served::text("<html>"), "no page of orders"),
        (Served::status(401), "401"),
    ] {
        let feeds = Feeds::serve([answer]).await;
        let path = started(&app, &token, "orders", &feeds.url).await;
        work(&app).await;
        let shown = app.get_as(&token, &path).await.json();
        assert_eq!(shown["state"], "failed", "{shown}");
        assert!(
            shown["error"].as_str().unwrap().contains(expected),
            "{shown}"
        );
    }
}
