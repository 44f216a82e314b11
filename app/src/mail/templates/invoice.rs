//! "Here is your invoice."

use super::bodies;
use crate::domain::words;
use crate::mail::message::one_line;
use crate::pdf::invoice::Invoice;

/// Carries an invoice to the customer.
#[derive(Clone, Debug)]
pub struct InvoiceMail {
    shop: String,
    customer: String,
    order: String,
    label: String,
    issued: String,
    total: String,
}

impl InvoiceMail {
    /// Of an invoice.
    #[must_use]
    pub fn of(invoice: &Invoice) -> Self {
        Self {
            shop: one_line(&invoice.seller.name, 200),
            customer: one_line(&invoice.customer.name, 200),
            order: invoice.order.to_string(),
            label: one_line(&invoice.label, 60),
            issued: words::date(invoice.issued_at, &invoice.zone),
            total: words::money(invoice.total),
        }
    }

    /// Subject line.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("Invoice {} of {}", self.label, self.shop)
    }
}

bodies!(InvoiceMail, "mail/invoice.html", "mail/invoice.txt");
