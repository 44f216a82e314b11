//! The certificates that are stored, the default one and those of further names.

use crate::disk::Disk;
use onebox_api::status::Certificate;
use onebox_model::paths;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fs;
use std::path::Path;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The first certificate of each stored chain. A chain that cannot be read is
/// left out: the doctor names it.
#[must_use]
pub fn stored(disk: &Disk) -> Vec<Certificate> {
    let base = disk.path(paths::TLS_DIR);
    let mut directories = vec![base.clone()];
    if let Ok(entries) = fs::read_dir(&base) {
        let mut further: Vec<_> = entries
            .flatten()
            .map(|entry| entry.path())
            // A link to the default pair that the keeper makes for a while.
            .filter(|path| path.is_dir() && !path.ends_with("acme-current"))
            .collect();
        further.sort();
        directories.extend(further);
    }
    directories
        .iter()
        .filter_map(|directory| read(directory))
        .collect()
}

fn read(directory: &Path) -> Option<Certificate> {
    let first = CertificateDer::pem_file_iter(directory.join("fullchain.pem"))
        .ok()?
        .next()?
        .ok()?;
    let (_, certificate) = X509Certificate::from_der(&first).ok()?;
    let moment = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).ok();
    let validity = certificate.validity();
    let not_before = moment(validity.not_before.timestamp())?;
    let not_after = moment(validity.not_after.timestamp())?;
    Some(Certificate {
        path: directory.display().to_string(),
        names: names(&certificate),
        issuer: certificate.issuer().to_string(),
        self_signed: certificate.issuer() == certificate.subject()
            || crate::pair::is_ours(&certificate),
        not_before,
        not_after,
        days_left: (not_after - OffsetDateTime::now_utc()).whole_days(),
    })
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    let v6 = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(v6).to_string())
}
