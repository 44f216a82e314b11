//! Two vendors, the people who work for them, and things to sell.

use super::app::{Answer, TestApp};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use uuid::Uuid;
use wizamart::auth::refresh;
use wizamart::storage::users::Role;

pub struct Shop {
    pub app: TestApp,
    pub admin: String,
    pub ann: Seller,
    pub bob: Seller,
}

/// A vendor, with the tokens of its people.
pub struct Seller {
    pub vendor: i64,
    pub owner: String,
    pub staff: String,
}

impl Shop {
    pub async fn new() -> Self {
        Self::on(TestApp::new().await).await
    }

    pub async fn on(app: TestApp) -> Self {
        let admin = login(&app, Role::Admin, None).await;
        let ann = Seller::new(&app, "ann").await;
        let bob = Seller::new(&app, "bob").await;
        Self {
            app,
            admin,
            ann,
            bob,
        }
    }

    /// Adds a product of a vendor, and gives its number.
    pub async fn product(&self, seller: &Seller, sku: &str, price: i64, stock: i32) -> i64 {
        let new = json!({"sku": sku, "name": format!("Thing {sku}"), "price_cents": price, "stock": stock});
        let answer = self
            .ask(Method::POST, &seller.owner, "/api/v1/products", Some(&new))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["id"].as_i64().unwrap()
    }

    pub async fn order(&self, token: &str, items: &[(i64, i32)]) -> Answer {
        self.ask(Method::POST, token, "/api/v1/orders", Some(&order(items)))
            .await
    }

    pub async fn ask(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        self.ask_with(method, token, path, body, &[]).await
    }

    pub async fn ask_with(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.app.send(request.body(body).unwrap()).await
    }

    pub async fn stock(&self, product: i64) -> i32 {
        sqlx::query_scalar("SELECT stock FROM products WHERE id = $1")
            .bind(product)
            .fetch_one(&self.app.database.pool)
            .await
            .unwrap()
    }

    pub async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&self.app.database.pool)
            .await
            .unwrap()
    }

    /// The vendor's invoice numbers, in their order.
    pub async fn invoice_numbers(&self, seller: &Seller) -> Vec<i64> {
        sqlx::query_scalar("SELECT number FROM invoices WHERE vendor_id = $1 ORDER BY number")
            .bind(seller.vendor)
            .fetch_all(&self.app.database.pool)
            .await
            .unwrap()
    }
}

impl Seller {
    async fn new(app: &TestApp, slug: &str) -> Self {
        let vendor = sqlx::query_scalar(
            "WITH v AS (INSERT INTO vendors (slug, name) VALUES ($1, initcap($1)) RETURNING id),
                  s AS (INSERT INTO subscriptions (vendor_id, plan_code) SELECT id, 'scale' FROM v)
             SELECT id FROM v",
        )
        .bind(slug)
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
        Self {
            vendor,
            owner: login(app, Role::Owner, Some(vendor)).await,
            staff: login(app, Role::Staff, Some(vendor)).await,
        }
    }
}

/// An account, logged in.
pub async fn login(app: &TestApp, role: Role, vendor: Option<i64>) -> String {
    let id = Uuid::now_v7();
    sqlx::query("INSERT INTO users (id, email, password_hash, role, vendor_id) VALUES ($1, $2, 'x', $3, $4)")
        .bind(id)
        .bind(format!("{id}@example.org"))
        .bind(match role {
            Role::Admin => "admin",
            Role::Owner => "owner",
            Role::Staff => "staff",
        })
        .bind(vendor)
        .execute(&app.database.pool)
        .await
        .unwrap();
    let from = Ipv4Addr::LOCALHOST.into();
    refresh::begin(&app.state, id, from, None)
        .await
        .unwrap()
        .access
}

pub fn order(items: &[(i64, i32)]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(id, quantity)| json!({"product_id": id, "quantity": quantity}))
        .collect();
    json!({ "items": items })
}
