//! A channel's directory: read, changed under a lock, written index last.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use onebox_release::Keyring;
use onebox_release::channel::{Entry, INDEX, Index, IndexError, SIGNATURES};
use onebox_release::keyring::Freshness;
use onebox_release::signature::{self, Signatures};
use time::{Duration, OffsetDateTime};

use super::files::{self, Readers};
use super::folder::Signers;
use super::trouble::{At as _, Trouble};

/// A channel that nobody else changes meanwhile.
pub(super) struct Channel {
    /// Where it is.
    pub(super) dir: PathBuf,
    /// What it has; nothing in a new one.
    pub(super) index: Option<Index>,
    /// Held for as long as this is there.
    _lock: File,
}

/// How a new index is made.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Dates {
    /// How long boxes believe the index; it must be refreshed before
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=3650))]
    valid_days: i64,
    /// Keep only the newest N releases, and remove the files of the others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    prune: Option<u32>,
}

impl Channel {
    /// Opens a channel. Its index must be one that the keyring's owners signed:
    /// what somebody else put there is not signed again.
    pub(super) fn open(dir: &Path, keyring: &Keyring) -> Result<Self, Trouble> {
        files::directory(dir, Readers::All)?;
        let lock = File::open(dir).at("open", dir)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Trouble::Busy(dir.to_owned())),
            Err(TryLockError::Error(error)) => return Err(error).at("lock", dir),
        }
        let path = dir.join(INDEX);
        let index = if path.exists() {
            Some(own(dir, keyring).map_err(|source| Trouble::Index { path, source })?)
        } else {
            None
        };
        Ok(Self {
            dir: dir.to_owned(),
            index,
            _lock: lock,
        })
    }

    /// Signs a new index with these releases, writes it, and removes what is no
    /// longer in it.
    pub(super) fn write(
        &self,
        name: &str,
        mut releases: Vec<Entry>,
        dates: Dates,
        signers: &Signers,
        now: OffsetDateTime,
    ) -> Result<Index, Trouble> {
        releases.sort_by(|one, other| other.version.cmp(&one.version));
        if let Some(keep) = dates.prune {
            releases.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
        }
        let valid = Duration::days(dates.valid_days);
        let index = Index::next(name, self.index.as_ref(), releases, now, valid);
        let bytes = pretty(&index)?;
        let signatures = signature::sign(&bytes, &signers.signers, &signers.keyring)?;
        files::write(
            &self.dir.join(SIGNATURES),
            &pretty(&signatures)?,
            Readers::All,
        )?;
        files::write(&self.dir.join(INDEX), &bytes, Readers::All)?;
        self.remove_unlisted(&index)?;
        Ok(index)
    }

    /// Removes the directories of releases that are in the index before and not
    /// in the new one; nothing else that lies there.
    fn remove_unlisted(&self, new: &Index) -> Result<(), Trouble> {
        let kept: BTreeSet<&str> = new.releases.iter().filter_map(directory).collect();
        let before = self.index.iter().flat_map(|index| &index.releases);
        let gone: BTreeSet<&str> = before.filter_map(directory).collect();
        for name in gone.difference(&kept) {
            let path = self.dir.join(name);
            if path.is_dir() {
                fs::remove_dir_all(&path).at("remove", &path)?;
            }
        }
        Ok(())
    }
}

/// The directory that has a release's files.
fn directory(entry: &Entry) -> Option<&str> {
    entry.bundle.path.split_once('/').map(|(dir, _)| dir)
}

fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, Trouble> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| IndexError::Damaged(error.to_string()));
    let text = text.map_err(|source| Trouble::Index {
        path: INDEX.into(),
        source,
    })?;
    Ok((text + "\n").into_bytes())
}

/// The index that was published last, whatever its date: the keys that signed it
/// must not have been revoked.
fn own(dir: &Path, keyring: &Keyring) -> Result<Index, IndexError> {
    let read = |name: &str| {
        fs::read(dir.join(name))
            .map_err(|error| IndexError::Damaged(format!("cannot read {name}: {error}")))
    };
    let bytes = read(INDEX)?;
    let index = Index::parse(&bytes)?;
    let signatures = Signatures::parse(&read(SIGNATURES)?)?;
    signatures.check(&bytes, keyring, Freshness::Ignored, index.issued_at)?;
    Ok(index)
}
