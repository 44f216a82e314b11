//! How errors show names and values of the operator's file: on one line,
//! without anything that a terminal obeys, and cut where they are endless.

use std::borrow::Cow;

/// Most letters of a name or a value.
const MOST: usize = 80;

/// A text that is a value, in quotes.
pub(super) fn value(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}", format!("{}…", text.get(..end).unwrap_or_default())),
        None => format!("{text:?}"),
    }
}

/// A name as a part of a dotted key; in quotes where TOML wants it so.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=MOST).contains(&text.len()) && text.bytes().all(bare) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(value(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_line_and_ends() {
        assert_eq!(value("a"), "\"a\"");
        assert_eq!(value("\u{1b}[2J\n"), "\"\\u{1b}[2J\\n\"");
        let long = value(&"é".repeat(1000));
        assert!(long.ends_with("é…\"") && long.chars().count() == MOST + 3);
    }

    #[test]
    fn a_name_is_quoted_where_it_has_to_be() {
        assert_eq!(name("ssh_from-2"), "ssh_from-2");
        for (text, shown) in [("", "\"\""), ("a.b", "\"a.b\""), ("a\nb", "\"a\\nb\"")] {
            assert_eq!(name(text), shown);
        }
    }
}
