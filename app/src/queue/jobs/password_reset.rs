//! Sends a link that sets a new password. The token is made here and not by
//! whoever asks for the mail: arguments of jobs are stored and shown.

use crate::auth::reset;
use crate::mail::delivery::deliver;
use crate::mail::links;
use crate::mail::message::Mail;
use crate::mail::templates::{Bodies, invitation, password_reset};
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::mails;
use crate::storage::recipients::{self, Recipient};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why someone gets a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// They forgot their password.
    #[default]
    Reset,
    /// Someone made an account for them.
    Invitation,
}

impl Purpose {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Invitation => "invitation",
        }
    }
}

/// A link to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    /// To whom.
    pub user_id: Uuid,
    /// Why.
    #[serde(default)]
    pub purpose: Purpose,
}

impl Job for PasswordReset {
    const KIND: &'static str = "password_reset";
    const QUEUE: QueueName = QueueName::Emails;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        // A token that nobody is told of must not be made.
        if mails::is_sent(&context.pool, context.id).await? {
            return Ok(Outcome::Done);
        }
        let found = recipients::find(&context.pool, self.user_id).await?;
        let Some(user) = found.filter(|user| user.is_active) else {
            // The account went while the job waited; there is nobody to write to.
            return Ok(Outcome::Done);
        };
        let other = |error: &dyn std::error::Error| JobError::Other(error.to_string());
        let token = reset::make(&context.pool, user.id, self.purpose, context.clock.now())
            .await
            .map_err(|error| other(&error))?;
        let link = links::to(
            &context.services.config,
            &format!("/admin/password/{token}"),
        );
        let (template, subject, bodies) =
            write(self.purpose, &user, link).map_err(|error| other(&error))?;
        let mail = Mail {
            template,
            vendor: user.vendor_id,
            to: user.email,
            to_name: user.name,
            subject,
            text: bodies.text,
            html: bodies.html,
            attachments: Vec::new(),
        };
        deliver(&context, mail).await
    }
}

/// The template's name, the subject, and both bodies.
type Written = (&'static str, String, Bodies);

fn write(purpose: Purpose, user: &Recipient, link: String) -> Result<Written, askama::Error> {
    let (name, email) = (user.name.clone(), user.email.clone());
    match purpose {
        Purpose::Reset => {
            let mail = password_reset::PasswordReset {
                name,
                email,
                link,
                valid: "one hour",
            };
            Ok(("password_reset", mail.subject(), mail.render()?))
        }
        Purpose::Invitation => {
            let mail = invitation::Invitation {
                name,
                email,
                shop: user.vendor_name.clone(),
                link,
                valid: "seven days",
            };
            Ok(("invitation", mail.subject(), mail.render()?))
        }
    }
}
