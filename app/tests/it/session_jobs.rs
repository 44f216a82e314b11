//! The periodic jobs around logins: retention and new keys.

use crate::support::app::{EMAIL, TestApp};
use crate::support::jobs;
use jsonwebtoken::decode_header;
use serde_json::json;
use time::Duration;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::jobs::cleanup_expired_sessions::CleanupExpiredSessions;
use wizamart::queue::jobs::rotate_signing_keys::RotateSigningKeys;

async fn run(app: &TestApp, job: NewJob) {
    let clock = app.state.clock.clone();
    let id = jobs::put(&app.database.pool, &*app.clock, job)
        .await
        .into_row()
        .id;
    jobs::worker(&app.database.pool, &clock, 1)
        .run_due()
        .await
        .unwrap();
    assert_eq!(
        jobs::row(&app.database.pool, id).await.state.as_str(),
        "done"
    );
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(&app.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_past_its_time_goes_and_the_rest_stays() {
    let app = TestApp::new().await.with_admin().await;
    let (_, old) = app.pair().await;
    app.post("/api/v1/auth/refresh", &json!({"refresh_token": old}))
        .await;
    app.post("/api/v1/auth/password-reset", &json!({"email": EMAIL}))
        .await;
    sqlx::raw_sql(
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, status, body, created_at)
           SELECT id, 'old', 'f', 201, '{}', '2026-11-23 10:00Z' FROM users;
         INSERT INTO password_resets
           SELECT 'h', id, '2026-11-23 10:00Z', '2026-11-23 11:00Z' FROM users;
         INSERT INTO audit_log (at, user_email, action) VALUES ('2026-11-23 10:00Z', 'a', 'user.create')",
    )
    .execute(&app.database.pool)
    .await
    .unwrap();
    let rows =
        "SELECT (SELECT count(*) FROM refresh_families) + (SELECT count(*) FROM refresh_spent)
        + (SELECT count(*) FROM idempotency_keys) + (SELECT count(*) FROM password_resets)
        + (SELECT count(*) FROM audit_log)";
    run(&app, NewJob::of(&CleanupExpiredSessions {}).unwrap()).await;
    assert_eq!(count(&app, rows).await, 5, "nothing is old yet");
    app.clock.advance(Duration::days(38));
    app.pair().await;
    run(&app, NewJob::of(&CleanupExpiredSessions {}).unwrap()).await;
    assert_eq!(
        count(&app, "SELECT count(*) FROM refresh_families").await,
        1
    );
    assert_eq!(
        count(&app, rows).await,
        2,
        "the new login and the audit log"
    );
    app.clock.advance(Duration::days(363));
    run(&app, NewJob::of(&CleanupExpiredSessions {}).unwrap()).await;
    assert_eq!(count(&app, rows).await, 0);
    assert_eq!(
        count(&app, "SELECT count(*) FROM sealed_signing_keys").await,
        0
    );
}

#[tokio::test]
async fn a_month_old_key_is_followed_by_a_new_one() {
    let app = TestApp::new().await.with_admin().await;
    let kid = |token: &str| decode_header(token).unwrap().kid.unwrap();
    let old = app.token().await;
    run(&app, NewJob::of(&RotateSigningKeys {}).unwrap()).await;
    assert_eq!(
        count(&app, "SELECT count(*) FROM sealed_signing_keys").await,
        1
    );
    app.clock.advance(Duration::days(30));
    let old_enough = app.token().await;
    assert_eq!(kid(&old), kid(&old_enough));
    run(&app, NewJob::of(&RotateSigningKeys {}).unwrap()).await;
    app.clock.advance(Duration::minutes(6));
    let new = app.token().await;
    assert_ne!(kid(&old), kid(&new));
    for token in [&old_enough, &new] {
        assert_eq!(app.get_as(token, "/api/v1/auth/me").await.status, 200);
    }
}
