//! `POST /api/v1/billing/checkout`: where to pay for a plan.

use super::{PageView, back};
use crate::auth::tenant::Tenant;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppResult, Problem};
use crate::shop::billing;
use crate::state::AppState;
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
    let back = back(&state, &headers, "/admin");
    let url = billing::checkout(&state.services, &tenant, &sent.plan, &back).await?;
    Ok(Json(PageView { url }))
}
