//! `GET /admin/customers?email=&cursor=`: a shop's customers.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::QueryOf;
use crate::errors::AppResult;
use crate::pages::link;
use crate::state::AppState;
use crate::storage::customers::{self, CustomerRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// Customers on one page.
const PAGE: usize = 50;

/// What may be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    email: String,
    cursor: i64,
}

#[derive(Template)]
#[template(path = "admin/customers.html")]
struct Page {
    frame: Frame,
    email: String,
    customers: Vec<CustomerRow>,
    next: Option<String>,
}

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn list(
    Keeper(Tenant { vendor, identity }): Keeper,
    State(state): State<AppState>,
    QueryOf(asked): QueryOf<Asked>,
) -> AppResult<Response> {
    let email = asked.email.trim();
    let wanted = Some(email).filter(|email| !email.is_empty());
    let limit = PAGE as i64 + 1;
    let mut found = customers::list(&state.pool, vendor, asked.cursor, wanted, limit).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|last| {
        link::with(
            "/admin/customers",
            &[("email", email), ("cursor", &last.id.to_string())],
        )
    });
    page(
        StatusCode::OK,
        &Page {
            frame: Frame::new(identity, "/admin/customers"),
            email: email.to_owned(),
            customers: found,
            next,
        },
    )
}
