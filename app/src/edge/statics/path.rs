//! From a request's path to a file's: never out of the directory, and never a
//! hidden file.

use std::path::{Path, PathBuf};

/// The file of a path below the directory, or none if the path is not plain.
pub(super) fn below(dir: &Path, path: &str) -> Option<PathBuf> {
    let decoded = decode(path)?;
    let mut file = dir.to_owned();
    for part in decoded.split('/') {
        let plain = !part.is_empty()
            && !part.starts_with('.')
            && !part.contains(['\\', '\0'])
            && part.len() <= 255;
        if !plain {
            return None;
        }
        file.push(part);
    }
    Some(file)
}

/// The text of a path whose unusual bytes stand as %XX.
fn decode(path: &str) -> Option<String> {
    if !path.contains('%') {
        return Some(path.to_owned());
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
        bytes.push(high << 4 | low);
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_paths_are_files() {
        let dir = Path::new("/srv");
        assert_eq!(below(dir, "a/b.css"), Some("/srv/a/b.css".into()));
        assert_eq!(below(dir, "a%20b.css"), Some("/srv/a b.css".into()));
    }

    #[test]
    fn others_are_not() {
        for path in [
            "",
            "/",
            "..",
            "../etc/passwd",
            "a/../../b",
            "%2e%2e/b",
            "a/%2e%2e/b",
            ".env",
            "a//b",
            "/etc/passwd",
            "a%00b",
            "a\\b",
            "%zz",
            "%2",
            "a/",
            "%ff",
            "%2fetc",
        ] {
            assert_eq!(below(Path::new("/srv"), path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leads_out(path in "[./%2eEfF\\\\a-c]{0,24}") {
            if let Some(file) = below(Path::new("/srv"), &path) {
                prop_assert!(file.starts_with("/srv"));
                let plain = |part: std::path::Component<'_>| {
                    !matches!(part, std::path::Component::ParentDir)
                };
                prop_assert!(file.components().all(plain));
            }
        }
    }
}
