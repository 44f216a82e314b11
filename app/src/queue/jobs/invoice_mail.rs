//! Sends an invoice to its customer, as a PDF file.

use crate::domain::ids::{InvoiceId, VendorId};
use crate::mail::delivery::deliver;
use crate::mail::message::{Attachment, Mail};
use crate::mail::templates::invoice::InvoiceMail as Template;
use crate::pdf::load::load;
use crate::queue::enqueue::{EnqueueError, NewJob, enqueue};
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Sends an invoice.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceMail {
    /// The shop.
    pub vendor_id: VendorId,
    /// The invoice.
    pub invoice_id: InvoiceId,
}

impl InvoiceMail {
    /// Has an invoice sent, in the transaction that gives the reason to.
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

impl Job for InvoiceMail {
    const KIND: &'static str = "invoice_mail";
    const QUEUE: QueueName = QueueName::Emails;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let other = |error: String| JobError::Other(error);
        let loaded = load(&context.services, self.vendor_id, self.invoice_id)
            .await
            .map_err(|error| other(error.to_string()))?;
        let Some(loaded) = loaded else {
            let error = format!("there is no invoice {} of this shop", self.invoice_id);
            return Ok(Outcome::Fail { error });
        };
        let Some(to) = loaded.customer_email else {
            let error = "the customer of this invoice has no mail address".to_owned();
            return Ok(Outcome::Fail { error });
        };
        let invoice = loaded.invoice;
        let template = Template::of(&invoice);
        let bodies = template
            .render()
            .map_err(|error| other(error.to_string()))?;
        let mail = Mail {
            template: "invoice",
            vendor: Some(self.vendor_id),
            to,
            to_name: invoice.customer.name.clone(),
            subject: template.subject(),
            text: bodies.text,
            html: bodies.html,
            attachments: vec![Attachment {
                file_name: invoice.file_name(),
                content_type: "application/pdf",
                bytes: invoice.render().map_err(|error| other(error.to_string()))?,
            }],
        };
        deliver(&context, mail).await
    }
}
