//! "There is an account for you."

use super::bodies;

/// Invites someone for whom an account was made.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Who.
    pub name: String,
    /// The account.
    pub email: String,
    /// The shop they will work for; empty for none.
    pub shop: String,
    /// Where the password is chosen; it holds the token.
    pub link: String,
    /// How long the link works, in words.
    pub valid: &'static str,
}

impl Invitation {
    /// Subject line.
    #[must_use]
    pub fn subject(&self) -> String {
        if self.shop.is_empty() {
            "Your account at Wizamart".to_owned()
        } else {
            format!("Your account at {}", self.shop)
        }
    }
}

bodies!(Invitation, "mail/invitation.html", "mail/invitation.txt");
