//! Both stores keep the same promises, and files move between them whole.

use crate::support::app::{PASSWORD, TestApp};
use crate::support::eventually;
use crate::support::pictures::{encode, halves};
use crate::support::postgres::Database;
use crate::support::process::Env;
use crate::support::redis;
use crate::support::s3::S3Server;
use crate::support::shop::Shop;
use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use image::ImageFormat;
use onebox_model::config::StoreChoice;
use onebox_model::{Config, Secret};
use serde_json::{Value, json};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;
use wizamart::files::key::Key;
use wizamart::files::store::{Bytestream, FileStore, Grant, Part, StoreKind};
use wizamart::files::tally::{collect, drain};
use wizamart::files::{FileError, Files, migrate};

const MIB: usize = 1024 * 1024;

/// Bytes that are nowhere alike, in pieces of an odd size.
fn pattern(length: usize) -> Bytestream<'static> {
    let pieces = (0..length).step_by(60_001).map(move |start| {
        let end = (start + 60_001).min(length);
        Ok((start..end).map(byte_at).collect::<Bytes>())
    });
    stream::iter(pieces).boxed()
}

fn byte_at(at: usize) -> u8 {
    (at.wrapping_mul(0x9e37_79b9) >> 13).to_le_bytes()[0]
}

async fn stores() -> (S3Server, tempfile::TempDir, Vec<Arc<dyn FileStore>>) {
    let server = S3Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let files = Files::new(&server.config(), dir.path());
    let stores = files.usable();
    assert_eq!(stores.len(), 2);
    (server, dir, stores)
}

#[tokio::test]
async fn a_file_comes_back_as_it_went_in_whole_and_in_parts() {
    let (server, _dir, stores) = stores().await;
    for store in stores {
        // Around one part of an upload in parts, and nothing at all.
        for (at, length) in [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB, 20 * MIB]
            .into_iter()
            .enumerate()
        {
            let key: Key = format!("v1/ab/file{at}").parse().unwrap();
            store
                .put(&key, "text/plain", pattern(length))
                .await
                .unwrap();
            let sent = drain(pattern(length)).await.unwrap();
            let kept = drain(store.open(&key, None).await.unwrap()).await.unwrap();
            assert_eq!(kept, sent, "{length} in {}", store.kind());
            assert_eq!(store.size(&key).await.unwrap(), Some(length as u64));
        }
        let key: Key = "v1/ab/file6".parse().unwrap();
        let part = Part {
            start: 9_000_000,
            length: 5,
        };
        let five = collect(store.open(&key, Some(part)).await.unwrap(), 5)
            .await
            .unwrap();
        assert_eq!(
            five,
            (9_000_000..9_000_005).map(byte_at).collect::<Vec<_>>()
        );
        let mut listed: Vec<_> = store.list().try_collect().await.unwrap();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(listed.len(), 7);
        assert_eq!(
            (listed[6].name.as_str(), listed[6].size),
            ("v1/ab/file6", 20 * MIB as u64)
        );
        store.delete(&key).await.unwrap();
        store.delete(&key).await.unwrap();
        assert_eq!(store.size(&key).await.unwrap(), None);
        let gone = store.open(&key, None).await.map(|_| ()).unwrap_err();
        assert!(matches!(gone, FileError::NotFound { .. }), "{gone}");
    }
    assert_eq!(server.unfinished(), 0);
}

#[tokio::test]
async fn a_file_that_does_not_arrive_whole_was_never_there() {
    let (server, dir, stores) = stores().await;
    for store in stores {
        let key: Key = "v1/ab/half".parse().unwrap();
        let cut = stream::once(async { Err(FileError::Sender("gone".into())) });
        let body = pattern(17 * MIB).chain(cut).boxed();
        assert!(store.put(&key, "text/plain", body).await.is_err());
        assert_eq!(store.size(&key).await.unwrap(), None);
        // A client that hangs up: the future that writes is dropped.
        let silent = pattern(17 * MIB).chain(stream::pending()).boxed();
        let put = store.put(&key, "text/plain", silent);
        assert!(
            tokio::time::timeout(Duration::from_millis(1500), put)
                .await
                .is_err()
        );
        assert_eq!(store.size(&key).await.unwrap(), None);
    }
    eventually("unfinished uploads are taken back", || async {
        server.unfinished() == 0
    })
    .await;
    let left = std::fs::read_dir(dir.path().join("files/.unfinished")).unwrap();
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_busy_service_is_asked_again() {
    let (server, _dir, stores) = stores().await;
    server.busy(2);
    let key: Key = "v1/ab/busy".parse().unwrap();
    stores[1]
        .put(&key, "text/plain", pattern(10))
        .await
        .unwrap();
    assert_eq!(stores[1].size(&key).await.unwrap(), Some(10));
}

#[tokio::test]
async fn the_service_checks_who_writes() {
    let server = S3Server::start().await;
    let mut config = server.config();
    config.storage.s3_secret_key = Some(Secret::given("wrong"));
    let dir = tempfile::tempdir().unwrap();
    let store = Files::new(&config, dir.path()).current().unwrap();
    let key: Key = "v1/ab/x".parse().unwrap();
    let error = store.put(&key, "text/plain", pattern(3)).await.unwrap_err();
    assert!(
        error.to_string().contains("SignatureDoesNotMatch"),
        "{error}"
    );
    assert!(!error.to_string().contains("wrong"), "{error}");
}

#[tokio::test]
async fn a_store_that_is_not_configured_says_what_is_missing() {
    let mut config = Config::default();
    config.storage.store = StoreChoice::S3;
    let app = TestApp::configured(config).await;
    let shop = Shop::open(&app, "one").await;
    assert_eq!(shop.upload(&app, "a", "x").await.status, 503);
    let error = app.state.services.files.current().unwrap_err().to_string();
    assert!(error.contains("storage.s3_endpoint"), "{error}");
}

#[tokio::test]
async fn a_presigned_address_opens_one_file_at_the_service_itself() {
    let server = S3Server::start().await;
    let app = TestApp::configured(server.config()).await;
    let shop = Shop::open(&app, "one").await;
    let upload = shop.upload(&app, "Käse.txt", "Brie").await.json();
    let path = format!("/api/v1/uploads/{}/url", upload["id"].as_str().unwrap());
    let signed = shop.get(&app, &path).await.json();
    let url = signed["url"].as_str().unwrap();
    let client = app.state.services.outbound.trusted().unwrap();
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let disposition = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(
        disposition.ends_with("UTF-8''K%C3%A4se.txt"),
        "{disposition}"
    );
    assert_eq!(answer.text().await.unwrap(), "Brie");
    let key = upload["path"]
        .as_str()
        .unwrap()
        .strip_prefix("/uploads/")
        .unwrap();
    let other = url.replace(key, "v1/ab/other");
    assert_eq!(client.get(other).send().await.unwrap().status(), 403);
    let store = app.state.services.files.store(StoreKind::Local).unwrap();
    let grant = Grant {
        lasts: Duration::from_secs(1),
        content_type: "text/plain",
        disposition: String::new(),
    };
    assert_eq!(
        store
            .signed_url(&key.parse().unwrap(), &grant)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn pictures_in_a_bucket_are_served_through_the_site() {
    let server = S3Server::start().await;
    let app = TestApp::configured(server.config()).await;
    let shop = Shop::open(&app, "one").await;
    let picture = encode(&halves(900, 300, 255), ImageFormat::Png);
    let upload = shop.upload(&app, "a.png", picture).await.json();
    let product = shop.product(&app, "A-1").await;
    let body = json!({"upload_id": upload["id"]});
    let attach = format!("/api/v1/products/{product}/images");
    assert_eq!(shop.post(&app, &attach, &body).await.status, 201);
    app.run_jobs("thumbnails").await;
    let path = upload["path"].as_str().unwrap();
    let part = Request::get(path).header("range", "bytes=1-3");
    let part = app.send(part.body(Body::empty()).unwrap()).await;
    assert_eq!((part.status.as_u16(), part.body.as_str()), (206, "PNG"));
    assert_eq!(app.get(&format!("{path}-800")).await.status, 200);
}

/// An application whose files are on the box, with a bucket at hand.
struct Move {
    server: S3Server,
    app: TestApp,
    shop: Shop,
    env: Env,
}

impl Move {
    async fn prepared(uploads: usize) -> Self {
        let server = S3Server::start().await;
        let mut config = server.config();
        config.storage.store = StoreChoice::Local;
        let app = TestApp::configured(config).await;
        let shop = Shop::open(&app, "one").await;
        for at in 0..uploads {
            let text = format!("file {at} ").repeat(100);
            assert_eq!(shop.upload(&app, "a", text).await.status, 201);
        }
        let env = Env::new(&app.database.url, &redis::private_url());
        let env = env.with(server.variables());
        Self {
            server,
            app,
            shop,
            env,
        }
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.env.command(&["storage"]);
        command.args(args).arg("--state-dir");
        command.arg(&*self.app.state.services.state_dir);
        command
    }

    async fn run(&self, args: &[&str]) -> Output {
        let mut command = self.command(args);
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }

    async fn in_store(&self, store: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM uploads WHERE store = $1")
            .bind(store)
            .fetch_one(&self.app.database.pool)
            .await
            .unwrap()
    }
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test(flavor = "multi_thread")]
async fn files_move_to_a_bucket_and_back_and_nothing_is_deleted_unasked() {
    let case = Move::prepared(3).await;
    let picture = encode(&halves(900, 300, 255), ImageFormat::Png);
    case.shop.upload(&case.app, "a.png", picture).await;
    case.app.run_jobs("thumbnails").await;
    let there = case.run(&["migrate", "--to", "s3", "--json"]).await;
    assert!(there.status.success());
    assert_eq!(told(&there)["result"]["moved"], 4);
    assert_eq!((case.in_store("s3").await, case.server.puts()), (4, 6));
    let check = case.run(&["check", "--json"]).await;
    assert!(check.status.success());
    assert_eq!(told(&check)["orphans"], json!([]));
    // Deleting needs a second word.
    let unsure = case
        .run(&["migrate", "--to", "s3", "--delete-source"])
        .await;
    assert!(!unsure.status.success());
    let local = case
        .app
        .state
        .services
        .files
        .store(StoreKind::Local)
        .unwrap();
    let count = || async { local.list().count().await };
    assert_eq!(count().await, 6);
    let again = [
        "migrate",
        "--to",
        "s3",
        "--delete-source",
        "--yes",
        "--json",
    ];
    let again = case.run(&again).await;
    assert_eq!(
        (&told(&again)["result"]["moved"], &told(&again)["deleted"]),
        (&0.into(), &6.into())
    );
    assert_eq!(count().await, 0);
    let back = case.run(&["migrate", "--to", "local"]).await;
    assert!(String::from_utf8_lossy(&back.stdout).contains("4 uploads"));
    assert_eq!((case.in_store("local").await, count().await), (4, 6));
    assert!(case.run(&["check"]).await.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_was_killed_goes_on_where_it_stopped() {
    let case = Move::prepared(6).await;
    case.server.hang_after(Some(3));
    let mut child = case.command(&["migrate", "--to", "s3"]).spawn().unwrap();
    eventually("three files are there", || async {
        case.in_store("s3").await == 3 && case.server.puts() == 4
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(case.in_store("local").await, 3);
    case.server.hang_after(None);
    let rest = case.run(&["migrate", "--to", "s3", "--json"]).await;
    assert_eq!(told(&rest)["result"]["moved"], 3);
    assert_eq!((case.in_store("s3").await, case.server.puts()), (6, 7));
    assert!(case.run(&["check"]).await.status.success());
}

#[tokio::test]
async fn a_copy_that_arrived_damaged_is_made_again_and_given_up_the_second_time() {
    let case = Move::prepared(1).await;
    let services = &case.app.state.services;
    let go = || migrate::move_all(&services.files, &services.pool, StoreKind::S3, |_| ());
    case.server.damage(2);
    let failed = go().await.unwrap();
    assert_eq!((failed.moved, failed.failed.len()), (0, 1));
    assert!(
        failed.failed[0].error.contains("twice"),
        "{:?}",
        failed.failed
    );
    assert_eq!(case.in_store("local").await, 1);
    assert!(!case.server.path(&failed.failed[0].key).exists());
    case.server.damage(1);
    let moved = go().await.unwrap();
    assert_eq!((moved.moved, moved.failed.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_what_is_missing_damaged_or_nobodys() {
    let case = Move::prepared(3).await;
    let rows: Vec<(String,)> = sqlx::query_as("SELECT key FROM uploads ORDER BY id")
        .fetch_all(&case.app.database.pool)
        .await
        .unwrap();
    let files = case.app.state.services.state_dir.join("files");
    let path = |at: usize| files.join(&rows[at].0);
    std::fs::remove_file(path(0)).unwrap();
    let mut bytes = std::fs::read(path(1)).unwrap();
    bytes[3] ^= 1;
    std::fs::write(path(1), bytes).unwrap();
    std::fs::write(files.join("stray"), "x").unwrap();
    let found = case.run(&["check", "--json"]).await;
    assert!(!found.status.success());
    let faults = told(&found)["faults"].clone();
    assert_eq!(faults.as_array().unwrap().len(), 2, "{faults}");
    assert!(
        faults[1]["error"].as_str().unwrap().contains("changed"),
        "{faults}"
    );
    assert_eq!(told(&found)["orphans"][0]["name"], "stray");
    // Some of them: all here, and what is nobody's is not looked for.
    let some = case.run(&["check", "--json", "--sample", "10"]).await;
    assert!(!some.status.success());
    assert_eq!(told(&some)["uploads"], 3);
    assert_eq!(told(&some)["faults"].as_array().unwrap().len(), 2);
    assert!(told(&some)["orphans"].as_array().unwrap().is_empty());
    let one = case.run(&["check", "--json", "--sample", "1"]).await;
    assert_eq!(told(&one)["uploads"], 1);
    // Such a file is not moved: its row would vouch for what it is not.
    let moved = case.run(&["migrate", "--to", "s3", "--json"]).await;
    assert!(!moved.status.success());
    assert_eq!(told(&moved)["result"]["moved"], 1);
    assert_eq!(
        told(&moved)["result"]["failed"].as_array().unwrap().len(),
        2
    );
}

/// Most memory a process ever had, in KiB.
fn peak(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_100_mib_passes_in_little_memory() {
    let server = S3Server::start().await;
    let url = redis::private_url();
    let app = TestApp::on(Database::migrated().await, &url).await;
    Shop::open(&app, "one").await;
    for store in ["local", "s3"] {
        let mut settings = server.variables();
        settings.push((
            "ONEBOX_STORAGE__MAX_UPLOAD_BYTES".into(),
            "209715200".into(),
        ));
        settings.push(("ONEBOX_STORAGE__STORE".into(), format!("\"{store}\"")));
        let env = Env::new(&app.database.url, &url).with(settings);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let state = app.state.services.state_dir.to_str().unwrap();
        let args = ["web", "--listen-http", &address, "--state-dir", state];
        let web = env.start(&args);
        let client = app.state.services.outbound.trusted().unwrap();
        // The test's own clock stands still; a token of the process is good.
        let login = json!({"email": "one@example.org", "password": PASSWORD});
        let log_in = || async {
            let site = format!("http://{address}/api/v1/auth/login");
            let answer = client.post(site).json(&login).send().await.ok()?;
            let answer: Value = answer.json().await.ok()?;
            answer["access_token"].as_str().map(str::to_owned)
        };
        eventually("the site answers", || async { log_in().await.is_some() }).await;
        let token = log_in().await.unwrap();
        let site = format!("http://{address}/api/v1/uploads");
        let send = |length| {
            let body = reqwest::Body::wrap_stream(pattern(length));
            client.post(&site).bearer_auth(&token).body(body).send()
        };
        assert_eq!(send(100).await.unwrap().status(), 201, "{}", env.said());
        let before = peak(web.id());
        let answer = send(100 * MIB).await.unwrap();
        assert_eq!(answer.status(), 201, "{}", env.said());
        let upload: Value = answer.json().await.unwrap();
        assert_eq!(upload["size_bytes"], 100 * MIB);
        let sent = drain(pattern(100 * MIB)).await.unwrap();
        assert_eq!(upload["sha256"], sent.sha256);
        // The kernel counts pages a few at a time for each thread: a peak that
        // did not move can read a little lower the second time.
        let grown = peak(web.id()).saturating_sub(before);
        assert!(grown < 40 * 1024, "{store}: {grown} KiB more");
        println!("{store}: {grown} KiB more for 100 MiB");
    }
}
