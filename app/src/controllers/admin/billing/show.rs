//! `GET /admin/billing`: a shop's plan, what it may change to, and what it was
//! billed.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Owner;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::errors::AppResult;
use crate::pages::form::Form;
use crate::shop;
use crate::state::AppState;
use crate::storage::billing::{self, BillRow, BillingRow, PlanRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// Invoices on the page: eight years of months.
const SHOWN: i64 = 100;

#[derive(Template)]
#[template(path = "admin/billing.html")]
struct Page {
    frame: Frame,
    form: Form,
    /// Whether payments are set up.
    is_on: bool,
    row: BillingRow,
    /// The name of the plan in force.
    plan: String,
    /// What can be bought now.
    offers: Vec<PlanRow>,
    bills: Vec<BillRow>,
}

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn show(Owner(tenant): Owner, State(state): State<AppState>) -> AppResult<Response> {
    render(&state, tenant, StatusCode::OK, Form::new()).await
}

/// The page, with what was wrong with what was asked.
pub(super) async fn render(
    state: &AppState,
    Tenant { vendor, identity }: Tenant,
    status: StatusCode,
    form: Form,
) -> AppResult<Response> {
    let is_on = state.services.stripe.is_on();
    let row = shop::billing::find(&state.services, vendor).await?;
    let plans = billing::plans(&state.pool).await?;
    let plan = plans.iter().find(|plan| plan.code == row.plan_code);
    let plan = plan.map_or_else(|| row.plan_code.clone(), |plan| plan.name.clone());
    let buys = is_on && shop::billing::may_buy(&row);
    let offers = plans
        .into_iter()
        .filter(|plan| buys && plan.stripe_price_id.is_some())
        .collect();
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/billing"),
            form,
            is_on,
            row,
            plan,
            offers,
            bills: billing::bills(&state.pool, vendor, SHOWN).await?,
        },
    )
}
