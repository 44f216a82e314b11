//! `GET /admin/products?q=&cursor=`: a shop's products.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::QueryOf;
use crate::domain::ids::ProductId;
use crate::errors::AppResult;
use crate::pages::link;
use crate::pages::picture::{self, Picture};
use crate::state::AppState;
use crate::storage::product_images;
use crate::storage::products::{self, Filter, ProductRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Products on one page.
const PAGE: usize = 50;

/// What may be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    cursor: i64,
}

#[derive(Template)]
#[template(path = "admin/products.html")]
struct Page {
    frame: Frame,
    words: String,
    products: Vec<ProductRow>,
    pictures: BTreeMap<ProductId, Picture>,
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
    let words = asked.q.trim();
    let filter = Filter {
        cursor: asked.cursor,
        limit: PAGE as i64 + 1,
        is_active: None,
        words: Some(words).filter(|words| !words.is_empty()),
    };
    let mut products = products::list(&state.pool, vendor, filter).await?;
    let more = products.len() > PAGE;
    products.truncate(PAGE);
    let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let pictures = product_images::firsts(&state.pool, vendor, &ids).await?;
    let files = &state.services.files;
    let pictures = picture::signed_by_product(&pictures, files, state.clock.now())?;
    let next = products.last().filter(|_| more).map(|last| {
        link::with(
            "/admin/products",
            &[("q", words), ("cursor", &last.id.to_string())],
        )
    });
    page(
        StatusCode::OK,
        &Page {
            frame: Frame::new(identity, "/admin/products"),
            words: words.to_owned(),
            products,
            pictures,
            next,
        },
    )
}
