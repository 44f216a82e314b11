//! The back office as a browser without scripts sees it.

use crate::support::app::{EMAIL, PASSWORD, TestApp};

const SESSION: &str = "__Host-wizamart";
const LOGIN: &str = "__Host-wizamart-login";

/// Logs in through the form; gives the session's cookie.
async fn log_in(app: &TestApp) -> String {
    let form = app.get("/admin/login").await;
    let (csrf, cookie) = (form.csrf(), form.cookie(LOGIN));
    let fields = [
        ("csrf", csrf.as_str()),
        ("email", EMAIL),
        ("password", PASSWORD),
    ];
    let answer = app.form("/admin/login", &cookie, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(answer.header("location"), "/admin");
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(
            set.iter()
                .all(|cookie| cookie.to_str().unwrap().contains(attribute))
        );
    }
    answer.cookie(SESSION)
}

#[tokio::test]
async fn the_front_page_says_what_this_is_and_where_to_go() {
    let app = TestApp::new().await;
    let page = app.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Wizamart") && page.body.contains("href=\"/admin\""));
}

#[tokio::test]
async fn the_style_sheet_is_there_under_its_digest_and_kept_for_ever() {
    let app = TestApp::new().await;
    let page = app.get("/").await.body;
    let start = page.find("/assets/").unwrap();
    let path = page[start..].split('"').next().unwrap();
    let css = app.get(path).await;
    assert_eq!(css.status, 200);
    assert!(css.header("content-type").starts_with("text/css"));
    assert!(css.header("cache-control").contains("immutable"));
    assert_eq!(app.get("/assets/app-000000000000.css").await.status, 404);
}

#[tokio::test]
async fn pages_hold_no_inline_style_or_script() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = log_in(&app).await;
    for page in [
        app.get("/").await,
        app.get("/admin/login").await,
        app.page("/admin", &cookie).await,
    ] {
        for inline in ["<style", "<script>", " style=", " onclick="] {
            assert!(!page.body.contains(inline), "{inline}");
        }
        let scripts = page.body.matches("<script").count();
        let files = page.body.matches("src=\"/assets/").count();
        assert_eq!(scripts, files, "a script that is no file of ours");
    }
}

#[tokio::test]
async fn strangers_are_sent_to_the_form() {
    let app = TestApp::new().await;
    let answer = app.get("/admin").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/admin/login")
    );
    let stale = app.page("/admin", "__Host-wizamart=0000").await;
    assert_eq!(stale.status, 303);
}

#[tokio::test]
async fn a_demo_mail_can_be_enqueued_from_the_dashboard() {
    let app = TestApp::new().await.with_admin().await;
    app.clock.advance(time::Duration::minutes(3));
    let cookie = log_in(&app).await;
    let page = app.page("/admin", &cookie).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("not ready"),
        "no worker serves the queues of this test"
    );
    let csrf = page.csrf();
    let answer = app
        .form("/admin/jobs/demo-mail", &cookie, &[("csrf", &csrf)])
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/admin")
    );
    // Sums are remembered for a moment.
    app.clock.advance(time::Duration::seconds(11));
    let page = app.page("/admin", &cookie).await;
    assert!(page.body.contains("emails"), "{}", page.body);
    assert!(
        app.page("/admin/jobs", &cookie)
            .await
            .body
            .contains("demo_mail")
    );
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = log_in(&app).await;
    let answer = app
        .form("/admin/jobs/demo-mail", &cookie, &[("csrf", "guess")])
        .await;
    assert_eq!(answer.status, 403);
    let token = app.token().await;
    let jobs = app.get_as(&token, "/api/v1/jobs").await.json();
    assert!(jobs["items"].as_array().unwrap().is_empty());
    // Nor does a login form that was not asked for by this browser.
    let fields = [("csrf", "guess"), ("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(app.form("/admin/login", "a=b", &fields).await.status, 403);
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again_with_what_was_typed() {
    let app = TestApp::new().await.with_admin().await;
    let form = app.get("/admin/login").await;
    let (csrf, cookie) = (form.csrf(), form.cookie(LOGIN));
    let typed = "<b>@example.org";
    let fields = [
        ("csrf", csrf.as_str()),
        ("email", typed),
        ("password", "wrong"),
    ];
    let answer = app.form("/admin/login", &cookie, &fields).await;
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("role=\"alert\""));
    assert!(
        !answer.body.contains("<b>@"),
        "what was typed is shown as text"
    );
    assert!(answer.body.contains("@example.org"));
}

#[tokio::test]
async fn logging_out_ends_the_session_and_not_only_the_cookie() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = log_in(&app).await;
    let csrf = app.page("/admin", &cookie).await.csrf();
    assert_eq!(
        app.form("/admin/logout", &cookie, &[("csrf", "guess")])
            .await
            .status,
        403
    );
    let answer = app.form("/admin/logout", &cookie, &[("csrf", &csrf)]).await;
    assert_eq!(answer.header("location"), "/admin/login");
    assert_eq!(app.page("/admin", &cookie).await.status, 303);
}

#[tokio::test]
async fn a_browser_gets_a_page_for_an_error_and_a_program_a_document() {
    let app = TestApp::new().await;
    let ask = |path: &str, accept: &str| {
        axum::http::Request::get(path)
            .header("accept", accept)
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let page = app.send(ask("/nothing", "text/html")).await;
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.body.contains("There is nothing at this address."));
    let document = app.send(ask("/nothing", "*/*")).await;
    assert_eq!(document.header("content-type"), "application/problem+json");
    let api = app.send(ask("/api/v1/jobs", "text/html")).await;
    assert_eq!(api.header("content-type"), "application/problem+json");
}
