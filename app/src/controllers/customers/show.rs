//! `GET /api/v1/customers/{id}`: one customer.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::controllers::tags::{PRIVATE, tagged};
use crate::domain::ids::CustomerId;
use crate::errors::{AppResult, Problem};
use crate::shop::customers::missing;
use crate::state::AppState;
use crate::storage::customers::{self, CustomerRow};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

/// 200 with the customer, 304, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}",
    tag = "customers",
    operation_id = "show_customer",
    params(("id" = i64, Path, description = "The customer"), ("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    responses(
        (status = 200, description = "The customer", body = CustomerRow, headers(("etag" = String))),
        (status = 304, description = "As you have it (If-None-Match)"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such customer", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn show(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<CustomerId>,
    headers: HeaderMap,
) -> AppResult<Response> {
    let row = customers::find(&state.pool, tenant.vendor, id).await?;
    let row = row.ok_or_else(missing)?;
    let tag = format!("{:x}", row.updated_at.unix_timestamp_nanos());
    tagged(&headers, &tag, PRIVATE, &row, 512)
}
