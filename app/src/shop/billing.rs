//! Paying for the platform, the same from the API and from the page: where a
//! browser goes to buy a plan or to look after what was bought.

use crate::auth::tenant::Tenant;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult};
use crate::payments::stripe::{Checkout, StripeError};
use crate::random;
use crate::services::Services;
use crate::storage::billing::{self, BillingRow};

/// A vendor's subscription.
///
/// # Errors
/// 404 without such a vendor.
pub async fn find(services: &Services, vendor: VendorId) -> AppResult<BillingRow> {
    let row = billing::find(&services.pool, vendor).await?;
    row.ok_or_else(|| AppError::not_found("There is no such vendor."))
}

/// Whether a plan can be bought: there is no subscription, or one that ended,
/// or whose first payment was given up.
#[must_use]
pub fn may_buy(row: &BillingRow) -> bool {
    let ended = ["canceled", "incomplete", "incomplete_expired"];
    row.stripe_subscription_id.is_none() || ended.contains(&row.status.as_str())
}

/// Where to pay for a plan. The browser comes back to `back`.
///
/// # Errors
/// 403, 409 when payments are off or there is a subscription, 422, 503.
pub async fn checkout(
    services: &Services,
    tenant: &Tenant,
    plan: &str,
    back: &str,
) -> AppResult<String> {
    tenant.owner_only()?;
    let stripe = &services.stripe;
    if !stripe.is_on() {
        return Err(StripeError::Off.into());
    }
    let row = find(services, tenant.vendor).await?;
    if !may_buy(&row) {
        return Err(AppError::conflict(
            "There is a subscription already; change it in the billing portal.",
        ));
    }
    let plans = billing::plans(&services.pool).await?;
    let price = plans
        .into_iter()
        .find(|one| one.code == plan)
        .and_then(|plan| plan.stripe_price_id)
        .ok_or_else(|| AppError::invalid("plan", "is no plan that can be bought"))?;
    let vendor = tenant.vendor.to_string();
    let customer = match row.stripe_customer_id {
        Some(customer) => customer,
        None => {
            // The same account may serve several platforms, each with a first
            // vendor: its name and age tell them apart.
            let since = row.vendor_since.unix_timestamp_nanos().to_string();
            let parts = ["customer", &vendor, &row.vendor_name, &since];
            let key = random::sha256_hex(parts.join("\n").as_bytes());
            let made = stripe
                .create_customer(&row.vendor_name, &vendor, &key)
                .await?;
            let now = services.clock.now();
            billing::set_customer(&services.pool, tenant.vendor, &made, now).await?
        }
    };
    let key = idempotency_key(services, &["checkout", &customer, &price, back]);
    let checkout = Checkout {
        customer: &customer,
        price: &price,
        back,
    };
    address(stripe.create_checkout(checkout, &key).await?)
}

/// Where to look after cards and subscription.
///
/// # Errors
/// 403, 409 when payments are off or nothing was bought yet, 503.
pub async fn portal(services: &Services, tenant: &Tenant, back: &str) -> AppResult<String> {
    tenant.owner_only()?;
    let stripe = &services.stripe;
    if !stripe.is_on() {
        return Err(StripeError::Off.into());
    }
    let row = find(services, tenant.vendor).await?;
    let customer = row.stripe_customer_id;
    let customer = customer.ok_or_else(|| AppError::conflict("Nothing was bought yet."))?;
    let key = idempotency_key(services, &["portal", &customer, back]);
    address(stripe.create_portal(&customer, back, &key).await?)
}

fn address(url: Option<String>) -> AppResult<String> {
    url.ok_or_else(|| AppError::Internal("Stripe gave a page without address".into()))
}

/// Two clicks within a minute are one request; later it is another.
fn idempotency_key(services: &Services, parts: &[&str]) -> String {
    let minute = services.clock.now().unix_timestamp().div_euclid(60);
    random::sha256_hex(format!("{}\n{minute}", parts.join("\n")).as_bytes())
}
