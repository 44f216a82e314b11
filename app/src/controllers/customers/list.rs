//! `GET /api/v1/customers?email=&limit=&cursor=`: a vendor's customers.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::QueryOf;
use crate::controllers::paging::{Page, Paging};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::customers::{self, CustomerRow};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

/// What may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// The one with this mail address, whatever its capital letters.
    email: Option<String>,
}

/// 200 with up to `limit` customers.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/customers",
    tag = "customers",
    operation_id = "list_customers",
    params(Filter, Paging, ("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    responses(
        (status = 200, description = "Customers", body = Page<CustomerRow>),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn list(
    tenant: Tenant,
    State(state): State<AppState>,
    QueryOf(filter): QueryOf<Filter>,
    QueryOf(paging): QueryOf<Paging>,
) -> AppResult<Page<CustomerRow>> {
    let limit = paging.limit()?;
    let email = filter.email.as_deref().filter(|email| !email.is_empty());
    let rows =
        customers::list(&state.pool, tenant.vendor, paging.after(), email, limit + 1).await?;
    Ok(Page::of(rows, limit, |row| row.id.0))
}
