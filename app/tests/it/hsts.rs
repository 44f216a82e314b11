//! Browsers are told to insist on TLS when everybody accepts the certificate,
//! and only then: the process's own view of the system's authorities.

use crate::support::client::Client;
use crate::support::eventually;
use crate::support::managed::free_port;
use crate::support::process::Env;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::Path;

/// An authority; its certificate is in `fullchain.pem` of the directory.
fn authority(dir: &Path) -> Issuer<'static, KeyPair> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(dir.join("fullchain.pem"), certificate.pem()).unwrap();
    Issuer::new(params, key)
}

fn write_for_localhost(dir: &Path, issuer: &Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    std::fs::write(dir.join("fullchain.pem"), certificate.pem()).unwrap();
    std::fs::write(dir.join("privkey.pem"), key.serialize_pem()).unwrap();
}

/// The answer of a process whose system knows the authority of `system`, to
/// one who trusts that of `client`.
async fn answer(served: &Path, system: &Path, client: &Path) -> String {
    let nowhere = "postgres://nobody@localhost/x?host=/nonexistent";
    let authorities = system.join("fullchain.pem");
    let env = Env::new(nowhere, "redis://127.0.0.1:1")
        .with_one("SSL_CERT_FILE", authorities.to_str().unwrap());
    let address = format!("127.0.0.1:{}", free_port());
    let (tls, state) = (served.to_str().unwrap(), env.dir.path().to_str().unwrap());
    let web = env.start(&[
        "web",
        "--listen-https",
        &address,
        "--tls-dir",
        tls,
        "--state-dir",
        state,
    ]);
    let client = Client::new(address.parse().unwrap(), client);
    let got = std::cell::RefCell::new(String::new());
    eventually("the site answers", || async {
        match client.get("/version").await {
            Ok(answer) => *got.borrow_mut() = answer,
            Err(_) => return false,
        }
        true
    })
    .await;
    web.kill();
    got.into_inner().to_lowercase()
}

#[tokio::test]
async fn a_public_certificate_comes_with_hsts_and_another_does_not() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [known, other, served] = [0, 1, 2].map(|at| dirs[at].path());
    let (issuer, _stranger) = (authority(known), authority(other));
    write_for_localhost(served, &issuer);
    let public = answer(served, known, known).await;
    assert!(public.contains(" 200 "), "{public}");
    let header = "strict-transport-security: max-age=31536000\r\n";
    assert!(public.contains(header), "{public}");
    // The client trusts it, but the world would not.
    let private = answer(served, other, known).await;
    assert!(private.contains(" 200 "), "{private}");
    assert!(!private.contains("strict-transport-security"), "{private}");
}
