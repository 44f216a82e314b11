//! What the image says it is: `release.json`, written by the image build.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Identity of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Product name.
    pub name: String,
    /// Version of the image.
    pub version: String,
    /// Revision of the sources it was built from.
    pub git_revision: String,
    /// Moment of the Debian archive its packages are from.
    pub debian: String,
    /// Debian's name of the architecture.
    pub architecture: String,
}

/// The release file is no help.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// It cannot be read.
    #[error("cannot read the release file {}: {source}; outside a box there is none", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is not what the image build writes.
    #[error("the release file {} is damaged: {source}; reinstall this image", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
}

impl Release {
    /// Reads a release file; on a box that is [`crate::paths::RELEASE`].
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn load(path: &Path) -> Result<Self, ReleaseError> {
        let bytes = std::fs::read(path).map_err(|source| ReleaseError::Read {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&bytes).map_err(|source| ReleaseError::Format {
            path: path.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_form_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("release.json");
        std::fs::write(
            &path,
            r#"{"name":"onebox","version":"0.1.0","git_revision":"abc","debian":"20260801T000000Z","architecture":"amd64"}"#,
        )
        .unwrap();
        let release = Release::load(&path).unwrap();
        assert_eq!(release.version, "0.1.0");
        assert_eq!(release.architecture, "amd64");
    }

    #[test]
    fn half_a_file_is_named_and_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("release.json");
        std::fs::write(&path, r#"{"name":"onebox","#).unwrap();
        let error = Release::load(&path).unwrap_err();
        assert!(matches!(error, ReleaseError::Format { .. }));
        assert!(error.to_string().contains("release.json"));
    }
}
