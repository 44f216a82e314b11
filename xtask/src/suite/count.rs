//! Counting tests by what cargo prints.

use std::ops::AddAssign;

/// How many checks ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// What was as it should be.
    pub(crate) passed: u32,
    /// What was not.
    pub(crate) failed: u32,
    /// What could not be tried.
    pub(crate) skipped: u32,
}

impl Counts {
    /// One check.
    pub(crate) fn one(passed: bool) -> Self {
        Self {
            passed: u32::from(passed),
            failed: u32::from(!passed),
            skipped: 0,
        }
    }

    /// One check that could not be tried.
    pub(crate) const SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    /// The tests a line of a test program's output sums up, if it does:
    /// `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn in_line(line: &str) -> Option<Self> {
        let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let mut counts = Self::default();
        for part in numbers.split(';') {
            let Some((number, what)) = part.trim().split_once(' ') else {
                continue;
            };
            match (number.parse(), what) {
                (Ok(number), "passed") => counts.passed = number,
                (Ok(number), "failed") => counts.failed = number,
                (Ok(number), "ignored") => counts.skipped = number,
                _ => {}
            }
        }
        Some(counts)
    }

    /// The counts of a run that ended with `success`. What did not compile or
    /// crashed printed no failed test, and is one; a run without any test is
    /// no success either.
    pub(crate) fn judged(self, success: bool) -> Self {
        let told = self.failed > 0;
        let empty = self.passed == 0 && self.skipped == 0;
        let untold = !told && (!success || empty);
        Self {
            failed: self.failed + u32::from(untold),
            ..self
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s";

    fn counts(passed: u32, failed: u32, skipped: u32) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn a_summary_is_counted_and_nothing_else() {
        assert_eq!(Counts::in_line(LINE), Some(counts(5, 2, 1)));
        assert_eq!(Counts::in_line("test store::tests::result ... ok"), None);
    }

    #[test]
    fn what_fails_without_a_failed_test_is_one() {
        assert_eq!(counts(5, 0, 0).judged(false), counts(5, 1, 0));
        assert_eq!(counts(5, 2, 0).judged(false), counts(5, 2, 0));
        assert_eq!(counts(5, 0, 0).judged(true), counts(5, 0, 0));
    }

    #[test]
    fn no_test_at_all_is_a_failure() {
        assert_eq!(counts(0, 0, 0).judged(true), counts(0, 1, 0));
    }
}
