//! `GET /api/v1/orders?status=&customer=&limit=&cursor=`: a vendor's orders.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::QueryOf;
use crate::controllers::paging::{Page, Paging};
use crate::domain::ids::{CustomerId, OrderId};
use crate::domain::order::OrderStatus;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::orders::{self, OrderRow};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

/// What may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// In this state only.
    #[param(value_type = Option<OrderStatus>)]
    status: Option<String>,
    /// Of this customer only.
    #[param(value_type = Option<i64>)]
    customer: Option<CustomerId>,
    /// Whose; administrators must say.
    #[serde(rename = "vendor")]
    #[param(value_type = Option<i64>, rename = "vendor")]
    _vendor: Option<String>,
}

/// 200 with up to `limit` orders, newest first.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/orders",
    tag = "orders",
    operation_id = "list_orders",
    params(Filter, Paging),
    responses(
        (status = 200, description = "Orders, newest first", body = Page<OrderRow>),
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
) -> AppResult<Page<OrderRow>> {
    let limit = paging.limit()?;
    let status = filter
        .status
        .map(|text| text.parse::<OrderStatus>())
        .transpose()
        .map_err(|error| AppError::invalid("status", error.to_string()))?;
    let filter = orders::Filter {
        before: paging.cursor.map(OrderId),
        limit: limit + 1,
        status,
        customer: filter.customer,
    };
    let rows = orders::list(&state.pool, tenant.vendor, filter).await?;
    Ok(Page::of(rows, limit, |row| row.id.0))
}
