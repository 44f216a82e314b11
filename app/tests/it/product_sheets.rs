//! Products in and out as CSV.

use crate::support::app::Answer;
use crate::support::market::{Seller, Shop};
use axum::body::Body;
use axum::http::{Method, Request};
use futures_util::stream;
use serde_json::json;
use std::convert::Infallible;

const HEADER: &str = "sku,name,description,price,currency,stock,gtin,brand,image_url,is_active\r\n";

async fn import(shop: &Shop, seller: &Seller, body: Body) -> Answer {
    let request = Request::post("/api/v1/products/import")
        .header("content-type", "text/csv")
        .header("authorization", format!("Bearer {}", seller.owner));
    shop.app.send(request.body(body).unwrap()).await
}

#[tokio::test]
async fn what_goes_out_comes_in_again_unchanged() {
    let shop = Shop::new().await;
    let new = json!({
        "sku": "=1+1", "name": "\"Big\", red\nthing", "description": "@home", "price_cents": 1250,
        "stock": 3, "gtin": "4006381333931", "brand": "-", "is_active": false,
    });
    let path = "/api/v1/products";
    let made = shop
        .ask(Method::POST, &shop.ann.owner, path, Some(&new))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    shop.product(&shop.ann, "plain", 99, 7).await;
    shop.product(&shop.bob, "other", 1, 1).await;
    let sheet = shop
        .app
        .get_as(&shop.ann.staff, "/api/v1/products/export")
        .await;
    assert_eq!(sheet.header("content-type"), "text/csv; charset=utf-8");
    assert!(sheet.body.starts_with(HEADER), "{}", sheet.body);
    assert!(sheet.body.contains("'=1+1,"), "{}", sheet.body);
    assert!(!sheet.body.contains("other"));
    let again = import(&shop, &shop.ann, Body::from(sheet.body.clone())).await;
    assert_eq!(
        again.json(),
        json!({"created": 0, "updated": 0, "unchanged": 2, "failed": 0, "errors": []})
    );
    // Into another shop it is new.
    let other = import(&shop, &shop.bob, Body::from(sheet.body)).await;
    assert_eq!(other.json()["created"], 2, "{}", other.body);
}

#[tokio::test]
async fn lines_that_make_no_sense_are_told_and_the_others_taken() {
    let shop = Shop::new().await;
    let lines = [
        "a,Apple,,1.50,EUR,1,,,,true",
        "b,,,1.505,USD,x,,,,perhaps",
        "c,too,few",
        "a,Apple,,2.00,,2,,,,true",
        "d,Date,,3,,1,123,,,true",
    ];
    let sheet = format!("{HEADER}{}\r\n", lines.join("\r\n"));
    let answer = import(&shop, &shop.ann, Body::from(sheet)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let summary = answer.json();
    assert_eq!(
        (&summary["created"], &summary["updated"], &summary["failed"]),
        (&json!(1), &json!(1), &json!(3))
    );
    let errors: Vec<_> = summary["errors"].as_array().unwrap().iter().collect();
    let fields: Vec<_> = errors
        .iter()
        .map(|error| {
            (
                error["line"].as_u64().unwrap(),
                error["field"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        fields,
        [
            (3, "price"),
            (3, "currency"),
            (3, "stock"),
            (3, "is_active"),
            (4, ""),
            (6, "gtin")
        ]
    );
    let shown = shop.app.get("/api/v1/products").await.json();
    assert_eq!(shown["items"][0]["price_cents"], 200);
}

#[tokio::test]
async fn a_large_sheet_is_taken_as_it_comes() {
    let shop = Shop::new().await;
    let rows = 5_000;
    let chunks = (0..rows)
        .map(|at| Ok::<_, Infallible>(format!("s{at},Thing {at},,1.00,EUR,1,,,,true\r\n")));
    let body = Body::from_stream(stream::iter(
        std::iter::once(Ok(HEADER.to_owned())).chain(chunks),
    ));
    let answer = import(&shop, &shop.ann, body).await;
    assert_eq!(answer.json()["created"], rows, "{}", answer.body);
    assert_eq!(shop.count("products").await, rows);
}

#[tokio::test]
async fn a_sheet_does_not_go_beyond_the_plan() {
    let shop = Shop::new().await;
    sqlx::query("UPDATE plans SET max_products = 2 WHERE code = 'scale'")
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
    shop.product(&shop.ann, "s0", 1, 1).await;
    let lines: Vec<_> = (0..4)
        .map(|at| format!("s{at},New,,1.00,EUR,1,,,,true"))
        .collect();
    let sheet = format!("{HEADER}{}", lines.join("\n"));
    let summary = import(&shop, &shop.ann, Body::from(sheet)).await.json();
    assert_eq!(
        (&summary["created"], &summary["updated"], &summary["failed"]),
        (&json!(1), &json!(1), &json!(2))
    );
    assert_eq!(summary["errors"][1]["line"], 5);
}

#[tokio::test]
async fn what_is_no_sheet_is_refused() {
    let shop = Shop::new().await;
    let answer = import(&shop, &shop.ann, Body::from("sku,name\na,b\n")).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("description is missing"),
        "{}",
        answer.body
    );
    let body = json!({});
    let path = "/api/v1/products/import";
    let json = shop
        .ask(Method::POST, &shop.ann.owner, path, Some(&body))
        .await;
    assert_eq!(json.status, 415);
}
