//! The health gate against a real TLS server; systemd and rauc are played.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use boxd::accounts::Ownership;
use boxd::disk::Disk;
use boxd::gate::{self, Gate};
use boxd::systemd::fake::Fake;
use onebox_model::{paths, units};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

type Certificate = rcgen::CertifiedKey<rcgen::KeyPair>;

fn certificate() -> Certificate {
    rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap()
}

/// Answers each connection with the next of `answers`, the last one for ever.
fn serve(pair: &Certificate, answers: &'static [&'static str]) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let mut request = [0; 1024];
            // A client that doesn't like the certificate is gone by now.
            let Ok(length) = stream.read(&mut request) else {
                continue;
            };
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            assert!(request.starts_with("GET /ready HTTP/1.0\r\n"), "{request}");
            let answer = answers.get(number).or(answers.last()).unwrap();
            let _ = stream.write_all(answer.as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    address
}

const READY: &str = "HTTP/1.0 200 OK\r\n\r\n{\"status\":\"ready\"}";
const NOT_READY: &str = "HTTP/1.0 503 Service Unavailable\r\n\r\n{\"status\":\"not_ready\",\"checks\":{\"redis\":{\"status\":\"failed\",\"detail\":\"no socket\"}}}";

struct Fixture {
    dir: TempDir,
    gate: Gate,
    systemd: Arc<Fake>,
}

impl Fixture {
    fn new(stored: &Certificate, address: SocketAddr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let chain = dir.path().join("fullchain.pem");
        fs::write(&chain, stored.cert.pem()).unwrap();
        let units = units::required_for_health();
        let units: Vec<&str> = units.iter().map(String::as_str).collect();
        let systemd = Arc::new(Fake::with(&units));
        let rauc = script(
            dir.path(),
            "rauc",
            &format!("echo \"$@\" >> {}/marked", dir.path().display()),
        );
        Self {
            gate: Gate {
                address,
                chain,
                systemd: systemd.clone(),
                rauc,
                slot: None,
                timeout: Duration::from_secs(10),
                interval: Duration::from_millis(20),
            },
            dir,
            systemd,
        }
    }

    fn hurried(mut self) -> Self {
        self.gate.timeout = Duration::from_millis(100);
        self
    }

    fn marked(&self) -> Option<String> {
        fs::read_to_string(self.dir.path().join("marked")).ok()
    }

    async fn error(&self) -> String {
        self.gate.wait().await.outcome().unwrap_err().to_string()
    }
}

fn script(dir: &Path, name: &str, body: &str) -> PathBuf {
    let path = dir.join(name);
    let new = dir.join(format!("{name}.new"));
    fs::write(&new, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, &path).unwrap();
    path
}

#[tokio::test]
async fn a_healthy_box_passes_and_its_slot_is_marked_good() {
    let pair = certificate();
    let mut fixture = Fixture::new(&pair, serve(&pair, &[READY]));
    fixture.gate.slot = Some("A".to_owned());
    let verdict = fixture.gate.wait().await;
    assert!(
        verdict.to_string().contains("slot A marked good"),
        "{verdict}"
    );
    verdict.outcome().unwrap();
    assert_eq!(fixture.marked().as_deref(), Some("status mark-good\n"));
}

#[tokio::test]
async fn outside_a_slot_nothing_is_marked() {
    let pair = certificate();
    let fixture = Fixture::new(&pair, serve(&pair, &[READY]));
    fixture.gate.wait().await.outcome().unwrap();
    assert_eq!(fixture.marked(), None);
}

#[tokio::test]
async fn a_box_that_needs_time_is_waited_for() {
    let pair = certificate();
    let fixture = Fixture::new(&pair, serve(&pair, &[NOT_READY, NOT_READY, READY]));
    fixture.gate.wait().await.outcome().unwrap();
}

#[tokio::test]
async fn another_certificate_than_the_stored_one_does_not_pass() {
    let mut fixture = Fixture::new(&certificate(), serve(&certificate(), &[READY])).hurried();
    fixture.gate.slot = Some("A".to_owned());
    let error = fixture.error().await;
    assert!(
        error.contains("serves another certificate than the stored one"),
        "{error}"
    );
    assert_eq!(fixture.marked(), None);
}

#[tokio::test]
async fn a_missing_certificate_is_named() {
    let pair = certificate();
    let fixture = Fixture::new(&pair, serve(&pair, &[READY])).hurried();
    fs::remove_file(&fixture.gate.chain).unwrap();
    let error = fixture.error().await;
    assert!(
        error.contains("no stored certificate in") && error.contains("fullchain.pem"),
        "{error}"
    );
}

#[tokio::test]
async fn failing_checks_are_named_when_the_time_is_over() {
    let pair = certificate();
    let error = Fixture::new(&pair, serve(&pair, &[NOT_READY]))
        .hurried()
        .error()
        .await;
    assert!(error.contains("answered 503: redis (no socket)"), "{error}");
}

#[tokio::test]
async fn a_silent_application_is_named_together_with_the_units() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let fixture = Fixture::new(&certificate(), address).hurried();
    for unit in units::required_for_health() {
        fixture.systemd.set(&unit, "failed");
    }
    let error = fixture.error().await;
    assert!(
        error.contains(&format!("https://{address}/ready: no answer")),
        "{error}"
    );
    assert!(error.contains("wizamart-web.service: failed"), "{error}");
}

#[tokio::test]
async fn a_unit_that_is_not_active_does_not_pass() {
    let pair = certificate();
    let fixture = Fixture::new(&pair, serve(&pair, &[READY])).hurried();
    fixture.systemd.set(units::REDIS, "activating");
    let error = fixture.error().await;
    assert!(error.contains("redis.service: activating"), "{error}");
    assert!(!error.contains("wizamart-web.service"), "{error}");
}

#[tokio::test]
async fn raucs_service_may_take_two_attempts_to_start() {
    let pair = certificate();
    let mut fixture = Fixture::new(&pair, serve(&pair, &[READY])).hurried();
    fixture.gate.slot = Some("A".to_owned());
    let body = "echo asked >>\"${0%/*}/marked\"; [ $(wc -l <\"${0%/*}/marked\") -eq 2 ]";
    script(fixture.dir.path(), "rauc", body);
    fixture.gate.wait().await.outcome().unwrap();
    assert_eq!(fixture.marked().as_deref(), Some("asked\nasked\n"));
}

#[tokio::test]
async fn a_slot_that_cannot_be_marked_is_an_error_with_raucs_own_words() {
    let pair = certificate();
    let mut fixture = Fixture::new(&pair, serve(&pair, &[READY])).hurried();
    fixture.gate.slot = Some("B".to_owned());
    script(fixture.dir.path(), "rauc", "echo no grubenv >&2; exit 1");
    let error = fixture.error().await;
    assert!(
        error.contains("slot B") && error.contains("no grubenv"),
        "{error}"
    );
}

#[tokio::test]
async fn the_verdict_is_written_down() {
    let pair = certificate();
    let fixture = Fixture::new(&pair, serve(&pair, &[NOT_READY])).hurried();
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::new(root.path(), Ownership::Skip);
    gate::record(&disk, &fixture.gate.wait().await).unwrap();
    let text = fs::read(disk.path(paths::STATUS_HEALTH)).unwrap();
    let status: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(status["state"], "unhealthy");
    assert!(
        status["unready"][0]["why"]
            .as_str()
            .unwrap()
            .contains("503")
    );
    assert!(status["checked_at"].as_str().unwrap().ends_with('Z'));
    assert!(status["slot"].is_null());
}
