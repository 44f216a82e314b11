//! Orders, through the API.

use crate::support::market::{Shop, order};
use axum::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wizamart::storage::jobs::{self, Search};

/// Who orders what, the status that refuses it, and a word of the answer.
type Refused<'a> = (&'a str, Vec<(i64, i32)>, u16, &'a str);

#[tokio::test]
async fn an_order_takes_stock_and_makes_an_invoice_and_a_job() {
    let shop = Shop::new().await;
    let (a, b) = (
        shop.product(&shop.ann, "A", 1250, 5).await,
        shop.product(&shop.ann, "B", 300, 5).await,
    );
    let mut body = order(&[(b, 2), (a, 1), (b, 1)]);
    body["customer"] = json!({"email": "Cat@example.org", "name": "Cat", "country": "LU"});
    body["note"] = json!("Ring twice.");
    let token = &shop.ann.staff;
    let placed = shop
        .ask(Method::POST, token, "/api/v1/orders", Some(&body))
        .await;
    assert_eq!(placed.status, 201, "{}", placed.body);
    let answer = placed.json();
    assert_eq!(answer["status"], "pending");
    assert_eq!(answer["total_cents"], 1250 + 3 * 300);
    assert_eq!(answer["invoice_number"], "INV-000001");
    assert_eq!((shop.stock(a).await, shop.stock(b).await), (4, 2));

    let path = placed.header("location").to_owned();
    let shown = shop.app.get_as(token, &path).await.json();
    assert_eq!(shown["note"], "Ring twice.");
    assert_eq!(shown["items"].as_array().unwrap().len(), 2);
    assert_eq!(shown["customer"]["email"], "Cat@example.org");
    assert_eq!(shown["invoice"]["total_cents"], 2150);

    let emails = Search {
        queue: Some("emails"),
        limit: 10,
        ..Search::default()
    };
    let queued = jobs::search(&shop.app.database.pool, &emails)
        .await
        .unwrap();
    assert_eq!(queued.len(), 1);
    assert_eq!(queued[0].kind, "order_confirmation");
    assert_eq!(queued[0].args, json!({"order_id": answer["id"]}));

    // The same customer, whatever the capital letters.
    body["customer"] = json!({"email": "cat@example.org", "address": "1, Main Street"});
    body["items"] = json!([{"product_id": a, "quantity": 1}]);
    let again = shop
        .ask(Method::POST, token, "/api/v1/orders", Some(&body))
        .await;
    assert_eq!(again.json()["customer_id"], answer["customer_id"]);
    let customer = format!("/api/v1/customers/{}", answer["customer_id"]);
    let customer = shop.app.get_as(token, &customer).await.json();
    assert_eq!(
        (&customer["name"], &customer["address"]),
        (&json!("Cat"), &json!("1, Main Street"))
    );
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_whole() {
    let shop = Shop::new().await;
    let a = shop.product(&shop.ann, "A", 100, 5).await;
    let b = shop.product(&shop.bob, "B", 100, 5).await;
    let cases: [Refused; 6] = [
        (
            &shop.admin,
            vec![(a, 1), (b, 1)],
            422,
            "items[1].product_id",
        ),
        (&shop.ann.owner, vec![(b, 1)], 422, "items[0].product_id"),
        (
            &shop.ann.owner,
            vec![(a, 1), (999, 1)],
            422,
            "items[1].product_id",
        ),
        (&shop.ann.owner, vec![(a, 6)], 409, "items[0].product_id"),
        (&shop.ann.owner, vec![(a, 0)], 422, "items[0].quantity"),
        (&shop.ann.owner, vec![], 422, "items"),
    ];
    for (token, items, status, field) in cases {
        let answer = shop.order(token, &items).await;
        assert_eq!(answer.status, status, "{items:?}: {}", answer.body);
        assert_eq!(answer.json()["errors"][0]["field"], field, "{items:?}");
    }
    assert_eq!(shop.order("", &[(a, 1)]).await.status, 401);
    let body = json!({"items": [{"product_id": a, "quantity": 1, "price": 1}]});
    let answer = shop
        .ask(Method::POST, &shop.ann.owner, "/api/v1/orders", Some(&body))
        .await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(
        answer.json()["errors"][0]["field"]
            .as_str()
            .unwrap()
            .starts_with("items[0]")
    );
    for table in ["orders", "order_items", "invoices", "customers", "jobs"] {
        assert_eq!(shop.count(table).await, 0, "{table}");
    }
    assert_eq!(shop.stock(a).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_orders_for_the_last_ten_pieces_sell_ten() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A", 100, 10).await;
    let body = order(&[(id, 1)]);
    let (mut placed, mut short) = (0, 0);
    let mut open: Vec<usize> = (0..1000).collect();
    // A crowd this large may find the pool busy for longer than it waits: those
    // are told to come back, and do. An order may have been placed although its
    // client was told so, hence the keys.
    while !open.is_empty() {
        let asked = open.iter().map(async |client| {
            let answer = with_key(&shop, &format!("client-{client}"), &body).await;
            (*client, answer)
        });
        let answers = join_all(asked).await;
        open.clear();
        for (client, answer) in answers {
            let come_back = answer.headers.contains_key("retry-after");
            match answer.status.as_u16() {
                201 => placed += 1,
                409 if !come_back => short += 1,
                409 | 503 if come_back => open.push(client),
                other => panic!("{other}: {}", answer.body),
            }
        }
    }
    assert_eq!((placed, short), (10, 990));
    assert_eq!(shop.stock(id).await, 0);
    assert_eq!(
        shop.invoice_numbers(&shop.ann).await,
        (1..=10).collect::<Vec<_>>()
    );
    assert_eq!(shop.count("orders").await, 10);
    assert_eq!(shop.count("jobs").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_cross_do_not_lock_each_other_out() {
    let shop = Shop::new().await;
    let mut ids = Vec::new();
    for at in 0..6 {
        ids.push(shop.product(&shop.ann, &format!("P{at}"), 1, 10_000).await);
    }
    let orders = (0..120_usize).map(|turn| {
        let mut items: Vec<_> = ids.iter().map(|id| (*id, 1)).collect();
        items.rotate_left(turn % 6);
        if turn % 2 == 0 {
            items.reverse();
        }
        let shop = &shop;
        async move {
            let placed = shop.order(&shop.ann.owner, &items).await;
            assert_eq!(placed.status, 201, "{}", placed.body);
            // Every third one is called off at once, which locks as well.
            if turn % 3 == 0 {
                let path = format!("{}/status", placed.header("location"));
                let body = json!({"status": "cancelled"});
                let answer = shop
                    .ask(Method::POST, &shop.ann.owner, &path, Some(&body))
                    .await;
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
        }
    });
    join_all(orders).await;
    for id in ids {
        assert_eq!(shop.stock(id).await, 10_000 - 80);
    }
    assert_eq!(
        shop.invoice_numbers(&shop.ann).await,
        (1..=120).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invoice_numbers_have_no_gaps_although_connections_die() {
    let shop = Shop::new().await;
    let a = shop.product(&shop.ann, "A", 1, 1_000_000).await;
    let b = shop.product(&shop.bob, "B", 1, 1_000_000).await;
    let done = AtomicBool::new(false);
    let orders = async {
        let all = (0..400).map(|turn| {
            let shop = &shop;
            async move {
                let (seller, id) = if turn % 2 == 0 {
                    (&shop.ann, a)
                } else {
                    (&shop.bob, b)
                };
                shop.order(&seller.owner, &[(id, 1)]).await.status.as_u16()
            }
        });
        let answers = join_all(all).await;
        done.store(true, Ordering::Relaxed);
        answers
    };
    let killer = async {
        use sqlx::Connection;
        let mut own = sqlx::PgConnection::connect_with(&shop.app.database.options)
            .await
            .unwrap();
        let mut killed = 0;
        while !done.load(Ordering::Relaxed) {
            // Those in the middle of placing an order.
            let hit: i64 = sqlx::query_scalar(
                "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
                    AND query LIKE '-- Places %' ORDER BY random() LIMIT 2) AS victims",
            )
            .fetch_one(&mut own)
            .await
            .unwrap();
            killed += hit;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        killed
    };
    let (answers, killed) = tokio::join!(orders, killer);
    assert!(killed > 0, "nothing was killed");
    let placed = answers.iter().filter(|status| **status == 201).count();
    assert!(placed > 0);
    let mut invoices = 0;
    for seller in [&shop.ann, &shop.bob] {
        let numbers = shop.invoice_numbers(seller).await;
        let last = i64::try_from(numbers.len()).unwrap();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
        invoices += numbers.len();
    }
    // A connection may die after the commit and before the answer.
    assert!(invoices >= placed);
    let orders = usize::try_from(shop.count("orders").await).unwrap();
    assert_eq!(orders, invoices);
    let sold = 2_000_000 - shop.stock(a).await - shop.stock(b).await;
    assert_eq!(usize::try_from(sold).unwrap(), orders);
    assert_eq!(shop.count("jobs").await, shop.count("orders").await);
}

#[tokio::test]
async fn a_plan_says_how_many_orders_a_month_may_have() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A", 1, 100).await;
    sqlx::query("UPDATE plans SET max_orders_month = 3 WHERE code = 'scale'")
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
    let items = [(id, 1)];
    let answers = join_all((0..8).map(|_| shop.order(&shop.ann.owner, &items))).await;
    let placed = answers.iter().filter(|one| one.status == 201).count();
    let refused = answers.iter().filter(|one| one.status == 403).count();
    assert_eq!((placed, refused), (3, 5));
    assert_eq!(shop.stock(id).await, 97);
    let path = format!("/api/v1/vendors/{}/subscription", shop.ann.vendor);
    let plan = shop.app.get_as(&shop.ann.owner, &path).await.json();
    assert_eq!(
        (&plan["orders_month"], &plan["max_orders_month"]),
        (&json!(3), &json!(3))
    );
    shop.app.clock.advance(time::Duration::days(10));
    // The token has ended by now.
    let owner = crate::support::market::login(
        &shop.app,
        wizamart::storage::users::Role::Owner,
        Some(shop.ann.vendor),
    )
    .await;
    assert_eq!(shop.order(&owner, &[(id, 1)]).await.status, 201, "December");
    assert_eq!(shop.invoice_numbers(&shop.ann).await, [1, 2, 3, 4]);
}

async fn with_key(shop: &Shop, key: &str, body: &Value) -> crate::support::app::Answer {
    let headers = [("idempotency-key", key)];
    let token = &shop.ann.owner;
    shop.ask_with(Method::POST, token, "/api/v1/orders", Some(body), &headers)
        .await
}

#[tokio::test]
async fn the_same_key_and_request_is_one_order() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A", 100, 10).await;
    let first = with_key(&shop, "k1", &order(&[(id, 1)])).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(first.header("idempotency-replayed"), "false");
    let again = with_key(&shop, "k1", &order(&[(id, 1)])).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(
        (&again.body, again.header("location")),
        (&first.body, first.header("location"))
    );
    let other = with_key(&shop, "k1", &order(&[(id, 2)])).await;
    assert_eq!(other.status, 422);
    assert_eq!(other.json()["errors"][0]["field"], "Idempotency-Key");
    // Another user's key is another key.
    let headers = [("idempotency-key", "k1")];
    let body = order(&[(id, 1)]);
    let token = &shop.ann.staff;
    let answer = shop
        .ask_with(Method::POST, token, "/api/v1/orders", Some(&body), &headers)
        .await;
    assert_eq!(answer.header("idempotency-replayed"), "false");
    assert_eq!(shop.count("orders").await, 2);
    // A refusal keeps nothing.
    assert_eq!(
        with_key(&shop, "k2", &order(&[(id, 100)])).await.status,
        409
    );
    assert_eq!(with_key(&shop, "k2", &order(&[(id, 1)])).await.status, 201);
    assert_eq!(with_key(&shop, "", &order(&[(id, 1)])).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_for_one_key_places_one_order() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A", 100, 1000).await;
    let body = order(&[(id, 1)]);
    for round in 0..5 {
        let key = format!("race-{round}");
        let answers = join_all((0..24).map(|_| with_key(&shop, &key, &body))).await;
        for answer in &answers {
            match answer.status.as_u16() {
                201 => {}
                409 => assert_eq!(answer.header("retry-after"), "1"),
                other => panic!("{other}: {}", answer.body),
            }
        }
        let first = (answers.iter()).filter(|one| one.header("idempotency-replayed") == "false");
        assert_eq!(first.count(), 1);
        assert_eq!(with_key(&shop, &key, &body).await.status, 201);
    }
    assert_eq!(shop.count("orders").await, 5);
}

#[tokio::test]
async fn an_order_goes_through_its_states_and_no_others() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A", 100, 10).await;
    let token = &shop.ann.owner;
    let location = shop
        .order(token, &[(id, 4)])
        .await
        .header("location")
        .to_owned();
    let path = format!("{location}/status");
    let to = |status: &'static str| {
        let (shop, path) = (&shop, &path);
        async move {
            shop.ask(Method::POST, token, path, Some(&json!({"status": status})))
                .await
        }
    };
    assert_eq!(to("shipped").await.status, 409);
    assert_eq!(to("paid").await.json()["status"], "paid");
    assert_eq!(to("paid").await.status, 409);
    assert_eq!(to("lost").await.status, 422);
    assert_eq!(shop.stock(id).await, 6);
    assert_eq!(to("cancelled").await.status, 200);
    assert_eq!(shop.stock(id).await, 10, "the pieces are back");
    let end = to("refunded").await;
    assert_eq!(end.status, 409);
    assert!(end.body.contains("stays cancelled"), "{}", end.body);
    let stale = [("if-match", "\"1\"")];
    let body = json!({"status": "paid"});
    let answer = shop
        .ask_with(Method::POST, token, &path, Some(&body), &stale)
        .await;
    assert_eq!(answer.status, 412);
}

#[tokio::test]
async fn orders_are_listed_newest_first() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A", 100, 100).await;
    let token = &shop.ann.owner;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(shop.order(token, &[(id, 1)]).await.json()["id"].clone());
    }
    let path = format!("/api/v1/orders/{}/status", ids[1]);
    shop.ask(Method::POST, token, &path, Some(&json!({"status": "paid"})))
        .await;
    ids.reverse();
    let page = |query: String| {
        let shop = &shop;
        async move {
            let answer = shop
                .app
                .get_as(token, &format!("/api/v1/orders?{query}"))
                .await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            let page = answer.json();
            let ids: Vec<Value> = page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|order| order["id"].clone())
                .collect();
            (ids, page["next_cursor"].clone())
        }
    };
    let (first, cursor) = page("limit=3".to_owned()).await;
    assert_eq!(first, ids[..3]);
    assert_eq!(
        page(format!("limit=3&cursor={cursor}")).await,
        (ids[3..].to_vec(), Value::Null)
    );
    assert_eq!(page("status=paid".to_owned()).await.0, [ids[3].clone()]);
    let vendor = format!("vendor={}", shop.ann.vendor);
    assert_eq!(page(vendor).await.0.len(), 5);
    for status in ["lost", ""] {
        let path = format!("/api/v1/orders?status={status}");
        let wrong = shop.app.get_as(token, &path).await;
        assert_eq!(wrong.status, 422, "{status:?}: {}", wrong.body);
    }
    let invoices = shop.app.get_as(token, "/api/v1/invoices?limit=2").await;
    assert_eq!(invoices.json()["items"][0]["label"], "INV-000005");
    assert_eq!(invoices.json()["next_cursor"], 4);
}
