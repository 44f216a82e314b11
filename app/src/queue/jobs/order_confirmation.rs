//! Confirms an order to its customer. Each order is confirmed once, whatever
//! number of jobs asks for it.

use crate::domain::ids::OrderId;
use crate::mail::delivery::deliver;
use crate::mail::message::Mail;
use crate::mail::templates::order_confirmation::OrderConfirmation as Template;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::order_confirmations::{self, Standing, Unconfirmed};
use crate::storage::{Doing, documents};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};

/// The order to be confirmed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderConfirmation {
    /// Which.
    pub order_id: OrderId,
}

impl Job for OrderConfirmation {
    const KIND: &'static str = "order_confirmation";
    const QUEUE: QueueName = QueueName::Emails;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let asked = Unconfirmed {
            order: self.order_id,
            of: context.vendor,
        };
        let standing = context.services.confirmations.begin(asked).await?;
        let vendor = match standing {
            Standing::Waits { vendor, .. } => vendor,
            Standing::Settled => return Ok(Outcome::Done),
            Standing::Over => {
                tracing::info!(order = %self.order_id, "confirmed already, or gone");
                return Ok(Outcome::Done);
            }
        };
        let mut db = context.pool.acquire().await.doing("get a connection")?;
        let found = documents::order(&mut db, vendor, self.order_id).await?;
        drop(db);
        // Whose address was removed meanwhile cannot be told, which settles it
        // as well.
        if let Some((order, items)) = found
            && let Some(to) = order.customer_email.clone()
        {
            let template = Template::of(&order, &items, &context.services.zone)
                .map_err(|error| JobError::Other(error.to_string()))?;
            let bodies = template
                .render()
                .map_err(|error| JobError::Other(error.to_string()))?;
            let mail = Mail {
                template: "order_confirmation",
                vendor: Some(vendor),
                to,
                to_name: order.customer_name.clone(),
                subject: template.subject(),
                text: bodies.text,
                html: bodies.html,
                attachments: Vec::new(),
            };
            let outcome = deliver(&context, mail).await?;
            if outcome != Outcome::Done {
                return Ok(outcome);
            }
        }
        order_confirmations::insert(&context.pool, self.order_id, context.clock.now()).await?;
        Ok(Outcome::Done)
    }
}
