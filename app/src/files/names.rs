//! Names that people gave their files, and how they are sent back.

use std::fmt::Write;

/// Longest name that is kept, in characters.
const LONGEST: usize = 255;

/// A name to keep: the last part of what was sent, without what cannot be
/// seen.
#[must_use]
pub fn kept(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = last.chars().filter(|c| !c.is_control() && !is_turning(*c));
    let name: String = seen.take(LONGEST).collect();
    let name = name.trim();
    if name.is_empty() || name.chars().all(|c| c == '.') {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}

/// Marks that change the direction of writing can hide a name's ending.
const fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A Content-Disposition (RFC 6266) with the name in both of its forms.
#[must_use]
pub fn disposition(shown: bool, name: &str) -> String {
    let how = if shown { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    format!(
        "{how}; filename=\"{plain}\"; filename*=UTF-8''{}",
        encoded(name)
    )
}

/// Percent-encoding as RFC 8187 wants it.
fn encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_name_makes_one_header(sent in ".{0,300}", shown: bool) {
            let name = kept(&sent);
            prop_assert!((1..=255).contains(&name.chars().count()));
            let header = disposition(shown, &name);
            prop_assert!(HeaderValue::from_str(&header).is_ok());
            prop_assert_eq!(header.matches('"').count(), 2);
        }
    }

    #[test]
    fn a_path_is_not_part_of_a_name() {
        assert_eq!(kept("C:\\Users\\ann\\logo.png"), "logo.png");
        assert_eq!(kept("../../etc/passwd"), "passwd");
        assert_eq!(kept("a\u{202e}gnp.exe"), "agnp.exe");
        for nothing in ["", "..", "/", " \n"] {
            assert_eq!(kept(nothing), "file");
        }
    }

    #[test]
    fn both_forms_of_a_name_are_sent() {
        assert_eq!(
            disposition(false, "Käse \"1\".pdf"),
            "attachment; filename=\"K_se _1_.pdf\"; filename*=UTF-8''K%C3%A4se%20%221%22.pdf"
        );
    }
}
