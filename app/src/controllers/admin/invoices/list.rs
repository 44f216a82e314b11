//! `GET /admin/invoices?before=`: a shop's invoices, the highest number first.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::QueryOf;
use crate::errors::AppResult;
use crate::pages::link;
use crate::state::AppState;
use crate::storage::invoices::{self, InvoiceRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// Invoices on one page.
const PAGE: usize = 50;

/// What may be asked for.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// Below this number.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "admin/invoices.html")]
struct Page {
    frame: Frame,
    invoices: Vec<InvoiceRow>,
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
    let limit = PAGE as i64 + 1;
    let mut found = invoices::list(&state.pool, vendor, asked.before, limit).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| link::with("/admin/invoices", &[("before", &last.number.to_string())]));
    page(
        StatusCode::OK,
        &Page {
            frame: Frame::new(identity, "/admin/invoices"),
            invoices: found,
            next,
        },
    )
}
