//! Debian control stanzas: `Field: value` with continuation lines.

/// One stanza; field names compare without case.
#[derive(Debug)]
pub(crate) struct Stanza<'a> {
    fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Stanza<'a> {
    /// A field's value; continuation lines keep their line breaks.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// The stanzas of a text, which blank lines divide.
pub(crate) fn stanzas(text: &str) -> impl Iterator<Item = Stanza<'_>> {
    text.split("\n\n")
        .map(parse)
        .filter(|stanza| !stanza.fields.is_empty())
}

fn parse(text: &str) -> Stanza<'_> {
    let mut fields: Vec<(&str, &str)> = Vec::new();
    let mut offset = 0;
    // Where the value being read begins.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let begin = offset;
        offset += line.len();
        if line.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let (Some(start), Some(last)) = (open, fields.last_mut()) {
                last.1 = text[start..offset].trim();
            }
        } else if let Some((name, value)) = line.split_once(':') {
            open = Some(begin + name.len() + 1);
            fields.push((name.trim(), value.trim()));
        }
    }
    Stanza { fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_continuations_are_read() {
        let text = "Package: a\nDepends: b,\n c (>= 1)\nSize: 7\n\n\nPackage: d\n";
        let all: Vec<Stanza<'_>> = stanzas(text).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].get("depends"), Some("b,\n c (>= 1)"));
        assert_eq!(all[0].get("Size"), Some("7"));
        assert_eq!(all[0].get("SHA256"), None);
        assert_eq!(all[1].get("Package"), Some("d"));
    }
}
