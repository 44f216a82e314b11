//! Products side by side.

use crate::controllers::admin::rendered;
use crate::domain::ids::ProductId;
use crate::errors::AppResult;
use crate::pages::picture::Picture;
use crate::pages::{link, price};
use crate::state::AppState;
use crate::storage::product_images;
use crate::storage::products::{self, PublicFilter, PublicProduct};
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Products on one page.
const PAGE: i64 = 24;

/// Any visitor's page is every visitor's, for a moment.
pub(super) const PUBLIC: &str = "public, max-age=30, stale-while-revalidate=60";

/// What may be asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub(super) q: String,
    pub(super) cursor: i64,
}

/// A product as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) id: ProductId,
    pub(super) name: String,
    pub(super) sku: String,
    pub(super) price: String,
    pub(super) stock: i32,
    pub(super) picture: Option<Picture>,
}

impl From<&PublicProduct<'_>> for Shown {
    fn from(product: &PublicProduct<'_>) -> Self {
        Self {
            id: product.id,
            name: product.name.to_owned(),
            sku: product.sku.to_owned(),
            price: price(product.price_cents, product.currency),
            stock: product.stock,
            picture: None,
        }
    }
}

#[derive(Template)]
#[template(path = "shop/shelf.html")]
struct Page<'a> {
    heading: &'a str,
    words: &'a str,
    products: Vec<Shown>,
    /// Where none has one, nobody misses it.
    has_pictures: bool,
    next: Option<String>,
    version: &'a str,
}

/// The page at `path` with what fits the filter.
pub(super) async fn show(
    state: &AppState,
    path: &str,
    heading: &str,
    filter: PublicFilter<'_>,
) -> AppResult<Response> {
    let words = filter.words.unwrap_or_default();
    let rows = products::list_public(
        &state.pool,
        PublicFilter {
            limit: PAGE + 1,
            ..filter
        },
    )
    .await?;
    let mut shown: Vec<Shown> = rows.products()?.iter().map(Shown::from).collect();
    let page = usize::try_from(PAGE).unwrap_or_default();
    let more = shown.len() > page;
    shown.truncate(page);
    show_pictures(state, &mut shown).await?;
    // A search goes on by position, the shelf by number.
    let next = shown.last().filter(|_| more).map(|last| {
        let cursor = if words.is_empty() {
            last.id.0
        } else {
            filter.cursor + PAGE
        };
        link::with(path, &[("q", words), ("cursor", &cursor.to_string())])
    });
    let html = rendered(&Page {
        heading,
        words,
        has_pictures: shown.iter().any(|product| product.picture.is_some()),
        products: shown,
        next,
        version: env!("CARGO_PKG_VERSION"),
    })?;
    Ok((
        StatusCode::OK,
        [(header::CACHE_CONTROL, PUBLIC)],
        Html(html),
    )
        .into_response())
}

async fn show_pictures(state: &AppState, shown: &mut [Shown]) -> AppResult<()> {
    let ids: Vec<ProductId> = shown.iter().map(|product| product.id).collect();
    let rows = product_images::firsts_public(&state.pool, &ids).await?;
    let mut pictures: BTreeMap<ProductId, Picture> = rows
        .iter()
        .filter_map(|row| Some((row.product_id, Picture::public(row)?)))
        .collect();
    for product in shown {
        product.picture = pictures.remove(&product.id);
    }
    Ok(())
}
