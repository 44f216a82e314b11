//! Sends an administrator a message, to see mail arrive.

use crate::domain::words;
use crate::mail::delivery::deliver;
use crate::mail::links;
use crate::mail::message::Mail;
use crate::mail::templates::test_mail::TestMail as Template;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::recipients;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Sends a test message.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestMail {
    /// Who asked for it, and gets it.
    pub user_id: Uuid,
}

impl Job for TestMail {
    const KIND: &'static str = "test_mail";
    const QUEUE: QueueName = QueueName::Emails;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let Some(user) = recipients::find(&context.pool, self.user_id).await? else {
            let error = "the account is gone".to_owned();
            return Ok(Outcome::Fail { error });
        };
        let template = Template {
            email: user.email.clone(),
            asked: words::moment(context.clock.now(), &context.services.zone),
            host: links::host(&context.services.config).to_owned(),
            transport: context.services.mailer.transport().name().to_owned(),
        };
        let bodies = template
            .render()
            .map_err(|error| JobError::Other(error.to_string()))?;
        let mail = Mail {
            template: "test_mail",
            vendor: None,
            to: user.email,
            to_name: user.name,
            subject: template.subject(),
            text: bodies.text,
            html: bodies.html,
            attachments: Vec::new(),
        };
        deliver(&context, mail).await
    }
}
