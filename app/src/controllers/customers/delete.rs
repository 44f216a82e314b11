//! `DELETE /api/v1/customers/{id}`: removes a customer.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::domain::ids::CustomerId;
use crate::errors::{AppResult, Problem};
use crate::shop::customers;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;

/// 204. Orders and invoices stay.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    delete,
    path = "/api/v1/customers/{id}",
    tag = "customers",
    operation_id = "delete_customer",
    params(("id" = i64, Path, description = "The customer"), ("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    responses(
        (status = 204, description = "They are gone"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such customer", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn delete(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<CustomerId>,
) -> AppResult<StatusCode> {
    customers::remove(&state.services, &tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
