//! Compares every paying vendor with what the payment provider says: what an
//! event that never came would have told.

use crate::domain::ids::VendorId;
use crate::payments::apply::{self, ApplyError};
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::billing;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};

/// Customers read at a time.
const SLICE: i64 = 100;

/// Compares all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct SyncSubscriptions {}

impl Job for SyncSubscriptions {
    const KIND: &'static str = "sync_subscriptions";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let stripe = &context.services.stripe;
        if !stripe.is_on() {
            return Ok(Outcome::Done);
        }
        let (mut compared, mut after, mut failed) = (0_u64, VendorId(0), Vec::new());
        loop {
            let customers = billing::customers(&context.pool, after, SLICE).await?;
            let Some((last, _)) = customers.last() else {
                break;
            };
            after = *last;
            for (vendor, customer) in &customers {
                match apply::customer(&context.pool, stripe, customer).await {
                    Ok(()) => compared += 1,
                    Err(ApplyError::Storage(error)) => return Err(error.into()),
                    // One customer's trouble is not the others'.
                    Err(error) => failed.push(format!("vendor {vendor}: {error}")),
                }
            }
        }
        tracing::info!(compared, failed = failed.len(), "subscriptions compared");
        match failed.first() {
            None => Ok(Outcome::Done),
            Some(first) => Err(JobError::Other(format!(
                "{} customers could not be compared; {first}",
                failed.len()
            ))),
        }
    }
}
