//! Pictures on the pages of the back office and the shop.

use crate::support::app::{Answer, TestApp};
use crate::support::market::Shop;
use crate::support::pictures::{encode, halves};
use crate::support::s3::S3Server;
use axum::body::Body;
use axum::http::{Method, Request};
use image::{GenericImageView, ImageFormat};
use serde_json::json;
use wizamart::queue::outcome::Outcome;

fn png() -> Vec<u8> {
    encode(&halves(1200, 600, 255), ImageFormat::Png)
}

/// A form as a browser sends it, the file last.
fn form(csrf: &str, alt: &str, name: &str, file: &[u8]) -> Vec<u8> {
    let field = |name: &str, value: &str| {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let head = format!(
        "{}{}--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        field("csrf", csrf),
        field("alt", alt)
    );
    [head.as_bytes(), file, b"\r\n--X--\r\n"].concat()
}

async fn send(shop: &Shop, token: &str, product: i64, body: Vec<u8>) -> Answer {
    let request = Request::post(format!("/admin/products/{product}/pictures"))
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=X");
    shop.app.send(request.body(Body::from(body)).unwrap()).await
}

async fn page(shop: &Shop, token: &str, path: &str) -> Answer {
    let request = Request::get(path)
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "text/html");
    shop.app.send(request.body(Body::empty()).unwrap()).await
}

/// The value of an attribute in the first picture of a class.
fn attribute(page: &str, class: &str, name: &str) -> String {
    let tag = page
        .split(&format!("<img class=\"{class}\""))
        .nth(1)
        .unwrap_or_else(|| panic!("no {class}: {page}"));
    let tag = tag.split('>').next().unwrap();
    let value = tag.split(&format!(" {name}=\"")).nth(1);
    let value = value.unwrap_or_else(|| panic!("no {name}: {tag}"));
    let value = value.split('"').next().unwrap();
    value.replace("&#38;", "&")
}

async fn shown(shop: &Shop, product: i64) -> Answer {
    let sent = send(
        shop,
        &shop.ann.owner,
        product,
        form("", "Red & blue", "a.png", &png()),
    )
    .await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert_eq!(shop.app.run_jobs("thumbnails").await, [Outcome::Done]);
    sent
}

#[tokio::test]
async fn a_picture_is_sent_by_a_form_and_seen_in_the_shop() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    shop.product(&shop.ann, "BARE", 1250, 3).await;
    let sent = shown(&shop, product).await;
    assert_eq!(
        sent.header("location"),
        format!("/admin/products/{product}#pictures")
    );

    let shelf = shop.app.get("/").await.body;
    let small = attribute(&shelf, "thumb", "src");
    assert_eq!(attribute(&shelf, "thumb", "alt"), "", "the name is beside");
    assert_eq!(attribute(&shelf, "thumb", "width"), "200");
    assert_eq!(attribute(&shelf, "thumb", "height"), "100");
    assert_eq!(
        shelf.matches("<img").count(),
        1,
        "the other product has none"
    );
    let detail = shop.app.get(&format!("/p/{product}")).await;
    let large = attribute(&detail.body, "picture", "src");
    assert_eq!(attribute(&detail.body, "picture", "alt"), "Red & blue");
    assert_eq!(attribute(&detail.body, "picture", "width"), "800");
    assert_eq!(attribute(&detail.body, "picture", "height"), "400");
    let policy = detail.header("content-security-policy");
    assert!(policy.contains("img-src 'self';"), "{policy}");

    for (path, width) in [(small, 200), (large, 800)] {
        assert!(path.starts_with("/uploads/"), "{path}");
        let file = shop.app.get(&path).await;
        assert_eq!(file.status, 200);
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(file.header("content-type"), "image/jpeg");
        let picture = image::load_from_memory(&file.bytes).unwrap();
        assert_eq!(picture.dimensions(), (width, width / 2));
    }
}

#[tokio::test]
async fn the_back_office_shows_pictures_that_the_shop_must_not() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    shown(&shop, product).await;
    sqlx::query("UPDATE products SET is_active = false")
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
    let staff = &shop.ann.staff;
    let mut addresses = Vec::new();
    for path in [
        "/admin/products".to_owned(),
        format!("/admin/products/{product}"),
    ] {
        let body = page(&shop, staff, &path).await.body;
        addresses.push(attribute(&body, "thumb", "src"));
    }
    assert_eq!(addresses[0], addresses[1], "a copy is of use on both");
    let file = shop.app.get(&addresses[0]).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("cache-control"), "private, max-age=300");
    let bare = addresses[0].split('?').next().unwrap();
    assert_eq!(shop.app.get(bare).await.status, 404);
    assert!(!page(&shop, staff, "/").await.body.contains("<img"));
    shop.app.clock.advance(time::Duration::minutes(31));
    assert_eq!(shop.app.get(&addresses[0]).await.status, 404);
}

#[tokio::test]
async fn what_is_no_picture_comes_back_with_its_reason_and_is_not_kept() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let long = "x".repeat(501);
    for (body, words) in [
        (
            form("", "A lamp", "a.png", b"<svg><script>1</script></svg>"),
            "is of type image/svg+xml, which is not taken here",
        ),
        (form("", "A lamp", "", b""), "is missing; choose one"),
        (form("", &long, "a.png", &png()), "must have 0 to 500"),
    ] {
        let answer = send(&shop, &shop.ann.owner, product, body).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        assert!(answer.body.contains("value=\"Thing LAMP\""));
    }
    let answer = send(
        &shop,
        &shop.ann.owner,
        product,
        form("", "A lamp", "a.png", b"no"),
    )
    .await;
    assert!(answer.body.contains("value=\"A lamp\""), "{}", answer.body);
    assert_eq!(shop.count("uploads").await, 0);
}

#[tokio::test]
async fn a_picture_is_removed_with_its_file_unless_another_product_shows_it() {
    let shop = Shop::new().await;
    let one = shop.product(&shop.ann, "ONE", 1250, 3).await;
    let two = shop.product(&shop.ann, "TWO", 1250, 3).await;
    shown(&shop, one).await;
    let upload: uuid::Uuid = sqlx::query_scalar("SELECT id FROM uploads")
        .fetch_one(&shop.app.database.pool)
        .await
        .unwrap();
    let body = serde_json::json!({"upload_id": upload});
    let path = format!("/api/v1/products/{two}/images");
    let attached = shop.app.post_as(&shop.ann.owner, &path, &body).await;
    assert_eq!(attached.status, 201);
    let remove = async |token: &str, product: i64| {
        let path = format!("/admin/products/{product}/pictures/{upload}/remove");
        let request = Request::post(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(Body::from("csrf="));
        shop.app.send(request.unwrap()).await.status
    };
    assert_eq!(remove(&shop.bob.owner, one).await, 404);
    assert_eq!(remove(&shop.ann.staff, one).await, 303);
    assert_eq!(remove(&shop.ann.staff, one).await, 404);
    assert_eq!(shop.count("uploads").await, 1, "the other one shows it");
    assert_eq!(remove(&shop.ann.staff, two).await, 303);
    assert_eq!(shop.count("uploads").await, 0);
    assert_eq!(shop.app.run_jobs("delete_files").await, [Outcome::Done]);
    let acts: Vec<String> = sqlx::query_scalar(
        "SELECT action FROM audit_log WHERE action LIKE '%picture%' ORDER BY id",
    )
    .fetch_all(&shop.app.database.pool)
    .await
    .unwrap();
    assert_eq!(
        acts,
        [
            "product.picture.add",
            "product.picture.add",
            "product.picture.remove",
            "product.picture.remove"
        ]
    );
}

#[tokio::test]
async fn programs_list_a_products_pictures_and_take_one_away() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let path = format!("/api/v1/products/{product}/pictures");
    let (owner, other) = (&shop.ann.owner, &shop.bob.owner);
    assert_eq!(
        shop.app.get_as(owner, &path).await.json(),
        json!({"items": []})
    );
    shown(&shop, product).await;
    let listed = shop.app.get_as(owner, &path).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let picture = listed.json()["items"][0].clone();
    assert_eq!(
        (&picture["alt"], &picture["width"], &picture["height"]),
        (&json!("Red & blue"), &json!(1200), &json!(600))
    );
    for size in ["200", "800"] {
        let small = picture["thumbnails"][size].as_str().unwrap();
        assert_eq!(shop.app.get(small).await.status, 200);
    }
    let one = format!("{path}/{}", picture["upload_id"].as_str().unwrap());
    assert_eq!(shop.app.get_as(other, &path).await.status, 404);
    let delete = |token: &str| {
        let token = token.to_owned();
        let (shop, one) = (&shop, &one);
        async move { shop.ask(Method::DELETE, &token, one, None).await.status }
    };
    assert_eq!(delete(other).await, 404);
    assert_eq!(
        shop.app.get_as(owner, &path).await.json()["items"],
        json!([picture])
    );
    assert_eq!(delete(owner).await, 204);
    assert_eq!(delete(owner).await, 404);
    assert_eq!(
        shop.app.get_as(owner, &path).await.json(),
        json!({"items": []})
    );
    let gone = shop
        .app
        .get(picture["thumbnails"]["200"].as_str().unwrap())
        .await;
    assert_eq!(gone.status, 404);
    assert!(shop.app.get("/api/v1/products/99999/pictures").await.status == 401);
    assert_eq!(
        shop.app
            .get_as(owner, "/api/v1/products/99999/pictures")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_picture_of_an_earlier_release_is_shown_without_its_size() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    shown(&shop, product).await;
    sqlx::query("UPDATE uploads SET width = NULL, height = NULL")
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
    let detail = shop.app.get(&format!("/p/{product}")).await;
    assert_eq!(attribute(&detail.body, "picture", "height"), "800");
}

#[tokio::test]
async fn nobody_sends_pictures_to_another_shops_product() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let body = form("", "Mine", "a.png", &png());
    let answer = send(&shop, &shop.bob.owner, product, body).await;
    assert_eq!(answer.status, 404);
    assert_eq!(shop.count("uploads").await, 0);
    assert_eq!(shop.count("product_images").await, 0);
}

#[tokio::test]
async fn a_picture_from_another_sites_form_is_refused() {
    let app = TestApp::new().await.with_admin().await;
    let vendor = app.vendor("ann").await;
    let product: i64 = sqlx::query_scalar(
        "INSERT INTO products (vendor_id, sku, name, price_cents) VALUES ($1, 'A', 'A', 1) RETURNING id",
    )
    .bind(vendor)
    .fetch_one(&app.database.pool)
    .await
    .unwrap();
    let cookie = app.log_in().await;
    let csrf = app.page("/admin", &cookie).await.csrf();
    let number = vendor.to_string();
    let chosen = [("csrf", csrf.as_str()), ("vendor", number.as_str())];
    assert_eq!(
        app.form("/admin/vendor", &cookie, &chosen).await.status,
        303
    );
    for (csrf, status) in [("guess", 422), ("", 422), (csrf.as_str(), 303)] {
        let request = Request::post(format!("/admin/products/{product}/pictures"))
            .header("cookie", &cookie)
            .header("content-type", "multipart/form-data; boundary=X");
        let body = Body::from(form(csrf, "", "a.png", &png()));
        let answer = app.send(request.body(body).unwrap()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM uploads")
            .fetch_one(&app.database.pool)
            .await
            .unwrap();
        assert_eq!(kept, i64::from(status == 303));
    }
}

#[tokio::test]
async fn pictures_in_a_bucket_come_through_this_site() {
    let server = S3Server::start().await;
    let shop = Shop::on(TestApp::configured(server.config()).await).await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    shown(&shop, product).await;
    assert_eq!(server.puts(), 3, "the file and its small versions");
    let detail = shop.app.get(&format!("/p/{product}")).await;
    let address = attribute(&detail.body, "picture", "src");
    assert!(address.starts_with("/uploads/"), "{address}");
    assert_eq!(shop.app.get(&address).await.status, 200);
}
