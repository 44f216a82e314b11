//! "Your import is through, and not all of it was taken."

use super::bodies;

/// Tells the one who asked for an import that it had errors.
#[derive(Clone, Debug)]
pub struct ImportFinished {
    /// The shop.
    pub shop: String,
    /// `products` or `orders`.
    pub what: String,
    /// Where from.
    pub source: String,
    /// How it ended, after "has".
    pub ended: &'static str,
    /// Rows that are new.
    pub created: i64,
    /// Rows that changed.
    pub updated: i64,
    /// Rows that were not taken.
    pub failed: i64,
    /// Why it stopped, if it did.
    pub error: String,
    /// The first errors, one a line.
    pub problems: Vec<String>,
    /// Where all of it can be seen.
    pub link: String,
}

impl ImportFinished {
    /// Subject line.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.failed {
            0 => format!("The import of {} has {}", self.what, self.ended),
            1 => format!(
                "The import of {} has {}: one row was not taken",
                self.what, self.ended
            ),
            rows => format!(
                "The import of {} has {}: {rows} rows were not taken",
                self.what, self.ended
            ),
        }
    }
}

bodies!(
    ImportFinished,
    "mail/import_finished.html",
    "mail/import_finished.txt"
);
