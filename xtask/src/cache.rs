//! The cache directory outside the checkout.

use std::path::PathBuf;

/// `${XDG_CACHE_HOME:-~/.cache}/onebox/NAME`
pub(crate) fn dir(name: &str) -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    base.join("onebox").join(name)
}
