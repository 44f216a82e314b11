//! Whether browsers will believe a certificate: it is for servers, in date,
//! and its chain ends at an authority of the system's.

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use std::sync::LazyLock;
use webpki::{EndEntityCert, KeyUsage};

/// Reading hundreds of certificates is put off until one is to be judged.
static SYSTEM: LazyLock<Vec<TrustAnchor<'static>>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!("an authority of the system cannot be read: {error}");
    }
    anchors(&found.certs)
});

fn anchors(certificates: &[CertificateDer<'static>]) -> Vec<TrustAnchor<'static>> {
    certificates
        .iter()
        .filter_map(|der| webpki::anchor_from_trusted_cert(der).ok())
        .map(|anchor| anchor.to_owned())
        .collect()
}

/// Whether the system's authorities vouch for the chain, at this moment.
pub(super) fn is_public(chain: &[CertificateDer<'static>]) -> bool {
    vouches(&SYSTEM, chain, UnixTime::now())
}

fn vouches(
    anchors: &[TrustAnchor<'static>],
    chain: &[CertificateDer<'static>],
    now: UnixTime,
) -> bool {
    let Some((leaf, between)) = chain.split_first() else {
        return false;
    };
    EndEntityCert::try_from(leaf).is_ok_and(|leaf| {
        leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            anchors,
            between,
            now,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .is_ok()
    })
}

/// The host names a certificate is for, in lower case.
pub(super) fn names(chain: &[CertificateDer<'static>]) -> Vec<String> {
    let leaf = chain.first().map(EndEntityCert::try_from);
    let Some(Ok(leaf)) = leaf else {
        return Vec::new();
    };
    leaf.valid_dns_names()
        .map(str::to_ascii_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    fn authority() -> (CertificateDer<'static>, Issuer<'static, KeyPair>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        (certificate, Issuer::new(params, key))
    }

    #[test]
    fn a_certificate_of_a_known_authority_is_public_and_others_are_not() {
        let (root, issuer) = authority();
        let (_, stranger) = authority();
        let leaf = |issuer: &Issuer<'static, KeyPair>| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(["Shop.example".to_owned()]).unwrap();
            params.signed_by(&key, issuer).unwrap().der().clone()
        };
        let known = anchors(&[root]);
        let (ours, theirs) = (leaf(&issuer), leaf(&stranger));
        let now = UnixTime::now();
        assert!(vouches(&known, std::slice::from_ref(&ours), now));
        assert!(!vouches(&known, &[theirs], now));
        assert!(!vouches(&known, &[], now));
        let later = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1 << 40));
        assert!(!vouches(&known, std::slice::from_ref(&ours), later));
        assert_eq!(names(&[ours]), ["shop.example"]);
    }

    #[test]
    fn what_a_box_makes_for_itself_is_not_public() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        assert!(!is_public(&[made.cert.der().clone()]));
    }
}
