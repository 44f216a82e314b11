//! The catalogue, through the API.

use crate::support::market::Shop;
use axum::http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn anyone_may_walk_what_is_on_sale() {
    let shop = Shop::new().await;
    let mut ids = Vec::new();
    for at in 0..7 {
        let seller = if at % 2 == 0 { &shop.ann } else { &shop.bob };
        ids.push(shop.product(seller, &format!("S{at}"), 100 + at, 5).await);
    }
    let hidden = ids.remove(3);
    let path = format!("/api/v1/products/{hidden}");
    let patch = json!({"is_active": false});
    let answer = shop
        .ask(Method::PATCH, &shop.bob.owner, &path, Some(&patch))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(shop.app.get(&path).await.status, 404);

    let mut seen = Vec::new();
    let mut cursor = json!(0);
    while !cursor.is_null() {
        let page = shop
            .app
            .get(&format!("/api/v1/products?limit=2&cursor={cursor}"))
            .await;
        assert_eq!(page.status, 200, "{}", page.body);
        let page = page.json();
        let items = page["items"].as_array().unwrap().clone();
        seen.extend(items.iter().map(|item| item["id"].as_i64().unwrap()));
        cursor = page["next_cursor"].clone();
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_product_has_the_fields_of_the_contract() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A1", 1250, 3).await;
    let list = shop.app.get("/api/v1/products?limit=50").await;
    let expected = json!({
        "items": [{
            "id": id, "vendor_id": shop.ann.vendor, "sku": "A1", "name": "Thing A1", "description": "",
            "price_cents": 1250, "currency": "EUR", "stock": 3, "created_at": "2026-11-23T10:00:00Z",
        }],
        "next_cursor": null,
    });
    assert_eq!(list.json(), expected);
    let mut detail = expected["items"][0].clone();
    detail["vendor"] = json!({"id": shop.ann.vendor, "name": "Ann"});
    let path = format!("/api/v1/products/{id}");
    assert_eq!(shop.app.get(&path).await.json(), detail);
    assert_eq!(shop.app.get("/api/v1/products/999").await.status, 404);
    assert_eq!(shop.app.get("/api/v1/products/x").await.status, 404);
}

#[tokio::test]
async fn what_was_seen_is_not_sent_again_until_it_changes() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A1", 1250, 3).await;
    let detail = format!("/api/v1/products/{id}");
    for path in ["/api/v1/products", &detail] {
        let first = shop.app.get(path).await;
        let tag = first.header("etag").to_owned();
        assert_eq!(first.header("cache-control"), "public, no-cache");
        let seen = [("if-none-match", tag.as_str())];
        let ask = || shop.ask_with(Method::GET, "", path, None, &seen);
        let again = ask().await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
        assert_eq!(shop.order(&shop.ann.owner, &[(id, 1)]).await.status, 201);
        assert_eq!(ask().await.status, 200, "{path}: the stock has changed");
    }
}

#[tokio::test]
async fn the_products_of_a_vendor_that_is_switched_off_are_not_on_sale() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A1", 1250, 3).await;
    let path = format!("/api/v1/vendors/{}", shop.ann.vendor);
    let off = json!({"is_active": false});
    let answer = shop
        .ask(Method::PATCH, &shop.admin, &path, Some(&off))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        shop.app.get("/api/v1/products").await.json()["items"],
        json!([])
    );
    assert_eq!(
        shop.app.get(&format!("/api/v1/products/{id}")).await.status,
        404
    );
    assert_eq!(shop.order(&shop.admin, &[(id, 1)]).await.status, 422);
}

#[tokio::test]
async fn a_search_gives_the_best_match_first_and_goes_on() {
    let shop = Shop::new().await;
    for (sku, name, description) in [
        ("1", "Kettle", "Boils water."),
        ("2", "Lamp", "Not a kettle."),
        ("3", "Chair", "For sitting."),
        ("4", "Kettle stand", "For a kettle."),
    ] {
        let new = json!({"sku": sku, "name": name, "description": description, "price_cents": 1});
        shop.ask(
            Method::POST,
            &shop.ann.owner,
            "/api/v1/products",
            Some(&new),
        )
        .await;
    }
    let first = shop
        .app
        .get("/api/v1/products?q=kettle&limit=2")
        .await
        .json();
    let cursor = first["next_cursor"].as_i64().unwrap();
    let rest = shop
        .app
        .get(&format!(
            "/api/v1/products?q=kettle&limit=2&cursor={cursor}"
        ))
        .await
        .json();
    let names = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&rest), ["Lamp"]);
    assert!(rest["next_cursor"].is_null());
    assert!(names(&first).contains(&"Kettle".to_owned()));
    let other = format!("/api/v1/products?q=kettle&vendor={}", shop.bob.vendor);
    assert_eq!(shop.app.get(&other).await.json()["items"], json!([]));
    // Whatever is typed is words, not syntax.
    assert_eq!(
        shop.app
            .get("/api/v1/products?q=%27%29%3A*%26%7C%21")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_change_to_what_has_changed_is_refused() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A1", 1250, 3).await;
    let path = format!("/api/v1/products/{id}");
    let patch = json!({"price_cents": 1300});
    let token = &shop.ann.staff;
    let tag = shop.app.get(&path).await.header("etag").to_owned();
    let change = |tag: String| {
        let (shop, path, patch) = (&shop, &path, &patch);
        async move {
            let headers = [("if-match", tag.as_str())];
            shop.ask_with(Method::PATCH, token, path, Some(patch), &headers)
                .await
        }
    };
    let changed = change(tag.clone()).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.json()["price_cents"], 1300);
    assert_eq!(change(tag).await.status, 412);
    assert_eq!(change(changed.header("etag").to_owned()).await.status, 200);
    assert_eq!(change("\"nonsense\"".to_owned()).await.status, 412);
}

#[tokio::test]
async fn a_product_that_makes_no_sense_is_refused_field_by_field() {
    let shop = Shop::new().await;
    let post = |body: Value| {
        let shop = &shop;
        async move {
            shop.ask(
                Method::POST,
                &shop.ann.owner,
                "/api/v1/products",
                Some(&body),
            )
            .await
        }
    };
    let answer = post(json!({"sku": "", "name": "x", "price_cents": -1, "gtin": "123"})).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let errors = answer.json()["errors"].clone();
    let fields: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["sku", "price_cents", "gtin"]);
    // The type and the name of a field are looked at too.
    let answer = post(json!({"sku": "a", "name": "x", "price_cents": "12"})).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
        (422, &json!("price_cents"))
    );
    let answer = post(json!({"sku": "a", "name": "x", "price_cents": 12, "prize": 1})).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(
        post(json!({"sku": "a", "name": "x", "price_cents": 12}))
            .await
            .status,
        201
    );
    assert_eq!(
        post(json!({"sku": "a", "name": "y", "price_cents": 12}))
            .await
            .status,
        409
    );
}

#[tokio::test]
async fn a_plan_says_how_many_products_there_may_be() {
    let shop = Shop::new().await;
    sqlx::query("UPDATE plans SET max_products = 2 WHERE code = 'scale'")
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
    let posts = (0..6).map(|at| {
        let new = json!({"sku": format!("P{at}"), "name": "x", "price_cents": 1});
        let shop = &shop;
        async move {
            shop.ask(
                Method::POST,
                &shop.ann.owner,
                "/api/v1/products",
                Some(&new),
            )
            .await
        }
    });
    let answers = futures_util::future::join_all(posts).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 2);
    let refused = answers.iter().find(|answer| answer.status == 403).unwrap();
    assert!(refused.body.contains("larger plan"), "{}", refused.body);
    assert_eq!(shop.count("products").await, 2);
}

#[tokio::test]
async fn a_product_that_is_removed_stays_in_orders() {
    let shop = Shop::new().await;
    let id = shop.product(&shop.ann, "A1", 1250, 3).await;
    let order = shop.order(&shop.ann.owner, &[(id, 1)]).await.json();
    let path = format!("/api/v1/products/{id}");
    assert_eq!(
        shop.ask(Method::DELETE, &shop.ann.owner, &path, None)
            .await
            .status,
        204
    );
    assert_eq!(
        shop.ask(Method::DELETE, &shop.ann.owner, &path, None)
            .await
            .status,
        404
    );
    let order = format!("/api/v1/orders/{}", order["id"]);
    let order = shop.app.get_as(&shop.ann.owner, &order).await.json();
    assert_eq!(order["items"][0]["sku"], "A1");
    assert!(order["items"][0]["product_id"].is_null());
}

#[tokio::test]
async fn those_who_work_there_see_what_is_not_on_sale() {
    let shop = Shop::new().await;
    let new = json!({"sku": "x", "name": "Secret", "price_cents": 1, "is_active": false});
    shop.ask(
        Method::POST,
        &shop.ann.owner,
        "/api/v1/products",
        Some(&new),
    )
    .await;
    let path = format!("/api/v1/vendors/{}/products", shop.ann.vendor);
    let listed = |query: &'static str| {
        let path = format!("{path}{query}");
        let shop = &shop;
        async move {
            let answer = shop.app.get_as(&shop.ann.staff, &path).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.json()["items"].as_array().unwrap().len()
        }
    };
    assert_eq!(listed("").await, 1);
    assert_eq!(listed("?active=true").await, 0);
    assert_eq!(listed("?active=false&q=secret&limit=1").await, 1);
    assert_eq!(shop.app.get_as(&shop.bob.owner, &path).await.status, 404);
    assert_eq!(shop.app.get_as(&shop.admin, &path).await.status, 200);
}

#[tokio::test]
async fn what_is_no_text_and_what_is_no_object_is_refused_as_such() {
    let shop = Shop::new().await;
    let token = &shop.ann.owner;
    let path = format!("/api/v1/vendors/{}/products?q=a%00b", shop.ann.vendor);
    let answer = shop.app.get_as(token, &path).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.contains("NUL"), "{}", answer.body);
    let list = json!(["A", "Name", 1]);
    let answer = shop
        .ask(Method::POST, token, "/api/v1/products", Some(&list))
        .await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.json()["errors"][0]["field"], "body");
}
