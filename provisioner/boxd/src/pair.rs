//! What the stored certificate and key are.

use crate::local_ca::ORGANIZATION;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::collections::BTreeSet;
use std::net::IpAddr;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::X509Name;

/// The stored pair.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pair {
    /// Neither half.
    None,
    /// No server could load it.
    Broken { ours: bool, why: String },
    /// A server can load it.
    Good(Facts),
}

/// What a certificate says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Made on this box.
    pub(crate) ours: bool,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) names: Vec<String>,
    /// Common name of who signed it, or what else it says of itself.
    pub(crate) issuer: String,
    /// In hexadecimal.
    pub(crate) serial: String,
}

impl Facts {
    pub(crate) fn expired(&self, now: OffsetDateTime) -> bool {
        now >= self.not_after
    }

    pub(crate) fn names_are(&self, wanted: &[String]) -> bool {
        let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
        set(&self.names) == set(wanted)
    }
}

/// Looks at both halves as a server would.
pub(crate) fn look(chain: Option<&[u8]>, key: Option<&[u8]>) -> Pair {
    let (chain, key) = match (chain, key) {
        (None, None) => return Pair::None,
        (chain, key) => (chain.unwrap_or_default(), key.unwrap_or_default()),
    };
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(chain)
        .filter_map(Result::ok)
        .collect();
    let facts = certificates.first().map(|leaf| facts(leaf));
    let broken = |why: &str| Pair::Broken {
        ours: match &facts {
            Some(Ok(facts)) => facts.ours,
            Some(Err(_)) => false,
            // A key and no chain at all is where our own writing stops
            // half-way; an unreadable chain is somebody's.
            None => chain.is_empty(),
        },
        why: why.to_owned(),
    };
    let Ok(key) = PrivateKeyDer::from_pem_slice(key) else {
        return broken("its private key is missing or damaged");
    };
    let facts = match &facts {
        None => return broken("there is no certificate in it"),
        Some(Err(why)) => return broken(why),
        Some(Ok(facts)) => facts,
    };
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    match CertifiedKey::from_der(certificates.clone(), key, &provider) {
        Ok(_) => Pair::Good(facts.clone()),
        Err(error) => broken(&format!("certificate and key do not go together ({error})")),
    }
}

/// What the first certificate of a chain says, with or without its key.
#[cfg(test)]
pub(crate) fn facts_of(chain: &[u8]) -> Result<Facts, String> {
    let leaf = CertificateDer::from_pem_slice(chain).map_err(|error| error.to_string())?;
    facts(&leaf)
}

fn facts(leaf: &CertificateDer<'_>) -> Result<Facts, String> {
    let (_, certificate) = X509Certificate::from_der(leaf)
        .map_err(|error| format!("the certificate is damaged ({error})"))?;
    let extension = certificate
        .subject_alternative_name()
        .map_err(|error| format!("the certificate's names are damaged ({error})"))?;
    let names = extension
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(name)
        .collect();
    Ok(Facts {
        ours: is_ours(&certificate),
        not_before: certificate.validity().not_before.to_datetime(),
        not_after: certificate.validity().not_after.to_datetime(),
        names,
        issuer: certificate
            .issuer()
            .iter_common_name()
            .next()
            .and_then(|name| name.as_str().ok())
            .map_or_else(|| certificate.issuer().to_string(), str::to_owned),
        serial: certificate.raw_serial_as_string(),
    })
}

/// Whether a certificate was made on this box.
pub(crate) fn is_ours(certificate: &X509Certificate<'_>) -> bool {
    let named = |name: &X509Name<'_>| {
        let mut organizations = name.iter_organization();
        organizations.any(|name| name.as_str() == Ok(ORGANIZATION))
    };
    named(certificate.subject()) && named(certificate.issuer())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let ip = <[u8; 4]>::try_from(*bytes)
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
                .ok()?;
            Some(ip.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;
    use crate::disk::Disk;
    use crate::local_ca::{Issued, LocalCa};

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn names() -> Vec<String> {
        ["shop.example", "localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec()
    }

    fn issued() -> Issued {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::new(dir.path(), Ownership::Skip);
        let now = NOW + time::Duration::days(20_000);
        let authority = LocalCa::open(&disk, now).unwrap();
        authority.issue(&names(), now).unwrap()
    }

    fn look_at(chain: &str, key: &str) -> Pair {
        look(Some(chain.as_bytes()), Some(key.as_bytes()))
    }

    #[test]
    fn what_we_issue_reads_back_as_ours_with_its_names_and_dates() {
        let issued = issued();
        let Pair::Good(facts) = look_at(&issued.chain, &issued.key) else {
            panic!("not good");
        };
        assert!(facts.ours);
        assert!(facts.names_are(&names()));
        let days = (facts.not_after - NOW).whole_days();
        assert_eq!(days, 20_000 - 1 + 397);
    }

    #[test]
    fn a_key_of_another_certificate_is_noticed() {
        let pair = look_at(&issued().chain, &issued().key);
        assert!(matches!(pair, Pair::Broken { ours: true, why } if why.contains("go together")));
    }

    #[test]
    fn missing_and_damaged_halves_are_told_apart() {
        let issued = issued();
        assert_eq!(look(None, None), Pair::None);
        let key_only = look(None, Some(issued.key.as_bytes()));
        assert!(matches!(key_only, Pair::Broken { ours: true, .. }));
        let chain_only = look(Some(issued.chain.as_bytes()), None);
        assert!(matches!(chain_only, Pair::Broken { ours: true, .. }));
        let garbage = look_at("garbage", &issued.key);
        assert!(matches!(garbage, Pair::Broken { ours: false, .. }));
        let damaged = look_at(&issued.chain.replacen("MII", "MIA", 1), &issued.key);
        assert!(
            matches!(damaged, Pair::Broken { ours: false, .. }),
            "{damaged:?}"
        );
    }
}
