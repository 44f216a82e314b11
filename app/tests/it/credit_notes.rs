//! What takes an invoice back.

use crate::support::jobs::put;
use crate::support::mail_shop::pdf_text;
use crate::support::market::{Seller, Shop};
use crate::support::secrets::mails;
use axum::body::Body;
use axum::http::{Method, Request};
use futures_util::future::join_all;
use onebox_model::QueueName;
use serde_json::{Value, json};
use std::sync::Arc;
use time::Duration;
use wizamart::clock::Clock;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::job::Job;
use wizamart::queue::jobs::due_credit_notes::DueCreditNotes;
use wizamart::queue::outcome::Outcome;
use wizamart::queue::registry::Registry;
use wizamart::queue::worker::{Worker, WorkerOptions};

async fn end(shop: &Shop, seller: &Seller, location: &str, states: &[&str]) {
    for status in states {
        let path = format!("{location}/status");
        let body = json!({"status": status});
        let answer = shop
            .ask(Method::POST, &seller.owner, &path, Some(&body))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

/// Places an order, moves it through states, and gives its address.
async fn ended(shop: &Shop, seller: &Seller, product: i64, states: &[&str]) -> String {
    let placed = shop.order(&seller.owner, &[(product, 2)]).await;
    assert_eq!(placed.status, 201, "{}", placed.body);
    let location = placed.header("location").to_owned();
    end(shop, seller, &location, states).await;
    location
}

async fn notes(shop: &Shop, seller: &Seller) -> Vec<Value> {
    let path = "/api/v1/credit-notes?limit=100";
    let answer = shop.app.get_as(&seller.owner, path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_order_that_is_called_off_keeps_its_invoice_and_gets_a_credit_note() {
    let shop = Shop::new().await;
    let tea = shop.product(&shop.ann, "TEA", 1_250, 100).await;
    ended(&shop, &shop.ann, tea, &["paid", "shipped"]).await;
    let cancelled = ended(&shop, &shop.ann, tea, &["cancelled"]).await;
    let refunded = ended(&shop, &shop.ann, tea, &["paid", "shipped", "refunded"]).await;
    assert_eq!(shop.invoice_numbers(&shop.ann).await, [1, 2, 3]);

    let all = notes(&shop, &shop.ann).await;
    assert_eq!(all.len(), 2);
    assert_eq!(
        (&all[0]["number"], &all[1]["number"]),
        (&json!(2), &json!(1))
    );
    let token = &shop.ann.owner;
    let order = shop.app.get_as(token, &cancelled).await.json();
    assert_eq!(order["credit_note"], all[1]);
    assert_eq!(order["invoice"]["label"], "INV-000002");
    assert_eq!(order["credit_note"]["label"], "CN-INV-000001");
    assert_eq!(order["credit_note"]["invoice_label"], "INV-000002");
    assert_eq!(order["credit_note"]["total_cents"], 2_500);
    assert_eq!(order["credit_note"]["reason"], "cancelled");
    let order = shop.app.get_as(token, &refunded).await.json();
    assert_eq!(order["credit_note"]["reason"], "refunded");

    let path = format!("/api/v1/credit-notes/{}", all[1]["id"]);
    let one = shop.app.get_as(token, &path).await;
    assert_eq!(one.json(), all[1]);
    let known = [("if-none-match", one.header("etag"))];
    let again = shop.ask_with(Method::GET, token, &path, None, &known).await;
    assert_eq!(again.status, 304);
    assert_eq!(
        shop.app.get_as(&shop.bob.owner, &path).await.status,
        404,
        "another shop's"
    );
}

#[tokio::test]
async fn the_file_names_the_invoice_that_it_corrects() {
    let shop = Shop::new().await;
    let tea = shop.product(&shop.ann, "TEA", 1_250, 100).await;
    ended(&shop, &shop.ann, tea, &["cancelled"]).await;
    let id = notes(&shop, &shop.ann).await[0]["id"].clone();
    let request = Request::get(format!("/api/v1/credit-notes/{id}/pdf"))
        .header("authorization", format!("Bearer {}", shop.ann.staff));
    let answer = shop.app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"CN-INV-000001.pdf\""
    );
    let text = pdf_text(&answer.bytes);
    for words in [
        "Credit note CN-INV-000001",
        "Corrects invoice INV-000001 of",
        "the order was cancelled",
        "Credit to",
        "Total credited",
        "25.00",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn their_numbers_have_no_gaps_and_each_shop_its_own() {
    let shop = Shop::new().await;
    let a = shop.product(&shop.ann, "A", 1, 10_000).await;
    let b = shop.product(&shop.bob, "B", 1, 10_000).await;
    let orders = join_all((0..60).map(|turn| {
        let shop = &shop;
        async move {
            let (seller, product) = if turn % 3 == 0 {
                (&shop.bob, b)
            } else {
                (&shop.ann, a)
            };
            (seller, ended(shop, seller, product, &[]).await)
        }
    }))
    .await;
    // Each is called off twice at once: once is enough.
    let twice = orders
        .iter()
        .chain(&orders)
        .map(async |(seller, location)| {
            let path = format!("{location}/status");
            let body = json!({"status": "cancelled"});
            let answer = shop
                .ask(Method::POST, &seller.owner, &path, Some(&body))
                .await;
            answer.status.as_u16()
        });
    let answers = join_all(twice).await;
    let done = answers.iter().filter(|status| **status == 200).count();
    let refused = answers.iter().filter(|status| **status == 409).count();
    assert_eq!((done, refused), (60, 60));
    for (seller, count) in [(&shop.ann, 40), (&shop.bob, 20)] {
        let mut numbers: Vec<i64> = notes(&shop, seller)
            .await
            .iter()
            .map(|note| note["number"].as_i64().unwrap())
            .collect();
        numbers.reverse();
        assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_cannot_be_called_off_makes_no_credit_note() {
    let shop = Shop::new().await;
    let tea = shop.product(&shop.ann, "TEA", 1_250, 100).await;
    let location = ended(&shop, &shop.ann, tea, &["paid", "shipped"]).await;
    let path = format!("{location}/status");
    let body = json!({"status": "cancelled"});
    let answer = shop
        .ask(Method::POST, &shop.ann.owner, &path, Some(&body))
        .await;
    assert_eq!(answer.status, 409);
    assert!(notes(&shop, &shop.ann).await.is_empty());
    let order = shop.app.get_as(&shop.ann.owner, &location).await.json();
    assert_eq!(order["credit_note"], Value::Null);
}

#[tokio::test]
async fn what_an_older_release_called_off_is_taken_back_by_the_hourly_job() {
    let shop = Shop::new().await;
    let tea = shop.product(&shop.ann, "TEA", 1_250, 100).await;
    let location = ended(&shop, &shop.ann, tea, &["paid"]).await;
    ended(&shop, &shop.ann, tea, &["cancelled"]).await;
    sqlx::query("UPDATE orders SET status = 'refunded' WHERE status = 'paid'")
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
    for _ in 0..2 {
        let job = NewJob::of(&DueCreditNotes {}).unwrap();
        put(&shop.app.database.pool, &*shop.app.clock, job).await;
        let ended = shop.app.run_jobs(DueCreditNotes::KIND).await;
        assert_eq!(ended, [Outcome::Done]);
    }
    assert_eq!(notes(&shop, &shop.ann).await.len(), 2);
    let order = shop.app.get_as(&shop.ann.owner, &location).await.json();
    assert_eq!(order["credit_note"]["label"], "CN-INV-000002");
    assert_eq!(order["credit_note"]["reason"], "refunded");
}

/// Lets the workers of mail do what is due.
async fn send_mails(shop: &Shop) {
    let options = WorkerOptions::new(vec![QueueName::Emails], 1);
    let services = shop.app.state.services.clone();
    let mut worker = Worker::new(services, Arc::new(Registry::standard()), options);
    worker.run_due().await.unwrap();
}

/// Subjects and texts of mails about credit notes to an address.
async fn told(shop: &Shop, address: &str) -> Vec<(String, String)> {
    let all = mails(&shop.app.database.pool).await;
    all.into_iter()
        .filter(|(to, subject, _)| to == address && subject.starts_with("Credit note"))
        .map(|(_, subject, text)| (subject, text))
        .collect()
}

#[tokio::test]
async fn the_customer_gets_the_credit_note_by_mail_once() {
    let shop = Shop::new().await;
    let tea = shop.product(&shop.ann, "TEA", 1_250, 100).await;
    let body = json!({
        "customer": {"email": "cleo@example.org", "name": "Cleo"},
        "items": [{"product_id": tea, "quantity": 2}],
    });
    let place = async || {
        let placed = shop
            .ask(Method::POST, &shop.ann.owner, "/api/v1/orders", Some(&body))
            .await;
        assert_eq!(placed.status, 201, "{}", placed.body);
        placed.header("location").to_owned()
    };
    let (first, second) = (place().await, place().await);
    end(&shop, &shop.ann, &first, &["cancelled"]).await;
    send_mails(&shop).await;
    send_mails(&shop).await;
    let mails = told(&shop, "cleo@example.org").await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].0.contains("CN-INV-000001"), "{}", mails[0].0);
    for word in ["was cancelled", "invoice INV-000001", "Cleo", "25.00"] {
        assert!(mails[0].1.contains(word), "{word}: {}", mails[0].1);
    }
    // One of a release that issued none: told when it is news, and not later.
    let pool = &shop.app.database.pool;
    for (days, count) in [(1, 2), (30, 2)] {
        let location = if days == 1 {
            second.clone()
        } else {
            place().await
        };
        let id: i64 = location.rsplit('/').next().unwrap().parse().unwrap();
        sqlx::query("UPDATE orders SET status = 'cancelled', updated_at = $2 WHERE id = $1")
            .bind(id)
            .bind(shop.app.clock.now() - Duration::days(days))
            .execute(pool)
            .await
            .unwrap();
        let job = NewJob::of(&DueCreditNotes {}).unwrap();
        put(pool, &*shop.app.clock, job).await;
        assert_eq!(
            shop.app.run_jobs(DueCreditNotes::KIND).await,
            [Outcome::Done]
        );
        send_mails(&shop).await;
        assert_eq!(told(&shop, "cleo@example.org").await.len(), count);
    }
    assert_eq!(notes(&shop, &shop.ann).await.len(), 3);
}
