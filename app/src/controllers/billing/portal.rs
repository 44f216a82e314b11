//! `POST /api/v1/billing/portal`: where to look after cards and subscription.

use super::{PageView, back};
use crate::auth::tenant::Tenant;
use crate::errors::{AppResult, Problem};
use crate::shop::billing;
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
    let back = back(&state, &headers, "/admin");
    let url = billing::portal(&state.services, &tenant, &back).await?;
    Ok(Json(PageView { url }))
}
