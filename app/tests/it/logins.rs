//! Where an account is logged in, and how it ends that.

use crate::support::app::{EMAIL, TestApp};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use uuid::Uuid;

const SESSIONS: &str = "/api/v1/auth/sessions";
const ME: &str = "/api/v1/auth/me";

async fn listed(app: &TestApp, token: &str) -> Vec<Value> {
    let answer = app.get_as(token, SESSIONS).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn programs_and_browsers_stand_in_one_list() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    let cookie = app.log_in().await;
    let all = listed(&app, &token).await;
    assert_eq!(all.len(), 2);
    let of = |kind: &str| all.iter().find(|login| login["kind"] == kind).unwrap();
    assert_eq!(of("program")["current"], true);
    assert_eq!(of("program")["address"], "192.0.2.1");
    assert_eq!(of("browser")["current"], false);
    let seen = app.page(SESSIONS, &cookie).await.json();
    let current = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|login| login["current"] == true);
    assert_eq!(current.unwrap()["kind"], "browser");
}

#[tokio::test]
async fn either_can_be_ended_from_the_other() {
    let app = TestApp::new().await.with_admin().await;
    let (one, two) = (app.token().await, app.token().await);
    let cookie = app.log_in().await;
    for login in listed(&app, &one).await {
        if login["current"] == false {
            let path = format!("{SESSIONS}/{}", login["id"].as_str().unwrap());
            let answer = app.ask_as(&one, "DELETE", &path, &json!({})).await;
            assert_eq!(answer.status, 204, "{}", answer.body);
            assert_eq!(
                app.ask_as(&one, "DELETE", &path, &json!({})).await.status,
                404
            );
        }
    }
    assert_eq!(app.get_as(&one, ME).await.status, 200);
    assert_eq!(app.get_as(&two, ME).await.status, 401);
    assert_eq!(app.page("/admin", &cookie).await.status, 303);
    assert_eq!(listed(&app, &one).await.len(), 1);
    assert_eq!(app.acts().await, ["session.end", "session.end"]);
}

#[tokio::test]
async fn nobody_ends_or_sees_the_logins_of_others() {
    let app = TestApp::new().await.with_admin().await;
    app.user("eve@example.org", "admin", None).await;
    let (ours, theirs) = (app.token().await, app.token_of("eve@example.org").await);
    let cookie = app.log_in().await;
    assert_eq!(listed(&app, &theirs).await.len(), 1);
    for login in listed(&app, &ours).await {
        let path = format!("{SESSIONS}/{}", login["id"].as_str().unwrap());
        assert_eq!(
            app.ask_as(&theirs, "DELETE", &path, &json!({}))
                .await
                .status,
            404
        );
    }
    assert_eq!(app.get_as(&ours, ME).await.status, 200);
    assert_eq!(app.page("/admin", &cookie).await.status, 200);
    let nobody = format!("{SESSIONS}/{}", Uuid::nil());
    assert_eq!(
        app.ask_as(&theirs, "DELETE", &nobody, &json!({}))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_account_is_told_about_itself() {
    let app = TestApp::new().await.with_admin().await;
    let me = app.get_as(&app.token().await, ME).await.json();
    assert_eq!(me["email"], EMAIL);
    assert_eq!(
        (&me["role"], &me["second_factor"]),
        (&json!("admin"), &json!(false))
    );
    assert!(me["last_login_at"].is_string() && me.get("csrf_token").is_none());
    let cookie = app.log_in().await;
    let csrf = app.page(ME, &cookie).await.json()["csrf_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let request = Request::post("/api/v1/auth/logout").header("cookie", &cookie);
    let request = request
        .header("x-csrf-token", csrf)
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(request).await.status, 204);
    assert_eq!(app.page(ME, &cookie).await.status, 401);
}

#[tokio::test]
async fn without_a_login_none_of_it_answers() {
    let app = TestApp::new().await;
    for (method, path) in [
        ("GET", ME),
        ("GET", SESSIONS),
        (
            "DELETE",
            "/api/v1/auth/sessions/00000000-0000-0000-0000-000000000000",
        ),
        ("POST", "/api/v1/auth/logout"),
        ("POST", "/api/v1/auth/password"),
        ("POST", "/api/v1/auth/second-factor"),
        ("DELETE", "/api/v1/auth/second-factor"),
        ("POST", "/api/v1/auth/second-factor/confirm"),
        ("POST", "/api/v1/auth/recovery-codes"),
    ] {
        assert_eq!(
            app.ask_as("x", method, path, &json!({})).await.status,
            401,
            "{method} {path}"
        );
    }
}
