//! Writing down what Stripe says, the newest word last.
//!
//! Stripe's times are whole seconds. A word that is older than what we know
//! changes nothing; one of the same second leaves open which came first, and
//! then the object itself is asked.

use super::stripe::{AsOf, Stripe, StripeError};
use super::types::{Checkout, Event, Invoice, Subscription};
use crate::storage::StorageError;
use crate::storage::billing::{self, Written};
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use time::OffsetDateTime;

/// What Stripe says could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Stripe was asked and did not answer.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The event's object is not what its kind says.
    #[error("a {kind} event with an unknown object: {source}")]
    Object {
        /// The kind of event.
        kind: String,
        /// What the decoder said.
        #[source]
        source: serde_json::Error,
    },
}

/// Writes down an event. Kinds that mean nothing to us are no error.
///
/// # Errors
/// When it should be tried again, or looked at.
pub async fn event(pool: &PgPool, stripe: &Stripe, event: &Event) -> Result<(), ApplyError> {
    let at =
        OffsetDateTime::from_unix_timestamp(event.created).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    match event.kind.as_str() {
        "checkout.session.completed" => {
            let checkout: Checkout = object(event)?;
            if let Some(id) = checkout.subscription {
                let fetched = stripe.subscription(&id).await?;
                subscription(pool, stripe, fetched).await?;
            }
        }
        kind if kind.starts_with("customer.subscription.") => {
            let value = object(event)?;
            subscription(pool, stripe, AsOf { value, at }).await?;
        }
        kind if kind.starts_with("invoice.") && kind != "invoice.upcoming" => {
            let value = object(event)?;
            invoice(pool, stripe, AsOf { value, at }).await?;
        }
        other => tracing::debug!(kind = other, "an event that needs nothing"),
    }
    Ok(())
}

fn object<T: DeserializeOwned>(event: &Event) -> Result<T, ApplyError> {
    serde_json::from_value(event.data.object.clone()).map_err(|source| ApplyError::Object {
        kind: event.kind.clone(),
        source,
    })
}

/// Writes down a subscription.
///
/// # Errors
/// When Stripe or the database fails.
pub async fn subscription(
    pool: &PgPool,
    stripe: &Stripe,
    said: AsOf<Subscription>,
) -> Result<(), ApplyError> {
    let id = said.value.id.clone();
    if billing::write_subscription(pool, &said, false).await? == Written::SameMoment {
        let fetched = stripe.subscription(&id).await?;
        billing::write_subscription(pool, &fetched, true).await?;
    }
    Ok(())
}

/// Writes down an invoice.
///
/// # Errors
/// When Stripe or the database fails.
pub async fn invoice(
    pool: &PgPool,
    stripe: &Stripe,
    said: AsOf<Invoice>,
) -> Result<(), ApplyError> {
    let id = said.value.id.clone();
    if billing::write_invoice(pool, &said, false).await? == Written::SameMoment {
        let fetched = stripe.invoice(&id).await?;
        billing::write_invoice(pool, &fetched, true).await?;
    }
    Ok(())
}

/// Compares everything known of one customer with what Stripe says now.
///
/// # Errors
/// When Stripe or the database fails.
pub async fn customer(pool: &PgPool, stripe: &Stripe, customer: &str) -> Result<(), ApplyError> {
    let AsOf { value, at } = stripe.subscriptions(customer).await?;
    // One that may still be paid counts before those that ended.
    let newest = value
        .data
        .into_iter()
        .max_by_key(|one| (one.is_live(), one.created));
    if let Some(value) = newest {
        billing::write_subscription(pool, &AsOf { value, at }, true).await?;
    }
    let AsOf { value, at } = stripe.invoices(customer).await?;
    for value in value.data {
        billing::write_invoice(pool, &AsOf { value, at }, true).await?;
    }
    Ok(())
}
