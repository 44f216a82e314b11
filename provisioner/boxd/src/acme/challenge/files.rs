//! Proofs as files that the application reads: tokens for HTTP-01, pairs for
//! TLS-ALPN-01.

use super::Proof;
use crate::acme::error::OrderError;
use crate::disk::{Access, Disk};
use onebox_model::config::AcmeChallenge;
use onebox_model::paths::{ACME_HTTP01, ACME_RUN_DIR, ACME_TLS_ALPN01};
use onebox_model::render::Account;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, KeyPair};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// Keys of proofs are the application's to read.
const KEY: Access = Access {
    mode: 0o640,
    owner: Account::Root,
    group: Account::Wizamart,
};
const OPEN: Access = Access::root(0o644);
const DIRECTORY: Access = Access::root(0o755);

/// Where files are put.
#[derive(Clone)]
pub(crate) struct Files {
    disk: Arc<Disk>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Files")
    }
}

/// What was put up: gone when dropped.
#[derive(Debug, Default)]
pub(crate) struct Placed(Vec<PathBuf>);

impl Drop for Placed {
    fn drop(&mut self) {
        for path in &self.0 {
            let removed = match path.is_dir() {
                true => std::fs::remove_dir_all(path),
                false => std::fs::remove_file(path),
            };
            // Below /run: the next boot takes it away at the latest.
            if let Err(error) = removed {
                tracing::warn!("the proof {} stays: {error}", path.display());
            }
        }
    }
}

impl Files {
    pub(crate) fn new(disk: Arc<Disk>) -> Self {
        Self { disk }
    }

    pub(super) fn place(
        &self,
        challenge: AcmeChallenge,
        proofs: &[Proof],
    ) -> (Placed, Option<OrderError>) {
        let mut placed = Placed::default();
        for proof in proofs {
            let put = match challenge {
                AcmeChallenge::Http01 => self.http(proof, &mut placed),
                _ => self.tls_alpn(proof, &mut placed),
            };
            if let Err(error) = put {
                return (placed, Some(error));
            }
        }
        (placed, None)
    }

    /// A file for port 80 that is no proof: what a look at ourselves asks for.
    pub(crate) fn probe(&self, token: &str, text: &str) -> Result<Placed, OrderError> {
        let mut placed = Placed::default();
        self.put_http(token, text, &mut placed)?;
        Ok(placed)
    }

    fn http(&self, proof: &Proof, placed: &mut Placed) -> Result<(), OrderError> {
        // The token comes from outside and becomes a file's name.
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=200).contains(&proof.token.len()) || !proof.token.bytes().all(letter) {
            return Err(OrderError::Refused(
                "the authority's token has letters that no token may have (RFC 8555, 8.3)"
                    .to_owned(),
            ));
        }
        self.put_http(&proof.token, &proof.text, placed)
    }

    fn put_http(&self, token: &str, text: &str, placed: &mut Placed) -> Result<(), OrderError> {
        self.directories(&[ACME_RUN_DIR, ACME_HTTP01])?;
        let path = format!("{ACME_HTTP01}/{token}");
        placed.0.push(self.disk.path(&path));
        self.disk.write(&path, text.as_bytes(), OPEN).map_err(own)?;
        Ok(())
    }

    fn tls_alpn(&self, proof: &Proof, placed: &mut Placed) -> Result<(), OrderError> {
        let name = asked_for(&proof.name);
        let (chain, key) = certificate(&proof.name, &proof.digest)
            .map_err(|error| OrderError::Own(format!("no proof can be made: {error}")))?;
        let directory = format!("{ACME_TLS_ALPN01}/{name}");
        self.directories(&[ACME_RUN_DIR, ACME_TLS_ALPN01, &directory])?;
        placed.0.push(self.disk.path(&directory));
        let key_file = format!("{directory}/privkey.pem");
        let chain_file = format!("{directory}/fullchain.pem");
        self.disk
            .write(&key_file, key.as_bytes(), KEY)
            .map_err(own)?;
        self.disk
            .write(&chain_file, chain.as_bytes(), OPEN)
            .map_err(own)?;
        Ok(())
    }

    fn directories(&self, paths: &[&str]) -> Result<(), OrderError> {
        for path in paths {
            self.disk.directory(path, DIRECTORY).map_err(own)?;
        }
        Ok(())
    }
}

fn own(error: crate::disk::DiskError) -> OrderError {
    OrderError::Own(error.to_string())
}

/// The name an authority asks port 443 for: that of an address is its reverse
/// name (RFC 8738, 6).
fn asked_for(name: &str) -> String {
    match name.parse::<IpAddr>() {
        Err(_) => name.to_owned(),
        Ok(IpAddr::V4(address)) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Ok(IpAddr::V6(address)) => {
            let nibbles = address
                .octets()
                .into_iter()
                .rev()
                .flat_map(|byte| [byte & 0xf, byte >> 4]);
            let labels: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            format!("{}.ip6.arpa", labels.join("."))
        }
    }
}

/// A certificate with nothing in it but the name and the proof, in an
/// extension that keeps everybody else from taking it (RFC 8737, 3).
fn certificate(name: &str, digest: &[u8]) -> Result<(String, String), rcgen::Error> {
    if digest.len() != 32 {
        return Err(rcgen::Error::UnsupportedExtension);
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([name.to_owned()])?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, "acme-tls/1");
    params.distinguished_name = subject;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let made = params.self_signed(&key)?;
    Ok((made.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;
    use std::path::Path;
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    fn files(root: &Path) -> Files {
        Files::new(Arc::new(Disk::new(root, Ownership::Skip)))
    }

    fn proof(name: &str, token: &str) -> Proof {
        Proof {
            name: name.to_owned(),
            token: token.to_owned(),
            text: format!("{token}.thumb"),
            digest: vec![7; 32],
            record: String::new(),
        }
    }

    #[test]
    fn a_token_has_its_text_until_it_is_taken_away() {
        let root = tempfile::tempdir().unwrap();
        let files = files(root.path());
        let (placed, problem) = files.place(AcmeChallenge::Http01, &[proof("a.example", "tok-1_")]);
        assert!(problem.is_none());
        let path = root.path().join("run/onebox/acme/http-01/tok-1_");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "tok-1_.thumb");
        drop(placed);
        assert!(!path.exists());
    }

    #[test]
    fn a_token_that_leads_elsewhere_is_refused() {
        let root = tempfile::tempdir().unwrap();
        for token in ["../x", "a/b", "", ".", "a.b"] {
            let (_, problem) =
                files(root.path()).place(AcmeChallenge::Http01, &[proof("a.example", token)]);
            assert!(matches!(problem, Some(OrderError::Refused(_))), "{token}");
        }
    }

    #[test]
    fn a_pair_proves_its_name_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let files = files(root.path());
        let proofs = [proof("a.example", "t"), proof("203.0.113.7", "u")];
        let (placed, problem) = files.place(AcmeChallenge::TlsAlpn01, &proofs);
        assert!(problem.is_none());
        let below = root.path().join("run/onebox/acme/tls-alpn-01");
        assert!(below.join("7.113.0.203.in-addr.arpa/privkey.pem").exists());
        let pem = std::fs::read_to_string(below.join("a.example/fullchain.pem")).unwrap();
        let (_, block) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
        let (_, certificate) = X509Certificate::from_der(&block.contents).unwrap();
        let extension = certificate
            .extensions()
            .iter()
            .find(|extension| extension.oid.to_id_string() == "1.3.6.1.5.5.7.1.31")
            .unwrap();
        assert!(extension.critical);
        assert_eq!(extension.value[2..], [7; 32]);
        drop(placed);
        assert!(!below.join("a.example").exists());
    }

    #[test]
    fn the_reverse_name_of_an_address_is_asked_for() {
        assert_eq!(asked_for("a.example"), "a.example");
        assert_eq!(asked_for("203.0.113.7"), "7.113.0.203.in-addr.arpa");
        let reverse = asked_for("2001:db8::1");
        assert!(reverse.starts_with("1.0.0.0.") && reverse.ends_with("8.b.d.0.1.0.0.2.ip6.arpa"));
    }
}
