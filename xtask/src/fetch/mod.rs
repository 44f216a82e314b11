//! `cargo xtask fetch`: brings everything the build is made of into the store.
//!
//! Three kinds of input: Debian packages by the lock ([`debs`]), crates by
//! Cargo.lock ([`crates`]) and the seed cut out of a package
//! ([`crate::seed`]). After a fetch `nix build` needs no network.

mod crates;
mod debs;
mod download;
mod error;
mod partial;
mod progress;
#[cfg(test)]
mod tests;

use std::{fs::File, path::Path, process::ExitCode, time::Instant};

use crate::{
    cache,
    files::{self, FileError},
    lock::format::{Lock, LockFileError, Package},
    mirror::{MirrorArgs, MirrorError, Mirrors},
    process::ProcessError,
    seed::{self, SeedError},
    workspace::Workspace,
};

/// `cargo xtask fetch`
#[derive(Debug, Default, clap::Args)]
pub(crate) struct FetchArgs {
    #[command(flatten)]
    mirrors: MirrorArgs,
}

/// Why an input could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// No mirror to ask.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// The lock cannot be used.
    #[error(transparent)]
    Lock(#[from] LockFileError),
    /// A package.
    #[error(transparent)]
    Download(#[from] error::DownloadError),
    /// A crate.
    #[error(transparent)]
    Crate(#[from] crates::CrateError),
    /// The seed.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The store, or another program.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file of the cache.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Fetches what the store lacks.
pub(crate) fn run(workspace: &Workspace, args: &FetchArgs) -> Result<ExitCode, FetchError> {
    let begun = Instant::now();
    let _alone = one_at_a_time()?;
    let lock = Lock::read(&workspace.debian_lock())?;
    let missing = debs::missing(&lock)?;
    if !missing.is_empty() {
        let mirrors = Mirrors::find(Path::new("/etc/apt"), &args.mirrors)?;
        eprintln!(
            "Fetching {} packages ({:.0} MB) from {}",
            missing.len(),
            missing.iter().map(|package| package.size).sum::<u64>() as f64 / 1e6,
            mirrors.debian
        );
        debs::fetch(&missing, &mirrors, &debs::downloader(cache::dir("debs"))?)?;
    }
    let seeded = seed::fetch(workspace, &lock)?;
    let crates = crates::read(&workspace.path("Cargo.lock"))?;
    let added = crates::fetch(&workspace.path(""), &crates)?;
    let new = missing.len() + added + usize::from(seeded);
    eprintln!(
        "Inputs in the Nix store: {} packages, {} crates, 1 seed ({new} new, {:.1} s)",
        lock.packages.len(),
        crates.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

/// Downloads one package to the cache, for `lock` to cut the seed out of.
pub(crate) fn one(package: &Package, mirrors: &Mirrors) -> Result<std::path::PathBuf, FetchError> {
    let _alone = one_at_a_time()?;
    let downloader = debs::downloader(cache::dir("debs"))?;
    Ok(downloader.download(&debs::item(package, mirrors), &|_| ())?)
}

/// Two fetches at once would write the same partial files: the second waits.
fn one_at_a_time() -> Result<File, FetchError> {
    let dir = cache::dir("debs");
    files::create_dir(&dir)?;
    let path = dir.join(".lock");
    let file = File::create(&path).map_err(FileError::at("create", &path))?;
    if file.try_lock().is_err() {
        eprintln!("Waiting for another fetch to finish");
        file.lock().map_err(FileError::at("lock", &path))?;
    }
    Ok(file)
}
