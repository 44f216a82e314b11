//! `POST /api/v1/billing/portal`: where to look after cards and subscription.

use super::{PageView, back, conflict, idempotency_key, page, row};
use crate::auth::tenant::Tenant;
use crate::errors::{AppResult, Problem};
use crate::payments::stripe::StripeError;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

/// 200 with the page's address, 403 or 409.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/billing/portal",
    tag = "billing",
    responses(
        (status = 200, description = "Where to go", body = PageView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not the owner", body = Problem),
        (status = 409, description = "Payments are off, or nothing was ever bought", body = Problem),
        (status = 503, description = "The payment provider is away", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn portal(
    tenant: Tenant,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> AppResult<Json<PageView>> {
    tenant.owner_only()?;
    let stripe = &state.services.stripe;
    if !stripe.is_on() {
        return Err(StripeError::Off.into());
    }
    let row = row(&state, tenant.vendor).await?;
    let customer = row.stripe_customer_id;
    let customer = customer.ok_or_else(|| conflict("Nothing was bought yet."))?;
    let back = back(&state, &headers);
    let key = idempotency_key(&state, &["portal", &customer, &back]);
    let url = stripe.create_portal(&customer, &back, &key).await?;
    Ok(Json(page(url)?))
}
