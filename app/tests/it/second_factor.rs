//! The second factor: codes of a phone, recovery codes, and what takes them.

use crate::support::app::{Answer, EMAIL, LOGIN_COOKIE, PASSWORD, SESSION_COOKIE, TestApp};
use crate::support::people::tokens;
use serde_json::json;
use time::Duration;

const FACTOR: &str = "/api/v1/auth/second-factor";

async fn login(app: &TestApp, code: &str) -> Answer {
    let body = json!({"email": EMAIL, "password": PASSWORD, "code": code});
    app.post("/api/v1/auth/login", &body).await
}

#[tokio::test]
async fn a_secret_is_in_force_once_it_is_confirmed() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    let enrolled = app.post_as(&token, FACTOR, &json!({})).await;
    assert_eq!(enrolled.header("cache-control"), "no-store");
    let made = enrolled.json();
    assert!(
        made["uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/Wizamart:admin")
    );
    assert!(made["qr_svg"].as_str().unwrap().starts_with("<svg"));
    tokens(&app.try_login("192.0.2.1", EMAIL, PASSWORD).await);
    let confirm = format!("{FACTOR}/confirm");
    let wrong = app
        .post_as(&token, &confirm, &json!({"code": "abcdef"}))
        .await;
    assert_eq!(wrong.json()["errors"][0]["field"], "code");
    let secret = made["secret"].as_str().unwrap();
    let code = app.code(secret);
    let confirmed = app.post_as(&token, &confirm, &json!({"code": code})).await;
    assert_eq!(
        confirmed.json()["recovery_codes"].as_array().unwrap().len(),
        10
    );
    assert_eq!(
        app.post_as(&token, &confirm, &json!({"code": code}))
            .await
            .status,
        409
    );
    assert_eq!(app.post_as(&token, FACTOR, &json!({})).await.status, 409);
    let without = app.try_login("192.0.2.1", EMAIL, PASSWORD).await;
    assert_eq!(without.status, 401);
    assert_eq!(without.json()["errors"][0]["field"], "code");
    assert_eq!(app.acts().await, ["second_factor.enable"]);
}

#[tokio::test]
async fn a_code_works_once() {
    let app = TestApp::new().await.with_admin().await;
    let (secret, _) = app.with_phone(&app.token().await).await;
    let used_to_confirm = app.code(&secret);
    assert_eq!(login(&app, &used_to_confirm).await.status, 401);
    app.clock.advance(Duration::seconds(30));
    let code = app.code(&secret);
    tokens(&login(&app, &code).await);
    assert_eq!(login(&app, &code).await.status, 401);
    // An older one that nobody used is no better.
    app.clock.advance(Duration::seconds(30));
    let older = app.code(&secret);
    app.clock.advance(Duration::seconds(30));
    let newer = app.code(&secret);
    tokens(&login(&app, &newer).await);
    assert_eq!(login(&app, &older).await.status, 401);
}

#[tokio::test]
async fn of_two_logins_with_one_code_one_is_let_in() {
    let app = TestApp::new().await.with_admin().await;
    let (secret, _) = app.with_phone(&app.token().await).await;
    app.clock.advance(Duration::seconds(30));
    let code = app.code(&secret);
    let (one, two) = tokio::join!(login(&app, &code), login(&app, &code));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_typed() {
    let app = TestApp::new().await.with_admin().await;
    let (_, codes) = app.with_phone(&app.token().await).await;
    let typed = codes[0].to_uppercase().replace('-', " ");
    let (token, _) = tokens(&login(&app, &typed).await);
    assert_eq!(login(&app, &codes[0]).await.status, 401);
    let me = app.get_as(&token, "/api/v1/auth/me").await.json();
    assert_eq!(me["recovery_codes_left"], 9);
}

#[tokio::test]
async fn new_recovery_codes_take_the_password_and_void_the_old() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    let path = "/api/v1/auth/recovery-codes";
    let without = app
        .post_as(&token, path, &json!({"password": PASSWORD}))
        .await;
    assert_eq!(without.status, 409);
    let (_, old) = app.with_phone(&token).await;
    let wrong = app
        .post_as(&token, path, &json!({"password": "wrong"}))
        .await;
    assert_eq!(wrong.status, 422);
    let new = app
        .post_as(&token, path, &json!({"password": PASSWORD}))
        .await;
    assert_eq!(new.status, 200);
    assert_eq!(login(&app, &old[1]).await.status, 401);
    let code = new.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    tokens(&login(&app, &code).await);
}

#[tokio::test]
async fn removing_it_takes_the_password() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    app.with_phone(&token).await;
    let remove = |password: &'static str| {
        let (app, token) = (&app, &token);
        async move {
            let body = json!({"password": password});
            app.ask_as(token, "DELETE", FACTOR, &body).await.status
        }
    };
    assert_eq!(remove("wrong").await, 422);
    assert_eq!(remove(PASSWORD).await, 204);
    tokens(&app.try_login("192.0.2.1", EMAIL, PASSWORD).await);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM recovery_codes")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn guessing_codes_is_stopped() {
    let app = TestApp::new().await.with_admin().await;
    let (secret, _) = app.with_phone(&app.token().await).await;
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(login(&app, "not-a-code").await.status.as_u16());
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    app.clock.advance(Duration::seconds(30));
    assert_eq!(login(&app, &app.code(&secret)).await.status, 429);
}

#[tokio::test]
async fn a_browser_is_asked_for_the_code_after_the_password() {
    let app = TestApp::new().await.with_admin().await;
    let (secret, _) = app.with_phone(&app.token().await).await;
    app.clock.advance(Duration::seconds(30));
    assert_eq!(
        app.get("/admin/login/code").await.header("location"),
        "/admin/login"
    );

    let form = app.get("/admin/login").await;
    let (csrf, cookie) = (form.csrf(), form.cookie(LOGIN_COOKIE));
    let fields = [
        ("csrf", csrf.as_str()),
        ("email", EMAIL),
        ("password", PASSWORD),
    ];
    let answer = app.form("/admin/login", &cookie, &fields).await;
    assert_eq!(answer.header("location"), "/admin/login/code");
    let half_way = answer.cookie("__Host-wizamart-code");
    assert_eq!(
        app.page("/admin", &half_way).await.status,
        303,
        "half a login opens nothing"
    );

    let form = app.page("/admin/login/code", &half_way).await;
    let (csrf, cookie) = (form.csrf(), form.cookie(LOGIN_COOKIE));
    let both = format!("{half_way}; {cookie}");
    let send = |code: String, csrf: String| {
        let (app, both) = (&app, &both);
        async move {
            let fields = [("csrf", csrf.as_str()), ("code", code.as_str())];
            app.form("/admin/login/code", both, &fields).await
        }
    };
    let code = app.code(&secret);
    assert_eq!(send(code.clone(), "guess".into()).await.status, 403);
    let wrong = send("000000".into(), csrf.clone()).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("role=\"alert\""));
    let entered = send(code, csrf.clone()).await;
    assert_eq!(entered.header("location"), "/admin", "{}", entered.body);
    let session = entered.cookie(SESSION_COOKIE);
    assert_eq!(app.page("/admin", &session).await.status, 200);
    let again = send(app.code(&secret), csrf).await;
    assert_eq!(again.header("location"), "/admin/login");
}
