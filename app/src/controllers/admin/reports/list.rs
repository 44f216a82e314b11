//! `/admin/reports`: a shop's reports, and a form to ask for one.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{page, see_other};
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::pages::form::Form;
use crate::pages::when;
use crate::reports::request;
use crate::reports::sales::ReportFormat;
use crate::state::AppState;
use crate::storage::reports::{self, ReportRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use time::Duration;

/// Reports on the page.
const SHOWN: i64 = 50;

/// What a browser sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    from: String,
    to: String,
    format: String,
}

#[derive(Template)]
#[template(path = "admin/reports.html")]
struct Page {
    frame: Frame,
    form: Form,
    reports: Vec<ReportRow>,
}

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn list(Keeper(tenant): Keeper, State(state): State<AppState>) -> AppResult<Response> {
    let (now, zone) = (state.clock.now(), &state.services.zone);
    let form = form(
        &when::day(now - Duration::days(30), zone),
        &when::day(now, zone),
        "xlsx",
    );
    render(&state, tenant, StatusCode::OK, form).await
}

/// 303 back to the list, or the form again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn create(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let format = if sent.format == "csv" {
        ReportFormat::Csv
    } else {
        ReportFormat::Xlsx
    };
    let asked = request::request(&state.services, &tenant, format, &sent.from, &sent.to);
    match asked.await {
        Ok(_) => Ok(see_other("/admin/reports")),
        Err(error) => {
            let form = form(&sent.from, &sent.to, &sent.format).refused(error)?;
            render(&state, tenant, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
    }
}

fn form(from: &str, to: &str, format: &str) -> Form {
    Form::new()
        .with("from", from)
        .with("to", to)
        .with("format", format)
        .requires(&["from", "to"])
}

async fn render(
    state: &AppState,
    Tenant { vendor, identity }: Tenant,
    status: StatusCode,
    form: Form,
) -> AppResult<Response> {
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/reports"),
            form,
            reports: reports::list(&state.pool, vendor, SHOWN).await?,
        },
    )
}
