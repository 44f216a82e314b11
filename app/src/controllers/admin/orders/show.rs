//! `/admin/orders/{id}`: one order, and what happens to it next.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{page, see_other};
use crate::controllers::extract::{FormBody, PathOf};
use crate::domain::ids::OrderId;
use crate::domain::order::OrderStatus;
use crate::errors::{AppError, AppResult};
use crate::pages::form::Form;
use crate::shop;
use crate::state::AppState;
use crate::storage::credit_notes::{self, CreditNoteRow};
use crate::storage::customers::{self, CustomerRow};
use crate::storage::invoices::{self, InvoiceRow};
use crate::storage::orders::{self, ItemRow, OrderRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// What the buttons send.
#[derive(Debug, Deserialize)]
pub struct Next {
    csrf: String,
    revision: Option<i32>,
    status: String,
}

#[derive(Template)]
#[template(path = "admin/order.html")]
struct Page {
    frame: Frame,
    form: Form,
    order: OrderRow,
    items: Vec<ItemRow>,
    customer: Option<CustomerRow>,
    invoice: Option<InvoiceRow>,
    credit_note: Option<CreditNoteRow>,
}

/// 200 with the page, or 404.
///
/// # Errors
/// When the database fails.
pub async fn show(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<OrderId>,
) -> AppResult<Response> {
    render(&state, tenant, id, StatusCode::OK, Form::new()).await
}

/// 303 back to the order, or the page again with what stands against it.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn move_on(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<OrderId>,
    FormBody(sent): FormBody<Next>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let status = sent
        .status
        .parse::<OrderStatus>()
        .map_err(|error| AppError::invalid("status", error.to_string()))?;
    let moved = shop::orders::move_to(&state.services, &tenant, id, sent.revision, status).await;
    match moved {
        Ok(_) => Ok(see_other(&format!("/admin/orders/{id}"))),
        Err(error) => {
            let form = Form::new().refused(error)?;
            render(&state, tenant, id, StatusCode::CONFLICT, form).await
        }
    }
}

async fn render(
    state: &AppState,
    Tenant { vendor, identity }: Tenant,
    id: OrderId,
    status: StatusCode,
    form: Form,
) -> AppResult<Response> {
    let order = orders::find(&state.pool, vendor, id)
        .await?
        .ok_or_else(|| AppError::not_found("There is no such order."))?;
    let customer = match order.customer_id {
        Some(customer) => customers::find(&state.pool, vendor, customer).await?,
        None => None,
    };
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/orders"),
            form,
            items: orders::items(&state.pool, vendor, id).await?,
            invoice: invoices::find_by_order(&state.pool, vendor, id).await?,
            credit_note: credit_notes::find_by_order(&state.pool, vendor, id).await?,
            customer,
            order,
        },
    )
}
