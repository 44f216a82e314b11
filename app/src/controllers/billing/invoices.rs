//! `GET /api/v1/billing/invoices`: what the platform billed the vendor.

use crate::auth::tenant::Tenant;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::billing::{self, BillRow};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// How many are shown: eight years of months.
const SHOWN: i64 = 100;

/// An invoice of the platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillView {
    id: String,
    status: String,
    /// In the minor unit of the currency.
    total_minor: i64,
    currency: String,
    /// Where it can be seen and paid; empty for a draft.
    url: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// Invoices of the platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bills {
    items: Vec<BillView>,
}

impl From<BillRow> for BillView {
    fn from(row: BillRow) -> Self {
        Self {
            id: row.stripe_invoice_id,
            status: row.status,
            total_minor: row.total_minor,
            currency: row.currency,
            url: row.hosted_url,
            created_at: row.created_at,
        }
    }
}

/// 200 with the newest hundred.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/billing/invoices",
    tag = "billing",
    responses(
        (status = 200, description = "The invoices", body = Bills),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not the owner", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn invoices(tenant: Tenant, State(state): State<AppState>) -> AppResult<Json<Bills>> {
    tenant.owner_only()?;
    let rows = billing::bills(&state.pool, tenant.vendor, SHOWN).await?;
    Ok(Json(Bills {
        items: rows.into_iter().map(BillView::from).collect(),
    }))
}
