//! Where a secret is kept. It goes into the seal, so that one which is copied
//! to another row or column does not open there.

use serde::Serialize;
use uuid::Uuid;

/// The columns with sealed secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `users.totp_sealed`, by account.
    SecondFactors,
    /// `sealed_signing_keys.sealed`, by key.
    SigningKeys,
    /// `mails.text_sealed`, by the job that sends the mail.
    MailTexts,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SecondFactors, Self::SigningKeys, Self::MailTexts];

    /// Its name. Part of every seal: it must never change.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecondFactors => "second_factors",
            Self::SigningKeys => "signing_keys",
            Self::MailTexts => "mail_texts",
        }
    }

    /// One of its rows.
    #[must_use]
    pub const fn of(self, row: Uuid) -> Spot {
        Spot { place: self, row }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SecondFactors => "second factor",
            Self::SigningKeys => "signing key",
            Self::MailTexts => "text of a mail",
        })
    }
}

/// One secret's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The column.
    pub place: Place,
    /// The row's key.
    pub row: Uuid,
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the {} of {}", self.place, self.row)
    }
}
