//! `GET /cart`: what a visitor is about to order.

use crate::cart::Cart;
use crate::cloudflare::Country;
use crate::controllers::admin::page;
use crate::controllers::extract::ClientCountry;
use crate::domain::ids::ProductId;
use crate::errors::AppResult;
use crate::pages::form::Form;
use crate::pages::price;
use crate::random;
use crate::state::AppState;
use crate::storage::cart::{self, LineRow};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

/// One line as it is shown.
struct Line {
    id: ProductId,
    name: String,
    vendor: String,
    price: String,
    quantity: i32,
    together: String,
}

#[derive(Template)]
#[template(path = "shop/cart.html")]
struct Page {
    lines: Vec<Line>,
    form: Form,
    token: String,
}

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn show(
    State(state): State<AppState>,
    ClientCountry(country): ClientCountry,
    headers: HeaderMap,
) -> AppResult<Response> {
    // Most things go where they are ordered from; it can be written over.
    let country = country.filter(Country::is_a_place);
    let form = Form::new()
        .with("country", country.as_ref().map_or("", Country::as_str))
        .requires(&["name", "email", "address"]);
    render(&state, &Cart::of(&headers), StatusCode::OK, form).await
}

/// The cart, with the form below it.
pub(super) async fn render(
    state: &AppState,
    cart: &Cart,
    status: StatusCode,
    form: Form,
) -> AppResult<Response> {
    let ids: Vec<ProductId> = cart.lines().map(|(id, _)| id).collect();
    let rows = cart::lines(&state.pool, &ids).await?;
    let lines = rows
        .into_iter()
        .filter_map(|row| {
            let (_, quantity) = cart.lines().find(|(id, _)| *id == row.id)?;
            Some(line(row, quantity))
        })
        .collect();
    page(
        status,
        &Page {
            lines,
            form,
            token: random::token()?,
        },
    )
}

fn line(row: LineRow, quantity: i32) -> Line {
    let together = row.price_cents.saturating_mul(i64::from(quantity));
    Line {
        id: row.id,
        price: price(row.price_cents, &row.currency),
        together: price(together, &row.currency),
        name: row.name,
        vendor: row.vendor,
        quantity,
    }
}
