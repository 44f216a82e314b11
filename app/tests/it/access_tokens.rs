//! Access tokens: who they let in, for how long, and under which keys.

use crate::support::app::{EMAIL, TestApp};
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header, encode};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;
use wizamart::auth::keys;
use wizamart::clock::Clock;
use wizamart::secrets::Place;
use wizamart::storage::signing_keys;

const ME: &str = "/api/v1/jobs";

async fn status(app: &TestApp, token: &str) -> u16 {
    app.get_as(token, ME).await.status.as_u16()
}

/// The claims of a good token, its key, and the key's secret.
async fn forger(app: &TestApp) -> (Value, String, Vec<u8>) {
    let token = app.token().await;
    let kid = decode_header(&token).unwrap().kid.unwrap();
    let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Value>(&token).unwrap();
    let id = Uuid::parse_str(&kid).unwrap();
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed FROM sealed_signing_keys WHERE id = $1")
            .bind(id)
            .fetch_one(&app.database.pool)
            .await
            .unwrap();
    let sealer = &app.state.services.sealer;
    let secret = sealer.open(Place::SigningKeys.of(id), &sealed).unwrap();
    (claims, kid, secret.to_vec())
}

fn sign(alg: Algorithm, kid: Option<&str>, claims: &Value, secret: &[u8]) -> String {
    let mut header = Header::new(alg);
    header.kid = kid.map(str::to_owned);
    encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test]
async fn a_token_works_for_an_hour_and_the_leeway() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    app.clock
        .advance(Duration::minutes(60) + Duration::seconds(59));
    assert_eq!(status(&app, &token).await, 200);
    app.clock.advance(Duration::seconds(1));
    assert_eq!(status(&app, &token).await, 401);
}

#[tokio::test]
async fn a_token_from_the_future_is_refused() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    app.clock.advance(-Duration::minutes(2));
    assert_eq!(status(&app, &token).await, 401);
}

#[tokio::test]
async fn a_rotated_key_still_verifies_until_it_ends() {
    let app = TestApp::new().await.with_admin().await;
    let old = app.token().await;
    app.clock.advance(Duration::minutes(10));
    let key = keys::make(&app.state.services.sealer, app.clock.now()).unwrap();
    signing_keys::insert(&app.database.pool, &key)
        .await
        .unwrap();
    app.clock.advance(Duration::minutes(10));
    let new = app.token().await;
    let id = key.id.simple().to_string();
    assert_eq!(decode_header(&new).unwrap().kid.unwrap(), id);
    assert_ne!(decode_header(&old).unwrap().kid.unwrap(), id);
    assert_eq!(status(&app, &old).await, 200);
    assert_eq!(status(&app, &new).await, 200);
    // Another process, which has not seen either key yet.
    let other = app.restarted();
    assert_eq!(status(&other, &old).await, 200);
    assert_eq!(status(&other, &new).await, 200);
}

#[tokio::test]
async fn a_key_that_ended_verifies_nothing() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    sqlx::query("UPDATE sealed_signing_keys SET ends_at = $1")
        .bind(app.clock.now())
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(status(&app.restarted(), &token).await, 401);
}

#[tokio::test]
async fn logins_at_the_same_time_make_one_key() {
    let app = TestApp::new().await.with_admin().await;
    let (one, two) = tokio::join!(app.token(), app.token());
    assert_eq!(
        decode_header(&one).unwrap().kid,
        decode_header(&two).unwrap().kid
    );
}

#[tokio::test]
async fn what_we_did_not_sign_is_refused() {
    let app = TestApp::new().await.with_admin().await;
    let (claims, kid, secret) = forger(&app).await;
    let good = sign(Algorithm::HS256, Some(&kid), &claims, &secret);
    assert_eq!(status(&app, &good).await, 200, "the forger knows how");
    let mut later = claims.clone();
    later["iss"] = json!("elsewhere");
    let mut nobody = claims.clone();
    nobody["sub"] = json!(Uuid::nil());
    let mut without_end = claims.clone();
    without_end.as_object_mut().unwrap().remove("exp");
    let (head, rest) = good.split_once('.').unwrap();
    let body = rest.split_once('.').unwrap().0;
    // {"alg":"none","kid":"x"}
    let none = "eyJhbGciOiJub25lIiwia2lkIjoieCJ9";
    for (bad, why) in [
        (
            sign(Algorithm::HS256, Some(&kid), &claims, &[7; 32]),
            "another secret",
        ),
        (
            sign(Algorithm::HS256, None, &claims, &secret),
            "no key named",
        ),
        (
            sign(Algorithm::HS256, Some("x"), &claims, &secret),
            "an unknown key",
        ),
        (
            sign(Algorithm::HS512, Some(&kid), &claims, &secret),
            "another algorithm",
        ),
        (
            sign(Algorithm::HS256, Some(&kid), &later, &secret),
            "another issuer",
        ),
        (
            sign(Algorithm::HS256, Some(&kid), &nobody, &secret),
            "no such account",
        ),
        (
            sign(Algorithm::HS256, Some(&kid), &without_end, &secret),
            "no end",
        ),
        (format!("{none}.{body}."), "no algorithm"),
        (format!("{head}.{body}."), "no signature"),
        ("x".repeat(100_000), "no token"),
    ] {
        assert_eq!(status(&app, &bad).await, 401, "{why}");
    }
}

#[tokio::test]
async fn an_account_that_was_switched_off_is_out_at_once() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    sqlx::query("UPDATE users SET is_active = false")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(status(&app, &token).await, 401);
}

#[tokio::test]
async fn tokens_from_before_a_moment_can_be_voided() {
    let app = TestApp::new().await.with_admin().await;
    let old = app.token().await;
    app.clock.advance(Duration::seconds(5));
    sqlx::query("UPDATE users SET sessions_valid_from = $1 WHERE email = $2")
        .bind(app.clock.now())
        .bind(EMAIL)
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(status(&app, &old).await, 401);
    let new = app.token().await;
    assert_eq!(status(&app, &new).await, 200);
}
