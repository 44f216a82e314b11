//! `GET /thanks/{orders}`: what was ordered, by number.

use crate::controllers::admin::page;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "shop/thanks.html")]
struct Page {
    orders: String,
    one: bool,
}

/// 200 with the page, or 404 for what are no numbers.
///
/// # Errors
/// When the page cannot be made.
pub async fn thanks(PathOf(orders): PathOf<String>) -> AppResult<Response> {
    let numbers: Vec<u64> = orders
        .split('-')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| AppError::not_found("There is nothing at this address."))?;
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    page(
        StatusCode::OK,
        &Page {
            one: numbers.len() == 1,
            orders: texts.join(", "),
        },
    )
}
