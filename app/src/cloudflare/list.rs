//! A list of networks with where it is from and as of when, and the file that
//! holds one.

use super::ranges::{Ranges, RangesError};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use uuid::Uuid;

/// Bytes of a list; Cloudflare's takes less than one thousand.
pub(super) const LARGEST: u64 = 64 * 1024;
/// The list of <https://www.cloudflare.com/ips/>, as it was at the release.
const SHIPPED: &str = include_str!("../../assets/cloudflare.json");
/// The list that was asked for last, in the application's state directory.
const NAME: &str = "cloudflare.json";

/// Networks, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Where the list is from.
    pub source: String,
    /// Since when it has been so, or when it was asked for.
    pub as_of: OffsetDateTime,
    /// The networks.
    pub ranges: Ranges,
}

/// The form in files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    source: String,
    #[serde(with = "time::serde::rfc3339")]
    as_of: OffsetDateTime,
    ipv4: Vec<String>,
    ipv6: Vec<String>,
}

/// A file that is not used, or cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The disk failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is too large to be one.
    #[error("it has more than {LARGEST} bytes")]
    Large,
    /// It is no such file.
    #[error("it is no list of networks: {0}")]
    Form(#[from] serde_json::Error),
    /// What it lists is not sound.
    #[error(transparent)]
    Ranges(#[from] RangesError),
}

impl List {
    /// The one in the program.
    #[must_use]
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).unwrap_or_else(|error| {
            tracing::error!("the list of Cloudflare's networks in the program: {error}");
            // Nobody is believed then.
            Self {
                source: "nowhere".to_owned(),
                as_of: OffsetDateTime::UNIX_EPOCH,
                ranges: Ranges::default(),
            }
        })
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is not sound in every part.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        let written: Written = serde_json::from_str(text)?;
        Ok(Self {
            source: written.source,
            as_of: written.as_of,
            ranges: Ranges::read(&written.ipv4, &written.ipv6)?,
        })
    }

    /// The file's text.
    ///
    /// # Errors
    /// When the date has no written form.
    pub fn text(&self) -> Result<String, ListError> {
        let written = Written {
            source: self.source.clone(),
            as_of: self.as_of,
            ipv4: self.ranges.ipv4(),
            ipv6: self.ranges.ipv6(),
        };
        Ok(format!("{}\n", serde_json::to_string_pretty(&written)?))
    }

    /// The name of the file in a state directory.
    #[must_use]
    pub fn file(state_dir: &Path) -> PathBuf {
        state_dir.join(NAME)
    }

    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is not sound.
    pub fn load(path: &Path) -> Result<Option<Self>, ListError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(disk("open", path)(error)),
        };
        let mut text = String::new();
        file.take(LARGEST + 1)
            .read_to_string(&mut text)
            .map_err(disk("read", path))?;
        if text.len() as u64 > LARGEST {
            return Err(ListError::Large);
        }
        Self::parse(&text).map(Some)
    }

    /// Writes the file of a state directory: whole or not at all, and readable
    /// for the web process, whoever writes it. It is no secret.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn store(&self, state_dir: &Path) -> Result<PathBuf, ListError> {
        let text = self.text()?;
        let path = Self::file(state_dir);
        fs::create_dir_all(state_dir).map_err(disk("make", state_dir))?;
        let unfinished = state_dir.join(format!(".{NAME}.{}", Uuid::now_v7()));
        let written = write(&unfinished, &text)
            .and_then(|()| fs::rename(&unfinished, &path))
            .and_then(|()| File::open(state_dir)?.sync_all());
        if let Err(error) = written {
            // It may not be there; what matters is the error above.
            let _ = fs::remove_file(&unfinished);
            return Err(disk("write", &path)(error));
        }
        Ok(path)
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ListError {
    let path = path.to_owned();
    move |source| ListError::Disk {
        action,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_shipped_list_is_sound_and_has_all_of_cloudflares_networks() {
        let list = List::parse(SHIPPED).unwrap();
        assert_eq!(
            (list.ranges.ipv4().len(), list.ranges.ipv6().len()),
            (15, 7)
        );
        assert_eq!(List::shipped(), list);
        assert_eq!(list.source, "https://www.cloudflare.com/ips/");
        for inside in [
            "173.245.48.1",
            "104.27.255.255",
            "172.71.0.1",
            "2a06:98c7::1",
        ] {
            assert!(list.ranges.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "104.28.0.1",
            "172.63.255.255",
            "173.245.64.0",
            "2a06:98c8::1",
        ] {
            assert!(!list.ranges.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let list = List::shipped();
        assert_eq!(List::load(&List::file(dir.path())).unwrap(), None);
        let path = list.store(dir.path()).unwrap();
        assert_eq!(List::load(&path).unwrap(), Some(list));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o644
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,200}") {
            prop_assert!(List::parse(&text).is_err());
        }

        /// A file cut off or with a byte changed is what it was or refused; it
        /// never has networks that the whole one has not, short of a change
        /// that is itself a sound network.
        #[test]
        fn a_damaged_file_is_not_half_read(at in 0_usize..SHIPPED.len()) {
            let Some(cut) = SHIPPED.trim_end().get(..at) else { return Ok(()) };
            if cut.len() < SHIPPED.trim_end().len() {
                prop_assert!(List::parse(cut).is_err());
            }
        }
    }
}
