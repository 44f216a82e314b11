//! The packages of all suites, from the indices APT downloaded and verified.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    apt_root::SuiteFiles,
    format::{Archive, Package},
    relations::{Relations, parse_dependencies, parse_provides},
    solve::Chosen,
    stanza::{Stanza, stanzas},
};
use crate::files::{self, FileError};

/// A package with what the lock and the pruning need to know of it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// As it will stand in the lock.
    pub(crate) package: Package,
    /// What it needs and offers.
    pub(crate) relations: Relations,
    /// The suites that carry this version.
    pub(crate) suites: BTreeSet<&'static str>,
}

/// Entries by name and version.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: BTreeMap<Chosen, Entry>,
}

/// An index that lacks something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexError {
    /// The index could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A stanza lacks a field that every Debian index has.
    #[error(
        "the index of {suite} has no valid {field} for package {name}: the mirror serves a damaged index"
    )]
    Field {
        /// The suite.
        suite: &'static str,
        /// The field's name.
        field: &'static str,
        /// The package.
        name: String,
    },
    /// APT chose a package that no index has.
    #[error("package {0} {1} was chosen by apt-get but stands in no index")]
    Unknown(String, String),
}

impl Index {
    /// Reads the packages in `wanted` from the suites' indices.
    pub(crate) fn read(suites: &[SuiteFiles], wanted: &BTreeSet<&str>) -> Result<Self, IndexError> {
        let mut index = Self::default();
        for suite in suites {
            let text = files::read(&suite.packages)?;
            index.add(&text, suite.suite, suite.archive, wanted)?;
        }
        Ok(index)
    }

    /// Adds one suite's index. A version that several suites carry keeps the
    /// place it was first seen at: the main archive, which mirrors keep longest.
    fn add(
        &mut self,
        text: &str,
        suite: &'static str,
        archive: Archive,
        wanted: &BTreeSet<&str>,
    ) -> Result<(), IndexError> {
        // A full index has 70,000 stanzas: look at the name before parsing.
        let candidates = text.split("\n\n").filter(|stanza| {
            let name = stanza
                .trim_start_matches('\n')
                .strip_prefix("Package: ")
                .and_then(|rest| rest.lines().next());
            name.is_some_and(|name| wanted.contains(name))
        });
        for stanza in candidates.flat_map(stanzas) {
            let entry = entry(&stanza, suite, archive)?;
            let key = Chosen {
                name: entry.package.name.clone(),
                version: entry.package.version.clone(),
            };
            self.entries
                .entry(key)
                .or_insert(entry)
                .suites
                .insert(suite);
        }
        Ok(())
    }

    /// The entry of a package the solver chose.
    pub(crate) fn get(&self, chosen: &Chosen) -> Result<&Entry, IndexError> {
        self.entries
            .get(chosen)
            .ok_or_else(|| IndexError::Unknown(chosen.name.clone(), chosen.version.clone()))
    }
}

fn entry(stanza: &Stanza<'_>, suite: &'static str, archive: Archive) -> Result<Entry, IndexError> {
    let name = stanza.get("Package").unwrap_or_default();
    let missing = |field: &'static str| IndexError::Field {
        suite,
        field,
        name: name.to_owned(),
    };
    let field = |field: &'static str| stanza.get(field).ok_or_else(|| missing(field));
    let dependencies = ["Pre-Depends", "Depends"]
        .into_iter()
        .filter_map(|field| stanza.get(field))
        .flat_map(parse_dependencies)
        .collect();
    Ok(Entry {
        package: Package {
            name: name.to_owned(),
            version: field("Version")?.to_owned(),
            architecture: field("Architecture")?.to_owned(),
            archive,
            path: field("Filename")?.to_owned(),
            size: field("Size")?.parse().map_err(|_| missing("Size"))?,
            sha256: field("SHA256")?.to_owned(),
        },
        relations: Relations {
            dependencies,
            provides: parse_provides(stanza.get("Provides").unwrap_or_default()),
        },
        suites: BTreeSet::from([suite]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASH: &str = "Package: bash\nVersion: 5.2-1\nArchitecture: amd64\nPre-Depends: libc6 (>= 2.38), libtinfo6\n\
                        Filename: pool/main/b/bash/bash_5.2-1_amd64.deb\nSize: 7\nSHA256: 00\n";

    #[test]
    fn a_version_in_both_archives_stays_in_the_main_one() {
        let mut index = Index::default();
        let wanted = BTreeSet::from(["bash"]);
        index.add(BASH, "trixie", Archive::Debian, &wanted).unwrap();
        index
            .add(BASH, "trixie-security", Archive::DebianSecurity, &wanted)
            .unwrap();
        let chosen = Chosen {
            name: "bash".into(),
            version: "5.2-1".into(),
        };
        let entry = index.get(&chosen).unwrap();
        assert_eq!(entry.package.archive, Archive::Debian);
        assert_eq!(entry.suites.len(), 2);
        assert_eq!(entry.relations.dependencies.len(), 2);
    }

    #[test]
    fn an_index_without_hashes_is_refused() {
        let text = BASH.replace("SHA256: 00\n", "");
        let error = Index::default()
            .add(&text, "trixie", Archive::Debian, &BTreeSet::from(["bash"]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("SHA256") && error.contains("bash"),
            "{error}"
        );
    }
}
