//! `GET /api/v1/billing`: the vendor's plan and what else there is.

use crate::auth::tenant::Tenant;
use crate::errors::{AppResult, Problem};
use crate::shop;
use crate::state::AppState;
use crate::storage::billing::{self, PlanRow};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A vendor's subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillingView {
    /// Whether payments are set up on this platform.
    payments_enabled: bool,
    /// Code of the plan in force.
    plan: String,
    /// The payment provider's state of the subscription.
    status: String,
    /// Whether there is a subscription that is paid for.
    is_subscribed: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    current_period_end: Option<OffsetDateTime>,
    cancel_at_period_end: bool,
    plans: Vec<PlanView>,
}

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    code: String,
    name: String,
    /// In the minor unit of the currency, a month.
    price_minor: i64,
    currency: String,
    /// Whether it can be bought.
    is_available: bool,
}

impl From<PlanRow> for PlanView {
    fn from(row: PlanRow) -> Self {
        Self {
            is_available: row.stripe_price_id.is_some(),
            code: row.code,
            name: row.name,
            price_minor: row.price_minor,
            currency: row.currency,
        }
    }
}

/// 200 with the subscription.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/billing",
    tag = "billing",
    responses(
        (status = 200, description = "The subscription", body = BillingView),
        (status = 401, description = "Nobody is logged in", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn show(tenant: Tenant, State(state): State<AppState>) -> AppResult<Json<BillingView>> {
    let row = shop::billing::find(&state.services, tenant.vendor).await?;
    let plans = billing::plans(&state.pool).await?;
    Ok(Json(BillingView {
        payments_enabled: state.services.stripe.is_on(),
        plan: row.plan_code,
        status: row.status,
        is_subscribed: row.stripe_subscription_id.is_some(),
        current_period_end: row.current_period_end,
        cancel_at_period_end: row.cancel_at_period_end,
        plans: plans.into_iter().map(PlanView::from).collect(),
    }))
}
