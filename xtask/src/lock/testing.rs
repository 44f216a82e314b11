//! Small locks for tests.

use std::collections::BTreeMap;

use super::format::{Archive, Lock, Package, VERSION};

/// A package with made-up content.
pub(crate) fn package(name: &str, version: &str) -> Package {
    Package {
        name: name.into(),
        version: version.into(),
        architecture: "amd64".into(),
        archive: Archive::Debian,
        path: format!("pool/main/{name}_{version}_amd64.deb"),
        size: 7,
        sha256: "0".repeat(64),
    }
}

/// A lock with these closures.
pub(crate) fn lock(closures: &[(&str, &[Package])]) -> Lock {
    let packages = closures.iter().flat_map(|(_, packages)| packages.iter());
    Lock {
        version: VERSION,
        archive_timestamp: "2026-01-01T00:00:00Z".into(),
        suites: BTreeMap::new(),
        packages: packages
            .map(|package| (package.key(), package.clone()))
            .collect(),
        closures: closures
            .iter()
            .map(|(name, packages)| ((*name).into(), packages.iter().map(Package::key).collect()))
            .collect(),
    }
}
