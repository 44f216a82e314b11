//! Cells that a spreadsheet would take for formulas. They get an apostrophe in
//! front, which spreadsheets do not show; reading takes it away again.

use std::borrow::Cow;

/// What a formula begins with.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Apostrophes before something that would be a formula.
fn is_guarded(text: &str) -> bool {
    text.starts_with('\'') && is_formula(text.trim_start_matches('\''))
}

/// The text as a cell that is only text.
pub(super) fn guard(text: &str) -> Cow<'_, str> {
    // What looks guarded is guarded once more, so that reading gives it back.
    if is_formula(text) || is_guarded(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text of a cell.
#[must_use]
pub fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_guarded(cell) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_cell_is_a_formula_and_each_reads_back(text in "['=+@\\-\t\r a-z]{0,6}") {
            let cell = guard(&text);
            prop_assert!(!is_formula(&cell));
            prop_assert_eq!(unguard(&cell), text.as_str());
        }
    }

    #[test]
    fn an_apostrophe_of_ones_own_stays() {
        assert_eq!(unguard("'tis"), "'tis");
        assert_eq!(guard("'tis"), "'tis");
        assert_eq!(guard("=1+1"), "'=1+1");
    }
}
