//! One-line sources (`sources.list`): `deb [options] URI suite component…`.

use super::Source;

/// All `deb` entries of a file; comments, `deb-src` and malformed lines are
/// passed over as APT itself reports them.
pub(crate) fn parse(text: &str) -> Vec<Source> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line
        .strip_prefix("deb")
        .filter(|rest| rest.starts_with([' ', '\t', '[']))?
        .trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Source {
        uri: words.next()?,
        suites: vec![words.next()?],
        components: words.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_brackets_are_skipped() {
        let sources = parse(
            "deb [ arch=amd64 signed-by=/usr/share/keyrings/a b.gpg ] http://m.example/debian/ trixie main contrib # c\n",
        );
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].uri, "http://m.example/debian/");
        assert_eq!(sources[0].suites, ["trixie"]);
        assert_eq!(sources[0].components, ["main", "contrib"]);
    }

    #[test]
    fn comments_and_source_entries_are_passed_over() {
        let text = "# deb http://a.example/debian trixie main\ndeb-src http://a.example/debian trixie main\n\ndeb\n";
        assert_eq!(parse(text), []);
    }
}
