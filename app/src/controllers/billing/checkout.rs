//! `POST /api/v1/billing/checkout`: where to pay for a plan.

use super::{PageView, back, conflict, idempotency_key, page, row};
use crate::auth::tenant::Tenant;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppError, AppResult, Problem};
use crate::payments::stripe::{Checkout, StripeError};
use crate::random;
use crate::state::AppState;
use crate::storage::billing;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is bought.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutBody {
    /// Code of the plan.
    plan: String,
}

/// 200 with the page's address, 403, 409 or 422.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/billing/checkout",
    tag = "billing",
    request_body = CheckoutBody,
    responses(
        (status = 200, description = "Where to pay", body = PageView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not the owner", body = Problem),
        (status = 409, description = "Payments are off, or there is a subscription already", body = Problem),
        (status = 422, description = "There is no such plan", body = Problem),
        (status = 503, description = "The payment provider is away", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn checkout(
    tenant: Tenant,
    State(state): State<AppState>,
    headers: HeaderMap,
    JsonBody(sent): JsonBody<CheckoutBody>,
) -> AppResult<Json<PageView>> {
    tenant.owner_only()?;
    let stripe = &state.services.stripe;
    if !stripe.is_on() {
        return Err(StripeError::Off.into());
    }
    let row = row(&state, tenant.vendor).await?;
    // One whose first payment was given up may be begun anew.
    let given_up = ["canceled", "incomplete", "incomplete_expired"];
    let ended = given_up.contains(&row.status.as_str());
    if row.stripe_subscription_id.is_some() && !ended {
        return Err(conflict(
            "There is a subscription already; change it in the billing portal.",
        ));
    }
    let plans = billing::plans(&state.pool).await?;
    let plan = plans.into_iter().find(|plan| plan.code == sent.plan);
    let price = plan
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
            billing::set_customer(&state.pool, tenant.vendor, &made, state.clock.now()).await?
        }
    };
    let back = back(&state, &headers);
    let key = idempotency_key(&state, &["checkout", &customer, &price, &back]);
    let checkout = Checkout {
        customer: &customer,
        price: &price,
        back: &back,
    };
    Ok(Json(page(stripe.create_checkout(checkout, &key).await?)?))
}
