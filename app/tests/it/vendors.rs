//! Vendors, customers, plans and flags, through the API.

use crate::support::app::TestApp;
use crate::support::market::Shop;
use crate::support::postgres::Database;
use crate::support::{eventually, redis};
use axum::http::Method;
use serde_json::{Value, json};
use wizamart::domain::ids::VendorId;
use wizamart::flags;

#[tokio::test]
async fn an_administrator_adds_a_vendor_and_its_owner_changes_it() {
    let shop = Shop::new().await;
    let new = json!({"slug": "carol", "name": "Carol", "plan": "business", "vat_rate_bp": 800});
    let made = shop
        .ask(Method::POST, &shop.admin, "/api/v1/vendors", Some(&new))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = made.header("location").to_owned();
    let plan = shop
        .app
        .get_as(&shop.admin, &format!("{path}/subscription"))
        .await;
    assert_eq!(plan.json()["plan_code"], "business");
    let again = shop
        .ask(Method::POST, &shop.admin, "/api/v1/vendors", Some(&new))
        .await;
    assert_eq!(again.status, 409);
    for (field, value) in [
        ("slug", json!("No")),
        ("currency", json!("euro")),
        ("plan", json!("gold")),
        ("vat_rate_bp", json!(-1)),
    ] {
        let mut wrong = new.clone();
        wrong["slug"] = json!("dave");
        wrong[field] = value;
        let answer = shop
            .ask(Method::POST, &shop.admin, "/api/v1/vendors", Some(&wrong))
            .await;
        assert_eq!(answer.status, 422, "{field}");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }

    let own = format!("/api/v1/vendors/{}", shop.ann.vendor);
    let change = |token: String, body: Value| {
        let (shop, own) = (&shop, &own);
        async move {
            shop.ask(Method::PATCH, &token, own, Some(&body))
                .await
                .status
                .as_u16()
        }
    };
    let name = json!({"name": "Ann's"});
    assert_eq!(change(shop.ann.owner.clone(), name.clone()).await, 200);
    assert_eq!(change(shop.ann.staff.clone(), name.clone()).await, 403);
    assert_eq!(change(shop.bob.owner.clone(), name).await, 404);
    assert_eq!(
        change(shop.ann.owner.clone(), json!({"plan": "scale"})).await,
        403
    );
    assert_eq!(
        change(shop.admin.clone(), json!({"plan": "starter"})).await,
        200
    );
    let tag = shop
        .app
        .get_as(&shop.ann.owner, &own)
        .await
        .header("etag")
        .to_owned();
    assert_eq!(tag, "\"3\"");
    let listed = shop
        .app
        .get_as(&shop.admin, "/api/v1/vendors?limit=2")
        .await;
    assert_eq!(listed.json()["items"][0]["name"], "Ann's");
    assert_eq!(listed.json()["next_cursor"], shop.bob.vendor);
    let refused = shop.app.get_as(&shop.ann.owner, "/api/v1/vendors").await;
    assert_eq!(refused.status, 403);
    let acts: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action LIKE 'vendor.%'")
            .fetch_one(&shop.app.database.pool)
            .await
            .unwrap();
    assert_eq!(acts, 3);
}

#[tokio::test]
async fn customers_are_kept() {
    let shop = Shop::new().await;
    let token = &shop.ann.staff;
    let new = json!({"email": "cat@example.org", "name": "Cat"});
    let base = "/api/v1/customers";
    let made = shop.ask(Method::POST, token, base, Some(&new)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(
        shop.ask(Method::POST, token, base, Some(&new)).await.status,
        409
    );
    let path = made.header("location").to_owned();
    let change = json!({"country": "LU"});
    let changed = shop.ask(Method::PATCH, token, &path, Some(&change)).await;
    assert_eq!(changed.json()["name"], "Cat");
    let wrong = json!({"country": "Luxembourg"});
    let refused = shop.ask(Method::PATCH, token, &path, Some(&wrong)).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["errors"][0]["field"], "country");
    let found = shop
        .app
        .get_as(token, "/api/v1/customers?email=CAT@example.org")
        .await;
    assert_eq!(found.json()["items"][0]["country"], "LU");
    let none = shop
        .app
        .get_as(&shop.bob.owner, "/api/v1/customers?email=cat@example.org")
        .await;
    assert_eq!(none.json()["items"], json!([]));
    assert_eq!(
        shop.ask(Method::DELETE, token, &path, None).await.status,
        204
    );
    assert_eq!(shop.app.get_as(token, &path).await.status, 404);
}

#[tokio::test]
async fn plans_are_public() {
    let app = TestApp::new().await;
    let plans = app.get("/api/v1/plans").await;
    assert_eq!(plans.json()["items"][0]["code"], "starter");
    assert!(plans.json()["items"][2]["max_products"].is_null());
}

async fn set(shop: &Shop, name: &str, body: Value) -> u16 {
    let path = format!("/api/v1/flags/{name}");
    let answer = shop.ask(Method::PUT, &shop.admin, &path, Some(&body)).await;
    answer.status.as_u16()
}

async fn is_on(app: &TestApp, vendor: i64) -> bool {
    flags::is_enabled(&app.state.services, VendorId(vendor), "new_look")
        .await
        .unwrap()
}

#[tokio::test]
async fn a_flag_is_what_the_vendor_the_plan_or_the_default_says() {
    let shop = Shop::new().await;
    let (ann, bob) = (shop.ann.vendor, shop.bob.vendor);
    assert!(!is_on(&shop.app, ann).await, "nobody has made it");
    assert_eq!(
        set(&shop, "new_look", json!({"enabled": true, "vendor": ann})).await,
        404
    );
    assert_eq!(set(&shop, "new_look", json!({"enabled": false})).await, 204);
    assert!(!is_on(&shop.app, ann).await);
    assert_eq!(
        set(&shop, "new_look", json!({"enabled": true, "plan": "scale"})).await,
        204
    );
    assert!(is_on(&shop.app, ann).await && is_on(&shop.app, bob).await);
    assert_eq!(
        set(&shop, "new_look", json!({"enabled": false, "vendor": ann})).await,
        204
    );
    assert!(!is_on(&shop.app, ann).await && is_on(&shop.app, bob).await);
    let listed = shop.app.get_as(&shop.ann.staff, "/api/v1/flags").await;
    let flags = listed.json();
    let flag = flags["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|flag| flag["name"] == "new_look");
    assert_eq!(flag.unwrap()["level"], "vendor");
    assert_eq!(
        set(&shop, "new_look", json!({"enabled": null, "vendor": ann})).await,
        204
    );
    assert!(is_on(&shop.app, ann).await);
    for wrong in [
        json!({}),
        json!({"enabled": true, "plan": "gold"}),
        json!({"enabled": true, "vendor": 999}),
        json!({"enabled": true, "plan": "scale", "vendor": ann}),
    ] {
        assert_eq!(set(&shop, "new_look", wrong.clone()).await, 422, "{wrong}");
    }
    assert_eq!(set(&shop, "New", json!({"enabled": true})).await, 422);
    let path = "/api/v1/flags/new_look";
    let body = json!({"enabled": true});
    let refused = shop
        .ask(Method::PUT, &shop.ann.owner, path, Some(&body))
        .await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn a_change_of_a_flag_is_seen_by_the_other_processes() {
    let url = redis::private_url();
    let database = Database::migrated().await;
    let shop = Shop::on(TestApp::on(database.clone(), &url).await).await;
    let other = TestApp::on(database, &url).await;
    let vendor = shop.ann.vendor;
    assert!(!is_on(&other, vendor).await);
    assert_eq!(set(&shop, "new_look", json!({"enabled": true})).await, 204);
    let seen = || async { is_on(&other, vendor).await };
    eventually("the other process sees the flag", seen).await;
    // What is remembered is what is asked: a change behind everybody's back is
    // not seen before its time.
    eventually("both remember", || async {
        sqlx::query("UPDATE feature_flags SET enabled = true")
            .execute(&shop.app.database.pool)
            .await
            .unwrap();
        let before = is_on(&other, vendor).await;
        sqlx::query("UPDATE feature_flags SET enabled = false")
            .execute(&shop.app.database.pool)
            .await
            .unwrap();
        before && is_on(&other, vendor).await
    })
    .await;
}

#[tokio::test]
async fn without_redis_flags_come_from_the_database() {
    let app = TestApp::with_redis("redis://127.0.0.1:1").await;
    let vendor: i64 =
        sqlx::query_scalar("INSERT INTO vendors (slug, name) VALUES ('ann', 'Ann') RETURNING id")
            .fetch_one(&app.database.pool)
            .await
            .unwrap();
    assert!(!is_on(&app, vendor).await);
    sqlx::query("INSERT INTO feature_flags (name, enabled) VALUES ('new_look', true)")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert!(is_on(&app, vendor).await);
}

#[tokio::test]
async fn nothing_can_be_added_to_a_vendor_that_is_not_there() {
    let shop = Shop::new().await;
    let customer = json!({"email": "cat@example.org"});
    let product = json!({"sku": "A", "name": "A", "price_cents": 1});
    for (path, body) in [("customers", customer), ("products", product)] {
        let path = format!("/api/v1/{path}?vendor=999");
        let answer = shop
            .ask(Method::POST, &shop.admin, &path, Some(&body))
            .await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
}
