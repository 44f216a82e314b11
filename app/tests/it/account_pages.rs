//! The page of one's own account, and the pages of a forgotten password.

use crate::support::app::{Answer, EMAIL, LOGIN_COOKIE, PASSWORD, SESSION_COOKIE, TestApp};
use crate::support::people::tokens;
use wizamart::auth::reset;
use wizamart::clock::Clock;
use wizamart::queue::jobs::password_reset::Purpose;

const ACCOUNT: &str = "/admin/account";
const NEW: &str = "battery staple correct";

async fn send(app: &TestApp, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = app.page(ACCOUNT, cookie).await.csrf();
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend_from_slice(fields);
    app.form(&format!("{ACCOUNT}/{path}"), cookie, &all).await
}

/// What stands between two marks of a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let start = page.find(before).expect(before) + before.len();
    page[start..].split(after).next().unwrap()
}

#[tokio::test]
async fn a_second_factor_is_set_up_used_and_removed_without_scripts() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = app.log_in().await;
    assert!(
        app.page(ACCOUNT, &cookie)
            .await
            .body
            .contains("Set up a second factor")
    );
    assert_eq!(
        send(&app, &cookie, "second-factor", &[])
            .await
            .header("location"),
        ACCOUNT
    );
    let page = app.page(ACCOUNT, &cookie).await.body;
    assert!(page.contains("<svg") && !page.contains("style="));
    let secret = between(&page, "<p><code>", "</code>").to_owned();
    let wrong = send(
        &app,
        &cookie,
        "second-factor/confirm",
        &[("code", "000000")],
    )
    .await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("role=\"alert\""));
    let code = app.code(&secret);
    let on = send(&app, &cookie, "second-factor/confirm", &[("code", &code)]).await;
    assert_eq!(on.status, 200, "{}", on.body);
    assert_eq!(on.header("cache-control"), "no-store");
    let first = between(&on.body, "<li><code>", "</code>").to_owned();
    assert_eq!(first.len(), 19);
    let page = app.page(ACCOUNT, &cookie).await.body;
    assert!(!page.contains(&first), "recovery codes are shown once");
    assert!(page.contains("10 recovery codes left") && !page.contains(&secret));
    let refused = send(&app, &cookie, "recovery-codes", &[("password", "wrong")]).await;
    assert_eq!(refused.status, 422);
    let again = send(&app, &cookie, "recovery-codes", &[("password", PASSWORD)]).await;
    assert!(again.status == 200 && !again.body.contains(&first));
    let off = send(
        &app,
        &cookie,
        "second-factor/disable",
        &[("password", "wrong")],
    )
    .await;
    assert_eq!(off.status, 422);
    let off = send(
        &app,
        &cookie,
        "second-factor/disable",
        &[("password", PASSWORD)],
    )
    .await;
    assert_eq!(off.status, 303);
    tokens(&app.try_login("192.0.2.1", EMAIL, PASSWORD).await);
}

#[tokio::test]
async fn a_password_is_changed_and_this_browser_stays() {
    let app = TestApp::new().await.with_admin().await;
    let (cookie, other) = (app.log_in().await, app.log_in().await);
    let wrong = send(
        &app,
        &cookie,
        "password",
        &[("current", "x"), ("password", NEW)],
    )
    .await;
    assert_eq!(wrong.status, 422);
    let short = send(
        &app,
        &cookie,
        "password",
        &[("current", PASSWORD), ("password", "x")],
    )
    .await;
    assert_eq!(short.status, 422);
    let changed = send(
        &app,
        &cookie,
        "password",
        &[("current", PASSWORD), ("password", NEW)],
    )
    .await;
    assert_eq!(changed.status, 303, "{}", changed.body);
    let new = changed.cookie(SESSION_COOKIE);
    assert_eq!(app.page(ACCOUNT, &new).await.status, 200);
    for old in [&cookie, &other] {
        assert_eq!(app.page(ACCOUNT, old).await.status, 303);
    }
}

#[tokio::test]
async fn another_session_is_ended_from_the_page() {
    let app = TestApp::new().await.with_admin().await;
    let (cookie, other) = (app.log_in().await, app.log_in().await);
    let page = app.page(ACCOUNT, &cookie).await.body;
    assert_eq!(page.matches("this one").count(), 1);
    let id = between(&page, "name=\"id\" value=\"", "\"").to_owned();
    assert_eq!(
        send(&app, &cookie, "sessions/end", &[("id", &id)])
            .await
            .status,
        303
    );
    assert_eq!(app.page(ACCOUNT, &other).await.status, 303);
    assert_eq!(app.page(ACCOUNT, &cookie).await.status, 200);
    assert_eq!(
        send(&app, &cookie, "sessions/end", &[("id", &id)])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn staff_have_the_page_too_and_strangers_do_not() {
    let app = TestApp::new().await;
    let vendor = app.vendor("ours").await;
    app.user("staff@ours.example", "staff", Some(vendor)).await;
    assert_eq!(app.get(ACCOUNT).await.header("location"), "/admin/login");
    let token = app.token_of("staff@ours.example").await;
    let page = app.get_as(&token, ACCOUNT).await;
    assert!(page.status == 200 && page.body.contains("staff@ours.example"));
}

#[tokio::test]
async fn a_forgotten_password_is_set_through_the_pages() {
    let app = TestApp::new().await.with_admin().await;
    let ask = app.get("/admin/password").await;
    let (csrf, cookie) = (ask.csrf(), ask.cookie(LOGIN_COOKIE));
    let forged = [("csrf", "guess"), ("email", EMAIL)];
    assert_eq!(
        app.form("/admin/password", &cookie, &forged).await.status,
        403
    );
    for email in [EMAIL, "nobody@example.org"] {
        let fields = [("csrf", csrf.as_str()), ("email", email)];
        let answer = app.form("/admin/password", &cookie, &fields).await;
        assert!(answer.status == 200 && answer.body.contains("on its way"));
    }
    let user = sqlx::query_scalar("SELECT id FROM users")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    let pool = &app.database.pool;
    let token = reset::make(pool, user, Purpose::Reset, app.clock.now())
        .await
        .unwrap();
    let path = format!("/admin/password/{token}");
    let form = app.get(&path).await;
    assert_eq!(form.header("referrer-policy"), "no-referrer");
    let (csrf, cookie) = (form.csrf(), form.cookie(LOGIN_COOKIE));
    let set = |path: String, csrf: String, password: &'static str| {
        let (app, cookie) = (&app, &cookie);
        async move {
            let fields = [("csrf", csrf.as_str()), ("password", password)];
            app.form(&path, cookie, &fields).await
        }
    };
    assert_eq!(set(path.clone(), "guess".into(), NEW).await.status, 403);
    assert_eq!(set(path.clone(), csrf.clone(), "short").await.status, 422);
    let done = set(path.clone(), csrf.clone(), NEW).await;
    assert_eq!(done.header("location"), "/admin/login");
    let again = set(path, csrf, NEW).await;
    assert!(again.status == 422 && again.body.contains("has ended or was used"));
    tokens(&app.try_login("192.0.2.1", EMAIL, NEW).await);
}
