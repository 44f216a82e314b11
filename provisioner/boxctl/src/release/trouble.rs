//! Why a release could not be made, signed or published.

use std::io;
use std::path::PathBuf;

use onebox_release::channel::IndexError;
use onebox_release::keyring::KeyringError;
use onebox_release::keys::KeyError;
use onebox_release::manifest::ReleaseError;
use onebox_release::signature::SignatureError;

/// What `boxctl release` tells when it fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Trouble {
    /// A file or directory cannot be handled.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// The operation.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A key file is wrong.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KeyError,
    },
    /// Something about keys that is in no file yet.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A keyring is wrong, or does not vouch for the signer.
    #[error("{}: {source}", path.display())]
    Keyring {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KeyringError,
    },
    /// A certificate is none of this root's.
    #[error("{} was not issued by the root in {}: name the root that issued it", certificate.display(), root.display())]
    Foreign {
        /// The certificate's file.
        certificate: PathBuf,
        /// The root's directory.
        root: PathBuf,
    },
    /// A release's manifest is wrong.
    #[error("{}: {source}", path.display())]
    Release {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ReleaseError,
    },
    /// It is a release of another product.
    #[error("{} is for {found:?}, boxes are {:?}: name a release of those", path.display(), onebox_release::COMPATIBLE)]
    OtherBox {
        /// The release's manifest.
        path: PathBuf,
        /// What it is for.
        found: String,
    },
    /// A file does not belong to the release beside it.
    #[error("{} is not of {}: {why}; build the release again", file.display(), release.display())]
    Mixed {
        /// The file.
        file: PathBuf,
        /// The release's manifest.
        release: PathBuf,
        /// What differs.
        why: String,
    },
    /// A program is not installed.
    #[error("cannot run {program}: {source}; install the Debian package {package}")]
    Program {
        /// The program.
        program: String,
        /// The system's reason.
        source: io::Error,
        /// Where it is from.
        package: &'static str,
    },
    /// A program failed.
    #[error("{program} failed: {why}")]
    Failed {
        /// The program with what it was to do.
        program: String,
        /// The last it said.
        why: String,
    },
    /// RAUC does not know what a bundle needs.
    #[error(
        "{0} is too old: it leaves the release out of the bundle; name a RAUC of 1.9 or later \
         with --rauc, such as the bin/rauc that is beside the built bundle"
    )]
    OldRauc(String),
    /// There is no place to build.
    #[error(
        "there is no flake.nix in {}: run this in the source tree, or name what was built with --from",
        .0.display()
    )]
    NoSources(PathBuf),
    /// The channel's index is not believed.
    #[error("{}: {source}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: IndexError,
    },
    /// The channel's index could not be signed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The channel is of another name.
    #[error("the channel in {} is {found:?}, not {wanted:?}: leave --name out, or name another directory", path.display())]
    OtherName {
        /// Where it is.
        path: PathBuf,
        /// Its name.
        found: String,
        /// The one that was asked for.
        wanted: String,
    },
    /// A published version is never changed.
    #[error(
        "version {version} is in the channel already with other content ({}): raise `version` in \
         Cargo.toml and build again",
        path.display()
    )]
    Published {
        /// The version.
        version: String,
        /// The file that differs.
        path: PathBuf,
    },
    /// A file of the channel is not what the index says.
    #[error("{} is not what the index says: {why}; publish the release again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// Somebody else is at it.
    #[error("somebody else is publishing to {}: try again when they are done", .0.display())]
    Busy(PathBuf),
}

/// Gives an I/O error the file and the operation it belongs to.
pub(super) trait At<T> {
    /// Names them.
    fn at(self, doing: &'static str, path: &std::path::Path) -> Result<T, Trouble>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &std::path::Path) -> Result<T, Trouble> {
        self.map_err(|source| Trouble::File {
            doing,
            path: path.to_owned(),
            source,
        })
    }
}
