//! Nobody reaches another vendor's rows: tried on every operation that the
//! description knows. One that is new fails here until this file says whose it
//! is.

use crate::openapi::operations;
use crate::support::market::{Shop, order};
use axum::http::Method;
use serde_json::{Value, json};

/// For whom an operation is.
enum Whose {
    /// No login, or only one's own.
    Nobodys,
    /// For administrators: owners are refused.
    Platforms,
    /// For those who work for the vendor.
    Vendors {
        /// What stands for the path's `{id}`: something of Ann's.
        id: Value,
        body: Value,
    },
    /// For those who work for the vendor, and read.
    Lists,
    /// For those who work for the vendor; tried with rows in its own tests.
    Elsewhere,
    /// The body names something of Ann's, which is no more than unknown.
    Named(Value),
}

/// What Ann has.
struct Things {
    vendor: i64,
    product: i64,
    order: Value,
    customer: Value,
    invoice: Value,
    credit_note: Value,
    import: String,
}

fn whose(method: &str, path: &str, things: &Things) -> Whose {
    let vendors = |id: &Value, body: Value| Whose::Vendors {
        id: id.clone(),
        body,
    };
    let none = Value::Null;
    let (product, vendor) = (json!(things.product), json!(things.vendor));
    let short = path.strip_prefix("/api/v1").unwrap_or(path);
    match (method, short) {
        (_, path) if path.starts_with("/auth/") => Whose::Nobodys,
        ("GET", "/products" | "/products/{id}" | "/plans") => Whose::Nobodys,
        ("POST", "/products") => vendors(
            &none,
            json!({"sku": "new", "name": "New", "price_cents": 1}),
        ),
        ("POST", "/products/import") | ("GET", "/products/export") => vendors(&none, none.clone()),
        ("PATCH", "/products/{id}") => vendors(&product, json!({"name": "Changed"})),
        ("DELETE", "/products/{id}") => vendors(&product, none),
        ("POST", "/orders") => Whose::Named(order(&[(things.product, 1)])),
        ("GET", "/orders" | "/customers" | "/invoices" | "/credit-notes" | "/flags") => {
            vendors(&none, none.clone())
        }
        ("GET", "/orders/{id}") => vendors(&things.order, none),
        ("POST", "/orders/{id}/status") => vendors(&things.order, json!({"status": "cancelled"})),
        ("POST", "/customers") => vendors(&none, json!({"email": "dog@example.org"})),
        ("GET" | "DELETE", "/customers/{id}") => vendors(&things.customer, none),
        ("PATCH", "/customers/{id}") => vendors(&things.customer, json!({"name": "Changed"})),
        ("GET", "/invoices/{id}" | "/invoices/{id}/pdf") | ("POST", "/invoices/{id}/mail") => {
            vendors(&things.invoice, none)
        }
        ("GET", "/credit-notes/{id}" | "/credit-notes/{id}/pdf") => {
            vendors(&things.credit_note, none)
        }
        ("GET", "/vendors/{id}" | "/vendors/{id}/products" | "/vendors/{id}/subscription") => {
            vendors(&vendor, none)
        }
        ("PATCH", "/vendors/{id}") => vendors(&vendor, json!({"name": "Changed"})),
        ("GET", "/vendors") => Whose::Platforms,
        ("POST", "/vendors") => Whose::Platforms,
        ("PUT", "/flags/{name}") => Whose::Platforms,
        ("GET", "/imports") => vendors(&none, none.clone()),
        ("POST", "/imports") => vendors(
            &none,
            json!({"kind": "products", "source_url": "https://example.org/feed.csv"}),
        ),
        (_, path) if path.starts_with("/imports/{id}") => vendors(&json!(things.import), none),
        ("GET", "/users" | "/jobs" | "/jobs/{id}") => Whose::Elsewhere,
        (_, path)
            if ["/jobs", "/queues", "/workers", "/cron", "/mail/test"]
                .iter()
                .any(|start| path.starts_with(start)) =>
        {
            Whose::Platforms
        }
        // These have tests of their own in `users`, `audit`, `reports`,
        // `uploads`, `product_pictures` and `payments`; here, that a vendor cannot be named.
        ("GET", "/audit" | "/reports" | "/uploads" | "/billing" | "/billing/invoices") => {
            Whose::Lists
        }
        (
            "POST",
            "/users"
            | "/reports"
            | "/uploads"
            | "/billing/checkout"
            | "/billing/portal"
            | "/products/{id}/images",
        ) => Whose::Elsewhere,
        (_, path)
            if [
                "/users/{id}",
                "/reports/{id}",
                "/uploads/{id}",
                "/products/{id}/images",
                "/products/{id}/pictures",
            ]
            .iter()
            .any(|start| path.starts_with(start)) =>
        {
            Whose::Elsewhere
        }
        _ => panic!("{method} {path} is new: say in this test whose it is"),
    }
}

/// Everything of a vendor's, to see whether it has changed.
async fn state(shop: &Shop, vendor: i64) -> Vec<String> {
    let mut rows = Vec::new();
    for table in [
        "products",
        "orders",
        "order_items",
        "customers",
        "invoices",
        "credit_notes",
        "imports",
        "subscriptions",
    ] {
        let sql = format!("SELECT t::text FROM {table} t WHERE vendor_id = $1 ORDER BY 1");
        let some: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(vendor)
            .fetch_all(&shop.app.database.pool)
            .await
            .unwrap();
        rows.extend(some);
    }
    let own: String = sqlx::query_scalar("SELECT t::text FROM vendors t WHERE id = $1")
        .bind(vendor)
        .fetch_one(&shop.app.database.pool)
        .await
        .unwrap();
    rows.push(own);
    rows
}

async fn things(shop: &Shop) -> Things {
    let product = shop.product(&shop.ann, "A", 100, 100).await;
    let mut body = order(&[(product, 1)]);
    body["customer"] = json!({"email": "cat@example.org"});
    let token = &shop.ann.owner;
    let placed = shop
        .ask(Method::POST, token, "/api/v1/orders", Some(&body))
        .await
        .json();
    let called_off = shop.order(token, &[(product, 1)]).await;
    let location = called_off.header("location").to_owned();
    let status = json!({"status": "cancelled"});
    let path = format!("{location}/status");
    shop.ask(Method::POST, token, &path, Some(&status)).await;
    let called_off = shop.app.get_as(token, &location).await.json();
    let import: uuid::Uuid = sqlx::query_scalar(
        "INSERT INTO imports (id, vendor_id, kind, source_url, created_at)
         VALUES (gen_random_uuid(), $1, 'products', 'https://example.org/a.csv', now()) RETURNING id",
    )
    .bind(shop.ann.vendor)
    .fetch_one(&shop.app.database.pool)
    .await
    .unwrap();
    Things {
        vendor: shop.ann.vendor,
        product,
        order: placed["id"].clone(),
        customer: placed["customer_id"].clone(),
        invoice: placed["invoice_id"].clone(),
        credit_note: called_off["credit_note"]["id"].clone(),
        import: import.to_string(),
    }
}

fn filled(path: &str, id: &Value) -> String {
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let (Some(start), Some(end)) = (path.find('{'), path.find('}')) else {
        return path.to_owned();
    };
    format!("{}{id}{}", &path[..start], &path[end + 1..])
}

async fn ask(shop: &Shop, method: &str, token: &str, path: &str, body: &Value) -> (u16, String) {
    let body = Some(body).filter(|body| !body.is_null());
    let method = method.parse().unwrap();
    let answer = shop.ask(method, token, path, body).await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn no_operation_crosses_from_one_vendor_to_another() {
    let shop = Shop::new().await;
    let things = things(&shop).await;
    let document = shop.app.get("/api/v1/openapi.json").await.json();
    let before = state(&shop, things.vendor).await;
    let foreign = format!("vendor={}", things.vendor);
    for (method, path, _) in operations(&document) {
        let name = format!("{method} {path}");
        for bob in [&shop.bob.owner, &shop.bob.staff] {
            match whose(&method, &path, &things) {
                Whose::Nobodys => {}
                Whose::Lists => {
                    let named = format!("{path}?{foreign}");
                    let (status, said) = ask(&shop, &method, bob, &named, &Value::Null).await;
                    assert!(matches!(status, 403 | 404), "{name}: {status} {said}");
                }
                Whose::Elsewhere => {
                    let id = json!("00000000-0000-0000-0000-000000000000");
                    let (status, said) =
                        ask(&shop, &method, "", &filled(&path, &id), &json!({})).await;
                    assert_eq!(status, 401, "{name}: {said}");
                }
                Whose::Platforms => {
                    let path = filled(&path, &json!("00000000-0000-0000-0000-000000000000"));
                    let (status, said) = ask(&shop, &method, bob, &path, &json!({})).await;
                    assert_eq!(status, 403, "{name}: {said}");
                }
                Whose::Vendors { id, body } => {
                    let own = filled(&path, &id);
                    let named = format!("{own}?{foreign}");
                    let asked = if id.is_null() {
                        vec![named]
                    } else {
                        vec![own, named]
                    };
                    for path in asked {
                        let (status, said) = ask(&shop, &method, bob, &path, &body).await;
                        assert!(matches!(status, 403 | 404), "{name}: {status} {said}");
                    }
                    if id.is_null() && method == "GET" {
                        let (_, said) = ask(&shop, &method, bob, &path, &body).await;
                        let mark = format!("\"vendor_id\":{}", things.vendor);
                        assert!(!said.contains(&mark), "{name}: {said}");
                    }
                }
                Whose::Named(body) => {
                    let (status, said) = ask(&shop, &method, bob, &path, &body).await;
                    assert_eq!(status, 422, "{name}: {said}");
                    let named = format!("{path}?{foreign}");
                    let (status, said) = ask(&shop, &method, bob, &named, &body).await;
                    assert_eq!(status, 404, "{name}: {said}");
                }
            }
        }
        // Without a login, nothing but what is nobody's.
        if let Whose::Vendors { id, body } = whose(&method, &path, &things) {
            let (status, said) = ask(&shop, &method, "", &filled(&path, &id), &body).await;
            assert_eq!(status, 401, "{name}: {said}");
        }
    }
    assert_eq!(state(&shop, things.vendor).await, before);
    // And what was refused to Bob is there for Ann. What removes comes last.
    let mut all = operations(&document);
    all.sort_by_key(|(method, ..)| method == "DELETE");
    for (method, path, _) in all {
        if let Whose::Vendors { id, body } = whose(&method, &path, &things) {
            let asked = filled(&path, &id);
            let (status, said) = ask(&shop, &method, &shop.ann.owner, &asked, &body).await;
            assert!(
                !matches!(status, 401 | 403 | 404 | 405 | 500..),
                "{method} {path}: {status} {said}"
            );
        }
    }
}
