//! The API as a program sees it.

use crate::support::app::{EMAIL, PASSWORD, TestApp};
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

#[tokio::test]
async fn a_login_gives_a_token_that_opens_the_jobs() {
    let app = TestApp::new().await.with_admin().await;
    let answer = app
        .try_login("192.0.2.1", "Admin@Example.org", PASSWORD)
        .await;
    assert_eq!(answer.status, 200);
    let login = answer.json();
    assert_eq!(login["token_type"], "bearer");
    assert_eq!(login["expires_in"], 3600);
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = login["access_token"].as_str().unwrap();
    assert_eq!(app.get_as(token, "/api/v1/jobs").await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_the_same() {
    let app = TestApp::new().await.with_admin().await;
    let wrong = app.try_login("192.0.2.1", EMAIL, "wrong").await;
    let unknown = app
        .try_login("192.0.2.1", "nobody@example.org", PASSWORD)
        .await;
    assert_eq!((wrong.status.as_u16(), unknown.status.as_u16()), (401, 401));
    assert_eq!(wrong.body, unknown.body);
    assert_eq!(wrong.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn guessing_is_stopped_for_its_address_only() {
    let app = TestApp::new().await.with_admin().await;
    for _ in 0..10 {
        assert_eq!(app.try_login("192.0.2.7", EMAIL, "guess").await.status, 401);
    }
    let stopped = app.try_login("192.0.2.7", EMAIL, PASSWORD).await;
    assert_eq!(stopped.status, 429);
    assert!(stopped.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(
        app.try_login("192.0.2.8", EMAIL, PASSWORD).await.status,
        200
    );
}

#[tokio::test]
async fn an_account_that_was_switched_off_cannot_log_in() {
    let app = TestApp::new().await.with_admin().await;
    sqlx::query("UPDATE users SET is_active = false")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(
        app.try_login("192.0.2.1", EMAIL, PASSWORD).await.status,
        401
    );
}

#[tokio::test]
async fn a_login_without_its_parts_names_them() {
    let app = TestApp::new().await;
    let empty = app.try_login("192.0.2.1", "", "x").await;
    assert_eq!(empty.status, 422);
    assert_eq!(empty.json()["errors"][0]["field"], "email");
    let request = Request::post("/api/v1/auth/login").header("content-type", "application/json");
    let half = app
        .send(request.body(Body::from(r#"{"email":"#)).unwrap())
        .await;
    assert_eq!(half.status, 400);
    assert_eq!(half.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn without_a_token_no_job_is_shown_or_made() {
    let app = TestApp::new().await;
    for answer in [
        app.get("/api/v1/jobs").await,
        app.get_as("0000", "/api/v1/jobs").await,
        app.post_as("", "/api/v1/jobs", &json!({"kind": "demo_mail"}))
            .await,
    ] {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert_eq!(answer.json()["status"], 401);
    }
}

#[tokio::test]
async fn an_account_that_is_no_administrator_is_refused() {
    let app = TestApp::new().await.with_admin().await;
    sqlx::query("UPDATE users SET role = 'staff'")
        .execute(&app.database.pool)
        .await
        .unwrap();
    let token = app.token().await;
    assert_eq!(app.get_as(&token, "/api/v1/queues").await.status, 403);
    assert_eq!(app.get_as(&token, "/admin/jobs").await.status, 403);
}

#[tokio::test]
async fn a_job_is_taken_shown_and_listed() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    let body = json!({"kind": "demo_mail", "args": {"to": "a@example.org", "subject": "Hi"}});
    let created = app.post_as(&token, "/api/v1/jobs", &body).await;
    assert_eq!(created.status, 202, "{}", created.body);
    let job = created.json();
    assert_eq!(
        (&job["state"], &job["queue"]),
        (&json!("queued"), &json!("emails"))
    );
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(created.header("location"), path);
    assert_eq!(app.get_as(&token, &path).await.json(), job);

    let listed = |query: &'static str| {
        let (app, token) = (&app, &token);
        async move {
            let answer = app.get_as(token, &format!("/api/v1/jobs{query}")).await;
            answer.json()["items"].as_array().unwrap().len()
        }
    };
    assert_eq!(listed("").await, 1);
    assert_eq!(listed("?state=queued&queue=emails&limit=1").await, 1);
    assert_eq!(listed("?state=done").await, 0);
    assert_eq!(listed("?queue=default&state=").await, 0);
}

#[tokio::test]
async fn a_job_may_choose_its_queue_and_time() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    let body = json!({
        "kind": "demo_mail", "queue": "reports", "run_at": "2030-01-01T00:00:00Z",
        "args": {"to": "a@example.org", "subject": "Hi"},
    });
    let job = app.post_as(&token, "/api/v1/jobs", &body).await.json();
    assert_eq!(job["queue"], "reports");
    assert_eq!(job["run_at"], "2030-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_job_that_makes_no_sense_is_refused_with_the_field() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    let mail = json!({"to": "a@example.org", "subject": "Hi"});
    for (body, field) in [
        (json!({"kind": "nonsense", "args": mail}), "kind"),
        (
            json!({"kind": "demo_mail", "args": {"to": "a@example.org"}}),
            "args",
        ),
        (
            json!({"kind": "demo_mail", "args": {"to": "nobody", "subject": "Hi"}}),
            "args",
        ),
        (
            json!({"kind": "demo_mail", "args": mail, "queue": "mails"}),
            "queue",
        ),
    ] {
        let answer = app.post_as(&token, "/api/v1/jobs", &body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{body}");
    }
    assert_eq!(
        app.get_as(&token, "/api/v1/jobs").await.json()["items"],
        json!([])
    );
    assert_eq!(
        app.get_as(&token, "/api/v1/jobs?state=lost").await.status,
        422
    );
    assert_eq!(app.get_as(&token, "/api/v1/jobs?limit=0").await.status, 422);
    let nobody = "/api/v1/jobs/00000000-0000-0000-0000-000000000000";
    assert_eq!(app.get_as(&token, nobody).await.status, 404);
    assert_eq!(app.get_as(&token, "/api/v1/jobs/7").await.status, 404);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document_too() {
    let app = TestApp::new().await;
    let missing = app.get("/no/such/page").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("content-type"), "application/problem+json");
    let request = Request::delete("/api/v1/jobs").body(Body::empty()).unwrap();
    let wrong = app.send(request).await;
    assert_eq!(wrong.status, 405);
    assert_eq!(wrong.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let app = TestApp::new().await.with_admin().await;
    let token = app.token().await;
    let large = json!({"kind": "demo_mail", "args": {"subject": "x".repeat(2 << 20)}});
    assert_eq!(
        app.post_as(&token, "/api/v1/jobs", &large).await.status,
        413
    );
}

#[tokio::test]
async fn every_answer_has_its_id_and_the_security_headers() {
    let app = TestApp::new().await;
    for path in ["/", "/version", "/no/such/page"] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-request-id").len(), 36);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("referrer-policy").len() > 3);
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
    }
}

#[tokio::test]
async fn text_is_compressed_for_those_who_can_read_it() {
    let app = TestApp::new().await;
    let request = Request::get("/").header("accept-encoding", "gzip");
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert_eq!(app.get("/").await.header("content-encoding"), "");
}
