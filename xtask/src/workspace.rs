//! Where the checkout is.

use std::path::{Path, PathBuf};

/// The root of the checkout.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The checkout cargo runs this program from; when called without cargo,
    /// the one it was built from.
    pub(crate) fn find() -> Self {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
        let manifest = PathBuf::from(manifest.unwrap_or(env!("CARGO_MANIFEST_DIR").into()));
        Self::at(manifest.parent().unwrap_or(&manifest))
    }

    /// A checkout at a given place.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// A path below the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }
}
