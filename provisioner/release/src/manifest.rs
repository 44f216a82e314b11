//! What a release says of itself: `release.json`.
//!
//! The image build writes it: into the image (`/usr/share/onebox/release.json`,
//! without [`Release::image`], which cannot be known inside), beside the bundle,
//! and into the bundle's signed manifest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use semver::Version;
use serde::{Deserialize, Serialize};

/// The newest form of `release.json` that this program reads, and the one it
/// writes.
pub const FORMAT: u32 = 1;

/// Where the image has its own.
pub const IN_IMAGE: &str = "/usr/share/onebox/release.json";

/// A release. Members that a newer program adds are ignored; those that change
/// meaning raise [`FORMAT`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Form of this file.
    pub format: u32,
    /// The kind of box it is for ([`crate::COMPATIBLE`]).
    pub compatible: String,
    /// Its version.
    pub version: Version,
    /// Git revision of the sources.
    pub revision: String,
    /// Moment of the Debian archive that its packages are from, such as
    /// `20260801T000000Z`.
    pub debian: String,
    /// Debian's name of the architecture.
    pub architecture: String,
    /// The oldest release it may be installed over.
    pub minimum_version: Version,
    /// The database's schema.
    pub schema: Schema,
    /// Major version of PostgreSQL, whose data directory another one refuses.
    pub postgresql_major: u32,
    /// What orders text in the database's indices.
    pub collation: Collation,
    /// Version of the files that its Redis writes, and the newest that it reads.
    pub redis_rdb_version: u32,
    /// The kernel.
    pub kernel: Kernel,
    /// The Debian packages in it, by name.
    pub packages: Vec<Package>,
    /// The image as it is written to a slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
}

/// Schemas by the number of their last migration; 0 is an empty database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The oldest schema that it takes over, by migrating it.
    pub reads_from: i64,
    /// The newest that it knows. A database beyond that says by itself whether
    /// it still serves this release.
    pub reads_to: i64,
    /// What it leaves the database at.
    pub writes: i64,
    /// The oldest schema whose programs still work with what it leaves.
    pub serves_from: i64,
    /// Whether every migration has a revert.
    pub reversible: bool,
}

/// Order of text. When it changes, indices on text are wrong until rebuilt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collation {
    /// PostgreSQL's provider: `builtin`, `libc` or `icu`.
    pub provider: String,
    /// Its locale.
    pub locale: String,
    /// The version that the provider gives the locale's rules.
    pub version: String,
}

/// A kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// Its release, as `uname -r` says it.
    pub version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// The same of its initrd. Releases that share both can follow each other
    /// without a restart of the machine, which would try neither.
    #[serde(default)]
    pub initrd_sha256: String,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version, in Debian's form.
    pub version: String,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// A release cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// It is written for newer programs.
    #[error(
        "the release's format is {found}, this program reads up to {FORMAT}: \
         install a release between the box's and this one first"
    )]
    Newer {
        /// Its format.
        found: u64,
    },
    /// It is no release.
    #[error("the release is not what it should be: {0}; build or download it again")]
    Damaged(#[source] serde_json::Error),
    /// What a bundle carries is no text.
    #[error("the bundle's release is not Base64: {0}; build it again")]
    Encoding(#[source] base64::DecodeError),
}

/// Only what tells whether the rest can be understood.
#[derive(Deserialize)]
struct Head {
    format: u64,
}

impl Release {
    /// Reads `release.json`.
    ///
    /// # Errors
    /// When it is newer than this program, or no release.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReleaseError> {
        let head: Head = serde_json::from_slice(bytes).map_err(ReleaseError::Damaged)?;
        if head.format > u64::from(FORMAT) {
            return Err(ReleaseError::Newer { found: head.format });
        }
        serde_json::from_slice(bytes).map_err(ReleaseError::Damaged)
    }

    /// Reads what the bundle's manifest has as `release` in `[meta.onebox]`.
    ///
    /// # Errors
    /// As [`Self::parse`], and when it is not Base64.
    pub fn from_meta(text: &str) -> Result<Self, ReleaseError> {
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(ReleaseError::Encoding)?;
        Self::parse(&bytes)
    }

    /// The file name of its bundle.
    #[must_use]
    pub fn bundle_name(&self) -> String {
        format!("onebox-{}.raucb", self.version)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A release for tests.
    pub(crate) fn release(version: &str) -> Release {
        Release {
            format: FORMAT,
            compatible: crate::COMPATIBLE.to_owned(),
            version: version.parse().unwrap(),
            revision: "abc".to_owned(),
            debian: "20260801T000000Z".to_owned(),
            architecture: "amd64".to_owned(),
            minimum_version: Version::new(0, 1, 0),
            schema: Schema {
                reads_from: 0,
                reads_to: 15,
                writes: 15,
                serves_from: 3,
                reversible: true,
            },
            postgresql_major: 17,
            collation: Collation {
                provider: "builtin".to_owned(),
                locale: "C.UTF-8".to_owned(),
                version: "1".to_owned(),
            },
            redis_rdb_version: 12,
            kernel: Kernel {
                version: "6.12.1-cloud-amd64".to_owned(),
                sha256: "00".to_owned(),
                initrd_sha256: "01".to_owned(),
            },
            packages: vec![Package {
                name: "bash".to_owned(),
                version: "5.2".to_owned(),
            }],
            image: None,
        }
    }

    #[test]
    fn what_is_written_is_read_and_unknown_members_are_left_alone() {
        let release = release("1.2.0");
        let mut value = serde_json::to_value(&release).unwrap();
        value["from_the_future"] = true.into();
        let bytes = serde_json::to_vec(&value).unwrap();
        assert_eq!(Release::parse(&bytes).unwrap(), release);
        assert_eq!(
            Release::from_meta(&STANDARD.encode(&bytes)).unwrap(),
            release
        );
        assert_eq!(release.bundle_name(), "onebox-1.2.0.raucb");
    }

    #[test]
    fn a_newer_format_is_told_from_a_damaged_file() {
        let error = Release::parse(br#"{"format": 2, "all": "else"}"#).unwrap_err();
        assert!(matches!(error, ReleaseError::Newer { found: 2 }), "{error}");
        for bytes in [&b"{"[..], b"{}", br#"{"format": 1}"#] {
            let error = Release::parse(bytes).unwrap_err();
            assert!(matches!(error, ReleaseError::Damaged(_)), "{error}");
        }
        let error = Release::from_meta("%").unwrap_err();
        assert!(matches!(error, ReleaseError::Encoding(_)), "{error}");
    }
}
