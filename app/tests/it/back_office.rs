//! The pages of the back office: who sees what, what forms do, and that no
//! page shows another shop's rows.

use crate::support::app::Answer;
use crate::support::market::{Seller, Shop};
use axum::body::Body;
use axum::http::Request;

/// Pages of a shop.
const SHOP: [&str; 9] = [
    "/admin",
    "/admin/products",
    "/admin/products/new",
    "/admin/orders",
    "/admin/customers",
    "/admin/invoices",
    "/admin/imports",
    "/admin/reports",
    "/admin/credit-notes",
];

pub async fn get(shop: &Shop, token: &str, path: &str) -> Answer {
    let request = Request::get(path)
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "text/html");
    shop.app.send(request.body(Body::empty()).unwrap()).await
}

pub async fn post(shop: &Shop, token: &str, path: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "text/html")
        .header("content-type", "application/x-www-form-urlencoded");
    shop.app
        .send(request.body(Body::from(form.to_owned())).unwrap())
        .await
}

pub fn clean(path: &str, answer: &Answer) {
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    for inline in ["<style", "<script>", " style=", " onclick=", "javascript:"] {
        assert!(!answer.body.contains(inline), "{path} holds {inline}");
    }
    assert!(answer.body.contains("<main id=\"main\""), "{path}");
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
}

#[tokio::test]
async fn every_page_of_a_shop_is_there_for_its_people() {
    let shop = Shop::new().await;
    for token in [&shop.ann.owner, &shop.ann.staff] {
        for path in SHOP {
            clean(path, &get(&shop, token, path).await);
        }
    }
    clean(
        "settings",
        &get(&shop, &shop.ann.owner, "/admin/settings").await,
    );
    assert_eq!(
        get(&shop, &shop.ann.staff, "/admin/settings").await.status,
        403
    );
    assert_eq!(
        get(&shop, &shop.ann.owner, "/admin/vendors").await.status,
        403
    );
}

#[tokio::test]
async fn an_administrator_sees_the_platform_and_chooses_a_shop() {
    let shop = Shop::new().await;
    shop.product(&shop.ann, "A-1", 1250, 3).await;
    let page = get(&shop, &shop.admin, "/admin").await;
    clean("/admin", &page);
    assert!(page.body.contains("Thing A-1") && page.body.contains("The platform"));
    assert!(page.body.contains("<svg"), "no plots");
    let unchosen = get(&shop, &shop.admin, "/admin/products").await;
    assert_eq!(
        (unchosen.status.as_u16(), unchosen.header("location")),
        (303, "/admin/vendors")
    );
    clean("vendors", &get(&shop, &shop.admin, "/admin/vendors").await);
    let form = "name=Carl%27s+Cheese&slug=carl&currency=EUR&plan=starter";
    assert_eq!(
        post(&shop, &shop.admin, "/admin/vendors", form)
            .await
            .status,
        303
    );
    let again = post(&shop, &shop.admin, "/admin/vendors", form).await;
    assert_eq!(again.status, 422);
    assert!(
        again.body.contains("value=\"carl\""),
        "the form came back empty"
    );
}

#[tokio::test]
async fn a_product_is_added_changed_and_deleted_by_forms() {
    let shop = Shop::new().await;
    let owner = &shop.ann.owner;
    let wrong = post(
        &shop,
        owner,
        "/admin/products/new",
        "name=Lamp&sku=&price=12.505&stock=x",
    )
    .await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("value=\"Lamp\"") && wrong.body.contains("price-error"));
    let added = post(
        &shop,
        owner,
        "/admin/products/new",
        "name=Lamp&sku=L-1&price=12%2C50&stock=4&is_active=true",
    )
    .await;
    assert_eq!(added.status, 303, "{}", added.body);
    let path = added.header("location").to_owned();
    let page = get(&shop, owner, &path).await;
    clean(&path, &page);
    assert!(page.body.contains("value=\"12.50\""), "{}", page.body);
    let changed = post(
        &shop,
        owner,
        &path,
        "revision=1&name=Lamp&sku=L-1&price=13&stock=4&is_active=true",
    )
    .await;
    assert_eq!(changed.status, 303, "{}", changed.body);
    // Somebody else's change is not overwritten.
    let stale = post(
        &shop,
        owner,
        &path,
        "revision=1&name=Lump&sku=L-1&price=14&stock=4&is_active=true",
    )
    .await;
    assert_eq!(stale.status, 422);
    assert!(
        get(&shop, owner, &path)
            .await
            .body
            .contains("value=\"13.00\"")
    );
    clean(
        "delete",
        &get(&shop, owner, &format!("{path}/delete")).await,
    );
    let gone = post(&shop, owner, &format!("{path}/delete"), "csrf=").await;
    assert_eq!(gone.status, 303);
    assert_eq!(get(&shop, owner, &path).await.status, 404);
}

#[tokio::test]
async fn an_order_goes_its_way_and_shows_its_invoice() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "A-1", 1250, 3).await;
    let placed = shop.order(&shop.ann.owner, &[(product, 2)]).await.json();
    let path = format!("/admin/orders/{}", placed["id"]);
    let page = get(&shop, &shop.ann.staff, &path).await;
    clean(&path, &page);
    assert!(
        page.body.contains("25.00 EUR") && page.body.contains("/pdf"),
        "{}",
        page.body
    );
    let paid = post(&shop, &shop.ann.staff, &path, "csrf=&status=paid").await;
    assert_eq!(paid.status, 303, "{}", paid.body);
    let illegal = post(&shop, &shop.ann.staff, &path, "csrf=&status=delivered").await;
    assert_eq!(illegal.status, 409);
    let list = get(&shop, &shop.ann.staff, "/admin/orders?status=paid").await;
    assert!(list.body.contains(&path));
    let none = get(&shop, &shop.ann.staff, "/admin/orders?status=pending").await;
    assert!(!none.body.contains(&path));
    assert!(
        get(&shop, &shop.ann.staff, "/admin/invoices")
            .await
            .body
            .contains(&path)
    );
}

#[tokio::test]
async fn no_page_shows_another_shops_rows() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "SECRET-1", 1250, 3).await;
    let order = shop.order(&shop.ann.owner, &[(product, 1)]).await.json();
    let stranger: &Seller = &shop.bob;
    for path in SHOP {
        let page = get(&shop, &stranger.owner, path).await;
        assert!(!page.body.contains("SECRET-1"), "{path}");
        assert!(
            !page
                .body
                .contains(&format!("/admin/orders/{}", order["id"])),
            "{path}"
        );
    }
    for path in [
        format!("/admin/products/{product}"),
        format!("/admin/products/{product}/delete"),
        format!("/admin/orders/{}", order["id"]),
    ] {
        assert_eq!(
            get(&shop, &stranger.owner, &path).await.status,
            404,
            "{path}"
        );
    }
    let form = "revision=1&name=Mine&sku=M&price=1&stock=1";
    let theirs = format!("/admin/products/{product}");
    assert_eq!(
        post(&shop, &stranger.owner, &theirs, form).await.status,
        404
    );
    let moved = post(
        &shop,
        &stranger.owner,
        &format!("/admin/orders/{}", order["id"]),
        "csrf=&status=cancelled",
    )
    .await;
    assert_eq!(moved.status, 404);
    assert_eq!(shop.stock(product).await, 2);
}

#[tokio::test]
async fn a_shops_settings_are_its_owners() {
    let shop = Shop::new().await;
    let owner = &shop.ann.owner;
    let form =
        "revision=1&name=Ann+%26+Co&address=1+Road&vat_id=LU1&invoice_prefix=A-&vat_rate=8.1";
    let saved = post(&shop, owner, "/admin/settings", form).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    let page = get(&shop, owner, "/admin/settings").await;
    assert!(page.body.contains("Ann &#38; Co") && page.body.contains("value=\"8.1\""));
    let wrong = post(&shop, owner, "/admin/settings", "name=A&vat_rate=101").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("vat_rate-error"));
}

#[tokio::test]
async fn an_import_is_started_and_called_off_from_a_page() {
    let shop = Shop::new().await;
    let owner = &shop.ann.owner;
    clean("imports", &get(&shop, owner, "/admin/imports").await);
    let wrong = post(
        &shop,
        owner,
        "/admin/imports",
        "kind=products&source_url=nowhere",
    )
    .await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("source_url-error"));
    let form = "kind=products&source_url=https%3A%2F%2Ffeeds.example%2Ffeed.csv";
    let started = post(&shop, owner, "/admin/imports", form).await;
    assert_eq!(started.status, 303, "{}", started.body);
    let path = started.header("location").to_owned();
    clean(&path, &get(&shop, owner, &path).await);
    assert_eq!(get(&shop, &shop.bob.owner, &path).await.status, 404);
    let stopped = post(&shop, owner, &format!("{path}/cancel"), "csrf=").await;
    assert_eq!(stopped.status, 303);
    assert!(get(&shop, owner, &path).await.body.contains("cancelled"));
}
