//! "Choose a new password."

use super::bodies;

/// Lets someone choose a password who has forgotten theirs.
#[derive(Clone, Debug)]
pub struct PasswordReset {
    /// Who.
    pub name: String,
    /// The account.
    pub email: String,
    /// Where the password is chosen; it holds the token.
    pub link: String,
    /// How long the link works, in words.
    pub valid: &'static str,
}

impl PasswordReset {
    /// Subject line.
    #[must_use]
    pub fn subject(&self) -> String {
        "Choose a new password".to_owned()
    }
}

bodies!(
    PasswordReset,
    "mail/password_reset.html",
    "mail/password_reset.txt"
);
