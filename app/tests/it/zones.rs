//! Times as people are shown them, where the day is another one than in UTC.

use crate::back_office::get;
use crate::support::app::TestApp;
use crate::support::mail_shop::pdf_text;
use crate::support::market::Shop;
use onebox_model::{Config, QueueName};
use serde_json::json;
use std::sync::Arc;
use time::macros::datetime;
use wizamart::clock::Clock;
use wizamart::queue::registry::Registry;
use wizamart::queue::worker::{Worker, WorkerOptions};

/// An order at half past eleven at night in UTC, which is the next day in
/// Luxembourg, and its number.
async fn sold_late(zone: &str) -> (Shop, i64) {
    let mut config = Config::default();
    config.time.zone = zone.to_owned();
    let app = TestApp::configured(config).await;
    let late = datetime!(2026-11-23 23:30 UTC);
    app.clock.advance(late - app.clock.now());
    let shop = Shop::on(app).await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let order = json!({
        "items": [{"product_id": product, "quantity": 1}],
        "customer": {"email": "cleo@example.org", "name": "Cleo", "address": "2 Road"},
    });
    let placed = shop
        .app
        .post_as(&shop.ann.owner, "/api/v1/orders", &order)
        .await;
    assert_eq!(placed.status, 201, "{}", placed.body);
    let id = placed.json()["id"].as_i64().unwrap();
    (shop, id)
}

#[tokio::test]
async fn pages_show_the_time_of_the_box_and_say_whose_it_is() {
    let (shop, order) = sold_late("Europe/Luxembourg").await;
    let owner = &shop.ann.owner;
    let page = get(&shop, owner, &format!("/admin/orders/{order}"))
        .await
        .body;
    assert!(page.contains("2026-11-24 00:30"), "{page}");
    assert!(page.contains("(Europe/Luxembourg)"), "{page}");
    for path in ["/admin/orders", "/admin/invoices", "/admin/customers"] {
        let page = get(&shop, owner, path).await.body;
        assert!(
            page.contains("2026-11-24") && !page.contains("2026-11-23"),
            "{path}: {page}"
        );
    }
    let audit = get(&shop, owner, "/admin/audit").await.body;
    assert!(audit.contains("2026-11-24 00:30:00"), "{audit}");
    // The report's form offers today, which has begun here.
    let reports = get(&shop, owner, "/admin/reports").await.body;
    assert!(reports.contains("value=\"2026-11-24\""), "{reports}");
    let jobs = get(&shop, &shop.admin, "/admin/jobs").await.body;
    assert!(jobs.contains("2026-11-24 00:30:00"), "{jobs}");
    assert!(jobs.contains(", Europe/Luxembourg</text>"), "the plots");
}

#[tokio::test]
async fn a_day_of_the_dashboard_is_one_of_the_zone() {
    let (shop, _) = sold_late("Europe/Luxembourg").await;
    let today = |page: &str| {
        let tile = page.split("Orders today").nth(1).unwrap().to_owned();
        tile.split('<')
            .find_map(|part| part.split('>').nth(1)?.trim().parse().ok())
    };
    shop.app.clock.advance(time::Duration::seconds(11));
    let page = get(&shop, &shop.ann.owner, "/admin").await.body;
    assert_eq!(today(&page), Some(1), "{page}");
    // Midnight in UTC is no new day here.
    shop.app.clock.advance(time::Duration::minutes(10));
    let page = get(&shop, &shop.ann.owner, "/admin").await.body;
    assert_eq!(today(&page), Some(1), "{page}");
}

#[tokio::test]
async fn an_invoice_has_the_date_of_the_zone() {
    for (zone, date) in [
        ("Europe/Luxembourg", "24 November 2026"),
        ("America/New_York", "23 November 2026"),
    ] {
        let (shop, _) = sold_late(zone).await;
        let owner = &shop.ann.owner;
        let list = shop.app.get_as(owner, "/api/v1/invoices").await.json();
        let id = list["items"][0]["id"].as_i64().unwrap();
        let path = format!("/api/v1/invoices/{id}/pdf");
        let pdf = shop.app.get_as(owner, &path).await;
        let text = pdf_text(&pdf.bytes);
        assert!(text.contains(&format!("Date: {date}")), "{zone}: {text}");
    }
}

#[tokio::test]
async fn a_confirmation_has_the_date_of_the_zone() {
    let (shop, _) = sold_late("Europe/Luxembourg").await;
    let options = WorkerOptions::new(vec![QueueName::Emails], 1);
    let services = shop.app.state.services.clone();
    let mut worker = Worker::new(services, Arc::new(Registry::standard()), options);
    worker.run_due().await.unwrap();
    let mails = crate::support::secrets::mails(&shop.app.database.pool).await;
    assert!(
        mails.iter().any(|(recipient, _, text)| {
            recipient == "cleo@example.org" && text.contains("24 November 2026")
        }),
        "{mails:?}"
    );
}
