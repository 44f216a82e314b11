//! How often the outside may ask, and what it is told.

use crate::support::app::{Answer, EMAIL, PASSWORD, TestApp};
use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use onebox_model::Config;
use serde_json::json;
use std::net::SocketAddr;
use time::Duration;
use wizamart::edge::Peer;

async fn from(app: &TestApp, address: &str, path: &str) -> Answer {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    let peer: SocketAddr = format!("{address}:40000").parse().unwrap();
    request.extensions_mut().insert(Peer(peer));
    app.send(request).await
}

async fn limited(change: impl FnOnce(&mut Config)) -> TestApp {
    let mut config = Config::default();
    change(&mut config);
    TestApp::configured(config).await.with_admin().await
}

fn left(answer: &Answer) -> u64 {
    answer.header("ratelimit-remaining").parse().unwrap()
}

#[tokio::test]
async fn an_address_is_told_what_it_has_left_and_then_to_wait() {
    let app = limited(|config| config.limits.public_per_address = 3).await;
    for expected in [2, 1, 0] {
        let answer = from(&app, "192.0.2.1", "/api/v1/nothing").await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("ratelimit-limit"), "3");
        assert_eq!(left(&answer), expected);
        assert_eq!(answer.header("ratelimit-reset"), "3600");
    }
    let stopped = from(&app, "192.0.2.1", "/api/v1/nothing").await;
    assert_eq!(stopped.status, 429);
    assert_eq!(stopped.header("content-type"), "application/problem+json");
    // Three in the first second: a third of the next hour frees one.
    assert_eq!(stopped.header("retry-after"), "4800");
    assert_eq!(stopped.header("ratelimit-reset"), "4800");
    assert_eq!(from(&app, "192.0.2.2", "/api/v1/nothing").await.status, 404);
    assert_eq!(
        from(&app, "192.0.2.1", "/health").await.status,
        200,
        "checks are free"
    );
}

#[tokio::test]
async fn the_window_slides() {
    let app = limited(|config| config.limits.public_per_address = 4).await;
    let ask = || async {
        from(&app, "192.0.2.1", "/api/v1/nothing")
            .await
            .status
            .as_u16()
    };
    for _ in 0..4 {
        assert_eq!(ask().await, 404);
    }
    assert_eq!(ask().await, 429);
    app.clock.advance(Duration::minutes(61));
    assert_eq!(ask().await, 429, "a new hour is not a new start");
    app.clock.advance(Duration::minutes(14));
    assert_eq!(ask().await, 404);
    assert_eq!(ask().await, 429);
    app.clock.advance(Duration::hours(3));
    for _ in 0..4 {
        assert_eq!(ask().await, 404);
    }
}

#[tokio::test]
async fn an_account_has_its_own_limit_wherever_it_is() {
    let app = limited(|config| {
        config.limits.api_per_user = 2;
        config.limits.public_per_address = 1;
    })
    .await;
    app.user("eve@example.org", "admin", None).await;
    let (token, other) = (app.token().await, app.token_of("eve@example.org").await);
    for _ in 0..2 {
        assert_eq!(app.get_as(&token, "/api/v1/auth/me").await.status, 200);
    }
    assert_eq!(app.get_as(&token, "/api/v1/auth/me").await.status, 429);
    assert_eq!(app.get_as(&other, "/api/v1/auth/me").await.status, 200);
    // A token that nobody signed counts for its address and for no account.
    assert_eq!(app.get_as("forged", "/api/v1/auth/me").await.status, 401);
    assert_eq!(app.get_as("forged2", "/api/v1/auth/me").await.status, 429);
}

#[tokio::test]
async fn logins_and_links_have_limits_of_their_own() {
    let app = limited(|config| {
        config.limits.logins_per_address = 2;
        config.limits.password_resets_per_address = 1;
    })
    .await;
    for expected in [200, 200, 429] {
        assert_eq!(
            app.try_login("192.0.2.1", EMAIL, PASSWORD).await.status,
            expected
        );
    }
    assert_eq!(
        app.try_login("192.0.2.2", EMAIL, PASSWORD).await.status,
        200
    );
    for expected in [202, 429] {
        let body = json!({"email": EMAIL});
        assert_eq!(
            app.post("/api/v1/auth/password-reset", &body).await.status,
            expected
        );
    }
}

#[tokio::test]
async fn a_large_limit_is_taken_in_handfuls_and_never_exceeded() {
    let app = limited(|config| config.limits.public_per_address = 1500).await;
    let other = app.restarted();
    let mut passed = 0;
    for round in 0..1600 {
        let process = if round % 2 == 0 { &app } else { &other };
        let answer = from(process, "192.0.2.1", "/api/v1/nothing").await;
        passed += u32::from(answer.status == 404);
    }
    assert!((1500 - 3..=1500).contains(&passed), "{passed}");
}

#[tokio::test]
async fn zero_is_no_limit() {
    let app = limited(|config| config.limits.public_per_address = 0).await;
    let answer = from(&app, "192.0.2.1", "/api/v1/nothing").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("ratelimit-limit")),
        (404, "")
    );
}

#[tokio::test]
async fn many_accounts_from_one_address_and_one_from_many_are_noticed() {
    let app = limited(|config| {
        config.limits.login_failures_per_address = 3;
        config.limits.login_failures_per_account = 4;
    })
    .await;
    for (nobody, expected) in [("a", 401), ("b", 401), ("c", 401), ("d", 429)] {
        let answer = app
            .try_login("192.0.2.1", &format!("{nobody}@example.org"), "x")
            .await;
        assert_eq!(answer.status, expected);
    }
    for (host, expected) in [(2, 401), (3, 401), (4, 401), (5, 401), (6, 429)] {
        let answer = app
            .try_login(&format!("192.0.2.{host}"), EMAIL, "wrong")
            .await;
        assert_eq!(answer.status, expected);
    }
    assert_eq!(
        app.try_login("192.0.2.7", EMAIL, PASSWORD).await.status,
        429
    );
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted_before_they_are_looked_at() {
    let app = TestApp::new().await.with_admin().await;
    let guesses = (0..14).map(|_| app.try_login("192.0.2.1", EMAIL, "wrong"));
    let answers = join_all(guesses).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(looked_at, 10);
}

#[tokio::test]
async fn without_redis_nothing_is_limited_and_nothing_hangs() {
    let app = TestApp::with_redis("redis+unix:///nonexistent/redis.sock").await;
    for _ in 0..50 {
        let answer = from(&app, "192.0.2.1", "/api/v1/nothing").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("ratelimit-limit")),
            (404, "")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_at_once_is_charged_for_what_it_asks_and_no_more() {
    let app = limited(|_| {}).await;
    for last in 1..20 {
        let address = format!("192.0.2.{last}");
        let crowd = (0..1500).map(|_| from(&app, &address, "/api/v1/nothing"));
        let mut counted = true;
        for answer in join_all(crowd).await {
            assert_eq!(answer.status, 404, "{}", answer.body);
            counted &= !answer.header("ratelimit-remaining").is_empty();
        }
        let after = from(&app, &address, "/api/v1/nothing").await;
        if counted && !after.header("ratelimit-remaining").is_empty() {
            assert_eq!(left(&after), 36_000 - 1501);
            return;
        }
        // The machine had no time for Redis, and some passed uncounted.
        app.clock.advance(Duration::seconds(3));
    }
    panic!("Redis never answers in time");
}
