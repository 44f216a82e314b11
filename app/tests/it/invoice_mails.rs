//! Invoices reach their customers.

use crate::support::market::Shop;
use crate::support::secrets::mails;
use axum::http::Method;
use onebox_model::QueueName;
use serde_json::{Value, json};
use std::sync::Arc;
use wizamart::queue::registry::Registry;
use wizamart::queue::worker::{Worker, WorkerOptions};

/// Sends what waits, and tells the addresses that got invoices so far.
async fn told(shop: &Shop) -> Vec<String> {
    let options = WorkerOptions::new(vec![QueueName::Emails], 1);
    let services = shop.app.state.services.clone();
    let mut worker = Worker::new(services, Arc::new(Registry::standard()), options);
    worker.run_due().await.unwrap();
    let all = mails(&shop.app.database.pool).await;
    all.into_iter()
        .filter(|(_, subject, _)| subject.starts_with("Invoice"))
        .map(|(to, _, _)| to)
        .collect()
}

#[tokio::test]
async fn an_invoice_is_mailed_when_the_order_is_paid_and_on_demand() {
    let shop = Shop::new().await;
    let tea = shop.product(&shop.ann, "TEA", 1_250, 100).await;
    let owner = &shop.ann.owner;
    let order = json!({
        "customer": {"email": "cleo@example.org", "name": "Cleo"},
        "items": [{"product_id": tea, "quantity": 2}],
    });
    let placed = shop
        .ask(Method::POST, owner, "/api/v1/orders", Some(&order))
        .await;
    assert_eq!(placed.status, 201, "{}", placed.body);
    let location = placed.header("location").to_owned();
    assert!(told(&shop).await.is_empty());

    let pay = async |location: &str| {
        let (path, paid) = (format!("{location}/status"), json!({"status": "paid"}));
        let answer = shop.ask(Method::POST, owner, &path, Some(&paid)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    pay(&location).await;
    assert_eq!(told(&shop).await, ["cleo@example.org"]);

    let invoice = shop.app.get_as(owner, &location).await.json()["invoice"]["id"].clone();
    let path = format!("/api/v1/invoices/{invoice}/mail");
    let sent = shop.ask(Method::POST, owner, &path, None).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    assert_eq!(told(&shop).await.len(), 2);

    // Where there is nobody to write to, nothing is sent, and asking says so.
    let placed = shop.order(owner, &[(tea, 1)]).await;
    let location = placed.header("location").to_owned();
    pay(&location).await;
    assert_eq!(told(&shop).await.len(), 2);
    let invoice: Value = shop.app.get_as(owner, &location).await.json()["invoice"]["id"].clone();
    let path = format!("/api/v1/invoices/{invoice}/mail");
    let refused = shop.ask(Method::POST, owner, &path, None).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    let unknown = shop
        .ask(Method::POST, owner, "/api/v1/invoices/999999/mail", None)
        .await;
    assert_eq!(unknown.status, 404);
}
