//! `/admin/settings`: what a shop is called, what stands on its invoices, and
//! what its plan allows.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Owner;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{page, see_other};
use crate::controllers::extract::FormBody;
use crate::domain::vendor::VendorPatch;
use crate::errors::{AppError, AppResult};
use crate::pages::form::Form;
use crate::shop;
use crate::state::AppState;
use crate::storage::flags::FlagRow;
use crate::storage::plans::{self, SubscriptionRow};
use crate::storage::vendors::{self, VendorRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;

/// What a browser sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    revision: String,
    name: String,
    address: String,
    vat_id: String,
    invoice_prefix: String,
    vat_rate: String,
}

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct Page {
    frame: Frame,
    form: Form,
    vendor: VendorRow,
    subscription: Option<SubscriptionRow>,
    flags: Arc<[FlagRow]>,
}

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn show(Owner(tenant): Owner, State(state): State<AppState>) -> AppResult<Response> {
    render(&state, tenant, StatusCode::OK, None).await
}

/// 303 back to the settings, or the form again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn update(
    Owner(tenant): Owner,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let changed = match basis_points(&sent.vat_rate) {
        Ok(rate) => {
            let patch = VendorPatch {
                name: Some(sent.name.trim().to_owned()),
                address: Some(sent.address.replace("\r\n", "\n")),
                vat_id: Some(sent.vat_id.trim().to_owned()),
                invoice_prefix: Some(sent.invoice_prefix.trim().to_owned()),
                vat_rate_bp: Some(rate),
                ..VendorPatch::default()
            };
            let revision = sent.revision.parse().ok();
            let (vendor, identity) = (tenant.vendor, &tenant.identity);
            shop::vendors::change(&state.services, identity, vendor, revision, &patch).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => Ok(see_other("/admin/settings")),
        Err(error) => {
            let form = sent.form().refused(error)?;
            render(&state, tenant, StatusCode::UNPROCESSABLE_ENTITY, Some(form)).await
        }
    }
}

impl Sent {
    fn form(&self) -> Form {
        Form::new()
            .with("revision", &self.revision)
            .with("name", &self.name)
            .with("address", &self.address)
            .with("vat_id", &self.vat_id)
            .with("invoice_prefix", &self.invoice_prefix)
            .with("vat_rate", &self.vat_rate)
            .requires(&["name", "vat_rate"])
    }
}

impl From<&VendorRow> for Sent {
    fn from(row: &VendorRow) -> Self {
        Self {
            csrf: String::new(),
            revision: row.revision.to_string(),
            name: row.name.clone(),
            address: row.address.clone(),
            vat_id: row.vat_id.clone(),
            invoice_prefix: row.invoice_prefix.clone(),
            vat_rate: per_cent(row.vat_rate_bp),
        }
    }
}

/// A rate as people write it: 17, 8.1.
fn per_cent(basis_points: i32) -> String {
    let text = format!("{}.{:02}", basis_points / 100, basis_points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn basis_points(text: &str) -> AppResult<i32> {
    let wrong = || AppError::invalid("vat_rate", "must be from 0 to 100, such as 17 or 8.1");
    let (whole, fraction) = text
        .trim()
        .split_once(['.', ','])
        .unwrap_or((text.trim(), ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 2 || !all_digits(whole) || !all_digits(fraction) {
        return Err(wrong());
    }
    let digits = format!("{whole}{fraction:0<2}");
    let rate: i32 = digits.parse().map_err(|_| wrong())?;
    if rate <= 10_000 {
        Ok(rate)
    } else {
        Err(wrong())
    }
}

async fn render(
    state: &AppState,
    Tenant { vendor, identity }: Tenant,
    status: StatusCode,
    refused: Option<Form>,
) -> AppResult<Response> {
    let row = vendors::find(&state.pool, vendor)
        .await?
        .ok_or_else(|| AppError::not_found("There is no such shop."))?;
    let now = state.clock.now();
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/settings"),
            form: refused.unwrap_or_else(|| Sent::from(&row).form()),
            vendor: row,
            subscription: plans::subscription(&state.pool, vendor, now).await?,
            flags: state.services.flags.resolved(vendor).await?,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_they_are_shown() {
        for rate in [0, 1, 10, 810, 1700, 1999, 10_000] {
            assert_eq!(basis_points(&per_cent(rate)).ok(), Some(rate));
        }
        assert_eq!(per_cent(810), "8.1");
        for text in ["", "-1", "101", "1.234", "x", "1e2"] {
            assert!(basis_points(text).is_err(), "{text}");
        }
    }
}
