//! Passwords: stronger hashes, changes, and links that set a new one.

use crate::support::app::{EMAIL, PASSWORD, TestApp};
use crate::support::jobs;
use crate::support::people::tokens;
use crate::support::secrets;
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use onebox_model::QueueName;
use serde_json::json;
use time::Duration;
use wizamart::queue::worker::WorkerOptions;

const RESET: &str = "/api/v1/auth/password-reset";
const CONFIRM: &str = "/api/v1/auth/password-reset/confirm";
const NEW: &str = "battery staple correct";

/// Stores the usual password at another cost.
async fn rehash(app: &TestApp, memory: u32, passes: u32, lanes: u32) -> String {
    let params = Params::new(memory, passes, lanes, None).unwrap();
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(
            PASSWORD.as_bytes(),
            &SaltString::encode_b64(b"a salt of a test").unwrap(),
        )
        .unwrap()
        .to_string();
    sqlx::query("UPDATE users SET password_hash = $1")
        .bind(&hash)
        .execute(&app.database.pool)
        .await
        .unwrap();
    hash
}

async fn stored(app: &TestApp) -> String {
    sqlx::query_scalar("SELECT password_hash FROM users")
        .fetch_one(&app.database.pool)
        .await
        .unwrap()
}

/// Runs the mail jobs; gives the token of the last link.
async fn mailed(app: &TestApp) -> Option<String> {
    let options = WorkerOptions::new(vec![QueueName::Emails], 1);
    let clock = app.state.clock.clone();
    jobs::worker_with(&app.database.pool, &clock, options)
        .run_due()
        .await
        .unwrap();
    let mark = "/admin/password/";
    let mails = secrets::mails(&app.database.pool).await;
    mails.last().map(|(_, _, text)| {
        let start = text.find(mark).expect("a link") + mark.len();
        text[start..].split_whitespace().next().unwrap().to_owned()
    })
}

#[tokio::test]
async fn a_login_makes_a_cheap_hash_dearer_and_leaves_a_dear_one() {
    let app = TestApp::new().await.with_admin().await;
    rehash(&app, 8_192, 1, 1).await;
    assert_eq!(app.try_login("192.0.2.1", EMAIL, "wrong").await.status, 401);
    assert!(stored(&app).await.contains("m=8192,"));
    app.token().await;
    assert!(stored(&app).await.contains("m=19456,t=2,p=1"));
    app.token().await;
    let dear = rehash(&app, 65_536, 3, 4).await;
    app.token().await;
    assert_eq!(stored(&app).await, dear);
}

#[tokio::test]
async fn a_change_takes_the_old_password_and_ends_every_login() {
    let app = TestApp::new().await.with_admin().await;
    let (access, refresh) = app.pair().await;
    let cookie = app.log_in().await;
    let change = |current: &'static str, new: &'static str| {
        let (app, access) = (&app, &access);
        async move {
            let body = json!({"current_password": current, "new_password": new});
            app.post_as(access, "/api/v1/auth/password", &body).await
        }
    };
    assert_eq!(
        change("wrong", NEW).await.json()["errors"][0]["field"],
        "password"
    );
    assert_eq!(change(PASSWORD, "short").await.status, 422);
    assert_eq!(change(PASSWORD, NEW).await.status, 204);
    assert_eq!(app.get_as(&access, "/api/v1/auth/me").await.status, 401);
    let body = json!({"refresh_token": refresh});
    assert_eq!(app.post("/api/v1/auth/refresh", &body).await.status, 401);
    assert_eq!(app.page("/admin", &cookie).await.status, 303);
    assert_eq!(
        app.try_login("192.0.2.1", EMAIL, PASSWORD).await.status,
        401
    );
    tokens(&app.try_login("192.0.2.1", EMAIL, NEW).await);
    assert_eq!(app.acts().await, ["password.change"]);
}

#[tokio::test]
async fn a_link_sets_a_password_once() {
    let app = TestApp::new().await.with_admin().await;
    let (access, _) = app.pair().await;
    assert_eq!(
        app.post(RESET, &json!({"email": "ADMIN@example.org"}))
            .await
            .status,
        202
    );
    let token = mailed(&app).await.unwrap();
    let weak = app
        .post(CONFIRM, &json!({"token": token, "password": "short"}))
        .await;
    assert_eq!(weak.json()["errors"][0]["field"], "password");
    let good = json!({"token": token, "password": NEW});
    assert_eq!(app.post(CONFIRM, &good).await.status, 204);
    assert_eq!(
        app.post(CONFIRM, &good).await.json()["errors"][0]["field"],
        "token"
    );
    assert_eq!(app.get_as(&access, "/api/v1/auth/me").await.status, 401);
    tokens(&app.try_login("192.0.2.1", EMAIL, NEW).await);
    assert_eq!(app.acts().await, ["password.reset"]);
}

#[tokio::test]
async fn a_link_ends_by_time_by_another_link_and_by_a_change() {
    let app = TestApp::new().await.with_admin().await;
    let ask = || async {
        assert_eq!(app.post(RESET, &json!({"email": EMAIL})).await.status, 202);
        let token = mailed(&app).await.unwrap();
        app.clock.advance(Duration::minutes(6));
        token
    };
    let (first, second) = (ask().await, ask().await);
    assert_ne!(first, second);
    let set = |token: String| {
        let app = &app;
        async move {
            app.post(CONFIRM, &json!({"token": token, "password": NEW}))
                .await
                .status
        }
    };
    assert_eq!(set(second).await, 204);
    assert_eq!(set(first).await, 422);
    let late = ask().await;
    app.clock.advance(Duration::hours(1));
    assert_eq!(set(late).await, 422);
    let changed = ask().await;
    let (access, _) = tokens(&app.try_login("192.0.2.1", EMAIL, NEW).await);
    let body = json!({"current_password": NEW, "new_password": PASSWORD});
    assert_eq!(
        app.post_as(&access, "/api/v1/auth/password", &body)
            .await
            .status,
        204
    );
    assert_eq!(set(changed).await, 422);
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let app = TestApp::new().await.with_admin().await;
    let known = app.post(RESET, &json!({"email": EMAIL})).await;
    let unknown = app
        .post(RESET, &json!({"email": "nobody@example.org"}))
        .await;
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    app.post(RESET, &json!({"email": EMAIL})).await;
    let args: Vec<serde_json::Value> = sqlx::query_scalar("SELECT args FROM jobs")
        .fetch_all(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(
        args.len(),
        1,
        "one mail for two requests in a row, none for strangers"
    );
    let keys: Vec<_> = args[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        ["purpose", "user_id"],
        "no token in a job's arguments"
    );
}

#[tokio::test]
async fn a_closed_account_gets_no_link() {
    let app = TestApp::new().await.with_admin().await;
    app.post(RESET, &json!({"email": EMAIL})).await;
    sqlx::query("UPDATE users SET is_active = false")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(mailed(&app).await, None);
    app.clock.advance(Duration::minutes(10));
    app.post(RESET, &json!({"email": EMAIL})).await;
    assert_eq!(mailed(&app).await, None);
}
