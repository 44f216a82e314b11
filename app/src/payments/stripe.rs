//! Stripe's API: forms in, JSON out, one pinned version.

use super::types::{Invoice, List, Named, Page, Subscription};
use crate::errors::{AppError, Problem};
use crate::outbound::{Outbound, OutboundError};
use crate::queue::outcome::JobError;
use axum::http::StatusCode;
use onebox_model::{Config, SecretError};
use reqwest::{RequestBuilder, Url, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::format_description;

/// The version whose objects [`super::types`] describes.
pub const VERSION: &str = "2025-03-31.basil";

/// For one request.
const PATIENCE: Duration = Duration::from_secs(20);

/// Stripe, if there is a key.
#[derive(Clone, Debug)]
pub struct Stripe {
    config: Arc<Config>,
    outbound: Outbound,
}

/// A call failed.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// There is no key.
    #[error("payments are not set up: payments.stripe_secret_key is not set")]
    Off,
    /// The key cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No request can be made.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The address is not one.
    #[error("payments.stripe_url cannot be used: {0}")]
    Address(String),
    /// Stripe was not reached or did not finish.
    #[error("cannot {action}: {source}")]
    Connection {
        /// What was tried.
        action: &'static str,
        /// What the connection said.
        #[source]
        source: reqwest::Error,
    },
    /// Stripe said no.
    #[error("cannot {action}: Stripe answered {status}: {message}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// Its status.
        status: u16,
        /// Its words.
        message: String,
    },
}

impl From<StripeError> for AppError {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Off => Problem::new(StatusCode::CONFLICT)
                .detail("Payments are not set up on this platform.")
                .into(),
            StripeError::Connection { .. } => Self::Unavailable(error.to_string()),
            StripeError::Refused { status, .. } if status == 429 || status >= 500 => {
                Self::Unavailable(error.to_string())
            }
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<StripeError> for JobError {
    fn from(error: StripeError) -> Self {
        Self::Other(error.to_string())
    }
}

/// Something as it was at a moment of Stripe's clock.
#[derive(Clone, Debug)]
pub struct AsOf<T> {
    /// What.
    pub value: T,
    /// When.
    pub at: OffsetDateTime,
}

/// Where a checkout leads.
#[derive(Clone, Copy, Debug)]
pub struct Checkout<'a> {
    /// Who pays.
    pub customer: &'a str,
    /// What for.
    pub price: &'a str,
    /// Where the browser goes back to, paid or not.
    pub back: &'a str,
}

#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: Option<String>,
}

impl Stripe {
    /// Uses the key of the configuration.
    #[must_use]
    pub const fn new(config: Arc<Config>, outbound: Outbound) -> Self {
        Self { config, outbound }
    }

    /// Whether there is a key.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.config.payments.stripe_secret_key.is_some()
    }

    /// Secrets of webhooks, the current one first.
    ///
    /// # Errors
    /// When there is none, or one cannot be read.
    pub fn webhook_secrets(&self) -> Result<Vec<String>, StripeError> {
        let payments = &self.config.payments;
        let secrets = [&payments.webhook_secret, &payments.webhook_secret_old];
        let secrets = secrets.into_iter().flatten();
        let secrets: Result<Vec<_>, _> = secrets.map(|one| self.config.reveal(one)).collect();
        match secrets? {
            none if none.is_empty() => Err(StripeError::Off),
            some => Ok(some),
        }
    }

    /// Makes a customer; twice with the same key makes one.
    ///
    /// # Errors
    /// When Stripe does not.
    pub async fn create_customer(
        &self,
        name: &str,
        vendor: &str,
        key: &str,
    ) -> Result<String, StripeError> {
        let form = [("name", name), ("metadata[vendor_id]", vendor)];
        let made: AsOf<Named> = self
            .post("create a customer", "/v1/customers", &form, key)
            .await?;
        Ok(made.value.id)
    }

    /// Begins a checkout of one subscription; gives the page's address.
    ///
    /// # Errors
    /// When Stripe does not.
    pub async fn create_checkout(
        &self,
        checkout: Checkout<'_>,
        key: &str,
    ) -> Result<Option<String>, StripeError> {
        let form = [
            ("mode", "subscription"),
            ("customer", checkout.customer),
            ("line_items[0][price]", checkout.price),
            ("line_items[0][quantity]", "1"),
            ("success_url", checkout.back),
            ("cancel_url", checkout.back),
        ];
        let page: AsOf<Page> = self
            .post("begin a checkout", "/v1/checkout/sessions", &form, key)
            .await?;
        Ok(page.value.url)
    }

    /// Opens the page where a customer looks after cards and subscription.
    ///
    /// # Errors
    /// When Stripe does not.
    pub async fn create_portal(
        &self,
        customer: &str,
        back: &str,
        key: &str,
    ) -> Result<Option<String>, StripeError> {
        let form = [("customer", customer), ("return_url", back)];
        let page: AsOf<Page> = self
            .post("open the portal", "/v1/billing_portal/sessions", &form, key)
            .await?;
        Ok(page.value.url)
    }

    /// A subscription as it is now.
    ///
    /// # Errors
    /// When Stripe does not give it.
    pub async fn subscription(&self, id: &str) -> Result<AsOf<Subscription>, StripeError> {
        let path = format!("/v1/subscriptions/{id}");
        self.get("fetch a subscription", &path, &[]).await
    }

    /// An invoice as it is now.
    ///
    /// # Errors
    /// When Stripe does not give it.
    pub async fn invoice(&self, id: &str) -> Result<AsOf<Invoice>, StripeError> {
        let path = format!("/v1/invoices/{id}");
        self.get("fetch an invoice", &path, &[]).await
    }

    /// A customer's newest subscriptions, ended ones too.
    ///
    /// # Errors
    /// When Stripe does not give them.
    pub async fn subscriptions(
        &self,
        customer: &str,
    ) -> Result<AsOf<List<Subscription>>, StripeError> {
        let query = [("customer", customer), ("status", "all"), ("limit", "100")];
        self.get("list subscriptions", "/v1/subscriptions", &query)
            .await
    }

    /// A customer's newest invoices.
    ///
    /// # Errors
    /// When Stripe does not give them.
    pub async fn invoices(&self, customer: &str) -> Result<AsOf<List<Invoice>>, StripeError> {
        let query = [("customer", customer), ("limit", "100")];
        self.get("list invoices", "/v1/invoices", &query).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        action: &'static str,
        path: &str,
        form: &[(&str, &str)],
        key: &str,
    ) -> Result<AsOf<T>, StripeError> {
        // A form is written as a query is.
        let encoded = self.address(path, form)?;
        let body = encoded.query().unwrap_or_default().to_owned();
        let request = self.outbound.trusted()?.post(self.address(path, &[])?);
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("Idempotency-Key", key)
            .body(body);
        self.send(action, request).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        action: &'static str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<AsOf<T>, StripeError> {
        let request = self.outbound.trusted()?.get(self.address(path, query)?);
        self.send(action, request).await
    }

    fn address(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, StripeError> {
        let wrong = |error: &dyn std::fmt::Display| StripeError::Address(error.to_string());
        let base = Url::parse(&self.config.payments.stripe_url).map_err(|error| wrong(&error))?;
        let mut url = base.join(path).map_err(|error| wrong(&error))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        action: &'static str,
        request: RequestBuilder,
    ) -> Result<AsOf<T>, StripeError> {
        let secret = self.config.payments.stripe_secret_key.as_ref();
        let key = self.config.reveal(secret.ok_or(StripeError::Off)?)?;
        // An address may hold a customer's name; it stays out of errors.
        let failed = |error: reqwest::Error| StripeError::Connection {
            action,
            source: error.without_url(),
        };
        let answer = request
            .bearer_auth(key)
            .header("Stripe-Version", VERSION)
            .timeout(PATIENCE)
            .send()
            .await
            .map_err(failed)?;
        let status = answer.status();
        let refused = |message: String| StripeError::Refused {
            action,
            status: status.as_u16(),
            message,
        };
        let date = answer.headers().get(header::DATE);
        let date = date.and_then(|value| value.to_str().ok()).and_then(moment);
        let body = answer.bytes().await.map_err(failed)?;
        if !status.is_success() {
            let refusal = serde_json::from_slice::<Refusal>(&body);
            let message = refusal.ok().and_then(|refusal| refusal.error.message);
            return Err(refused(message.unwrap_or_else(|| "no reason".to_owned())));
        }
        let at = date.ok_or_else(|| refused("an answer without its date".to_owned()))?;
        let value = serde_json::from_slice(&body);
        let value = value.map_err(|error| refused(format!("an unknown answer: {error}")))?;
        Ok(AsOf { value, at })
    }
}

/// A moment as HTTP writes it (RFC 9110, section 5.6.7).
fn moment(text: &str) -> Option<OffsetDateTime> {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let read = time::PrimitiveDateTime::parse(text, &form).ok()?;
    Some(read.assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_date_of_an_answer_is_read() {
        assert_eq!(
            moment("Tue, 24 Nov 2026 09:05:07 GMT"),
            Some(datetime!(2026-11-24 09:05:07 UTC))
        );
        assert_eq!(moment("yesterday"), None);
    }
}
