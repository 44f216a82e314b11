//! `GET /admin/flags`: every flag, and what is said of it for everybody, for
//! each plan, and for single shops.

use crate::auth::identity::Identity;
use crate::controllers::admin::access::Operator;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::errors::AppResult;
use crate::pages::form::Form;
use crate::state::AppState;
use crate::storage::flags::{self, DefaultRow, PlanFlagRow, VendorFlagRow};
use crate::storage::plans::{self, PlanRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// Exceptions for shops on the page.
const SHOWN: i64 = 500;

/// A flag with all that is said of it.
struct Flag {
    row: DefaultRow,
    plans: Vec<OfPlan>,
    vendors: Vec<VendorFlagRow>,
}

/// What a plan says; `None` is nothing.
struct OfPlan {
    code: String,
    name: String,
    enabled: Option<bool>,
}

#[derive(Template)]
#[template(path = "admin/flags.html")]
struct Page {
    frame: Frame,
    form: Form,
    flags: Vec<Flag>,
}

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn list(
    Operator(identity): Operator,
    State(state): State<AppState>,
) -> AppResult<Response> {
    render(&state, identity, StatusCode::OK, form("", "", "", "")).await
}

/// The forms at the page's end.
pub(super) fn form(name: &str, description: &str, flag: &str, vendor: &str) -> Form {
    Form::new()
        .with("name", name)
        .with("description", description)
        .with("flag", flag)
        .with("vendor", vendor)
        .requires(&["name", "vendor"])
}

/// The page with its forms as they were filled in.
pub(super) async fn render(
    state: &AppState,
    identity: Identity,
    status: StatusCode,
    form: Form,
) -> AppResult<Response> {
    let rows = flags::defaults(&state.pool).await?;
    let plans = plans::list(&state.pool).await?;
    let of_plans = flags::of_plans(&state.pool).await?;
    let of_vendors = flags::of_vendors(&state.pool, SHOWN).await?;
    let flags = rows
        .into_iter()
        .map(|row| together(row, &plans, &of_plans, &of_vendors))
        .collect();
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/flags"),
            form,
            flags,
        },
    )
}

fn together(
    row: DefaultRow,
    plans: &[PlanRow],
    of_plans: &[PlanFlagRow],
    of_vendors: &[VendorFlagRow],
) -> Flag {
    let said = |plan: &PlanRow| {
        let mut own = of_plans.iter();
        own.find(|one| one.flag_name == row.name && one.plan_code == plan.code)
            .map(|one| one.enabled)
    };
    let plans = plans.iter().map(|plan| OfPlan {
        code: plan.code.clone(),
        name: plan.name.clone(),
        enabled: said(plan),
    });
    let vendors = of_vendors.iter().filter(|one| one.flag_name == row.name);
    Flag {
        plans: plans.collect(),
        vendors: vendors.cloned().collect(),
        row,
    }
}
