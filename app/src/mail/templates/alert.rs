//! Something is wrong with the box, or is well again.

use super::bodies;

/// Tells the operator.
#[derive(Clone, Debug)]
pub struct Alert {
    /// What it is, in a line.
    pub subject: String,
    /// What is to be told, a paragraph each.
    pub lines: Vec<String>,
}

impl Alert {
    /// Subject line.
    #[must_use]
    pub fn subject(&self) -> String {
        self.subject.clone()
    }
}

bodies!(Alert, "mail/alert.html", "mail/alert.txt");
