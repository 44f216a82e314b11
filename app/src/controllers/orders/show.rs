//! `GET /api/v1/orders/{id}`: one order with its items and its invoice.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::controllers::tags::{PRIVATE, tagged};
use crate::domain::ids::OrderId;
use crate::errors::{AppResult, Problem};
use crate::shop::orders::missing;
use crate::state::AppState;
use crate::storage::credit_notes::{self, CreditNoteRow};
use crate::storage::customers::{self, CustomerRow};
use crate::storage::invoices::{self, InvoiceRow};
use crate::storage::orders::{self, ItemRow, OrderRow};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderDetail)]
pub struct Detail {
    #[serde(flatten)]
    order: OrderRow,
    items: Vec<ItemRow>,
    customer: Option<CustomerRow>,
    invoice: Option<InvoiceRow>,
    /// What takes the invoice back, when the order was called off.
    credit_note: Option<CreditNoteRow>,
}

/// 200 with the order, 304, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{id}",
    tag = "orders",
    operation_id = "show_order",
    params(
        ("id" = i64, Path, description = "The order"),
        ("vendor" = Option<i64>, Query, description = "Whose; administrators must say"),
    ),
    responses(
        (status = 200, description = "The order", body = Detail, headers(("etag" = String))),
        (status = 304, description = "As you have it (If-None-Match)"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such order", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn show(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<OrderId>,
    headers: HeaderMap,
) -> AppResult<Response> {
    let vendor = tenant.vendor;
    let order = orders::find(&state.pool, vendor, id).await?;
    let order = order.ok_or_else(missing)?;
    let customer = match order.customer_id {
        Some(customer) => customers::find(&state.pool, vendor, customer).await?,
        None => None,
    };
    // The customer's row has no revision; its time of change tells as much.
    let changed = customer
        .as_ref()
        .map_or(0, |customer| customer.updated_at.unix_timestamp_nanos());
    let tag = format!("{}-{changed:x}", order.revision);
    let body = Detail {
        items: orders::items(&state.pool, vendor, id).await?,
        invoice: invoices::find_by_order(&state.pool, vendor, id).await?,
        credit_note: credit_notes::find_by_order(&state.pool, vendor, id).await?,
        customer,
        order,
    };
    tagged(&headers, &tag, PRIVATE, &body, 1024)
}
