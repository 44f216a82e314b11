//! Sends a credit note to the customer whose invoice it takes back, as a PDF
//! file.

use crate::domain::ids::{CreditNoteId, VendorId};
use crate::mail::delivery::deliver;
use crate::mail::message::{Attachment, Mail};
use crate::mail::templates::credit_note::CreditNoteMail as Template;
use crate::pdf::load;
use crate::queue::enqueue::{EnqueueError, NewJob, enqueue};
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Sends a credit note.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditNoteMail {
    /// The shop.
    pub vendor_id: VendorId,
    /// The credit note.
    pub credit_note_id: CreditNoteId,
}

impl CreditNoteMail {
    /// Has a credit note sent, in the transaction that issues it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(
        self,
        connection: &mut PgConnection,
        now: OffsetDateTime,
    ) -> Result<(), EnqueueError> {
        let job = NewJob::of(&self)?.vendor(self.vendor_id);
        enqueue(connection, &job, now).await.map(drop)
    }
}

impl Job for CreditNoteMail {
    const KIND: &'static str = "credit_note_mail";
    const QUEUE: QueueName = QueueName::Emails;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let other = |error: String| JobError::Other(error);
        let loaded = load::credit_note(&context.services, self.vendor_id, self.credit_note_id)
            .await
            .map_err(|error| other(error.to_string()))?;
        let Some(loaded) = loaded else {
            let error = format!(
                "there is no credit note {} of this shop",
                self.credit_note_id
            );
            return Ok(Outcome::Fail { error });
        };
        let Some(to) = loaded.customer_email else {
            // Nobody asked for this mail: there being nobody to write to is fine.
            tracing::info!(note = %self.credit_note_id, "its customer has no mail address");
            return Ok(Outcome::Done);
        };
        let note = loaded.note;
        let template = Template::of(&note);
        let bodies = template
            .render()
            .map_err(|error| other(error.to_string()))?;
        let mail = Mail {
            template: "credit_note",
            vendor: Some(self.vendor_id),
            to,
            to_name: note.invoice.customer.name.clone(),
            subject: template.subject(),
            text: bodies.text,
            html: bodies.html,
            attachments: vec![Attachment {
                file_name: note.file_name(),
                content_type: "application/pdf",
                bytes: note.render().map_err(|error| other(error.to_string()))?,
            }],
        };
        deliver(&context, mail).await
    }
}
