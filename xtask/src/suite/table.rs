//! The table at the end of a test run.

use std::{fmt::Write as _, time::Duration};

use super::count::Counts;

/// One check's row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The check.
    pub(crate) name: String,
    /// How it ended.
    pub(crate) counts: Counts,
    /// How long it took.
    pub(crate) took: Duration,
    /// Why it was skipped or failed, if that is known in a few words.
    pub(crate) note: String,
}

/// The table, and as its last line the sums.
pub(crate) fn render(rows: &[Row]) -> String {
    let width = rows
        .iter()
        .map(|row| row.name.len())
        .max()
        .unwrap_or(0)
        .max(4);
    let mut text = format!("{:<width$}  passed  failed  skipped  seconds\n", "step");
    let mut sum = Counts::default();
    for row in rows {
        sum += row.counts;
        let Counts {
            passed,
            failed,
            skipped,
        } = row.counts;
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{:<width$}  {passed:>6}  {failed:>6}  {skipped:>7}  {:>7.1}{}{}",
            row.name,
            row.took.as_secs_f64(),
            if row.note.is_empty() { "" } else { "  " },
            row.note,
        );
    }
    let _ = writeln!(
        text,
        "\n{} passed, {} failed, {} skipped",
        sum.passed, sum.failed, sum.skipped
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_sum_and_a_note_says_why() {
        let row = |name: &str, counts, note: &str| Row {
            name: name.into(),
            counts,
            took: Duration::from_millis(1500),
            note: note.into(),
        };
        let rows = [
            row(
                "unit",
                Counts {
                    passed: 7,
                    failed: 1,
                    skipped: 0,
                },
                "",
            ),
            row("lint-advisories", Counts::SKIPPED, "no database"),
        ];
        let text = render(&rows);
        assert_eq!(text.lines().last(), Some("7 passed, 1 failed, 1 skipped"));
        assert!(text.contains("    1.5  no database\n"), "{text}");
    }
}
