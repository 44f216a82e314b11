//! `GET /api/v1/vendors/{id}/subscription`: a vendor's plan, and what of it is
//! used.

use crate::auth::identity::Identity;
use crate::controllers::extract::PathOf;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult, Problem};
use crate::shop::vendors::may_see;
use crate::state::AppState;
use crate::storage::plans::{self, SubscriptionRow};
use axum::Json;
use axum::extract::State;

/// 200 with the subscription, or 404 when there is none.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/vendors/{id}/subscription",
    tag = "vendors",
    operation_id = "show_vendor_subscription",
    params(("id" = i64, Path, description = "The vendor")),
    responses(
        (status = 200, description = "The subscription", body = SubscriptionRow),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such vendor, it is not yours, or it has none", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn subscription(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<VendorId>,
) -> AppResult<Json<SubscriptionRow>> {
    may_see(&identity, id)?;
    let row = plans::subscription(&state.pool, id, state.clock.now()).await?;
    row.map(Json)
        .ok_or_else(|| AppError::not_found("This vendor has no subscription."))
}
