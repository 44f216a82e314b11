//! `/admin/customers/{id}`: one customer and their orders.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{page, see_other};
use crate::controllers::extract::{FormBody, PathOf};
use crate::domain::ids::CustomerId;
use crate::errors::{AppError, AppResult};
use crate::pages::form::Form;
use crate::shop;
use crate::state::AppState;
use crate::storage::customers::{self, CustomerPatch, CustomerRow};
use crate::storage::orders::{self, Filter, OrderRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// Orders shown with a customer.
const ORDERS: i64 = 20;

/// What a browser sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    email: String,
    name: String,
    address: String,
    country: String,
}

#[derive(Template)]
#[template(path = "admin/customer.html")]
struct Page {
    frame: Frame,
    form: Form,
    customer: CustomerRow,
    orders: Vec<OrderRow>,
}

/// 200 with the page, or 404.
///
/// # Errors
/// When the database fails.
pub async fn show(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<CustomerId>,
) -> AppResult<Response> {
    render(&state, tenant, id, StatusCode::OK, None).await
}

/// 303 back to the customer, or the form again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn update(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<CustomerId>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let patch = CustomerPatch {
        email: Some(sent.email.trim().to_owned()),
        name: Some(sent.name.trim().to_owned()),
        address: Some(sent.address.replace("\r\n", "\n")),
        country: Some(sent.country.trim().to_owned()),
    };
    match shop::customers::change(&state.services, &tenant, id, &patch).await {
        Ok(_) => Ok(see_other(&format!("/admin/customers/{id}"))),
        Err(error) => {
            let form = form(&sent.email, &sent.name, &sent.address, &sent.country);
            let form = form.refused(error)?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render(&state, tenant, id, status, Some(form)).await
        }
    }
}

fn form(email: &str, name: &str, address: &str, country: &str) -> Form {
    Form::new()
        .with("email", email)
        .with("name", name)
        .with("address", address)
        .with("country", country)
        .requires(&["email"])
}

async fn render(
    state: &AppState,
    Tenant { vendor, identity }: Tenant,
    id: CustomerId,
    status: StatusCode,
    refused: Option<Form>,
) -> AppResult<Response> {
    let customer = customers::find(&state.pool, vendor, id)
        .await?
        .ok_or_else(|| AppError::not_found("There is no such customer."))?;
    let filter = Filter {
        limit: ORDERS,
        customer: Some(id),
        ..Filter::default()
    };
    let form = refused.unwrap_or_else(|| {
        form(
            &customer.email,
            &customer.name,
            &customer.address,
            &customer.country,
        )
    });
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/customers"),
            form,
            orders: orders::list(&state.pool, vendor, filter).await?,
            customer,
        },
    )
}
