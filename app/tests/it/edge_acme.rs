//! What an authority gets that checks whether a name is ours: a file on port
//! 80, or a certificate that says so (RFC 8555, 8.3; RFC 8737).

use crate::support::client::{Client, write_certificate};
use crate::support::edge::start_tls;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::ServiceExt;
use wizamart::edge::acme::Proofs;
use wizamart::edge::limits::Limits;
use wizamart::edge::redirect;

const TOKEN: &str = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA";

async fn ask(dir: &Path, method: &str, path: &str) -> (u16, String, axum::http::HeaderMap) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/.well-known/acme-challenge/{path}"))
        .header("host", "shop.example")
        .body(Body::empty())
        .unwrap();
    let response = redirect::router(Proofs::below(dir))
        .oneshot(request)
        .await
        .unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, 1 << 16).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    (head.status.as_u16(), text, head.headers)
}

#[tokio::test]
async fn a_token_is_answered_with_its_file_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("http-01")).unwrap();
    std::fs::write(dir.path().join("secret"), "secret").unwrap();
    assert_eq!(ask(dir.path(), "GET", TOKEN).await.0, 404);

    let proof = format!("{TOKEN}.thumbprint");
    std::fs::write(dir.path().join("http-01").join(TOKEN), &proof).unwrap();
    let (status, body, headers) = ask(dir.path(), "GET", TOKEN).await;
    assert_eq!((status, body.as_str()), (200, proof.as_str()));
    assert_eq!(headers["content-type"], "application/octet-stream");
    assert_eq!(headers["cache-control"], "no-store");

    for path in [
        "",
        "..%2fsecret",
        "%2e%2e%2fsecret",
        "..%5csecret",
        "x%00",
        "../secret",
        &format!("{TOKEN}/"),
        &format!("{TOKEN}/more"),
        &format!(".{TOKEN}"),
    ] {
        let (status, body, _) = ask(dir.path(), "GET", path).await;
        assert!(status == 404 && !body.contains(&proof), "{path}: {status}");
    }
    assert_eq!(ask(dir.path(), "POST", TOKEN).await.0, 405);

    // Taken away is gone: nothing is remembered.
    std::fs::remove_file(dir.path().join("http-01").join(TOKEN)).unwrap();
    assert_eq!(ask(dir.path(), "GET", TOKEN).await.0, 404);
}

/// A certificate as the keeper makes one for a name that is being checked.
fn write_proof(dir: &Path, name: &str) -> CertificateDer<'static> {
    let dir = dir.join("acme/tls-alpn-01").join(name);
    std::fs::create_dir_all(&dir).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(&[7; 32])];
    let made = params.self_signed(&key).unwrap();
    std::fs::write(dir.join("privkey.pem"), key.serialize_pem()).unwrap();
    std::fs::write(dir.join("fullchain.pem"), made.pem()).unwrap();
    made.der().clone()
}

async fn shake(
    address: SocketAddr,
    root: &CertificateDer<'static>,
    name: &str,
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier::Exactly(root.clone())))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

#[tokio::test]
async fn a_check_of_a_name_gets_its_certificate_and_then_the_end() {
    let dir = tempfile::tempdir().unwrap();
    write_certificate(dir.path());
    let proof = write_proof(dir.path(), "shop.example");
    let server = start_tls(Limits::default(), dir.path());
    for name in ["shop.example", "SHOP.example"] {
        let mut stream = shake(server.address, &proof, name, &[b"acme-tls/1"])
            .await
            .unwrap();
        let session = stream.get_ref().1;
        assert_eq!(session.alpn_protocol(), Some(b"acme-tls/1".as_slice()));
        assert_eq!(session.peer_certificates().unwrap()[0], proof);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty(), "the connection ends with the handshake");
    }
}

#[tokio::test]
async fn a_name_that_nobody_is_to_check_fails_the_handshake() {
    let dir = tempfile::tempdir().unwrap();
    write_certificate(dir.path());
    let proof = write_proof(dir.path(), "shop.example");
    let server = start_tls(Limits::default(), dir.path());
    for name in ["localhost", "other.example"] {
        let refused = shake(server.address, &proof, name, &[b"acme-tls/1"]).await;
        assert!(refused.is_err(), "{name}");
    }
    // A proof that has gone is no longer given.
    std::fs::remove_dir_all(dir.path().join("acme/tls-alpn-01/shop.example")).unwrap();
    let refused = shake(server.address, &proof, "shop.example", &[b"acme-tls/1"]).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn browsers_get_what_they_got_before_while_a_name_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    write_certificate(dir.path());
    let proof = write_proof(dir.path(), "localhost");
    let served = CertificateDer::from_pem_file(dir.path().join("fullchain.pem")).unwrap();
    let server = start_tls(Limits::default(), dir.path());
    for (protocols, chosen) in [
        (&[b"h2".as_slice(), b"http/1.1"][..], Some(b"h2".as_slice())),
        (&[b"http/1.1"], Some(b"http/1.1")),
        // No authority offers more than the one (RFC 8737, 3).
        (&[b"acme-tls/1", b"h2"], Some(b"h2")),
        (&[], None),
    ] {
        let stream = shake(server.address, &served, "localhost", protocols)
            .await
            .unwrap();
        let session = stream.get_ref().1;
        assert_eq!(session.alpn_protocol(), chosen);
        assert_ne!(session.peer_certificates().unwrap()[0], proof);
    }
    let answer = Client::new(server.address, dir.path()).get("/").await;
    assert!(answer.unwrap().ends_with("here"));
}

/// Compares the certificate and no names: a proof is critical in an extension
/// that no browser knows, as it should be.
mod verifier {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::aws_lc_rs::default_provider;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    pub(super) struct Exactly(pub(super) CertificateDer<'static>);

    impl ServerCertVerifier for Exactly {
        fn verify_server_cert(
            &self,
            end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _server_name: &ServerName<'_>,
            _ocsp_response: &[u8],
            _now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            match *end_entity == self.0 {
                true => Ok(ServerCertVerified::assertion()),
                false => Err(CertificateError::ApplicationVerificationFailure.into()),
            }
        }

        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            default_provider()
                .signature_verification_algorithms
                .supported_schemes()
        }
    }
}
