//! Certificates by name, versions, resumption, and what is said of a
//! certificate that browsers do not know.

use crate::support::client::{Client, read_to_end, write_certificate};
use crate::support::edge::start_tls;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wizamart::edge::limits::Limits;
use wizamart::edge::tls::Certificates;

fn write_for(dir: &Path, names: &[&str]) -> CertificateDer<'static> {
    std::fs::create_dir_all(dir).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(dir.join("privkey.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(dir.join("fullchain.pem"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

fn config(
    roots: &[CertificateDer<'static>],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth();
    Arc::new(config)
}

async fn connect(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await
}

#[tokio::test]
async fn each_name_gets_its_certificate_and_other_names_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let default = write_for(dir.path(), &["localhost", "unknown.example"]);
    let shop = write_for(
        &dir.path().join("shop"),
        &["shop.example", "www.shop.example"],
    );
    let wild = write_for(&dir.path().join("wild"), &["*.wild.example"]);
    // A pair that cannot be served does not take the others along.
    std::fs::create_dir(dir.path().join("broken")).unwrap();
    std::fs::write(dir.path().join("broken/fullchain.pem"), "x").unwrap();
    std::fs::write(dir.path().join("broken/privkey.pem"), "x").unwrap();
    let certificates = Certificates::new(dir.path());
    assert!(
        certificates
            .reload()
            .unwrap_err()
            .to_string()
            .contains("broken")
    );
    std::fs::remove_dir_all(dir.path().join("broken")).unwrap();
    assert!(certificates.changed());
    certificates.reload().unwrap();
    assert!(!certificates.changed());

    let server = start_tls(Limits::default(), dir.path());
    for (name, expected) in [
        ("localhost", &default),
        ("unknown.example", &default),
        ("shop.example", &shop),
        ("www.shop.example", &shop),
        ("a.wild.example", &wild),
    ] {
        let config = config(std::slice::from_ref(expected), rustls::ALL_VERSIONS);
        let stream = connect(server.address, &config, name).await.unwrap();
        let got = stream.get_ref().1.peer_certificates().unwrap();
        assert_eq!(&got[0], expected, "{name}");
    }
}

#[tokio::test]
async fn of_two_pairs_for_a_name_that_of_the_last_directory_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let default = write_for(dir.path(), &["a.example"]);
    let before = write_for(&dir.path().join("acme-before"), &["a.example", "b.example"]);
    // The keeper makes links to pairs that it has elsewhere.
    let elsewhere = tempfile::tempdir().unwrap();
    let current = write_for(elsewhere.path(), &["a.example"]);
    std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("acme-current")).unwrap();
    let server = start_tls(Limits::default(), dir.path());
    for (name, expected) in [("a.example", &current), ("b.example", &before)] {
        let config = config(
            &[default.clone(), before.clone(), current.clone()],
            rustls::ALL_VERSIONS,
        );
        let stream = connect(server.address, &config, name).await.unwrap();
        let got = stream.get_ref().1.peer_certificates().unwrap();
        assert_eq!(&got[0], expected, "{name}");
    }
}

#[tokio::test]
async fn both_versions_are_spoken_and_sessions_are_resumed() {
    let dir = tempfile::tempdir().unwrap();
    write_certificate(dir.path());
    let root = CertificateDer::from_pem_file(dir.path().join("fullchain.pem")).unwrap();
    let server = start_tls(Limits::default(), dir.path());
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let config = config(std::slice::from_ref(&root), &[version]);
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut stream = connect(server.address, &config, "localhost").await.unwrap();
            stream
                .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            let answer = read_to_end(&mut stream).await.unwrap();
            assert!(answer.ends_with("here"), "{answer}");
            assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
            kinds.push(stream.get_ref().1.handshake_kind().unwrap());
        }
        assert_eq!(
            kinds,
            [HandshakeKind::Full, HandshakeKind::Resumed],
            "{version:?}"
        );
    }
    assert_eq!(server.counters.snapshot().handshakes, 4);
}

#[tokio::test]
async fn nobody_is_told_to_insist_on_a_certificate_of_our_own() {
    let dir = tempfile::tempdir().unwrap();
    write_certificate(dir.path());
    let server = start_tls(Limits::default(), dir.path());
    let answer = Client::new(server.address, dir.path())
        .get("/")
        .await
        .unwrap();
    assert!(answer.contains("here"));
    assert!(
        !answer.to_lowercase().contains("strict-transport-security"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_no_handshake_is_counted_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    write_certificate(dir.path());
    let server = start_tls(Limits::default(), dir.path());
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let _end = read_to_end(&mut stream).await;
    crate::support::eventually("the failure is counted", || async {
        server.counters.snapshot().handshakes_failed == 1
    })
    .await;
}
