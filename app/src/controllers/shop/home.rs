//! `GET /?q=&cursor=`: what all the shops sell.

use super::shelf::{self, Asked};
use crate::controllers::extract::QueryOf;
use crate::errors::AppResult;
use crate::state::AppState;
use crate::storage::products::PublicFilter;
use axum::extract::State;
use axum::response::Response;

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn home(
    State(state): State<AppState>,
    QueryOf(asked): QueryOf<Asked>,
) -> AppResult<Response> {
    let words = asked.q.trim();
    let filter = PublicFilter {
        cursor: asked.cursor,
        limit: 0,
        vendor: None,
        words: Some(words).filter(|words| !words.is_empty()),
    };
    let heading = if words.is_empty() {
        "Everything on the shelf".to_owned()
    } else {
        format!("What fits “{words}”")
    };
    shelf::show(&state, "/", &heading, filter).await
}
