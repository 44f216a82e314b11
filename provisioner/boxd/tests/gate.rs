//! The health gate against a real TLS server; systemd is played.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use boxd::accounts::Ownership;
use boxd::boot::{Slot, State, Store};
use boxd::disk::Disk;
use boxd::gate::{self, Gate};
use boxd::systemd::fake::Fake;
use onebox_model::{paths, units};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
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
        let boot = Store::new(&dir.path().join("grub"));
        fs::create_dir(dir.path().join("grub")).unwrap();
        boot.heal().unwrap();
        boot.begin_trial(Slot::B).unwrap();
        Self {
            gate: Gate {
                address,
                chain,
                systemd: systemd.clone(),
                boot,
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

    fn state(&self) -> State {
        self.gate.boot.read().unwrap().state
    }

    fn has_confirmed(&self) -> bool {
        self.state().trial.is_none()
    }

    async fn error(&self) -> String {
        self.gate.wait().await.outcome().unwrap_err().to_string()
    }
}

#[tokio::test]
async fn a_healthy_box_passes_and_its_slot_is_marked_good() {
    let pair = certificate();
    let mut fixture = Fixture::new(&pair, serve(&pair, &[READY]));
    fixture.gate.slot = Some(Slot::B);
    let verdict = fixture.gate.wait().await;
    assert!(
        verdict
            .to_string()
            .contains("slot B marked good: its trial is won"),
        "{verdict}"
    );
    verdict.outcome().unwrap();
    assert!(fixture.has_confirmed());
    assert_eq!(fixture.state().boot, Slot::B);
}

#[tokio::test]
async fn outside_a_slot_nothing_is_marked() {
    let pair = certificate();
    let fixture = Fixture::new(&pair, serve(&pair, &[READY]));
    fixture.gate.wait().await.outcome().unwrap();
    assert!(!fixture.has_confirmed());
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
    fixture.gate.slot = Some(Slot::B);
    let error = fixture.error().await;
    assert!(
        error.contains("serves another certificate than the stored one"),
        "{error}"
    );
    assert!(!fixture.has_confirmed());
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
async fn the_partition_may_take_two_attempts_to_be_mounted() {
    let pair = certificate();
    let mut fixture = Fixture::new(&pair, serve(&pair, &[READY])).hurried();
    fixture.gate.slot = Some(Slot::B);
    let (there, away) = (
        fixture.dir.path().join("grub"),
        fixture.dir.path().join("away"),
    );
    fs::rename(&there, &away).unwrap();
    let mounted = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        fs::rename(&away, &there).unwrap();
    });
    fixture.gate.wait().await.outcome().unwrap();
    mounted.await.unwrap();
    assert!(fixture.has_confirmed());
}

#[tokio::test]
async fn a_slot_that_cannot_be_marked_is_an_error_with_the_reason() {
    let pair = certificate();
    let mut fixture = Fixture::new(&pair, serve(&pair, &[READY])).hurried();
    fixture.gate.slot = Some(Slot::B);
    fs::remove_dir_all(fixture.dir.path().join("grub")).unwrap();
    let error = fixture.error().await;
    assert!(
        error.contains("slot B") && error.contains("EFI system partition"),
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
