//! Mail in the back office and in the API.

use crate::support::app::{EMAIL, TestApp};
use crate::support::eventually;
use crate::support::jobs;
use onebox_model::QueueName;
use serde_json::json;
use wizamart::clock::SharedClock;
use wizamart::mail::preview::ALL;
use wizamart::queue::worker::WorkerOptions;

#[tokio::test]
async fn a_test_message_is_sent_to_oneself_and_listed() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = app.log_in().await;
    assert_eq!(
        app.post_as("none", "/api/v1/mail/test", &json!({}))
            .await
            .status,
        401
    );
    let page = app.page("/admin/mail", &cookie).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("No mail is configured"), "{}", page.body);
    let csrf = page.csrf();
    let sent = app
        .form("/admin/mail/test", &cookie, &[("csrf", &csrf)])
        .await;
    assert_eq!(sent.status, 303);
    let forged = app
        .form("/admin/mail/test", &cookie, &[("csrf", "x")])
        .await;
    assert_eq!(forged.status, 403);
    let answer = app
        .post_as(&app.token().await, "/api/v1/mail/test", &json!({}))
        .await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(answer.json()["kind"], "test_mail");

    let clock: SharedClock = app.clock.clone();
    let options = WorkerOptions::new(vec![QueueName::Emails], 2);
    let worker = jobs::worker_with(&app.database.pool, &clock, options);
    let (trigger, shutdown) = wizamart::lifecycle::shutdown();
    let running = tokio::spawn(async move { worker.run(shutdown).await });
    eventually("both messages are sent", || async {
        let sent: i64 = sqlx::query_scalar("SELECT count(*) FROM mails WHERE state = 'sent'")
            .fetch_one(&app.database.pool)
            .await
            .unwrap();
        sent == 2
    })
    .await;
    trigger.stop();
    running.await.unwrap();
    let page = app.page("/admin/mail", &cookie).await;
    assert_eq!(
        page.body.matches("A test message from localhost").count(),
        2
    );
    assert!(
        page.body
            .contains(&format!("{EMAIL} asked for this message"))
    );
}

#[tokio::test]
async fn every_template_can_be_looked_at() {
    let app = TestApp::new().await.with_admin().await;
    let cookie = app.log_in().await;
    let list = app.page("/admin/mail/preview", &cookie).await;
    assert_eq!(list.status, 200);
    for (name, _) in ALL {
        assert!(
            list.body
                .contains(&format!("href=\"/admin/mail/preview/{name}\""))
        );
        let page = app
            .page(&format!("/admin/mail/preview/{name}"), &cookie)
            .await;
        assert_eq!(page.status, 200, "{name}");
        assert!(page.body.contains("<iframe sandbox "), "{name}");
        let html = app
            .page(&format!("/admin/mail/preview/{name}?format=html"), &cookie)
            .await;
        let policy = html.header("content-security-policy");
        assert!(
            policy.starts_with("sandbox; default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'self'") && !policy.contains("unsafe"));
        assert_eq!(html.header("x-frame-options"), "SAMEORIGIN");
        assert!(!html.body.contains(" style=") && !html.body.contains("<script"));
        let text = app
            .page(&format!("/admin/mail/preview/{name}?format=text"), &cookie)
            .await;
        assert!(text.header("content-type").starts_with("text/plain"));
    }
    let missing = app.page("/admin/mail/preview/nothing", &cookie).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn strangers_see_no_mail() {
    let app = TestApp::new().await;
    for path in [
        "/admin/mail",
        "/admin/mail/preview",
        "/admin/mail/preview/invoice",
    ] {
        let answer = app.get(path).await;
        assert!(
            answer.status != 200 && !answer.body.contains("Templates"),
            "{path}"
        );
    }
}
