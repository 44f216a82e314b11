//! Redis away: programs go on, guessing is still counted, browsers are told.

use crate::support::app::{EMAIL, LOGIN_COOKIE, PASSWORD, TestApp};
use crate::support::people::tokens;
use axum::body::Body;
use axum::http::Request;

const NO_REDIS: &str = "redis+unix:///nonexistent/redis.sock";

#[tokio::test]
async fn programs_log_in_and_are_known() {
    let app = TestApp::with_redis(NO_REDIS).await.with_admin().await;
    let (access, refresh) = tokens(&app.try_login("192.0.2.1", EMAIL, PASSWORD).await);
    assert_eq!(app.get_as(&access, "/api/v1/auth/me").await.status, 200);
    let body = serde_json::json!({"refresh_token": refresh});
    assert_eq!(app.post("/api/v1/auth/refresh", &body).await.status, 200);
    assert_eq!(
        app.get("/ready").await.json()["checks"]["redis"]["status"],
        "failed"
    );
}

#[tokio::test]
async fn guessing_is_counted_in_the_process() {
    let app = TestApp::with_redis(NO_REDIS).await.with_admin().await;
    for _ in 0..10 {
        assert_eq!(app.try_login("192.0.2.1", EMAIL, "wrong").await.status, 401);
    }
    let stopped = app.try_login("192.0.2.1", EMAIL, PASSWORD).await;
    assert_eq!(stopped.status, 429);
    assert!(stopped.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(
        app.try_login("192.0.2.2", EMAIL, PASSWORD).await.status,
        200
    );
}

#[tokio::test]
async fn a_browser_gets_a_page_that_says_so() {
    let app = TestApp::with_redis(NO_REDIS).await.with_admin().await;
    let request = Request::get("/admin")
        .header("cookie", "__Host-wizamart=0000")
        .header("accept", "text/html");
    let page = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, 503);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(!page.header("retry-after").is_empty());
    let form = app.get("/admin/login").await;
    let csrf = form.csrf();
    let fields = [
        ("csrf", csrf.as_str()),
        ("email", EMAIL),
        ("password", PASSWORD),
    ];
    let answer = app
        .form("/admin/login", &form.cookie(LOGIN_COOKIE), &fields)
        .await;
    assert_eq!(answer.status, 503);
    // Nothing of it is a log-out: with Redis back the cookie is good again.
    assert!(answer.headers.get("set-cookie").is_none());
}
