//! `GET /admin/orders?status=&before=`: a shop's orders, newest first.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::QueryOf;
use crate::domain::ids::OrderId;
use crate::domain::order::OrderStatus;
use crate::errors::{AppError, AppResult};
use crate::pages::link;
use crate::state::AppState;
use crate::storage::orders::{self, Filter, OrderRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// Orders on one page.
const PAGE: usize = 50;

/// What may be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    status: String,
    before: Option<OrderId>,
}

#[derive(Template)]
#[template(path = "admin/orders.html")]
struct Page {
    frame: Frame,
    status: Option<OrderStatus>,
    statuses: [OrderStatus; 6],
    orders: Vec<OrderRow>,
    next: Option<String>,
}

/// 200 with the page, or 422.
///
/// # Errors
/// When the database fails.
pub async fn list(
    Keeper(Tenant { vendor, identity }): Keeper,
    State(state): State<AppState>,
    QueryOf(asked): QueryOf<Asked>,
) -> AppResult<Response> {
    let status = Some(asked.status.as_str())
        .filter(|text| !text.is_empty())
        .map(str::parse::<OrderStatus>)
        .transpose()
        .map_err(|error| AppError::invalid("status", error.to_string()))?;
    let filter = Filter {
        before: asked.before,
        limit: PAGE as i64 + 1,
        status,
        ..Filter::default()
    };
    let mut orders = orders::list(&state.pool, vendor, filter).await?;
    let more = orders.len() > PAGE;
    orders.truncate(PAGE);
    let next = orders.last().filter(|_| more).map(|last| {
        link::with(
            "/admin/orders",
            &[("status", &asked.status), ("before", &last.id.to_string())],
        )
    });
    page(
        StatusCode::OK,
        &Page {
            frame: Frame::new(identity, "/admin/orders"),
            status,
            statuses: OrderStatus::ALL,
            orders,
            next,
        },
    )
}
