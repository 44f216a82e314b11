//! `GET /p/{id}`: one product.

use super::shelf::{PUBLIC, Shown};
use crate::controllers::admin::rendered;
use crate::controllers::extract::PathOf;
use crate::domain::ids::ProductId;
use crate::errors::{AppError, AppResult};
use crate::pages::picture::Picture;
use crate::state::AppState;
use crate::storage::{product_images, vendors};
use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

#[derive(Template)]
#[template(path = "shop/product.html")]
struct Page<'a> {
    product: Shown,
    pictures: Vec<Picture>,
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
    let found = state.services.shelf.find(id).await?;
    let found = found.ok_or_else(missing)?;
    let (product, vendor) = found.parts()?;
    let shop = vendors::find(&state.pool, product.vendor_id).await?;
    let shop = shop.ok_or_else(missing)?;
    let pictures = product_images::of_product_public(&state.pool, id).await?;
    let html = rendered(&Page {
        product: Shown::from(&product),
        pictures: pictures.iter().filter_map(Picture::public).collect(),
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
