//! `POST /api/v1/orders/{id}/status`: moves an order to another state.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::controllers::tags::{etag, if_match};
use crate::domain::ids::OrderId;
use crate::domain::order::OrderStatus;
use crate::errors::{AppResult, Problem};
use crate::shop::orders;
use crate::state::AppState;
use crate::storage::orders::OrderRow;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrderStatus)]
pub struct Wanted {
    /// Pending orders become paid or cancelled; paid ones shipped, cancelled
    /// or refunded; shipped ones delivered or refunded; delivered ones
    /// refunded. The pieces of a cancelled order go back into stock.
    status: OrderStatus,
}

/// 200 with the order as it is now.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{id}/status",
    tag = "orders",
    operation_id = "set_order_status",
    params(
        ("id" = i64, Path, description = "The order"),
        ("vendor" = Option<i64>, Query, description = "Whose; administrators must say"),
        ("if-match" = Option<String>, Header, description = "The tag of what you have read"),
    ),
    request_body = Wanted,
    responses(
        (status = 200, description = "The order", body = OrderRow),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such order", body = Problem),
        (status = 409, description = "That state may not follow", body = Problem),
        (status = 412, description = "It was changed meanwhile (If-Match)", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn set_status(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<OrderId>,
    headers: HeaderMap,
    JsonBody(sent): JsonBody<Wanted>,
) -> AppResult<impl IntoResponse> {
    let revision = if_match(&headers)?;
    let row = orders::move_to(&state.services, &tenant, id, revision, sent.status).await?;
    Ok((etag(row.revision), Json(row)))
}
