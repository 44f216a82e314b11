//! "Mail works."

use super::bodies;

/// Shows that mail arrives.
#[derive(Clone, Debug)]
pub struct TestMail {
    /// Who asked for it.
    pub email: String,
    /// When, in words.
    pub asked: String,
    /// What the world calls this box.
    pub host: String,
    /// The way out.
    pub transport: String,
}

impl TestMail {
    /// Subject line.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("A test message from {}", self.host)
    }
}

bodies!(TestMail, "mail/test_mail.html", "mail/test_mail.txt");
