//! On which lines of the operator's file its keys stand.

use super::shown;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A text, read once for all keys that are asked for: a long file with a
/// mistake on every line would take minutes otherwise.
pub(super) struct Lines<'t> {
    /// Where the line breaks are.
    breaks: Vec<usize>,
    table: Option<Spanned<DeTable<'t>>>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            breaks: text.match_indices('\n').map(|(at, _)| at).collect(),
            table: DeTable::parse(text).ok(),
        }
    }

    /// Line of a place in the text.
    fn at(&self, offset: usize) -> usize {
        self.breaks.partition_point(|at| *at < offset) + 1
    }

    /// Line of a dotted key as errors show it, or of the longest part of it
    /// that stands in the file.
    pub(super) fn of_key(&self, key: &str) -> Option<usize> {
        let mut table = self.table.as_ref()?.get_ref();
        let mut rest = Some(key);
        let mut line = None;
        while let Some(key) = rest {
            let found = table.iter().find_map(|(name, value)| {
                let behind = key.strip_prefix(&*shown::name(name.get_ref()))?;
                let whole = behind.is_empty() || behind.starts_with('.');
                whole.then_some((name, value, behind))
            });
            let Some((name, value, behind)) = found else {
                break;
            };
            line = Some(self.at(name.span().start));
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
            rest = behind.strip_prefix('.');
        }
        line
    }
}

/// Line of a place in a text.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_every_form_or_as_far_as_it_stands() {
        let text = "\nadmin.email = 1\n[web]\n\ndomains = [\n  1,\n]\nlimits = { connections = 1 }\n\"a.b\".c = 1\n";
        let lines = Lines::of(text);
        for (key, line) in [
            ("admin", Some(2)),
            ("admin.email", Some(2)),
            ("web", Some(3)),
            ("web.domains.0", Some(5)),
            ("web.limits.connections", Some(8)),
            ("web.compression", Some(3)),
            ("web.\"a.b\".c", Some(9)),
            ("web.a.b.c", Some(3)),
            ("mail", None),
        ] {
            assert_eq!(lines.of_key(key), line, "{key}");
        }
        for (offset, _) in text.char_indices() {
            assert_eq!(lines.at(offset), line_of(text, offset), "{offset}");
        }
    }
}
