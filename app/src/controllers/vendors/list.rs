//! `GET /api/v1/vendors?limit=&cursor=`: all vendors.

use crate::auth::identity::Admin;
use crate::controllers::extract::QueryOf;
use crate::controllers::paging::{Page, Paging};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::vendors::{self, VendorRow};
use axum::extract::State;

/// 200 with up to `limit` vendors.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/vendors",
    tag = "vendors",
    operation_id = "list_vendors",
    params(Paging),
    responses(
        (status = 200, description = "Vendors", body = Page<VendorRow>),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn list(
    _admin: Admin,
    State(state): State<AppState>,
    QueryOf(paging): QueryOf<Paging>,
) -> AppResult<Page<VendorRow>> {
    let limit = paging.limit()?;
    let rows = vendors::list(&state.pool, paging.after(), limit + 1).await?;
    Ok(Page::of(rows, limit, |row| row.id.0))
}
