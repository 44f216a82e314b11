//! What a new lock changes, as rows for people and programs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::format::{Lock, Package};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// `added`, `removed`, `changed` (another version) or `replaced` (other
    /// bytes under the same version, which an archive should never do).
    pub(crate) change: Change,
    /// Package name.
    pub(crate) name: String,
    /// Version before.
    pub(crate) old: Option<String>,
    /// Version after.
    pub(crate) new: Option<String>,
    /// The closures it happens in.
    pub(crate) closures: Vec<String>,
}

/// Kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// New in the closure.
    Added,
    /// Gone from the closure.
    Removed,
    /// Another version.
    Changed,
    /// The same version with other content or another place.
    Replaced,
}

impl Change {
    fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Replaced => "replaced",
        }
    }
}

/// The changes from `old` (if there is one) to `new`, sorted by name.
pub(crate) fn diff(old: Option<&Lock>, new: &Lock) -> Vec<Row> {
    let mut grouped: BTreeMap<(String, Option<String>, Option<String>), Vec<String>> =
        BTreeMap::new();
    let closures: BTreeSet<&String> = old
        .into_iter()
        .flat_map(|lock| lock.closures.keys())
        .chain(new.closures.keys())
        .collect();
    for closure in closures {
        let before = old.map(|lock| members(lock, closure)).unwrap_or_default();
        let after = members(new, closure);
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        for name in names {
            let (before, after) = (before.get(name), after.get(name));
            if before != after {
                let version = |package: Option<&&Package>| package.map(|p| p.version.clone());
                grouped
                    .entry((name.to_owned(), version(before), version(after)))
                    .or_default()
                    .push(closure.clone());
            }
        }
    }
    grouped
        .into_iter()
        .map(|((name, old, new), closures)| Row {
            change: match (&old, &new) {
                (None, _) => Change::Added,
                (_, None) => Change::Removed,
                (Some(old), Some(new)) if old == new => Change::Replaced,
                _ => Change::Changed,
            },
            name,
            old,
            new,
            closures,
        })
        .collect()
}

fn members<'a>(lock: &'a Lock, closure: &str) -> BTreeMap<&'a str, &'a Package> {
    let keys = lock.closures.get(closure).into_iter().flatten();
    keys.filter_map(|key| lock.packages.get(key))
        .map(|package| (package.name.as_str(), package))
        .collect()
}

/// The rows as a table with a heading and aligned columns.
pub(crate) fn table(rows: &[Row]) -> String {
    let heading = ["change", "package", "old", "new", "closures"].map(String::from);
    let lines: Vec<[String; 5]> = std::iter::once(heading)
        .chain(rows.iter().map(|row| {
            let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".into());
            [
                row.change.word().into(),
                row.name.clone(),
                version(&row.old),
                version(&row.new),
                row.closures.join(" "),
            ]
        }))
        .collect();
    let mut widths = [0; 5];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    lines
        .iter()
        .map(|line| {
            let cells: Vec<String> = line
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            format!("{}\n", cells.join("  ").trim_end())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::testing::{lock, package};

    #[test]
    fn each_kind_of_change_is_a_row() {
        let mut replaced = package("kept", "1");
        let old = lock(&[
            (
                "image",
                &[
                    package("gone", "1"),
                    package("up", "1"),
                    package("kept", "1"),
                ],
            ),
            ("tools", &[package("up", "1")]),
        ]);
        replaced.sha256 = "1".repeat(64);
        let new = lock(&[
            (
                "image",
                &[package("fresh", "3"), package("up", "2"), replaced],
            ),
            ("tools", &[package("up", "2")]),
        ]);
        assert_eq!(
            table(&diff(Some(&old), &new)),
            "change    package  old  new  closures\n\
             added     fresh    -    3    image\n\
             removed   gone     1    -    image\n\
             replaced  kept     1    1    image\n\
             changed   up       1    2    image tools\n"
        );
    }

    #[test]
    fn equal_locks_have_no_rows_and_a_first_lock_adds_all() {
        let one = lock(&[("image", &[package("a", "1")])]);
        assert_eq!(diff(Some(&one), &one), []);
        assert_eq!(diff(None, &one).len(), 1);
    }
}
