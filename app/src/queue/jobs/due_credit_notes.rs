//! Takes back invoices of orders that were called off without a credit note:
//! by a release that knew none, before an update or after going back to it.

use super::credit_note_mail::CreditNoteMail;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::{Doing, credit_notes, orders};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use time::Duration;

/// Credit notes of one run.
const SLICE: i64 = 500;

/// Customers are not told of what was called off longer ago.
const NEWS: Duration = Duration::days(14);

/// Issues the credit notes that are due.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct DueCreditNotes {}

impl Job for DueCreditNotes {
    const KIND: &'static str = "due_credit_notes";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let due = credit_notes::due(&context.pool, SLICE).await?;
        let now = context.clock.now();
        for &(vendor, id) in &due {
            let begun = context.pool.begin().await;
            let mut transaction = begun.doing("begin a transaction")?;
            // Whoever moves the order meanwhile is waited for.
            let order = orders::lock(&mut *transaction, vendor, id).await?;
            if let Some(order) = order.filter(|order| order.status.takes_back()) {
                let note =
                    credit_notes::issue(&mut *transaction, vendor, id, order.status, now).await?;
                if let Some(note) = note.filter(|_| order.updated_at > now - NEWS) {
                    let mail = CreditNoteMail {
                        vendor_id: vendor,
                        credit_note_id: note.id,
                    };
                    let put = mail.put(&mut transaction, now).await;
                    put.map_err(|error| JobError::Other(error.to_string()))?;
                }
            }
            let ended = transaction.commit().await;
            ended.doing("commit a credit note")?;
        }
        if due.len() < usize::try_from(SLICE).unwrap_or(usize::MAX) {
            return Ok(Outcome::Done);
        }
        Ok(Outcome::Snooze {
            after: Duration::SECOND,
        })
    }
}
