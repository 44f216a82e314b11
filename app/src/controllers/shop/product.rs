//! `GET /p/{id}`: one product.

use super::shelf::{PUBLIC, Shown};
use crate::controllers::admin::rendered;
use crate::controllers::extract::PathOf;
use crate::domain::ids::ProductId;
use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use crate::storage::{products, vendors};
use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

#[derive(Template)]
#[template(path = "shop/product.html")]
struct Page<'a> {
    product: Shown,
    paragraphs: Vec<&'a str>,
    vendor: &'a str,
    vendor_slug: &'a str,
}

/// 200 with the page, or 404.
///
/// # Errors
/// When the database fails.
pub async fn product(
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
) -> AppResult<Response> {
    let missing = || AppError::not_found("There is no such product.");
    let found = products::find_public(&state.pool, id).await?;
    let found = found.ok_or_else(missing)?;
    let (product, vendor, _) = found.parts()?;
    let shop = vendors::find(&state.pool, product.vendor_id).await?;
    let shop = shop.ok_or_else(missing)?;
    let html = rendered(&Page {
        product: Shown::from(&product),
        paragraphs: product.description.split("\n\n").collect(),
        vendor,
        vendor_slug: &shop.slug,
    })?;
    Ok((
        StatusCode::OK,
        [(header::CACHE_CONTROL, PUBLIC)],
        Html(html),
    )
        .into_response())
}
