//! The token of a trial: whoever shows it is the keeper, or what it started.

use crate::random;
use axum::http::HeaderName;
use std::io;
use std::path::Path;

/// The field it is shown in.
pub const HEADER: HeaderName = HeaderName::from_static("x-onebox-trial");

/// The token in a file; nothing when there is no trial.
///
/// # Errors
/// When there is one and it cannot be read.
pub fn read(file: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|token| !token.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether `shown` is the token in the file, in a time that does not tell how
/// much of it is right. Read anew each time: it is asked during trials only.
pub(super) fn matches(file: &Path, shown: &[u8]) -> bool {
    let wanted = read(file).unwrap_or_else(|error| {
        tracing::warn!("cannot read {}: {error}", file.display());
        None
    });
    let shown = std::str::from_utf8(shown).unwrap_or_default();
    wanted.is_some_and(|wanted| random::same(&wanted, shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_matches_and_an_empty_file_has_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        assert!(!matches(&file, b""), "there is no trial");
        std::fs::write(&file, "abc\n").unwrap();
        assert!(matches(&file, b"abc"));
        for wrong in [&b""[..], b"ab", b"abcd", b"ABC", b"\xff"] {
            assert!(!matches(&file, wrong), "{wrong:?}");
        }
        std::fs::write(&file, "\n").unwrap();
        assert!(!matches(&file, b""));
    }
}
