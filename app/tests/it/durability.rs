//! What was answered is there after a crash.

use crate::support::app::TestApp;
use crate::support::market::Shop;
use crate::support::postgres::{Cluster, Database};
use crate::support::redis;
use futures_util::future::join_all;
use sqlx::postgres::PgPoolOptions;
use wizamart::durability::Durability;
use wizamart::migrations::{ALL, runner};

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_were_answered_survive_a_crash_of_the_database() {
    let mut cluster = tokio::task::spawn_blocking(Cluster::restartable)
        .await
        .unwrap();
    let mut connection = cluster.connect("postgres").await;
    runner::migrate(&mut connection, ALL).await.unwrap();
    let options = cluster.options("postgres");
    let database = Database {
        url: cluster.url("postgres"),
        pool: PgPoolOptions::new()
            .max_connections(8)
            .connect_lazy_with(options.clone()),
        options,
    };
    let shop = Shop::on(TestApp::on(database, &redis::private_url()).await).await;
    let product = shop.product(&shop.ann, "A", 1, 1000).await;
    for round in 0..3 {
        let items = [(product, 1)];
        let answers = join_all((0..20).map(|_| shop.order(&shop.ann.owner, &items))).await;
        let placed: Vec<i64> = answers
            .iter()
            .map(|answer| {
                assert_eq!(answer.status, 201, "{}", answer.body);
                answer.json()["id"].as_i64().unwrap()
            })
            .collect();
        tokio::task::block_in_place(|| {
            cluster.crash();
            cluster.start();
        });
        let mut connection = cluster.connect("postgres").await;
        let there: i64 = sqlx::query_scalar("SELECT count(*) FROM orders WHERE id = ANY ($1)")
            .bind(&placed)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(there, 20, "round {round}");
        // The pool finds out that its connections are gone.
        crate::support::eventually("the pool is back", || async {
            sqlx::query("SELECT 1")
                .execute(&shop.app.database.pool)
                .await
                .is_ok()
        })
        .await;
    }
    let numbers = shop.invoice_numbers(&shop.ann).await;
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_flush_waits_for_no_request() {
    let database = Database::migrated().await;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(std::time::Duration::from_millis(50))
        .connect_lazy_with(database.options.clone());
    let taken = pool.acquire().await.unwrap();
    assert!(pool.acquire().await.is_err(), "requests have them all");
    Durability::new(&pool).written().await.unwrap();
    drop(taken);
}
