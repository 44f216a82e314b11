//! Moving orders from state to state.

use crate::auth::audit::{self, Entry};
use crate::auth::tenant::Tenant;
use crate::domain::ids::OrderId;
use crate::domain::order::OrderStatus;
use crate::errors::{AppError, AppResult};
use crate::queue::jobs::credit_note_mail::CreditNoteMail;
use crate::queue::jobs::invoice_mail::InvoiceMail;
use crate::services::Services;
use crate::storage::orders::{self, OrderRow};
use crate::storage::{Doing, credit_notes, documents, invoices};
use serde_json::json;

/// Moves an order to another state. A cancelled order's pieces go back into
/// stock. The invoice is mailed to the customer when the order is paid, and
/// stays as it is: a credit note takes it back when the order is cancelled or
/// refunded, and is mailed too.
///
/// # Errors
/// 404, 409 when that state may not follow, 412 when the revision is another
/// one.
pub async fn move_to(
    services: &Services,
    tenant: &Tenant,
    id: OrderId,
    revision: Option<i32>,
    status: OrderStatus,
) -> AppResult<OrderRow> {
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let order = orders::lock(&mut *transaction, tenant.vendor, id).await?;
    let order = order.ok_or_else(missing)?;
    if revision.is_some_and(|revision| revision != order.revision) {
        return Err(AppError::changed_meanwhile());
    }
    if !order.status.may_become(status) {
        return Err(AppError::conflict(cannot(order.status, status)));
    }
    let moved = orders::set_status(&mut *transaction, tenant.vendor, id, status, now).await?;
    if status == OrderStatus::Cancelled {
        orders::give_back(&mut *transaction, tenant.vendor, id, now).await?;
    }
    let mut detail = json!({"from": order.status, "to": status});
    if status == OrderStatus::Paid
        && let Some(invoice) = invoices::find_by_order(&mut *transaction, tenant.vendor, id).await?
        && documents::customer_email(&mut transaction, tenant.vendor, id)
            .await?
            .is_some()
    {
        let mail = InvoiceMail {
            vendor_id: tenant.vendor,
            invoice_id: invoice.id,
        };
        mail.put(&mut transaction, now).await?;
    }
    if status.takes_back() {
        let note = credit_notes::issue(&mut *transaction, tenant.vendor, id, status, now).await?;
        if let Some(note) = &note {
            let mail = CreditNoteMail {
                vendor_id: tenant.vendor,
                credit_note_id: note.id,
            };
            mail.put(&mut transaction, now).await?;
        }
        detail["credit_note"] = json!(note.map(|note| note.label));
    }
    let entry = Entry::of(tenant, "order.status", now).subject(id);
    audit::record(&mut transaction, entry.detail(detail)).await?;
    transaction
        .commit()
        .await
        .doing("commit an order's state")?;
    Ok(moved)
}

/// There is none of this number, or it is another vendor's.
#[must_use]
pub fn missing() -> AppError {
    AppError::not_found("There is no such order.")
}

fn cannot(from: OrderStatus, to: OrderStatus) -> String {
    let next: Vec<_> = from.next().iter().map(ToString::to_string).collect();
    if next.is_empty() {
        format!("A {from} order stays {from}.")
    } else {
        format!(
            "A {from} order cannot become {to}; it may become {}.",
            next.join(" or ")
        )
    }
}
