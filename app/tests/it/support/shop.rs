//! A vendor with an owner who is logged in.

use super::app::{Answer, PASSWORD, TestApp};
use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use uuid::Uuid;

pub struct Shop {
    pub vendor: i64,
    pub token: String,
}

impl Shop {
    pub async fn open(app: &TestApp, slug: &str) -> Self {
        let hash = app.state.auth.passwords.hash(PASSWORD.to_owned());
        let hash = hash.await.unwrap();
        let vendor: i64 =
            sqlx::query_scalar("INSERT INTO vendors (slug, name) VALUES ($1, $1) RETURNING id")
                .bind(slug)
                .fetch_one(&app.database.pool)
                .await
                .unwrap();
        let email = format!("{slug}@example.org");
        sqlx::query(
            "INSERT INTO users (id, email, password_hash, role, vendor_id)
             VALUES ($1, $2, $3, 'owner', $4)",
        )
        .bind(Uuid::now_v7())
        .bind(&email)
        .bind(hash)
        .bind(vendor)
        .execute(&app.database.pool)
        .await
        .unwrap();
        let login = app.try_login("192.0.2.9", &email, PASSWORD).await;
        let token = login.json()["access_token"].as_str().unwrap().to_owned();
        Self { vendor, token }
    }

    pub async fn product(&self, app: &TestApp, sku: &str) -> i64 {
        sqlx::query_scalar(
            "INSERT INTO products (vendor_id, sku, name, price_cents)
             VALUES ($1, $2, $2, 100) RETURNING id",
        )
        .bind(self.vendor)
        .bind(sku)
        .fetch_one(&app.database.pool)
        .await
        .unwrap()
    }

    /// Sends a file as the body.
    pub async fn upload(&self, app: &TestApp, name: &str, bytes: impl Into<Body>) -> Answer {
        let request = Request::post(format!("/api/v1/uploads?file_name={name}"))
            .header("authorization", format!("Bearer {}", self.token));
        app.send(request.body(bytes.into()).unwrap()).await
    }

    pub async fn get(&self, app: &TestApp, path: &str) -> Answer {
        app.get_as(&self.token, path).await
    }

    pub async fn post(&self, app: &TestApp, path: &str, body: &Value) -> Answer {
        app.post_as(&self.token, path, body).await
    }

    pub async fn delete(&self, app: &TestApp, path: &str) -> Answer {
        let request =
            Request::delete(path).header("authorization", format!("Bearer {}", self.token));
        app.send(request.body(Body::empty()).unwrap()).await
    }
}
