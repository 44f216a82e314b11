//! `GET /`: what this box is.

use crate::errors::{AppError, AppResult};
use askama::Template;
use axum::response::Html;

#[derive(Template)]
#[template(path = "home.html")]
struct Page<'a> {
    version: &'a str,
}

/// 200 with the page.
///
/// # Errors
/// When the page cannot be rendered.
pub async fn show() -> AppResult<Html<String>> {
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
    };
    page.render()
        .map(Html)
        .map_err(|error| AppError::Internal(error.to_string()))
}
