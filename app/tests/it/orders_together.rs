//! Orders that come at the same time are placed in one statement: each must
//! come out as if it had come alone.

use crate::support::market::{Shop, order};
use axum::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_last_pieces_go_to_as_many_as_there_are() {
    let shop = Shop::new().await;
    let last = shop.product(&shop.ann, "A", 100, 10).await;
    let other = shop.product(&shop.ann, "B", 1, 10_000).await;
    // Every fourth order wants none of the last pieces, and is placed.
    let asked = (0..200).map(|turn| {
        let items = match turn % 4 {
            0 => vec![(other, 1)],
            _ => vec![(last, 1), (other, 1)],
        };
        let shop = &shop;
        async move { shop.order(&shop.ann.owner, &items).await.status.as_u16() }
    });
    let answers = join_all(asked).await;
    let count = |status| answers.iter().filter(|one| **one == status).count();
    assert_eq!((count(201), count(409)), (60, 140));
    assert_eq!(
        (shop.stock(last).await, shop.stock(other).await),
        (0, 9_940)
    );
    let numbers = shop.invoice_numbers(&shop.ann).await;
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
    assert_eq!(shop.count("orders").await, 60);
    assert_eq!(shop.count("jobs").await, 60);
}

/// What each of a crowd asks for differs, and so does what it must be told.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_the_order_they_placed() {
    let shop = Shop::new().await;
    let mut of_ann = Vec::new();
    let mut of_bob = Vec::new();
    for at in 0..4 {
        let sku = format!("P{at}");
        of_ann.push(shop.product(&shop.ann, &sku, 100 + at, 100_000).await);
        of_bob.push(shop.product(&shop.bob, &sku, 900 + at, 100_000).await);
    }
    let asked = (0..160_i32).map(|turn| {
        let (shop, at) = (&shop, usize::try_from(turn % 4).unwrap());
        let (seller, product) = match turn % 2 {
            0 => (&shop.ann, of_ann[at]),
            _ => (&shop.bob, of_bob[at]),
        };
        let stranger = if turn % 2 == 0 { of_bob[0] } else { of_ann[0] };
        let quantity = 1 + turn % 7;
        let (items, refused) = match turn % 16 {
            13 => (vec![(product, quantity), (stranger, 1)], Some(422)),
            14 => (vec![(product, quantity), (999_999, 1)], Some(422)),
            15 => (vec![(stranger, quantity)], Some(422)),
            _ => (vec![(product, quantity)], None),
        };
        let mut body = order(&items);
        body["note"] = json!(format!("turn {turn}"));
        // Some name a customer, and some of those the same one.
        if turn % 3 == 0 {
            body["customer"] =
                json!({"email": format!("c{}@example.org", turn % 12), "name": format!("C{turn}")});
        }
        async move {
            let answer = shop
                .ask(Method::POST, &seller.staff, "/api/v1/orders", Some(&body))
                .await;
            if let Some(status) = refused {
                assert_eq!(answer.status, status, "{}", answer.body);
                return None;
            }
            assert_eq!(answer.status, 201, "{}", answer.body);
            let placed = answer.json();
            assert_eq!(placed["vendor_id"], seller.vendor);
            let shown = shop
                .app
                .get_as(&seller.staff, answer.header("location"))
                .await
                .json();
            assert_eq!(shown["note"], body["note"]);
            assert_eq!(shown["items"].as_array().unwrap().len(), 1);
            assert_eq!(shown["items"][0]["product_id"], product);
            assert_eq!(shown["items"][0]["quantity"], quantity);
            assert_eq!(shown["total_cents"], placed["total_cents"]);
            assert_eq!(shown["invoice"]["id"], placed["invoice_id"]);
            assert_eq!(shown["customer"]["email"], body["customer"]["email"]);
            Some((seller.vendor, i64::from(quantity), product))
        }
    });
    let placed: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
    assert_eq!(placed.len(), 130);
    for seller in [&shop.ann, &shop.bob] {
        let orders = placed.iter().filter(|one| one.0 == seller.vendor).count();
        let numbers = shop.invoice_numbers(seller).await;
        assert_eq!(
            numbers,
            (1..=i64::try_from(orders).unwrap()).collect::<Vec<_>>()
        );
    }
    for product in of_ann.into_iter().chain(of_bob) {
        let sold: i64 = placed
            .iter()
            .filter(|one| one.2 == product)
            .map(|one| one.1)
            .sum();
        assert_eq!(i64::from(shop.stock(product).await), 100_000 - sold);
    }
    assert_eq!(shop.count("jobs").await, 130);
    assert_eq!(shop.count("customers").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_waits_for_a_product_keeps_no_others_waiting() {
    let shop = Shop::new().await;
    let held = shop.product(&shop.ann, "A", 1, 100).await;
    let free = shop.product(&shop.bob, "B", 1, 100).await;
    let mut holder = shop.app.database.pool.begin().await.unwrap();
    sqlx::query("UPDATE products SET brand = 'held' WHERE id = $1")
        .bind(held)
        .execute(&mut *holder)
        .await
        .unwrap();
    let (wanted, of_others) = ([(held, 1)], [(free, 1)]);
    let waits = shop.order(&shop.ann.owner, &wanted);
    let others = async {
        let orders = (0..40).map(|_| shop.order(&shop.bob.owner, &of_others));
        let answers = join_all(orders).await;
        let placed: Vec<Value> = answers
            .iter()
            .map(|one| one.json()["status"].clone())
            .collect();
        assert_eq!(placed, vec![json!("pending"); 40]);
        assert_eq!(shop.invoice_numbers(&shop.ann).await, Vec::<i64>::new());
        holder.rollback().await.unwrap();
    };
    let (waited, ()) = tokio::join!(waits, others);
    assert_eq!(waited.status, 201, "{}", waited.body);
    assert_eq!((shop.stock(held).await, shop.stock(free).await), (99, 60));
}
