//! Invoices and credit notes as they are stored, made ready to be printed.

use super::credit_note::CreditNote;
use super::invoice::{Invoice, Line, Party};
use crate::domain::ids::{CreditNoteId, InvoiceId, VendorId};
use crate::domain::money::{Currency, Money, UnknownCurrency};
use crate::domain::zone::Zone;
use crate::services::Services;
use crate::storage::documents::{self, InvoiceFacts, ItemFacts, OrderFacts};
use crate::storage::{Doing, StorageError, credit_notes};

/// An invoice cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its currency is not one.
    #[error(transparent)]
    Currency(#[from] UnknownCurrency),
}

/// An invoice, and the address of its customer.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What is printed.
    pub invoice: Invoice,
    /// Where it may be sent.
    pub customer_email: Option<String>,
}

/// Reads an invoice; `None` when the vendor has none of that number.
///
/// # Errors
/// When the database fails.
pub async fn load(
    services: &Services,
    vendor: VendorId,
    id: InvoiceId,
) -> Result<Option<Loaded>, LoadError> {
    let mut db = services.pool.acquire().await.doing("get a connection")?;
    let Some(invoice) = documents::invoice(&mut *db, vendor, id).await? else {
        return Ok(None);
    };
    let Some((order, items)) = documents::order(&mut db, vendor, invoice.order_id).await? else {
        return Ok(None);
    };
    Ok(Some(Loaded {
        customer_email: order.customer_email.clone(),
        invoice: put_together(invoice, order, items, &services.zone)?,
    }))
}

/// A credit note, and the address of its customer.
#[derive(Clone, Debug)]
pub struct LoadedNote {
    /// What is printed.
    pub note: CreditNote,
    /// Where it may be sent.
    pub customer_email: Option<String>,
}

/// Reads a credit note; `None` when the vendor has none of that number.
///
/// # Errors
/// When the database fails.
pub async fn credit_note(
    services: &Services,
    vendor: VendorId,
    id: CreditNoteId,
) -> Result<Option<LoadedNote>, LoadError> {
    let Some(note) = credit_notes::find(&services.pool, vendor, id).await? else {
        return Ok(None);
    };
    let invoice = load(services, vendor, note.invoice_id).await?;
    Ok(invoice.map(|loaded| LoadedNote {
        customer_email: loaded.customer_email,
        note: CreditNote {
            label: note.label,
            issued_at: note.issued_at,
            reason: note.reason,
            invoice: loaded.invoice,
        },
    }))
}

fn put_together(
    invoice: InvoiceFacts,
    order: OrderFacts,
    items: Vec<ItemFacts>,
    zone: &Zone,
) -> Result<Invoice, UnknownCurrency> {
    let currency: Currency = invoice.currency.parse()?;
    let address = [order.customer_address, order.customer_country]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    Ok(Invoice {
        label: invoice.label,
        issued_at: invoice.issued_at,
        zone: zone.clone(),
        order: invoice.order_id,
        seller: Party {
            name: order.shop_name,
            address: order.shop_address,
            vat_id: order.shop_vat_id,
        },
        customer: Party {
            name: if order.customer_name.is_empty() {
                order.customer_email.unwrap_or_default()
            } else {
                order.customer_name
            },
            address,
            vat_id: String::new(),
        },
        lines: items
            .into_iter()
            .map(|item| Line {
                sku: item.sku,
                name: item.name,
                quantity: item.quantity.into(),
                price: Money::new(item.price_cents, currency),
            })
            .collect(),
        total: Money::new(invoice.total_cents, currency),
        // The table allows 0 to 10000 only.
        vat_rate_bp: u32::try_from(invoice.vat_rate_bp).unwrap_or_default(),
    })
}
