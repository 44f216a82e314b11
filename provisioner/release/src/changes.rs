//! What one release changes against another.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::manifest::Release;

/// The differences of two releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The versions.
    pub version: Change<Version>,
    /// Packages that are new.
    pub added: Vec<(String, String)>,
    /// Packages that are gone.
    pub removed: Vec<(String, String)>,
    /// Packages of another version.
    pub updated: Vec<(String, Change<String>)>,
    /// Migrations that will run, by number; nothing when the schema stays.
    pub migrations: Vec<i64>,
    /// Whether the programs of the older release still work with the newer
    /// one's schema, so that going back needs no revert.
    pub old_programs_work: bool,
    /// The kernel's versions, when the kernel or its initrd differs: then the
    /// machine restarts.
    pub kernel: Option<Change<String>>,
    /// PostgreSQL's major versions, when they differ.
    pub postgresql_major: Option<Change<u32>>,
    /// Versions of Redis' files, when they differ: going back, the files of the
    /// newer one are of no use.
    pub redis_rdb_version: Option<Change<u32>>,
}

/// From what to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// Before.
    pub from: T,
    /// After.
    pub to: T,
}

impl<T: Clone + PartialEq> Change<T> {
    fn of(from: &T, to: &T) -> Self {
        Self {
            from: from.clone(),
            to: to.clone(),
        }
    }

    fn if_any(from: &T, to: &T) -> Option<Self> {
        (from != to).then(|| Self::of(from, to))
    }
}

impl Changes {
    /// What `to` changes on a box that runs `from`.
    #[must_use]
    pub fn between(from: &Release, to: &Release) -> Self {
        let (old, new) = (packages(from), packages(to));
        let only_in = |one: &BTreeMap<&str, &str>, other: &BTreeMap<&str, &str>| {
            one.iter()
                .filter(|(name, _)| !other.contains_key(*name))
                .map(|(name, version)| ((*name).to_owned(), (*version).to_owned()))
                .collect()
        };
        let updated = new.iter().filter_map(|(name, version)| {
            let before = old.get(name).filter(|before| *before != version)?;
            let change = Change::of(&(*before).to_owned(), &(*version).to_owned());
            Some(((*name).to_owned(), change))
        });
        Self {
            version: Change::of(&from.version, &to.version),
            added: only_in(&new, &old),
            removed: only_in(&old, &new),
            updated: updated.collect(),
            migrations: (from.schema.writes + 1..=to.schema.writes).collect(),
            old_programs_work: to.schema.serves_from <= from.schema.writes,
            kernel: (from.kernel != to.kernel)
                .then(|| Change::of(&from.kernel.version, &to.kernel.version)),
            postgresql_major: Change::if_any(&from.postgresql_major, &to.postgresql_major),
            redis_rdb_version: Change::if_any(&from.redis_rdb_version, &to.redis_rdb_version),
        }
    }
}

fn packages(release: &Release) -> BTreeMap<&str, &str> {
    release
        .packages
        .iter()
        .map(|package| (package.name.as_str(), package.version.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Package;
    use crate::manifest::tests::release;

    fn package(name: &str, version: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn the_same_release_changes_nothing() {
        let changes = Changes::between(&release("1.0.0"), &release("1.0.0"));
        assert!(changes.added.is_empty() && changes.removed.is_empty());
        assert!(changes.updated.is_empty() && changes.migrations.is_empty());
        assert_eq!(changes.kernel, None);
        assert!(changes.old_programs_work);
    }

    #[test]
    fn packages_schema_and_kernel_are_compared() {
        let (mut from, mut to) = (release("1.0.0"), release("1.1.0"));
        from.packages = vec![package("a", "1"), package("b", "1"), package("c", "1")];
        to.packages = vec![package("b", "1"), package("c", "2"), package("d", "1")];
        from.schema.writes = 13;
        to.schema.serves_from = 14;
        // A rebuilt kernel may keep its version.
        "ff".clone_into(&mut to.kernel.sha256);
        let changes = Changes::between(&from, &to);
        assert_eq!(changes.added, [("d".to_owned(), "1".to_owned())]);
        assert_eq!(changes.removed, [("a".to_owned(), "1".to_owned())]);
        assert_eq!(changes.updated.len(), 1);
        assert_eq!(changes.updated[0].1.to, "2");
        assert_eq!(changes.migrations, [14, 15]);
        assert!(!changes.old_programs_work);
        assert!(changes.kernel.is_some());
        let mut to = from.clone();
        "ff".clone_into(&mut to.kernel.initrd_sha256);
        assert!(Changes::between(&from, &to).kernel.is_some());
        assert_eq!(changes.postgresql_major, None);
    }

    #[test]
    fn going_back_runs_no_migration() {
        let (mut from, to) = (release("1.1.0"), release("1.0.0"));
        from.schema.writes = 20;
        assert!(Changes::between(&from, &to).migrations.is_empty());
    }
}
