//! `PATCH /api/v1/customers/{id}`: changes a customer.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::domain::ids::CustomerId;
use crate::errors::{AppResult, Problem};
use crate::shop::customers;
use crate::state::AppState;
use crate::storage::customers::{CustomerPatch, CustomerRow};
use axum::Json;
use axum::extract::State;

/// 200 with the customer as it is now.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    patch,
    path = "/api/v1/customers/{id}",
    tag = "customers",
    operation_id = "update_customer",
    params(("id" = i64, Path, description = "The customer"), ("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    request_body = CustomerPatch,
    responses(
        (status = 200, description = "The customer", body = CustomerRow),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such customer", body = Problem),
        (status = 409, description = "Another customer has the mail address", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn update(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<CustomerId>,
    JsonBody(patch): JsonBody<CustomerPatch>,
) -> AppResult<Json<CustomerRow>> {
    customers::change(&state.services, &tenant, id, &patch)
        .await
        .map(Json)
}
