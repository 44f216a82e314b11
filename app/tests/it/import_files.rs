//! Products from a file that is sent by a form.

use crate::back_office::{clean, get, post};
use crate::imports::work;
use crate::support::app::Answer;
use crate::support::market::{Seller, Shop};
use axum::body::Body;
use axum::http::Request;
use wizamart::queue::outcome::Outcome;

const TABLE: &str = "sku,name,price,stock\nA-1,Lamp,12.50,3\nA-2,,x,1\nA-3,\"'=1+1\",1,1\n";

async fn send(shop: &Shop, token: &str, name: &str, file: &[u8]) -> Answer {
    let head = format!(
        "--X\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n\r\n\
         --X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    let body = [head.as_bytes(), file, b"\r\n--X--\r\n"].concat();
    let request = Request::post("/admin/imports/file")
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=X");
    shop.app.send(request.body(Body::from(body)).unwrap()).await
}

async fn names(shop: &Shop, seller: &Seller) -> Vec<String> {
    sqlx::query_scalar("SELECT name FROM products WHERE vendor_id = $1 ORDER BY sku")
        .bind(seller.vendor)
        .fetch_all(&shop.app.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_file_is_imported_as_a_feed_is_and_ends_with_its_import() {
    let shop = Shop::new().await;
    let staff = &shop.ann.staff;
    let sent = send(&shop, staff, "our list.csv", TABLE.as_bytes()).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let path = sent.header("location").to_owned();
    let waits = get(&shop, staff, &path).await;
    clean(&path, &waits);
    assert!(waits.body.contains("data-refresh=\"2\"") && waits.body.contains("our list.csv"));
    assert_eq!(get(&shop, &shop.bob.owner, &path).await.status, 404);
    let second = send(&shop, staff, "b.csv", TABLE.as_bytes()).await;
    assert_eq!(second.status, 422);
    assert!(second.body.contains("under way already"), "{}", second.body);
    assert_eq!(shop.count("uploads").await, 1, "the second is not kept");

    work(&shop.app).await;
    let done = get(&shop, staff, &path).await;
    clean(&path, &done);
    assert!(done.body.contains("state-done") && done.body.contains("Rows that failed"));
    assert_eq!(names(&shop, &shop.ann).await, ["Lamp", "=1+1"]);
    assert_eq!(shop.count("uploads").await, 0);
    assert_eq!(shop.app.run_jobs("delete_files").await, [Outcome::Done]);
    assert!(
        get(&shop, staff, "/admin/imports")
            .await
            .body
            .contains("our list.csv")
    );
}

#[tokio::test]
async fn an_export_comes_in_again_and_changes_nothing() {
    let shop = Shop::new().await;
    for sku in ["ONE", "=TWO", "'=THREE"] {
        shop.product(&shop.ann, sku, 1250, 3).await;
    }
    let owner = &shop.ann.owner;
    let export = get(&shop, owner, "/api/v1/products/export").await;
    let sent = send(&shop, owner, "products.csv", &export.bytes).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    work(&shop.app).await;
    let counts: (i64, i64, i64, i64) =
        sqlx::query_as("SELECT created_rows, updated_rows, same_rows, failed_rows FROM imports")
            .fetch_one(&shop.app.database.pool)
            .await
            .unwrap();
    assert_eq!(counts, (0, 0, 3, 0));
}

#[tokio::test]
async fn what_is_no_table_is_not_kept() {
    let shop = Shop::new().await;
    for (name, file, words) in [
        (
            "a.png",
            &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..],
            "is of type image/png",
        ),
        ("a.csv", b"<html><script>", "is of type text/html"),
        ("a.xlsx", b"PK\x03\x04\x14\0", "is of type application/zip"),
        ("", b"", "is missing; choose one"),
    ] {
        let answer = send(&shop, &shop.ann.owner, name, file).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    assert_eq!(shop.count("uploads").await, 0);
    assert_eq!(shop.count("imports").await, 0);
    // Text without the columns is a feed that fails.
    let sent = send(&shop, &shop.ann.owner, "a.csv", b"colour\nred\n").await;
    work(&shop.app).await;
    let page = get(&shop, &shop.ann.owner, sent.header("location")).await;
    assert!(page.body.contains("state-failed") && page.body.contains("no column for sku"));
    assert_eq!(shop.count("uploads").await, 0);
}

#[tokio::test]
async fn an_import_of_a_file_that_is_called_off_forgets_the_file() {
    let shop = Shop::new().await;
    let owner = &shop.ann.owner;
    let sent = send(&shop, owner, "a.csv", TABLE.as_bytes()).await;
    let path = sent.header("location").to_owned();
    let stopped = post(&shop, owner, &format!("{path}/cancel"), "csrf=").await;
    assert_eq!(stopped.status, 303);
    assert_eq!(shop.count("uploads").await, 0);
    work(&shop.app).await;
    assert!(names(&shop, &shop.ann).await.is_empty());
    // Through the API nobody names a file.
    let body = serde_json::json!({"kind": "products",
        "source_url": "upload:00000000-0000-0000-0000-000000000001/a.csv"});
    let refused = shop.app.post_as(owner, "/api/v1/imports", &body).await;
    assert_eq!(refused.status, 422);
}
