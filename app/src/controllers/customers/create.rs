//! `POST /api/v1/customers`: adds a customer.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::JsonBody;
use crate::domain::order::NewCustomer;
use crate::errors::{AppResult, Problem};
use crate::shop::customers;
use crate::state::AppState;
use crate::storage::customers::CustomerRow;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

/// 201 with the customer.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/customers",
    tag = "customers",
    operation_id = "create_customer",
    params(("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    request_body = NewCustomer,
    responses(
        (status = 201, description = "The customer", body = CustomerRow),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 409, description = "Another customer has the mail address", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn create(
    tenant: Tenant,
    State(state): State<AppState>,
    JsonBody(new): JsonBody<NewCustomer>,
) -> AppResult<impl IntoResponse> {
    let row = customers::add(&state.services, &tenant, &new).await?;
    let location = [(header::LOCATION, format!("/api/v1/customers/{}", row.id))];
    Ok((StatusCode::CREATED, location, Json(row)))
}
