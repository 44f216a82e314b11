//! Takes excluded packages out of a solved closure, and what only they needed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    closures::{Closure, matches},
    index::Entry,
};

/// What is left of a closure.
#[derive(Debug)]
pub(crate) struct Pruned<'a> {
    /// Packages kept.
    pub(crate) kept: Vec<&'a Entry>,
    /// Exclusions that matched nothing and can go from `closures.toml`.
    pub(crate) stale: Vec<&'a str>,
}

/// Walks the dependencies from the packages asked for, without entering the
/// excluded ones. Of alternatives, all that the solver chose are kept.
pub(crate) fn prune<'a>(closure: &'a Closure, solved: &[&'a Entry]) -> Pruned<'a> {
    let mut offers: BTreeMap<&str, Vec<&'a Entry>> = BTreeMap::new();
    for &entry in solved {
        let provides = entry.relations.provides.iter().map(String::as_str);
        for name in std::iter::once(entry.package.name.as_str()).chain(provides) {
            offers.entry(name).or_default().push(entry);
        }
    }
    let excluded = |name: &str| closure.exclude.iter().any(|pattern| matches(pattern, name));
    let mut kept: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut queue: Vec<&str> = closure.packages.iter().map(String::as_str).collect();
    while let Some(name) = queue.pop() {
        for &entry in offers.get(name).into_iter().flatten() {
            let name = entry.package.name.as_str();
            if !excluded(name) && kept.insert(name, entry).is_none() {
                queue.extend(
                    entry
                        .relations
                        .dependencies
                        .iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
    }
    let names: BTreeSet<&str> = solved
        .iter()
        .map(|entry| entry.package.name.as_str())
        .collect();
    let stale = closure
        .exclude
        .iter()
        .map(String::as_str)
        .filter(|pattern| !names.iter().any(|name| matches(pattern, name)))
        .collect();
    Pruned {
        kept: kept.into_values().collect(),
        stale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{relations::Relations, testing::package};

    fn entry(name: &str, dependencies: &[&[&str]], provides: &[&str]) -> Entry {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Entry {
            package: package(name, "1"),
            relations: Relations {
                dependencies: dependencies.iter().map(|group| owned(group)).collect(),
                provides: owned(provides),
            },
            suites: BTreeSet::new(),
        }
    }

    #[test]
    fn what_only_an_excluded_package_needed_goes_with_it() {
        let solved = [
            entry("server", &[&["common"], &["libc"], &["awk"]], &[]),
            entry("common", &[&["perl"], &["libc"]], &[]),
            entry("perl", &[&["libperl"]], &[]),
            entry("libperl", &[&["libc"]], &[]),
            entry("libc", &[], &[]),
            entry("mawk", &[], &["awk"]),
        ];
        let closure = Closure {
            purpose: String::new(),
            packages: vec!["server".into()],
            from_backports: Vec::new(),
            exclude: vec!["comm*".into(), "systemd".into()],
        };
        let solved: Vec<&Entry> = solved.iter().collect();
        let pruned = prune(&closure, &solved);
        let names: Vec<&str> = pruned
            .kept
            .iter()
            .map(|entry| entry.package.name.as_str())
            .collect();
        assert_eq!(names, ["libc", "mawk", "server"]);
        assert_eq!(pruned.stale, ["systemd"]);
    }
}
