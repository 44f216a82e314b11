//! As much Markdown as links and headings take.

/// A link on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Where it leads.
    pub(crate) target: String,
    /// Its line, counted from 1.
    pub(crate) line: usize,
}

/// The links `[text](target)` and `[text]: target` of a page.
pub(crate) fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (line, prose) in prose(text) {
        let mut add = |target: &str| {
            // A title may follow the target.
            let target = target.split_whitespace().next().unwrap_or_default();
            let target = target.trim_start_matches('<').trim_end_matches('>').into();
            links.push(Link { target, line });
        };
        if let Some((_, target)) = prose
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]: "))
        {
            add(target);
        }
        let mut rest = prose.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else {
                break;
            };
            add(target);
            rest = after;
        }
    }
    links
}

/// The anchors that mdBook and code hosts make of a page's headings.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, line) in lines_outside_code(text) {
        let heading = line.trim_start_matches('#');
        let level = line.len() - heading.len();
        if !(1..=6).contains(&level) || !heading.starts_with(' ') {
            continue;
        }
        let base = anchor(heading.trim());
        let taken = |name: &String| anchors.contains(name);
        let name = match taken(&base) {
            false => base,
            true => (1..)
                .map(|number| format!("{base}-{number}"))
                .find(|name| !taken(name))
                .unwrap_or(base),
        };
        anchors.push(name);
    }
    anchors
}

fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

/// Lines with what is between backticks taken out.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    lines_outside_code(text).map(|(number, line)| (number, line.split('`').step_by(2).collect()))
}

fn lines_outside_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        if fence {
            in_code = !in_code;
        }
        (!fence && !in_code).then_some((index + 1, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(text: &str) -> Vec<String> {
        links(text).into_iter().map(|link| link.target).collect()
    }

    #[test]
    fn links_are_found_in_prose_and_not_in_code() {
        let text = "See [a](a.md) and [b](<b.md> \"title\").\n\n[c]: c.md#x\n```sh\n[no](no.md)\n```\n`[no](no.md)` [d](d.md)\n";
        assert_eq!(targets(text), ["a.md", "b.md", "c.md#x", "d.md"]);
        assert_eq!(links(text)[3].line, 7);
    }

    #[test]
    fn a_heading_without_end_or_a_link_without_end_is_no_trouble() {
        assert_eq!(targets("[a](a.md"), [""; 0]);
        assert_eq!(anchors("#"), [""; 0]);
    }

    #[test]
    fn headings_get_the_anchors_of_mdbook() {
        let text = "# `make run`, step by step\n## Ports\n```sh\n# a comment\n```\n## Ports\n";
        assert_eq!(anchors(text), ["make-run-step-by-step", "ports", "ports-1"]);
    }
}
