//! What a browser does with its cookie needs the session's second token.

use crate::support::app::{Answer, TestApp};
use axum::body::Body;
use axum::http::Request;
use std::path::{Path, PathBuf};

const MAIL: &str = r#"{"kind":"demo_mail","args":{"to":"a@example.org","subject":"Hi"}}"#;

async fn api_post(app: &TestApp, cookie: &str, csrf: Option<&str>) -> Answer {
    let mut request = Request::post("/api/v1/jobs")
        .header("content-type", "application/json")
        .header("cookie", cookie);
    if let Some(csrf) = csrf {
        request = request.header("x-csrf-token", csrf);
    }
    app.send(request.body(Body::from(MAIL)).unwrap()).await
}

#[tokio::test]
async fn the_api_takes_a_cookie_only_with_the_token_beside_it() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = app.log_in().await;
    let csrf = app.page("/admin", &cookie).await.csrf();
    assert_eq!(api_post(&app, &cookie, None).await.status, 403);
    assert_eq!(api_post(&app, &cookie, Some("guess")).await.status, 403);
    assert_eq!(api_post(&app, &cookie, Some("")).await.status, 403);
    assert_eq!(api_post(&app, &cookie, Some(&csrf)).await.status, 202);
    // Reading changes nothing.
    assert_eq!(app.page("/api/v1/jobs", &cookie).await.status, 200);
}

#[tokio::test]
async fn a_token_in_the_header_stands_for_the_one_in_the_form() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = app.log_in().await;
    let csrf = app.page("/admin", &cookie).await.csrf();
    for (header, status) in [(csrf.as_str(), 303), ("guess", 403)] {
        let request = Request::post("/admin/jobs/demo-mail")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", &cookie)
            .header("x-csrf-token", header);
        let answer = app.send(request.body(Body::from("csrf=")).unwrap()).await;
        assert_eq!(answer.status, status);
    }
}

/// Every file of the handlers, with its text.
fn handlers(folder: &Path, all: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            handlers(&path, all);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            all.push((path, text));
        }
    }
}

fn controllers() -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    handlers(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/controllers"),
        &mut all,
    );
    all
}

#[test]
fn every_form_is_checked_by_its_handler() {
    let takes_a_form = |text: &str| text.contains("FormBody(") || text.contains("MultipartBody(");
    let mut seen = 0;
    for (path, text) in controllers() {
        if path.ends_with("extract.rs") || !takes_a_form(&text) || text.contains("path = \"/api/") {
            continue;
        }
        seen += 1;
        let checked = text.contains("check_csrf(") || text.contains("asked_for_by_this_browser(")
            // Visitors of the shop have no session.
            || text.contains("origin::check(");
        assert!(checked, "{} takes a form from anywhere", path.display());
    }
    assert!(seen >= 4, "the handlers are not where they were");
}

#[tokio::test]
async fn no_page_takes_a_change_from_elsewhere() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = app.log_in().await;
    let mut seen = 0;
    for (_, text) in controllers() {
        for route in text.split(".route(").skip(1) {
            let path = route.split('"').nth(1).unwrap();
            if !path.starts_with("/admin") || !route.contains("post(") {
                continue;
            }
            seen += 1;
            let path = path
                .split('/')
                .map(|part| if part.starts_with('{') { "1" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let answer = app.form(&path, &cookie, &[("csrf", "guess")]).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        }
    }
    assert!(seen >= 4, "the routes are not where they were");
}
