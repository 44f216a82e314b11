//! `GET /v/{slug}?q=&cursor=`: what one shop sells.

use super::shelf::{self, Asked};
use crate::controllers::extract::{PathOf, QueryOf};
use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use crate::storage::products::PublicFilter;
use crate::storage::vendors;
use axum::extract::State;
use axum::response::Response;

/// 200 with the page, or 404.
///
/// # Errors
/// When the database fails.
pub async fn vendor(
    State(state): State<AppState>,
    PathOf(slug): PathOf<String>,
    QueryOf(asked): QueryOf<Asked>,
) -> AppResult<Response> {
    let vendor = vendors::find_by_slug(&state.pool, &slug)
        .await?
        .filter(|vendor| vendor.is_active)
        .ok_or_else(|| AppError::not_found("There is no such shop."))?;
    let words = asked.q.trim();
    let filter = PublicFilter {
        cursor: asked.cursor,
        limit: 0,
        vendor: Some(vendor.id),
        words: Some(words).filter(|words| !words.is_empty()),
    };
    shelf::show(&state, &format!("/v/{slug}"), &vendor.name, filter).await
}
