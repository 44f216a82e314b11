//! Whether a pair may be served: looked at as a browser would, before it takes
//! the place of one that works.

use crate::pair::{self, Facts, Pair};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// Clocks differ; authorities date back by an hour for that.
const CLOCKS: Duration = Duration::minutes(5);

/// Checks chain, key, names and dates. The root itself is not asked for: a
/// private authority's is known to nobody here.
pub(crate) fn issued(
    chain: &str,
    key: &str,
    names: &[String],
    now: OffsetDateTime,
) -> Result<Facts, String> {
    let facts = match pair::look(Some(chain.as_bytes()), Some(key.as_bytes())) {
        Pair::Good(facts) => facts,
        Pair::Broken { why, .. } => return Err(why),
        Pair::None => return Err("there is no certificate in it".to_owned()),
    };
    if facts.not_before > now + CLOCKS {
        return Err(format!(
            "it holds from {} only, and here it is {now}; is the clock right?",
            facts.not_before
        ));
    }
    if facts.expired(now) {
        return Err(format!("it ended {}", facts.not_after));
    }
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| format!("a certificate of its chain is damaged: {error}"))?;
    leads_up(&certificates, names, now.max(facts.not_before))?;
    Ok(facts)
}

/// Each certificate is signed by the next one, and the first is for every name.
fn leads_up(
    certificates: &[CertificateDer<'static>],
    names: &[String],
    now: OffsetDateTime,
) -> Result<(), String> {
    let Some((leaf, above)) = certificates.split_first() else {
        return Err("there is no certificate in it".to_owned());
    };
    // The topmost stands for the root. Alone, it stands for itself.
    let top = above.last().unwrap_or(leaf);
    let mut roots = RootCertStore::empty();
    roots
        .add(top.clone())
        .map_err(|error| format!("the top of its chain is of no use: {error}"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| format!("it cannot be checked: {error}"))?;
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    for name in names {
        // Any one label stands for all that a wildcard means.
        let asked = name.replacen('*', "any", 1);
        let asked = ServerName::try_from(asked).map_err(|error| format!("{name}: {error}"))?;
        verifier
            .verify_server_cert(leaf, above, &asked, &[], now)
            .map_err(|error| match error {
                rustls::Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                ) => format!("it is not for {name}"),
                error => format!("its chain is broken: {error}"),
            })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::testing::Ca;

    #[test]
    fn what_an_authority_gives_passes_and_what_it_should_not_does_not() {
        let now = OffsetDateTime::now_utc();
        let names = ["a.example", "*.b.example", "203.0.113.7"].map(str::to_owned);
        let ca = Ca::new();
        let (chain, key) = ca.issue(&names, now, Duration::days(90));
        let facts = issued(&chain, &key, &names, now).unwrap();
        assert_eq!(facts.names.len(), 3);

        let refused = |chain: &str, key: &str, names: &[String], now| {
            issued(chain, key, names, now).unwrap_err()
        };
        let other = refused(&chain, &key, &["c.example".to_owned()], now);
        assert!(other.contains("not for c.example"), "{other}");
        let (_, another_key) = ca.issue(&names, now, Duration::days(90));
        let key_error = refused(&chain, &another_key, &names, now);
        assert!(key_error.contains("go together"), "{key_error}");
        let late = refused(&chain, &key, &names, now + Duration::days(91));
        assert!(late.contains("ended"), "{late}");
        let early = refused(&chain, &key, &names, now - Duration::days(1));
        assert!(early.contains("clock"), "{early}");
        // The leaf of one authority over the root of another.
        let (stranger, _) = Ca::new().issue(&names, now, Duration::days(90));
        let cut = |text: &str, index: usize| {
            let mut parts = text.split_inclusive("-----END CERTIFICATE-----\n");
            parts.nth(index).unwrap().to_owned()
        };
        let mixed = cut(&chain, 0) + &cut(&stranger, 1);
        let broken = refused(&mixed, &key, &names, now);
        assert!(broken.contains("chain is broken"), "{broken}");
        assert!(refused("", &key, &names, now).contains("no certificate"));
        assert!(refused("<html>", &key, &names, now).contains("no certificate"));
    }

    #[test]
    fn a_chain_of_one_is_held_against_itself() {
        let now = OffsetDateTime::now_utc();
        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let names = ["a.example".to_owned()];
        issued(
            &made.cert.pem(),
            &made.signing_key.serialize_pem(),
            &names,
            now,
        )
        .unwrap();
    }
}
