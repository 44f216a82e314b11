//! The migrations, embedded. A test holds this list against the folder.

use crate::random;

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub version: i32,
    /// What it is about.
    pub name: &'static str,
    /// SQL that applies it.
    pub up: &'static str,
    /// SQL that reverts it.
    pub down: &'static str,
}

macro_rules! migration {
    ($version:literal, $number:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            up: include_str!(concat!(
                "../../../migrations/",
                $number,
                "_",
                $name,
                ".up.sql"
            )),
            down: include_str!(concat!(
                "../../../migrations/",
                $number,
                "_",
                $name,
                ".down.sql"
            )),
        }
    };
}

/// Every migration, oldest first.
pub const ALL: &[Migration] = &[
    migration!(1, "0001", "users"),
    migration!(2, "0002", "jobs"),
    migration!(3, "0003", "outbox"),
    migration!(4, "0004", "vendors"),
    migration!(5, "0005", "catalog"),
    migration!(6, "0006", "orders"),
    migration!(7, "0007", "authentication"),
    migration!(8, "0008", "imports"),
    migration!(9, "0009", "mail"),
    migration!(10, "0010", "queue_control"),
    migration!(11, "0011", "payments"),
    migration!(12, "0012", "report_files"),
    migration!(13, "0013", "credit_notes"),
    migration!(14, "0014", "sealed_secrets"),
    migration!(15, "0015", "picture_sizes"),
];

impl Migration {
    /// Tells a changed file from the one that was applied.
    #[must_use]
    pub fn checksum(&self) -> String {
        random::sha256_hex(self.up.as_bytes())
    }

    /// The oldest schema whose programs still work once this is applied.
    #[must_use]
    pub fn compatible_from(&self) -> i32 {
        self.up
            .lines()
            .find_map(|line| line.strip_prefix("-- compatible-from:"))
            .and_then(|version| version.trim().parse().ok())
            .unwrap_or(self.version)
    }

    /// Whether there is a way back: SQL besides comments.
    #[must_use]
    pub fn is_reversible(&self) -> bool {
        self.down
            .lines()
            .map(str::trim)
            .any(|line| !line.is_empty() && !line.starts_with("--"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_is_the_folder_and_has_no_gaps() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        let found: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        let listed: BTreeSet<String> = ALL
            .iter()
            .flat_map(|m| {
                ["up", "down"].map(|way| format!("{:04}_{}.{way}.sql", m.version, m.name))
            })
            .collect();
        assert_eq!(found, listed);
        assert!(
            ALL.iter()
                .map(|m| m.version)
                .eq(1..=super::super::current())
        );
    }

    #[test]
    fn nothing_claims_compatibility_with_what_comes_after_it() {
        for migration in ALL {
            assert!((1..=migration.version).contains(&migration.compatible_from()));
        }
    }
}
