//! What a browser does with its cookie needs the session's second token.

use crate::support::app::{Answer, TestApp};
use axum::body::Body;
use axum::http::Request;

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
