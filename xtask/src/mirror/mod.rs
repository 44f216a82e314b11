//! Where packages come from: the machine's own APT configuration, or flags.
//!
//! No mirror's address is written down in this project. [`Mirrors::find`] reads
//! what the machine already uses for its Debian archive and security archive;
//! the suites in the result do not matter, since every Debian mirror carries
//! all of them. Start reading there.

mod deb822;
mod one_line;

use std::path::{Path, PathBuf};

use crate::{
    files,
    lock::format::{Archive, SUITE},
};

/// One source of packages as APT knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Base address, as written (`mirror+file:` is not resolved yet).
    pub(crate) uri: String,
    /// Suites, e.g. `trixie-security`.
    pub(crate) suites: Vec<String>,
    /// Components, e.g. `main`.
    pub(crate) components: Vec<String>,
}

/// Base addresses of the two archives the lock draws from, without a final slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirrors {
    /// The archive with `trixie`, `trixie-updates`, `trixie-backports`.
    pub(crate) debian: String,
    /// The archive with `trixie-security`.
    pub(crate) security: String,
}

/// What the operator said on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct MirrorArgs {
    /// Base address of a Debian mirror or snapshot (default: what this
    /// machine's APT configuration uses).
    #[arg(long, value_name = "URL")]
    pub(crate) mirror: Option<String>,
    /// Base address of the security archive (default: the machine's, or the
    /// mirror's sibling `debian-security`).
    #[arg(long, value_name = "URL")]
    pub(crate) security_mirror: Option<String>,
}

/// Why no mirror could be chosen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MirrorError {
    /// A file of the APT configuration could not be read.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// Nothing in the configuration looks like the Debian archive.
    #[error(
        "no Debian archive in the APT configuration under {0} (looked for an enabled http or https `deb` source of a \
         Debian release with component main): pass --mirror URL"
    )]
    NoArchive(PathBuf),
    /// The security archive is neither configured nor derivable.
    #[error(
        "no Debian security archive in the APT configuration, and it cannot be derived from {0} (which does not end in \
         /debian): pass --security-mirror URL"
    )]
    NoSecurity(String),
    /// An address of a kind that cannot be downloaded from.
    #[error("the mirror address {0} is not http:// or https://")]
    Scheme(String),
}

/// Debian releases whose sources count as "the Debian archive".
const RELEASES: [&str; 11] = [
    "trixie",
    "stable",
    "bookworm",
    "oldstable",
    "forky",
    "testing",
    "duke",
    "bullseye",
    "oldoldstable",
    "sid",
    "unstable",
];

impl Mirrors {
    /// Chooses the mirrors: flags first, then the configuration under `etc_apt`.
    pub(crate) fn find(etc_apt: &Path, args: &MirrorArgs) -> Result<Self, MirrorError> {
        let sources = match (&args.mirror, &args.security_mirror) {
            (Some(_), Some(_)) => Vec::new(),
            _ => configured(etc_apt)?,
        };
        let debian = match &args.mirror {
            Some(uri) => uri.clone(),
            None => find_archive(&sources)
                .ok_or_else(|| MirrorError::NoArchive(etc_apt.to_path_buf()))?,
        };
        let debian = checked(debian)?;
        // A mirror given by hand is often a snapshot or a local copy: its own
        // security sibling fits it, the machine's may not.
        let configured = match args.mirror {
            Some(_) => None,
            None => find_security(&sources),
        };
        let security = args
            .security_mirror
            .clone()
            .or(configured)
            .or_else(|| sibling(&debian))
            .ok_or_else(|| MirrorError::NoSecurity(debian.clone()))?;
        Ok(Self {
            security: checked(security)?,
            debian,
        })
    }

    /// The base address of an archive.
    pub(crate) fn base(&self, archive: Archive) -> &str {
        match archive {
            Archive::Debian => &self.debian,
            Archive::DebianSecurity => &self.security,
        }
    }
}

fn checked(uri: String) -> Result<String, MirrorError> {
    if uri.starts_with("http://") || uri.starts_with("https://") {
        Ok(uri.trim_end_matches('/').to_owned())
    } else {
        Err(MirrorError::Scheme(uri))
    }
}

/// All enabled sources, those of the lock's own suite first.
fn configured(etc_apt: &Path) -> Result<Vec<Source>, MirrorError> {
    let mut files = vec![etc_apt.join("sources.list")];
    if let Ok(entries) = std::fs::read_dir(etc_apt.join("sources.list.d")) {
        let mut parts: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        parts.sort();
        files.extend(parts);
    }
    let mut sources = Vec::new();
    for file in files.iter().filter(|file| file.is_file()) {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources.extend(one_line::parse(&files::read(file)?)),
            Some("sources") => sources.extend(deb822::parse(&files::read(file)?)),
            _ => {}
        }
    }
    for source in &mut sources {
        source.uri = resolve_mirror_file(&source.uri)?;
    }
    sources.retain(|source| {
        source.uri.starts_with("http")
            && source
                .components
                .iter()
                .any(|component| component == "main")
    });
    sources.sort_by_key(|source| {
        !source
            .suites
            .iter()
            .any(|suite| release_of(suite) == Some(SUITE))
    });
    Ok(sources)
}

/// Cloud images point to a list of mirrors in a file: its first address counts.
fn resolve_mirror_file(uri: &str) -> Result<String, files::FileError> {
    let Some(path) = uri.strip_prefix("mirror+file:") else {
        return Ok(uri.to_owned());
    };
    let path = format!("/{}", path.trim_start_matches('/'));
    let list = files::read(Path::new(&path))?;
    let first = list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|word| !word.starts_with('#'));
    Ok(first.unwrap_or_default().to_owned())
}

/// The release a suite belongs to, if it is one of Debian's.
fn release_of(suite: &str) -> Option<&'static str> {
    let base = suite.split(['-', '/']).next()?;
    RELEASES.into_iter().find(|release| *release == base)
}

fn is_security(suite: &str) -> bool {
    suite.ends_with("-security") || suite.ends_with("/updates")
}

/// Third parties name their suites after Debian's releases too, so the address
/// must have a path segment `debian`, as every mirror and snapshot does.
fn find_archive(sources: &[Source]) -> Option<String> {
    sources
        .iter()
        .find(|source| {
            source.uri.split('/').any(|segment| segment == "debian")
                && source
                    .suites
                    .iter()
                    .any(|suite| release_of(suite).is_some() && !is_security(suite))
        })
        .map(|source| source.uri.clone())
}

fn find_security(sources: &[Source]) -> Option<String> {
    sources
        .iter()
        .find(|source| {
            source
                .suites
                .iter()
                .any(|suite| release_of(suite).is_some() && is_security(suite))
        })
        .map(|source| source.uri.clone())
}

/// `…/debian` has `…/debian-security` next to it on most mirrors; in a snapshot
/// the timestamp follows the archive's name.
fn sibling(debian: &str) -> Option<String> {
    let (head, tail) = debian.rsplit_once("/debian")?;
    (tail.is_empty() || tail.starts_with('/')).then(|| format!("{head}/debian-security{tail}"))
}

#[cfg(test)]
mod tests;
