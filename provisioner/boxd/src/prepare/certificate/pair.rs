//! What the stored certificate and key are.

use super::issue::ORGANIZATION;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::collections::BTreeSet;
use std::net::IpAddr;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The stored pair.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pair {
    /// Neither half.
    None,
    /// No server could load it.
    Broken { ours: bool, why: String },
    /// A server can load it.
    Good(Facts),
}

/// What a certificate says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Self-signed by this program.
    pub(super) ours: bool,
    pub(super) not_after: OffsetDateTime,
    pub(super) names: Vec<String>,
}

impl Facts {
    pub(super) fn expired(&self, now: OffsetDateTime) -> bool {
        now >= self.not_after
    }

    pub(super) fn names_are(&self, wanted: &[String]) -> bool {
        let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
        set(&self.names) == set(wanted)
    }
}

/// Looks at both halves as a server would.
pub(super) fn look(chain: Option<&[u8]>, key: Option<&[u8]>) -> Pair {
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
        Ok(_) => Pair::Good(Facts {
            names: facts.names.clone(),
            ..*facts
        }),
        Err(error) => broken(&format!("certificate and key do not go together ({error})")),
    }
}

fn facts(leaf: &CertificateDer<'_>) -> Result<Facts, String> {
    let (_, certificate) = X509Certificate::from_der(leaf)
        .map_err(|error| format!("the certificate is damaged ({error})"))?;
    let is_ours = certificate
        .subject()
        .iter_organization()
        .any(|name| name.as_str() == Ok(ORGANIZATION));
    let extension = certificate
        .subject_alternative_name()
        .map_err(|error| format!("the certificate's names are damaged ({error})"))?;
    let names = extension
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(name)
        .collect();
    Ok(Facts {
        ours: is_ours && certificate.subject() == certificate.issuer(),
        not_after: certificate.validity().not_after.to_datetime(),
        names,
    })
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
    use super::super::issue::{Issued, issue};
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn names() -> Vec<String> {
        ["shop.example", "localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec()
    }

    fn issued() -> Issued {
        issue(&names(), NOW + time::Duration::days(20_000)).unwrap()
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
