//! Refresh tokens: each works once, and a copy ends the login.

use crate::support::app::{Answer, TestApp};
use crate::support::people::tokens;
use serde_json::json;
use time::Duration;

const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";

async fn exchange(app: &TestApp, token: &str) -> Answer {
    app.post(REFRESH, &json!({"refresh_token": token})).await
}

#[tokio::test]
async fn a_refresh_token_gives_the_next_pair_of_the_same_login() {
    let app = TestApp::new().await.with_admin().await;
    let (_, first) = app.pair().await;
    app.clock.advance(Duration::hours(2));
    let answer = exchange(&app, &first).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let (access, second) = tokens(&answer);
    assert_ne!(first, second);
    assert_eq!(app.get_as(&access, ME).await.status, 200);
    tokens(&exchange(&app, &second).await);
    let logins: i64 = sqlx::query_scalar("SELECT count(*) FROM refresh_families")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(logins, 1);
}

#[tokio::test]
async fn a_token_that_comes_back_ends_its_login_and_no_other() {
    let app = TestApp::new().await.with_admin().await;
    let (other_access, other) = app.pair().await;
    let (_, stolen) = app.pair().await;
    let (access, next) = tokens(&exchange(&app, &stolen).await);
    assert_eq!(exchange(&app, &stolen).await.status, 401);
    assert_eq!(exchange(&app, &next).await.status, 401);
    assert_eq!(app.get_as(&access, ME).await.status, 401);
    assert!(app.acts().await.contains(&"session.reuse".to_owned()));
    assert_eq!(app.get_as(&other_access, ME).await.status, 200);
    assert_eq!(exchange(&app, &other).await.status, 200);
}

#[tokio::test]
async fn of_two_exchanges_at_once_one_wins() {
    let app = TestApp::new().await.with_admin().await;
    let (_, token) = app.pair().await;
    let (one, two) = tokio::join!(exchange(&app, &token), exchange(&app, &token));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn a_login_ends_thirty_days_after_its_last_use() {
    let app = TestApp::new().await.with_admin().await;
    let (_, token) = app.pair().await;
    app.clock.advance(Duration::days(29));
    let (_, token) = tokens(&exchange(&app, &token).await);
    app.clock.advance(Duration::days(30));
    assert_eq!(exchange(&app, &token).await.status, 401);
}

#[tokio::test]
async fn nonsense_and_the_tokens_of_closed_accounts_do_not_work() {
    let app = TestApp::new().await.with_admin().await;
    let (_, token) = app.pair().await;
    for nonsense in ["", "0000", "\u{0}", &"x".repeat(10_000)] {
        assert_eq!(exchange(&app, nonsense).await.status, 401);
    }
    sqlx::query("UPDATE users SET is_active = false")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(exchange(&app, &token).await.status, 401);
    assert!(app.acts().await.is_empty(), "none of this was reuse");
}

#[tokio::test]
async fn what_is_stored_opens_nothing() {
    let app = TestApp::new().await.with_admin().await;
    let (_, token) = app.pair().await;
    let stored: String = sqlx::query_scalar("SELECT token_hash FROM refresh_families")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_ne!(stored, token);
    assert_eq!(exchange(&app, &stored).await.status, 401);
}

#[tokio::test]
async fn logging_out_voids_both_tokens() {
    let app = TestApp::new().await.with_admin().await;
    let (access, refresh) = app.pair().await;
    let answer = app
        .post_as(&access, "/api/v1/auth/logout", &json!({}))
        .await;
    assert_eq!(answer.status, 204);
    assert_eq!(app.get_as(&access, ME).await.status, 401);
    assert_eq!(exchange(&app, &refresh).await.status, 401);
}
