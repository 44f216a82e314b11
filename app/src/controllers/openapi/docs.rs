//! `GET /api/docs`: the description, for people.

use super::description;
use super::view::{self, Group, Schema};
use crate::errors::{AppError, AppResult};
use askama::Template;
use axum::http::header;
use axum::response::{Html, IntoResponse};

#[derive(Template)]
#[template(path = "docs.html")]
struct Page {
    about: Vec<String>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

/// 200 with the page.
///
/// # Errors
/// When the page cannot be rendered.
pub async fn docs() -> AppResult<impl IntoResponse> {
    let document = description();
    let about = document["info"]["description"].as_str().unwrap_or_default();
    let page = Page {
        about: about.split("\n\n").map(str::to_owned).collect(),
        groups: view::groups(document),
        schemas: view::schemas(document),
    };
    let html = page
        .render()
        .map_err(|error| AppError::Internal(error.to_string()))?;
    let headers = [(header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, Html(html)))
}
