//! Deals with one event of the payment provider, which is kept already.

use crate::payments::apply::{self, ApplyError};
use crate::payments::types::Event;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::webhook_events;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeEvent {
    /// Its name.
    pub event: String,
}

impl Job for StripeEvent {
    const KIND: &'static str = "stripe_event";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let found = webhook_events::find(&context.pool, &self.event).await?;
        let Some((payload, processed_at)) = found else {
            return Ok(Outcome::Fail {
                error: format!("there is no event {:?}", self.event),
            });
        };
        if processed_at.is_some() {
            return Ok(Outcome::Done);
        }
        let event: Event = match serde_json::from_value(payload) {
            Ok(event) => event,
            Err(error) => {
                return Ok(Outcome::Fail {
                    error: format!("the event {:?} is none: {error}", self.event),
                });
            }
        };
        match apply::event(&context.pool, &context.services.stripe, &event).await {
            Ok(()) => {}
            Err(ApplyError::Storage(error)) => return Err(error.into()),
            Err(ApplyError::Stripe(error)) => return Err(error.into()),
            Err(error @ ApplyError::Object { .. }) => {
                return Ok(Outcome::Fail {
                    error: error.to_string(),
                });
            }
        }
        webhook_events::set_processed(&context.pool, &self.event, context.clock.now()).await?;
        Ok(Outcome::Done)
    }
}
