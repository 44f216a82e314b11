//! `GET /admin`: how the shop, or the platform, is doing.
//!
//! The table of the newest products is read each time; sums and plots over
//! days are remembered for a few seconds ([`summary`]).

pub mod summary;

use super::access::Visitor;
use super::frame::Frame;
use super::page;
use crate::errors::AppResult;
use crate::state::AppState;
use crate::storage::dashboard::{self, NewestRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;
use summary::Summary;

/// Products in the table.
const NEWEST: i64 = 50;

#[derive(Template)]
#[template(path = "admin/dashboard.html")]
struct Page {
    frame: Frame,
    summary: Arc<Summary>,
    products: Vec<NewestRow>,
}

/// 200 with the page, or 303 to the login form.
///
/// # Errors
/// When Redis is away (nobody can be known), or the database fails midway.
pub async fn dashboard(
    Visitor(identity): Visitor,
    State(state): State<AppState>,
) -> AppResult<Response> {
    let vendor = identity.session.vendor_id;
    let (products, summary) = tokio::join!(
        dashboard::newest_products(&state.pool, vendor, NEWEST),
        state.summaries.get(&state, vendor),
    );
    page(
        StatusCode::OK,
        &Page {
            frame: Frame::new(identity, "/admin"),
            summary: summary?,
            products: products?,
        },
    )
}
