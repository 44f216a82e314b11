//! `/admin/vendors`: the shops of the platform, to choose from and to add to.

use crate::auth::identity::Identity;
use crate::controllers::admin::access::Operator;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{page, see_other};
use crate::controllers::extract::{FormBody, QueryOf};
use crate::domain::vendor::NewVendor;
use crate::errors::AppResult;
use crate::pages::form::Form;
use crate::pages::link;
use crate::shop;
use crate::state::AppState;
use crate::storage::plans::{self, PlanRow};
use crate::storage::vendors::{self, VendorRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// Shops on one page.
const PAGE: usize = 100;

/// What may be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: i64,
}

/// What a browser sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    name: String,
    slug: String,
    currency: String,
    plan: String,
}

#[derive(Template)]
#[template(path = "admin/vendors.html")]
struct Page {
    frame: Frame,
    form: Form,
    vendors: Vec<VendorRow>,
    plans: Vec<PlanRow>,
    next: Option<String>,
}

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn list(
    Operator(identity): Operator,
    State(state): State<AppState>,
    QueryOf(asked): QueryOf<Asked>,
) -> AppResult<Response> {
    let form = form("", "", "EUR", "");
    render(&state, identity, asked.cursor, StatusCode::OK, form).await
}

/// 303 back to the list, or the form again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn create(
    Operator(identity): Operator,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let new = NewVendor {
        slug: sent.slug.trim().to_owned(),
        name: sent.name.trim().to_owned(),
        currency: sent.currency.trim().to_owned(),
        plan: sent.plan.clone(),
        ..NewVendor::blank()
    };
    match shop::vendors::add(&state.services, &identity, &new).await {
        Ok(_) => Ok(see_other("/admin/vendors")),
        Err(error) => {
            let form = form(&sent.name, &sent.slug, &sent.currency, &sent.plan).refused(error)?;
            render(&state, identity, 0, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
    }
}

fn form(name: &str, slug: &str, currency: &str, plan: &str) -> Form {
    Form::new()
        .with("name", name)
        .with("slug", slug)
        .with("currency", currency)
        .with("plan", plan)
        .requires(&["name", "slug", "currency"])
}

async fn render(
    state: &AppState,
    identity: Identity,
    cursor: i64,
    status: StatusCode,
    form: Form,
) -> AppResult<Response> {
    let mut found = vendors::list(&state.pool, cursor, PAGE as i64 + 1).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| link::with("/admin/vendors", &[("cursor", &last.id.to_string())]));
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/vendors"),
            form,
            vendors: found,
            plans: plans::list(&state.pool).await?,
            next,
        },
    )
}
