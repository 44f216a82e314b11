//! A channel: a directory that any web server or bucket can hold, with the
//! releases there are.
//!
//! ```text
//! index.json                        what there is, and until when that is true
//! index.json.sig                    who says so
//! 1.2.0/release.json                each release's manifest
//! 1.2.0/onebox-1.2.0.raucb          and its bundle
//! ```
//!
//! Who holds the directory is not trusted. It can neither make up a release
//! (signature), nor bring back an old index (serial number), nor keep a box from
//! learning of a new one for longer than the index is valid (dates).

use std::fmt;

use semver::Version;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::keyring::{Freshness, Keyring};
use crate::moment::moment;
use crate::signature::{SignatureError, Signatures};

/// The index.
pub const INDEX: &str = "index.json";
/// The signatures of the index.
pub const SIGNATURES: &str = "index.json.sig";
/// A release's manifest, in the directory of its version.
pub const MANIFEST: &str = "release.json";
/// A release's bill of materials, there as well.
pub const SBOM: &str = "sbom.cdx.json";

/// The newest form that this program reads, and the one it writes.
pub const FORMAT: u32 = 1;
/// What the file says it is: a signature of something else is none of an index.
const KIND: &str = "onebox-channel";
/// Bytes that are read at most.
pub const LIMIT: usize = 1 << 20;
/// Clocks of a maker and of a box may differ by this much.
const SKEW: Duration = Duration::hours(1);

/// What a channel has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// What this file is.
    pub kind: String,
    /// Form of this file.
    pub format: u32,
    /// The channel's name, such as `stable`.
    pub channel: String,
    /// Rises with every index, also when the channel is made anew.
    pub serial: u64,
    /// When it was signed.
    #[serde(with = "time::serde::rfc3339")]
    pub issued_at: OffsetDateTime,
    /// From when on it is not believed.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The releases, newest first.
    pub releases: Vec<Entry>,
}

/// A release in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its version.
    pub version: Version,
    /// Its `release.json`.
    pub manifest: Piece,
    /// Its bundle.
    pub bundle: Piece,
}

/// A file of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Where it is, from the index: names with `/` between them.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What a machine expects of an index.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The channel it follows; nothing takes any.
    pub channel: Option<&'a str>,
    /// The time.
    pub now: OffsetDateTime,
    /// The serial number of the last index it believed; 0 at first.
    pub last_serial: u64,
}

/// An index that is believed.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The index.
    pub index: Index,
    /// The keyring with the revocations that came along. Where [`Self::news`],
    /// it is to be kept: they hold for bundles as well.
    pub keyring: Keyring,
    /// Whether there were any that were not known.
    pub news: bool,
}

/// An index is not believed, or cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is no index.
    #[error("the index is damaged: {0}; download it again")]
    Damaged(String),
    /// It is written for newer programs.
    #[error(
        "the index's format is {found}, this program reads up to {FORMAT}: install a newer \
         release by hand"
    )]
    Newer {
        /// Its format.
        found: u64,
    },
    /// Its signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is another channel's.
    #[error(
        "the index is of channel {found:?}, not of {expected:?}: correct the channel's address, \
         or its name"
    )]
    OtherChannel {
        /// The channel it is of.
        found: String,
        /// The one that was expected.
        expected: String,
    },
    /// It is out of date.
    #[error(
        "the index was good until {}, the clock says {}: its maker did not refresh \
         it, or somebody holds newer ones back, or the clock is ahead; compare the clock first",
        moment(.expires_at),
        moment(.now)
    )]
    Expired {
        /// Until when it was good.
        expires_at: OffsetDateTime,
        /// The moment that was asked for.
        now: OffsetDateTime,
    },
    /// It is from the future.
    #[error(
        "the index was made at {issued_at}, the clock says {now}: the clock is behind; correct it"
    )]
    Future {
        /// When it was made.
        issued_at: OffsetDateTime,
        /// The moment that was asked for.
        now: OffsetDateTime,
    },
    /// An older one than was seen before.
    #[error(
        "the index has serial number {found}, this machine has seen {seen}: somebody, or a cache \
         on the way, serves an old one; look who holds the channel"
    )]
    Replayed {
        /// Its serial number.
        found: u64,
        /// The highest that was seen.
        seen: u64,
    },
    /// A name would lead out of the channel.
    #[error("the index names a file {path:?} of {version}: paths must stay inside the channel")]
    Path {
        /// The release.
        version: Version,
        /// The path.
        path: String,
    },
}

impl IndexError {
    /// Whether another try in a moment may help: index and signature are two
    /// files, and may be changed between two downloads.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Signature(SignatureError::Mismatch { .. }))
    }
}

#[derive(Deserialize)]
struct Head {
    kind: String,
    format: u64,
}

impl Index {
    /// The next index of a channel. Its serial number is the time in seconds, or
    /// one more than `last`'s, so that it rises also when `last` was lost.
    #[must_use]
    pub fn next(
        channel: &str,
        last: Option<&Self>,
        mut releases: Vec<Entry>,
        now: OffsetDateTime,
        valid: Duration,
    ) -> Self {
        releases.sort_by(|one, other| other.version.cmp(&one.version));
        let time = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        let after = last.map_or(0, |last| last.serial.saturating_add(1));
        // Whole seconds: what is written must be what is read.
        let now = now.replace_nanosecond(0).unwrap_or(now);
        Self {
            kind: KIND.to_owned(),
            format: FORMAT,
            channel: channel.to_owned(),
            serial: time.max(after),
            issued_at: now,
            expires_at: now + valid,
            releases,
        }
    }

    /// Reads an index; whether to believe it is [`verify`]'s.
    ///
    /// # Errors
    /// When it is damaged, too large, or newer than this program.
    pub fn parse(bytes: &[u8]) -> Result<Self, IndexError> {
        let damaged = |error: serde_json::Error| IndexError::Damaged(error.to_string());
        if bytes.len() > LIMIT {
            let why = format!("it has {} bytes, more than {LIMIT}", bytes.len());
            return Err(IndexError::Damaged(why));
        }
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.kind != KIND {
            let why = format!("it is a {:?}, not a {KIND:?}", head.kind);
            return Err(IndexError::Damaged(why));
        }
        if head.format > u64::from(FORMAT) {
            return Err(IndexError::Newer { found: head.format });
        }
        let index: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        for entry in &index.releases {
            for piece in [&entry.manifest, &entry.bundle] {
                if !is_inside(&piece.path) {
                    return Err(IndexError::Path {
                        version: entry.version.clone(),
                        path: piece.path.clone(),
                    });
                }
            }
        }
        Ok(index)
    }

    /// The newest release; of those before a release (`1.2.0-rc.1`) only where
    /// `previews`.
    #[must_use]
    pub fn newest(&self, previews: Previews) -> Option<&Entry> {
        self.releases
            .iter()
            .filter(|entry| previews == Previews::Included || entry.version.pre.is_empty())
            .max_by(|one, other| one.version.cmp(&other.version))
    }

    /// The entry of a version.
    #[must_use]
    pub fn find(&self, version: &Version) -> Option<&Entry> {
        self.releases.iter().find(|entry| entry.version == *version)
    }
}

/// Whether versions before a release count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Previews {
    /// They do.
    Included,
    /// They do not.
    Excluded,
}

/// Names joined by `/`; nothing that a web server or a file system reads in
/// another way.
fn is_inside(path: &str) -> bool {
    path.split('/').all(|name| {
        !name.is_empty()
            && !name.starts_with('.')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte))
    })
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.version, self.bundle.size)
    }
}

/// Whether a machine that has `keyring` believes an index.
///
/// # Errors
/// With the reason it does not.
pub fn verify(
    index: &[u8],
    signatures: &[u8],
    keyring: &Keyring,
    expected: Expected<'_>,
) -> Result<Verified, IndexError> {
    if index.len() > LIMIT {
        let why = format!("it has {} bytes, more than {LIMIT}", index.len());
        return Err(IndexError::Damaged(why));
    }
    let signatures = Signatures::parse(signatures)?;
    let mut keyring = keyring.clone();
    let news = keyring.adopt(&signatures.revocations);
    // Nothing is read from bytes that nobody vouches for.
    signatures.check(index, &keyring, Freshness::Required, expected.now)?;
    let index = Index::parse(index)?;
    if let Some(channel) = expected.channel.filter(|channel| *channel != index.channel) {
        return Err(IndexError::OtherChannel {
            found: index.channel,
            expected: channel.to_owned(),
        });
    }
    let now = expected.now;
    if index.issued_at > now + SKEW {
        return Err(IndexError::Future {
            issued_at: index.issued_at,
            now,
        });
    }
    if now > index.expires_at {
        return Err(IndexError::Expired {
            expires_at: index.expires_at,
            now,
        });
    }
    if index.serial < expected.last_serial {
        return Err(IndexError::Replayed {
            found: index.serial,
            seen: expected.last_serial,
        });
    }
    Ok(Verified {
        index,
        keyring,
        news,
    })
}

#[cfg(test)]
mod tests;
