//! `cargo xtask lock`: refreshes `nix/debian.lock.json` from the Debian archive.
//!
//! [`closures`] says what is wanted, [`apt_root`] gets verified indices,
//! [`solve`] lets APT choose, [`prune`] takes out what we exclude, [`format`]
//! is the result and [`diff`] what it changes. Planning ([`plan`]) is apart from
//! writing, so that `--check` and the real run compute the same thing.

mod apt_root;
mod closures;
mod diff;
pub(crate) mod format;
mod index;
mod prune;
mod relations;
mod release;
mod solve;
pub(crate) mod stanza;
#[cfg(test)]
pub(crate) mod testing;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
};

use apt_root::{AptError, AptRoot};
use closures::Closures;
use format::Lock;
use solve::Chosen;

use crate::{
    fetch, files,
    mirror::{MirrorArgs, MirrorError, Mirrors},
    seed,
    workspace::Workspace,
};

/// `cargo xtask lock`
#[derive(Debug, clap::Args)]
pub(crate) struct LockArgs {
    /// Write nothing; exit with status 2 if the lock would change.
    #[arg(long)]
    check: bool,
    /// Print what changed as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    mirrors: MirrorArgs,
}

/// Why the lock could not be refreshed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// No mirror to ask.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// `closures.toml`.
    #[error(transparent)]
    Closures(#[from] closures::ClosuresError),
    /// The isolated APT.
    #[error(transparent)]
    Apt(#[from] AptError),
    /// The package indices.
    #[error(transparent)]
    Index(#[from] index::IndexError),
    /// The seed.
    #[error(transparent)]
    Seed(#[from] seed::SeedError),
    /// The package of the seed.
    #[error(transparent)]
    Fetch(#[from] fetch::FetchError),
    /// JSON could not be made.
    #[error("cannot write the result as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A suite without a date.
    #[error("the Release file of suite {0} has no readable Date")]
    Date(&'static str),
    /// A date beyond what RFC 3339 can say.
    #[error("cannot write the archive's date: {0}")]
    DateFormat(#[from] time::error::Format),
    /// A pattern in `from-backports` that changes nothing.
    #[error(
        "closure {closure}: no package from backports matches `{pattern}`: correct from-backports in closures.toml"
    )]
    Backports {
        /// The closure.
        closure: String,
        /// The pattern.
        pattern: String,
    },
}

/// Refreshes (or checks) the lock.
pub(crate) fn run(workspace: &Workspace, args: &LockArgs) -> Result<ExitCode, LockError> {
    let path = workspace.debian_lock();
    let old = readable(&path);
    let mirrors = Mirrors::find(Path::new("/etc/apt"), &args.mirrors)?;
    let closures = closures::read(&workspace.closures())?;
    eprintln!(
        "Locking {} closures from {} and {}",
        closures.len(),
        mirrors.debian,
        mirrors.security
    );
    let root = AptRoot::create(&mirrors, args.mirrors.mirror.is_some())?;
    let new = keep_dates_if_unchanged(old.as_ref(), plan(&root, &closures)?);
    let rows = diff::diff(old.as_ref(), &new);
    let changed = old.as_ref() != Some(&new);
    report(&rows, &new, changed, args)?;
    if changed && args.check {
        return Ok(ExitCode::from(2));
    }
    if changed {
        files::replace(&path, new.to_json()?.as_bytes())?;
    }
    if !seed::is_current(workspace, &new)? {
        if args.check {
            println!("nix/seed.json would change");
            return Ok(ExitCode::from(2));
        }
        let package = seed::package(&new)?;
        let deb = fetch::one(package, &mirrors)?;
        seed::record(workspace, package, &deb)?;
        std::fs::remove_file(&deb).map_err(files::FileError::at("delete", &deb))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The lock that is there. A damaged one counts as none: this command is what
/// its error tells people to run.
fn readable(path: &Path) -> Option<Lock> {
    if !path.exists() {
        return None;
    }
    Lock::read(path)
        .inspect_err(|error| eprintln!("note: starting afresh: {error}"))
        .ok()
}

/// The lock the archive's present state asks for.
fn plan(root: &AptRoot, closures: &Closures) -> Result<Lock, LockError> {
    let solved: BTreeMap<&String, Vec<Chosen>> = closures
        .iter()
        .map(|(name, closure)| Ok((name, solve::solve(root, name, closure)?)))
        .collect::<Result<_, AptError>>()?;
    let wanted: BTreeSet<&str> = solved
        .values()
        .flatten()
        .map(|chosen| chosen.name.as_str())
        .collect();
    let suite_files = root.suite_files()?;
    let index = index::Index::read(&suite_files, &wanted)?;

    let mut lock = Lock {
        version: format::VERSION,
        archive_timestamp: String::new(),
        suites: BTreeMap::new(),
        packages: BTreeMap::new(),
        closures: BTreeMap::new(),
    };
    for (name, closure) in closures {
        let chosen = solved.get(name).into_iter().flatten();
        let entries = chosen
            .map(|chosen| index.get(chosen))
            .collect::<Result<Vec<_>, _>>()?;
        check_backports(name, closure, &entries)?;
        let pruned = prune::prune(closure, &entries);
        for pattern in &pruned.stale {
            eprintln!("note: closure {name}: nothing matches the exclusion `{pattern}`");
        }
        let mut keys: Vec<String> = pruned
            .kept
            .iter()
            .map(|entry| entry.package.key())
            .collect();
        keys.sort();
        for entry in pruned.kept {
            lock.packages
                .insert(entry.package.key(), entry.package.clone());
        }
        lock.closures.insert(name.clone(), keys);
    }
    let mut newest = None;
    for suite in suite_files {
        let date =
            release::date(&files::read(&suite.release)?).ok_or(LockError::Date(suite.suite))?;
        newest = newest.max(Some(date));
        lock.suites
            .insert(suite.suite.into(), release::format(date)?);
    }
    if let Some(newest) = newest {
        lock.archive_timestamp = release::format(newest)?;
    }
    Ok(lock)
}

fn check_backports(
    name: &str,
    closure: &closures::Closure,
    entries: &[&index::Entry],
) -> Result<(), LockError> {
    let backported = |pattern: &String| {
        entries.iter().any(|entry| {
            closures::matches(pattern, &entry.package.name)
                && entry.suites.contains("trixie-backports")
        })
    };
    match closure
        .from_backports
        .iter()
        .find(|pattern| !backported(pattern))
    {
        None => Ok(()),
        Some(pattern) => Err(LockError::Backports {
            closure: name.into(),
            pattern: pattern.clone(),
        }),
    }
}

/// The archive's dates move several times a day; a lock whose packages are the
/// same stays as it is, byte for byte.
fn keep_dates_if_unchanged(old: Option<&Lock>, new: Lock) -> Lock {
    match old {
        Some(old) if old.packages == new.packages && old.closures == new.closures => old.clone(),
        _ => new,
    }
}

fn report(
    rows: &[diff::Row],
    lock: &Lock,
    changed: bool,
    args: &LockArgs,
) -> Result<(), LockError> {
    if args.json {
        let value = serde_json::json!({ "changed": changed, "packages": lock.packages.len(), "changes": rows });
        println!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    if !rows.is_empty() {
        print!("{}", diff::table(rows));
    }
    let bytes = |keys: &[String]| -> u64 {
        let packages = keys.iter().filter_map(|key| lock.packages.get(key));
        packages.map(|package| package.size).sum()
    };
    for (name, keys) in &lock.closures {
        println!(
            "closure {name}: {} packages, {:.1} MB",
            keys.len(),
            bytes(keys) as f64 / 1e6
        );
    }
    println!(
        "{} packages of {}: {}",
        lock.packages.len(),
        lock.archive_timestamp,
        match (changed, args.check) {
            (false, _) => "the lock is up to date",
            (true, true) => "the lock would change",
            (true, false) => "lock written",
        }
    );
    Ok(())
}

impl Workspace {
    /// The lock file.
    pub(crate) fn debian_lock(&self) -> PathBuf {
        self.path("nix/debian.lock.json")
    }

    /// The closures asked for.
    pub(crate) fn closures(&self) -> PathBuf {
        self.path("nix/closures.toml")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::testing::{lock, package};

    #[test]
    fn new_dates_alone_do_not_change_the_lock() {
        let old = lock(&[("image", &[package("a", "1")])]);
        let mut later = old.clone();
        later.archive_timestamp = "2027-01-01T00:00:00Z".into();
        assert_eq!(keep_dates_if_unchanged(Some(&old), later.clone()), old);
        later.packages.clear();
        assert_eq!(keep_dates_if_unchanged(Some(&old), later.clone()), later);
    }
}
