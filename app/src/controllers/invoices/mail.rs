//! `POST /api/v1/invoices/{id}/mail`: sends an invoice to its customer, as a
//! PDF file. It is sent by itself when the order is paid; this is for sending
//! it earlier, or once more.

use crate::auth::audit::{self, Entry};
use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::domain::ids::InvoiceId;
use crate::errors::{AppError, AppResult, Problem};
use crate::queue::jobs::invoice_mail::InvoiceMail;
use crate::state::AppState;
use crate::storage::{Doing, documents, invoices};
use axum::extract::State;
use axum::http::StatusCode;

/// 202 when the mail waits for a worker, 404, or 409 when there is nobody to
/// write to.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{id}/mail",
    tag = "invoices",
    params(
        ("id" = i64, Path, description = "The invoice"),
        ("vendor" = Option<i64>, Query, description = "For which shop an administrator asks"),
    ),
    responses(
        (status = 202, description = "The mail waits for a worker"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "The shop has no such invoice", body = Problem),
        (status = 409, description = "Its customer has no mail address", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn mail(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<InvoiceId>,
) -> AppResult<StatusCode> {
    let now = state.clock.now();
    let begin = state.pool.begin().await;
    let mut transaction = begin.doing("begin a transaction")?;
    let invoice = invoices::find(&mut *transaction, tenant.vendor, id).await?;
    let invoice = invoice.ok_or_else(|| AppError::not_found("There is no such invoice."))?;
    let to = documents::customer_email(&mut transaction, tenant.vendor, invoice.order_id).await?;
    if to.is_none() {
        return Err(AppError::conflict(
            "The customer of this invoice has no mail address.",
        ));
    }
    let mail = InvoiceMail {
        vendor_id: tenant.vendor,
        invoice_id: id,
    };
    mail.put(&mut transaction, now).await?;
    let entry = Entry::of(&tenant, "invoice.mail", now).subject(id);
    audit::record(&mut transaction, entry).await?;
    let commit = transaction.commit().await;
    commit.doing("commit the mail of an invoice")?;
    Ok(StatusCode::ACCEPTED)
}
