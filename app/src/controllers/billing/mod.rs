//! What a vendor pays for the platform.

pub mod checkout;
pub mod invoices;
pub mod portal;
pub mod show;

use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult, Problem};
use crate::random;
use crate::state::AppState;
use crate::storage::billing::{self, BillingRow};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Billing.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show::show))
        .routes(routes!(checkout::checkout))
        .routes(routes!(portal::portal))
        .routes(routes!(invoices::invoices))
}

/// A page of the payment provider's.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView {
    /// Where the browser goes.
    url: String,
}

async fn row(state: &AppState, vendor: VendorId) -> AppResult<BillingRow> {
    let row = billing::find(&state.pool, vendor).await?;
    row.ok_or_else(|| AppError::not_found("There is no such vendor."))
}

fn conflict(detail: &str) -> AppError {
    Problem::new(StatusCode::CONFLICT).detail(detail).into()
}

fn page(url: Option<String>) -> AppResult<PageView> {
    let url = url.ok_or_else(|| AppError::Internal("Stripe gave a page without address".into()))?;
    Ok(PageView { url })
}

/// Where the payment provider sends the browser back to. Without a domain in
/// the configuration it is where the asker came in.
fn back(state: &AppState, headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    match state.services.config.web.domains.first() {
        Some(domain) => format!("https://{domain}/admin"),
        None => format!("http://{}/admin", host.unwrap_or("localhost")),
    }
}

/// Two clicks within a minute are one request; later it is another.
fn idempotency_key(state: &AppState, parts: &[&str]) -> String {
    let minute = state.clock.now().unix_timestamp().div_euclid(60);
    random::sha256_hex(format!("{}\n{minute}", parts.join("\n")).as_bytes())
}
