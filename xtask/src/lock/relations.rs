//! What packages need and offer: the names in `Depends` and `Provides`.
//!
//! Versions are left out: APT has already chosen versions that fit, and these
//! relations only tell who needs whom among the chosen.

/// Needs and offers of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Relations {
    /// Each need as its alternatives.
    pub(crate) dependencies: Vec<Vec<String>>,
    /// Virtual names the package stands for.
    pub(crate) provides: Vec<String>,
}

/// `a (>= 1) | b:any, c` → `[[a, b], [c]]`
pub(crate) fn parse_dependencies(field: &str) -> Vec<Vec<String>> {
    field
        .split(',')
        .map(|group| group.split('|').filter_map(name).collect::<Vec<_>>())
        .filter(|group| !group.is_empty())
        .collect()
}

/// `a, b (= 2)` → `[a, b]`
pub(crate) fn parse_provides(field: &str) -> Vec<String> {
    field.split(',').filter_map(name).collect()
}

fn name(relation: &str) -> Option<String> {
    let word = relation.split_whitespace().next()?;
    let word = word.split(['(', ':', '[']).next()?;
    (!word.is_empty()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_out_of_relations() {
        assert_eq!(
            parse_dependencies("a (>= 1) | b:any, c(= 2),\n d"),
            [vec!["a", "b"], vec!["c"], vec!["d"]]
        );
        assert_eq!(parse_provides("x, y (= 2)"), ["x", "y"]);
        assert!(parse_dependencies("").is_empty());
    }
}
