//! The public list and details are put together from texts that are kept: they
//! must say what the database says, at every moment.

use crate::support::market::Shop;
use axum::http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::atomic::{AtomicI64, Ordering};

const ALL: &str = "/api/v1/products?limit=100";

/// What the list of everything must be.
async fn on_sale(pool: &PgPool) -> Value {
    sqlx::query_scalar(
        r#"SELECT coalesce(jsonb_agg(jsonb_build_object(
               'id', p.id, 'vendor_id', p.vendor_id, 'sku', p.sku, 'name', p.name, 'description', p.description,
               'price_cents', p.price_cents, 'currency', p.currency, 'stock', p.stock,
               'created_at', to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY p.id), '[]')
             FROM products p JOIN vendors v ON v.id = p.vendor_id
            WHERE p.is_active AND v.is_active"#,
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

/// What is listed has a detail, which adds the vendor; nothing else has one.
async fn assert_detail(shop: &Shop, id: i64, listed: Option<&Value>) {
    let detail = shop.app.get(&format!("/api/v1/products/{id}")).await;
    let Some(listed) = listed else {
        assert_eq!(detail.status, 404);
        return;
    };
    let vendor = listed["vendor_id"].as_i64().unwrap();
    let name: String = sqlx::query_scalar("SELECT name FROM vendors WHERE id = $1")
        .bind(vendor)
        .fetch_one(&shop.app.database.pool)
        .await
        .unwrap();
    let mut expected = listed.clone();
    expected["vendor"] = json!({"id": vendor, "name": name});
    assert_eq!(detail.json(), expected);
}

#[derive(Clone, Debug)]
enum Step {
    Add,
    Rename(usize),
    Show(usize, bool),
    Order(usize),
    Remove(usize),
    Vendor(bool),
    RenameVendor,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        2 => Just(Step::Add),
        3 => (0usize..9).prop_map(Step::Rename),
        3 => (0usize..9, any::<bool>()).prop_map(|(at, shown)| Step::Show(at, shown)),
        3 => (0usize..9).prop_map(Step::Order),
        1 => (0usize..9).prop_map(Step::Remove),
        1 => any::<bool>().prop_map(Step::Vendor),
        1 => Just(Step::RenameVendor),
    ];
    proptest::collection::vec(one, 80)
}

#[tokio::test]
async fn a_list_says_what_the_database_says_after_every_change() {
    let shop = Shop::new().await;
    let mut ids = Vec::new();
    for at in 0..5 {
        ids.push(shop.product(&shop.ann, &format!("S{at}"), 100, 50).await);
    }
    let steps = steps()
        .new_tree(&mut TestRunner::deterministic())
        .unwrap()
        .current();
    let (mut added, mut changed) = (0, 0);
    for (number, step) in steps.into_iter().enumerate() {
        let ask = async |method, path: String, body: Option<Value>| {
            shop.ask(method, &shop.ann.owner, &path, body.as_ref())
                .await
        };
        let of_vendor = async |patch: Value| {
            let path = format!("/api/v1/vendors/{}", shop.bob.vendor);
            shop.ask(Method::PATCH, &shop.admin, &path, Some(&patch))
                .await
        };
        let of = |at: usize| format!("/api/v1/products/{}", ids[at % ids.len()]);
        let answer = match step {
            Step::Add => {
                added += 1;
                ids.push(shop.product(&shop.bob, &format!("N{added}"), 200, 9).await);
                continue;
            }
            Step::Rename(at) => {
                let patch = json!({"name": format!("\"{number}\" \u{1F9F5}"), "description": "ä".repeat(number)});
                ask(Method::PATCH, of(at), Some(patch)).await
            }
            Step::Show(at, shown) => {
                ask(Method::PATCH, of(at), Some(json!({"is_active": shown}))).await
            }
            Step::Order(at) => shop.order(&shop.admin, &[(ids[at % ids.len()], 1)]).await,
            Step::Remove(at) => ask(Method::DELETE, of(at), None).await,
            Step::Vendor(active) => of_vendor(json!({"is_active": active})).await,
            Step::RenameVendor => of_vendor(json!({"name": format!("Bob & {number}")})).await,
        };
        changed += usize::from(answer.status.is_success());
        // Twice: as it is written, and as it is kept.
        for _ in 0..2 {
            let list = shop.app.get(ALL).await;
            let items = list.json()["items"].clone();
            assert_eq!(items, on_sale(&shop.app.database.pool).await);
            for id in &ids {
                let listed = items
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|item| item["id"] == *id);
                assert_detail(&shop, *id, listed).await;
            }
        }
    }
    assert!(changed > 20, "only {changed} steps changed something");
}

#[tokio::test]
async fn a_revision_that_comes_twice_is_told_apart_by_its_time() {
    // As after a crash that took a change back which had been seen.
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A1", 100, 5).await;
    for (name, second) in [("Lost", 1), ("Kept", 2)] {
        sqlx::query(
            "UPDATE products SET name = $2, revision = 2, updated_at = '2026-01-01Z'::timestamptz + $3 * interval '1 s'
              WHERE id = $1",
        )
        .bind(id)
        .bind(name)
        .bind(second)
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
        assert_eq!(shop.app.get(ALL).await.json()["items"][0]["name"], name);
    }
}

/// Two products change in one transaction, over and over, while lists are read:
/// every list has them as one transaction left them, and none is older than what
/// was committed before it was asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_one_moment_of_the_database() {
    const WRITES: i64 = 150;
    let shop = Shop::new().await;
    let first = shop.product(&shop.ann, "A1", 0, 5).await;
    let second = shop.product(&shop.bob, "B1", 0, 5).await;
    let pool = shop.app.database.pool.clone();
    let committed = AtomicI64::new(0);
    let write = async {
        for number in 1..=WRITES {
            sqlx::query(
                "UPDATE products SET price_cents = $2, revision = revision + 1, updated_at = clock_timestamp()
                  WHERE id = ANY ($1)",
            )
            .bind([first, second])
            .bind(number)
            .execute(&pool)
            .await
            .unwrap();
            committed.store(number, Ordering::SeqCst);
        }
    };
    let read = async || {
        let mut last = 0;
        while last < WRITES {
            let least = committed.load(Ordering::SeqCst);
            let list = shop.app.get(ALL).await.json();
            let prices = [0, 1].map(|at| list["items"][at]["price_cents"].as_i64().unwrap());
            assert_eq!(prices[0], prices[1], "two moments in one list");
            assert!(prices[0] >= least, "{} after {least}", prices[0]);
            last = prices[0];
        }
    };
    tokio::join!(write, read(), read(), read(), read());
}
