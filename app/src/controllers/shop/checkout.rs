//! `POST /checkout`: orders what is in the cart, at each shop that has a part
//! of it.

use super::cart::render;
use super::origin;
use crate::cart::Cart;
use crate::controllers::admin::{see_other, with_cookie};
use crate::controllers::extract::FormBody;
use crate::domain::ids::{OrderId, ProductId, VendorId};
use crate::domain::order::{NewCustomer, NewItem, NewOrder};
use crate::errors::{AppError, AppResult};
use crate::pages::form::Form;
use crate::shop::placing::{self, Buyer};
use crate::state::AppState;
use crate::storage::cart;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a form that was sent is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    token: String,
    name: String,
    email: String,
    address: String,
    country: String,
}

/// 303 to the thanks, or the cart again with what is wrong. What one shop could
/// not take stays in the cart; what another took is ordered.
///
/// # Errors
/// 403 when another site sent it; when the database fails.
pub async fn checkout(
    State(state): State<AppState>,
    headers: HeaderMap,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    origin::check(&headers)?;
    let mut cart = Cart::of(&headers);
    if cart.is_empty() || !claim(&state, &sent.token).await {
        // Sent twice: the first has emptied the cart or is about to.
        return Ok(see_other("/cart"));
    }
    let customer = NewCustomer {
        email: sent.email.trim().to_owned(),
        name: sent.name.trim().to_owned(),
        address: sent.address.replace("\r\n", "\n"),
        country: sent.country.trim().to_uppercase(),
    };
    let mut ordered = Vec::new();
    let mut refused = None;
    for (vendor, items) in by_shop(&state, &cart).await? {
        let buyer = Buyer {
            vendor: Some(vendor),
            user: None,
            source: "shop",
        };
        let order = NewOrder {
            items,
            customer: Some(customer.clone()),
            note: String::new(),
        };
        match placing::place(&state.services, buyer, &order).await {
            Ok(placed) => {
                ordered.push(placed.id);
                for item in &order.items {
                    cart.set(item.product_id, 0);
                }
            }
            Err(error) => refused = Some(error),
        }
    }
    let response = match refused {
        None if ordered.is_empty() => see_other("/cart"),
        None => see_other(&thanks(&ordered)),
        Some(error) => again(&state, &cart, &sent, error, &ordered).await?,
    };
    Ok(with_cookie(response, cart.cookie()))
}

/// The cart's lines, each shop's together. What is not on sale any more is
/// left out; the cart does not show it either.
async fn by_shop(state: &AppState, cart: &Cart) -> AppResult<BTreeMap<VendorId, Vec<NewItem>>> {
    let quantities: BTreeMap<ProductId, i32> = cart.lines().collect();
    let ids: Vec<ProductId> = quantities.keys().copied().collect();
    let mut shops: BTreeMap<VendorId, Vec<NewItem>> = BTreeMap::new();
    for row in cart::lines(&state.pool, &ids).await? {
        let quantity = quantities.get(&row.id).copied().unwrap_or_default();
        shops.entry(row.vendor_id).or_default().push(NewItem {
            product_id: row.id,
            quantity,
        });
    }
    Ok(shops)
}

async fn again(
    state: &AppState,
    cart: &Cart,
    sent: &Sent,
    error: AppError,
    ordered: &[OrderId],
) -> AppResult<Response> {
    let form = Form::new()
        .with("name", &sent.name)
        .with("email", &sent.email)
        .with("address", &sent.address)
        .with("country", &sent.country)
        .requires(&["name", "email", "address"])
        .below("customer.")
        .refused(error)?;
    let form = if ordered.is_empty() {
        form
    } else {
        form.note(format!("Ordered already: {}.", numbers(ordered)))
    };
    render(state, cart, StatusCode::CONFLICT, form).await
}

/// Whether this form is sent for the first time. Without Redis nobody knows:
/// better an order twice, which can be called off, than none.
async fn claim(state: &AppState, token: &str) -> bool {
    let key = format!("checkout:{}", crate::random::sha256_hex(token.as_bytes()));
    state
        .cache
        .set_if_absent(&key, "sent", REMEMBERED)
        .await
        .unwrap_or_else(|error| {
            tracing::warn!("a checkout is not guarded against being sent twice: {error}");
            true
        })
}

fn thanks(orders: &[OrderId]) -> String {
    format!("/thanks/{}", numbers(orders).replace(", ", "-"))
}

fn numbers(orders: &[OrderId]) -> String {
    let texts: Vec<String> = orders.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
