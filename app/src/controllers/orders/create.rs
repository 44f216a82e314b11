//! `POST /api/v1/orders`: places an order.

use crate::auth::identity::Identity;
use crate::auth::tenant;
use crate::controllers::extract::{check_json, parse_json};
use crate::domain::order::NewOrder;
use crate::errors::{AppError, AppResult, Problem};
use crate::random;
use crate::shop::placing::{self, Buyer, Key, Placed};
use crate::state::AppState;
use crate::storage::users::Role;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// 201 with the order: its pieces are taken from stock, its invoice has its
/// number and its confirmation is enqueued.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/orders",
    tag = "orders",
    operation_id = "create_order",
    params(
        ("vendor" = Option<i64>, Query, description = "The only vendor whose products may be ordered"),
        ("idempotency-key" = Option<String>, Header,
            description = "The same key and request give the same answer for a day, and one order"),
    ),
    request_body = NewOrder,
    responses(
        (status = 201, description = "The order", body = Placed,
            headers(("idempotency-replayed" = String, description = "true when the answer was given before"))),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "The plan allows no more orders this month", body = Problem),
        (status = 409, description = "Too few pieces, or the key is in use at this moment", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn create(
    identity: Identity,
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> AppResult<Response> {
    check_json(&headers)?;
    let order: NewOrder = parse_json(&body)?;
    let session = &identity.session;
    let buyer = Buyer {
        vendor: match session.role {
            Role::Admin => tenant::named(uri.query().unwrap_or_default())?,
            Role::Owner | Role::Staff => Some(tenant::of(&identity, uri.query())?),
        },
        user: Some(session.user_id),
        source: "api",
    };
    let Some(key) = headers.get(KEY) else {
        let placed = placing::place(&state.services, buyer, &order).await?;
        let location = format!("/api/v1/orders/{}", placed.id);
        let headers = [(header::LOCATION, location)];
        return Ok((StatusCode::CREATED, headers, Json(placed)).into_response());
    };
    let key = Key {
        user: session.user_id,
        key: checked(key)?,
        fingerprint: fingerprint(&uri, &body),
    };
    let answer = placing::place_once(&state.services, buyer, &order, &key).await?;
    let replayed = if answer.replayed { "true" } else { "false" };
    let headers = [
        (header::LOCATION, answer.location),
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (REPLAYED, replayed.to_owned()),
    ];
    Ok((StatusCode::CREATED, headers, answer.body).into_response())
}

fn checked(key: &HeaderValue) -> AppResult<String> {
    let key = key.to_str().unwrap_or_default().trim();
    if (1..=255).contains(&key.len()) {
        Ok(key.to_owned())
    } else {
        let detail = "must have 1 to 255 visible characters";
        Err(AppError::invalid("Idempotency-Key", detail))
    }
}

/// Tells one request from another.
fn fingerprint(uri: &Uri, body: &[u8]) -> String {
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    random::sha256_hex(&[b"POST ", target.as_bytes(), b"\n", body].concat())
}
