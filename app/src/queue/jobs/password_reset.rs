//! Sends a link that sets a new password. The token is made here and not by
//! whoever asks for the mail: arguments of jobs are stored and shown.

use crate::auth::reset;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::{credentials, outbox};
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
        let profile = credentials::profile(&context.pool, self.user_id).await?;
        let Some(user) = profile.filter(|user| user.is_active) else {
            // The account went while the job waited; there is nobody to write to.
            return Ok(Outcome::Done);
        };
        let now = context.clock.now();
        let token = reset::make(&context.pool, user.id, self.purpose, now)
            .await
            .map_err(|error| JobError::Other(error.to_string()))?;
        let domains = &context.services.config.web.domains;
        let host = domains.first().map_or("localhost", String::as_str);
        let subject = format!("Set your password: https://{host}/admin/password/{token}");
        outbox::insert(&context.pool, context.id, &user.email, &subject, now).await?;
        Ok(Outcome::Done)
    }
}
