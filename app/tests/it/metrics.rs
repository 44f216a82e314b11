//! The page for Prometheus.

use crate::support::app::TestApp;
use crate::support::jobs::{Script, put_script};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;
use wizamart::metrics::listen;

async fn page(app: &TestApp, path: &str, dir: &std::path::Path) -> (u16, String) {
    let services = app.state.services.clone();
    let router = listen::router(services, dir.to_owned(), dir.join("keeper"));
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn requests_queues_pool_cache_and_process_are_counted() {
    let app = TestApp::new().await;
    let sockets = tempfile::tempdir().unwrap();
    assert_eq!(app.get("/version").await.status, 200);
    assert_eq!(app.get("/version").await.status, 200);
    assert_eq!(app.get("/nothing/here").await.status, 404);
    put_script(&app.database.pool, &*app.clock, Script::Succeed).await;
    let none = app.state.cache.get("no such key").await.unwrap();
    assert_eq!(none, None);
    let (status, text) = page(&app, "/metrics", sockets.path()).await;
    assert_eq!(status, 200);
    let version = r#"route="/version""#;
    let count = |line: &&str| line.starts_with("wizamart_request_duration_seconds_count{");
    let of_version: Vec<&str> = text
        .lines()
        .filter(count)
        .filter(|l| l.contains(version))
        .collect();
    assert_eq!(of_version.len(), 1, "{text}");
    assert!(of_version[0].ends_with(" 2"), "{}", of_version[0]);
    // What has no route is one series, whatever was asked for.
    assert!(
        text.contains(r#"route="-""#) && !text.contains("nothing/here"),
        "{text}"
    );
    for line in [
        "wizamart_cache_misses_total 1",
        "wizamart_requests_in_flight 0",
        "wizamart_pool_max 12",
        r#"wizamart_queue_jobs{queue="default",state="due"} 1"#,
    ] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    for name in [
        "wizamart_build_info{",
        "wizamart_pool_wait_seconds ",
        "wizamart_queue_oldest_due_seconds{",
        "wizamart_process_cpu_seconds_total ",
        "wizamart_process_memory_bytes ",
        "wizamart_process_descriptors ",
        "wizamart_tls_handshakes_total ",
        "wizamart_connections_open ",
    ] {
        assert!(text.lines().any(|l| l.starts_with(name)), "{name}: {text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_workers_page_is_passed_on_and_nothing_else_is() {
    let app = TestApp::new().await;
    let sockets = tempfile::tempdir().unwrap();
    let worker = app.state.services.clone();
    worker.metrics.job_ran(
        "emails",
        "mail",
        "done",
        std::time::Duration::from_millis(3),
    );
    // A socket that an earlier process left.
    std::fs::write(sockets.path().join("worker-emails.sock"), "").unwrap();
    listen::start_socket(sockets.path(), "worker-emails", worker).unwrap();
    let (status, text) = page(&app, "/metrics/worker-emails", sockets.path()).await;
    assert_eq!(status, 200);
    let ran = r#"wizamart_job_duration_seconds_count{queue="emails",kind="mail",outcome="done"} 1"#;
    assert!(text.contains(ran), "{text}");
    for path in [
        "/metrics/worker-imports",
        "/metrics/..%2fetc%2fpasswd",
        "/metrics/%2e%2e",
    ] {
        assert_eq!(page(&app, path, sockets.path()).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn what_the_keeper_counts_is_shown_too() {
    let app = TestApp::new().await;
    let dir = tempfile::tempdir().unwrap();
    let keeper = dir.path().join("keeper");
    std::fs::create_dir(&keeper).unwrap();
    let line = "onebox_backup_size_bytes{repository=\"local\"} 1234";
    std::fs::write(keeper.join("backups.prom"), format!("{line}\n# EOF\n")).unwrap();
    std::fs::write(keeper.join("half.prom"), "onebox_half 1\nonebox_oth").unwrap();
    std::fs::write(keeper.join("notes.txt"), "none 1\n# EOF\n").unwrap();
    let (status, text) = page(&app, "/metrics", dir.path()).await;
    assert_eq!(status, 200);
    assert!(text.lines().any(|l| l == line), "{text}");
    assert!(!text.contains("onebox_half") && !text.contains("none 1"));
    assert!(text.contains("wizamart_build_info{"));
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
}

#[tokio::test]
async fn the_site_itself_does_not_show_them() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/metrics").await.status, 404);
}
