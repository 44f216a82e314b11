//! `wizamart self-test` against real processes.

use crate::support::client::write_certificate;
use crate::support::eventually;
use crate::support::managed::free_port;
use crate::support::postgres::Database;
use crate::support::process::{Env, Process};
use crate::support::redis;
use onebox_model::paths::{TRIAL_HELD, TRIAL_TOKEN, in_dir};
use serde_json::Value;
use std::process::Output;
use std::time::Duration;
use wizamart::outbound;

/// A box with its processes.
struct OneBox {
    database: Database,
    env: Env,
    port: u16,
    /// They end with the test.
    _web: Process,
    _worker: Option<Process>,
}

impl OneBox {
    async fn start(on_trial: bool, with_worker: bool) -> Self {
        let database = Database::migrated().await;
        let env = Env::new(&database.url, &redis::private_url());
        write_certificate(env.dir.path());
        if on_trial {
            std::fs::write(in_dir(env.dir.path(), TRIAL_HELD), "").unwrap();
            std::fs::write(in_dir(env.dir.path(), TRIAL_TOKEN), "the-token\n").unwrap();
        }
        let port = free_port();
        let dir = env.dir.path().to_str().unwrap().to_owned();
        let address = format!("127.0.0.1:{port}");
        let common = ["--state-dir", &dir, "--run-dir", &dir, "--trial-dir", &dir];
        let own = ["web", "--listen-https", &address, "--tls-dir", &dir];
        let web = [&own[..], &common[..]].concat();
        let web = env.start(&web);
        let queues = ["default", "imports", "emails", "reports"];
        let worker = with_worker.then(|| {
            let queues = queues.iter().flat_map(|queue| ["--queue", *queue]);
            let args: Vec<&str> = ["worker"].into_iter().chain(queues).chain(common).collect();
            env.start(&args)
        });
        let started = Self {
            database,
            env,
            port,
            _web: web,
            _worker: worker,
        };
        eventually("the site answers", || async {
            started.get("/version", None).await == Some(200)
        })
        .await;
        started
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Option<u16> {
        let chain = self.env.dir.path().join("fullchain.pem");
        let client = outbound::pinned(&chain).unwrap();
        let mut request = client.get(format!("https://127.0.0.1:{}{path}", self.port));
        if let Some(token) = token {
            request = request.header("x-onebox-trial", token);
        }
        Some(request.send().await.ok()?.status().as_u16())
    }

    fn args(&self, timeout: &str) -> Vec<String> {
        let dir = self.env.dir.path().to_str().unwrap();
        let url = format!("https://127.0.0.1:{}", self.port);
        let args = [
            "self-test",
            "--url",
            &url,
            "--tls-dir",
            dir,
            "--trial-dir",
            dir,
        ];
        let more = ["--json", "--timeout", timeout];
        args.iter()
            .chain(&more)
            .map(|arg| (*arg).to_owned())
            .collect()
    }

    async fn test(&self, timeout: &str) -> (Output, Value) {
        let args = self.args(timeout);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = self.env.command(&args);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = output.await.unwrap();
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("no JSON: {output:?} {}", self.env.said()));
        (output, json)
    }

    /// Rows that a self-test could have left.
    async fn left(&self) -> i64 {
        sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM vendors WHERE slug ~ '^self-test-[0-9a-f]{32}$')
                  + (SELECT count(*) FROM users WHERE email LIKE '%.invalid')
                  + (SELECT count(*) FROM products) + (SELECT count(*) FROM refresh_families)
                  + (SELECT count(*) FROM jobs WHERE kind = 'self_test')
                  + (SELECT count(*) FROM mails) + (SELECT count(*) FROM outbox)",
        )
        .fetch_one(&self.database.pool)
        .await
        .unwrap()
    }
}

fn names(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().unwrap().iter();
    steps
        .map(|step| step["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_box_at_work_passes_and_nothing_is_left() {
    let onebox = OneBox::start(false, true).await;
    // A shop that merely has such a name, and what a killed run has left.
    sqlx::raw_sql(
        "INSERT INTO vendors (slug, name) VALUES ('self-test-shop', 'A shop of this name'),
           ('self-test-00000000000000000000000000000001', 'A shop that looks like one');
         INSERT INTO vendors (slug, name, is_active) VALUES
           ('self-test-00000000000000000000000000000002', 'Self-test', false);
         INSERT INTO users (id, email, password_hash, role, vendor_id)
           SELECT gen_random_uuid(), 'owner@' || slug || '.invalid', 'x', 'owner', id
             FROM vendors WHERE slug LIKE '%2';
         INSERT INTO products (vendor_id, sku, name, price_cents)
           SELECT id, 'left', 'left', 1 FROM vendors WHERE slug LIKE '%2';
         INSERT INTO jobs (id, queue, kind, args, run_at, created_at)
           VALUES (gen_random_uuid(), 'reports', 'self_test', '{}', now() + interval '1 day', now())",
    )
    .execute(&onebox.database.pool)
    .await
    .unwrap();
    let (output, report) = onebox.test("30").await;
    assert!(output.status.success(), "{report} {}", onebox.env.said());
    assert_eq!(report["ok"], true, "{report}");
    let wanted = [
        "left-overs",
        "ready",
        "account",
        "login",
        "write",
        "read",
        "queues",
        "job default",
        "delete",
        "clear",
    ];
    assert_eq!(names(&report), wanted);
    assert!(report["steps"][0]["ms"].is_u64());
    // The shop that looks like one is there, and nothing else.
    assert_eq!(onebox.left().await, 1);
}

#[tokio::test]
async fn on_trial_every_queue_is_asked_while_others_wait() {
    let onebox = OneBox::start(true, true).await;
    let short = Duration::from_millis(400);
    let waiting = tokio::time::timeout(short, onebox.get("/api/v1/products", None)).await;
    assert!(waiting.is_err(), "a request got through: {waiting:?}");
    let passed = onebox.get("/api/v1/products", Some("the-token")).await;
    assert_eq!(passed, Some(200));
    let (output, report) = onebox.test("40").await;
    assert!(output.status.success(), "{report} {}", onebox.env.said());
    for queue in onebox_model::queues::ALL {
        assert!(names(&report).contains(&format!("job {queue}")), "{report}");
    }
    assert_eq!(onebox.left().await, 0);
    let (answer, ()) = tokio::join!(onebox.get("/api/v1/products", None), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        std::fs::remove_file(in_dir(onebox.env.dir.path(), TRIAL_HELD)).unwrap();
    });
    assert_eq!(answer, Some(200));
}

#[tokio::test]
async fn without_a_worker_it_fails_by_name_and_clears_up() {
    let onebox = OneBox::start(false, false).await;
    let (output, report) = onebox.test("6").await;
    assert!(!output.status.success());
    assert_eq!(report["ok"], false);
    let steps = report["steps"].as_array().unwrap();
    let failed = steps.iter().find(|step| step["ok"] == false).unwrap();
    assert_eq!(failed["name"], "job default", "{report}");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("wizamart-worker@default"), "{error}");
    assert_eq!(names(&report).last().unwrap(), "clear");
    assert_eq!(onebox.left().await, 0);
}

#[tokio::test]
async fn one_that_is_told_to_stop_clears_up_and_one_that_is_killed_is_cleared_up_after() {
    let onebox = OneBox::start(false, false).await;
    let args = onebox.args("60");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let at_work = || async { onebox.left().await >= 3 };
    let mut stopped = onebox.env.start(&args);
    eventually("it has made its things", at_work).await;
    stopped.terminate();
    assert!(!stopped.ended().await.success());
    assert_eq!(onebox.left().await, 0, "{}", onebox.env.said());
    let killed = onebox.env.start(&args);
    eventually("it has made its things again", at_work).await;
    killed.kill();
    assert!(onebox.left().await > 0);
    let (_, report) = onebox.test("3").await;
    assert_eq!(report["ok"], false);
    assert_eq!(onebox.left().await, 0);
}

#[tokio::test]
async fn another_certificate_than_the_stored_one_is_told() {
    let onebox = OneBox::start(false, false).await;
    write_certificate(onebox.env.dir.path());
    let (_, report) = onebox.test("5").await;
    let failed = &report["steps"][1];
    assert_eq!(failed["name"], "ready");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("certificate"), "{error}");
}
