//! What a vendor pays for the platform.

pub mod checkout;
pub mod invoices;
pub mod portal;
pub mod show;

use crate::state::AppState;
use axum::http::{HeaderMap, header};
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

/// Where the payment provider sends the browser back to. Without a domain in
/// the configuration it is where the asker came in.
pub(in crate::controllers) fn back(state: &AppState, headers: &HeaderMap, path: &str) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    match state.services.config.web.domains.first() {
        Some(domain) => format!("https://{domain}{path}"),
        None => format!("http://{}{path}", host.unwrap_or("localhost")),
    }
}
