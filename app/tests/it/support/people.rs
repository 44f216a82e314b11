//! Accounts, their logins, and their phones.

use super::app::{Answer, EMAIL, PASSWORD, TestApp};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use totp_rs::Builder;
use uuid::Uuid;
use wizamart::clock::Clock;

impl TestApp {
    /// A shop; gives its number.
    pub async fn vendor(&self, slug: &str) -> i64 {
        sqlx::query_scalar("INSERT INTO vendors (slug, name) VALUES ($1, $1) RETURNING id")
            .bind(slug)
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }

    /// An account with the usual password.
    pub async fn user(&self, email: &str, role: &str, vendor: Option<i64>) -> Uuid {
        let passwords = &self.state.auth.passwords;
        let hash = passwords.hash(PASSWORD.to_owned()).await.unwrap();
        sqlx::query_scalar(
            "INSERT INTO users (id, email, password_hash, role, vendor_id)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(Uuid::now_v7())
        .bind(email)
        .bind(hash)
        .bind(role)
        .bind(vendor)
        .fetch_one(&self.database.pool)
        .await
        .unwrap()
    }

    /// A token of an account with the usual password.
    pub async fn token_of(&self, email: &str) -> String {
        let answer = self.try_login("192.0.2.1", email, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Sends JSON, without a token.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            Request::post(path)
                .header("content-type", "application/json")
                .body(Body::from(body.to_string()))
                .unwrap(),
        )
        .await
    }

    /// Any method, with a token and a body.
    pub async fn ask_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.send(
            Request::builder()
                .method(method)
                .uri(path)
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .body(Body::from(body.to_string()))
                .unwrap(),
        )
        .await
    }

    /// Logs the administrator in and gives both tokens.
    pub async fn pair(&self) -> (String, String) {
        tokens(&self.try_login("192.0.2.1", EMAIL, PASSWORD).await)
    }

    /// Enrols and confirms a second factor; gives its secret and recovery codes.
    pub async fn with_phone(&self, token: &str) -> (String, Vec<String>) {
        let path = "/api/v1/auth/second-factor";
        let enrolled = self.post_as(token, path, &json!({})).await;
        assert_eq!(enrolled.status, 200, "{}", enrolled.body);
        let secret = enrolled.json()["secret"].as_str().unwrap().to_owned();
        let code = self.code(&secret);
        let confirmed = self
            .post_as(token, &format!("{path}/confirm"), &json!({"code": code}))
            .await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.body);
        let codes = serde_json::from_value(confirmed.json()["recovery_codes"].clone()).unwrap();
        (secret, codes)
    }

    /// What the phone shows now.
    pub fn code(&self, secret: &str) -> String {
        let bytes = base32(secret);
        let now = u64::try_from(self.clock.now().unix_timestamp()).unwrap();
        let totp = Builder::new().with_secret(bytes).build_noncompliant();
        totp.generate(now).to_string()
    }

    /// What was written into the audit log: actions, the oldest first.
    pub async fn acts(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT action FROM audit_log ORDER BY id")
            .fetch_all(&self.database.pool)
            .await
            .unwrap()
    }
}

/// The tokens of an answer.
pub fn tokens(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    let token = |name: &str| json[name].as_str().unwrap().to_owned();
    (token("access_token"), token("refresh_token"))
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            other => other - b'2' + 26,
        };
        bits = (bits << 5) | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
