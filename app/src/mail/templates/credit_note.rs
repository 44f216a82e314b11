//! "Your invoice was taken back."

use super::bodies;
use crate::domain::words;
use crate::mail::message::one_line;
use crate::pdf::credit_note::CreditNote;

/// Carries a credit note to the customer.
#[derive(Clone, Debug)]
pub struct CreditNoteMail {
    shop: String,
    customer: String,
    order: String,
    label: String,
    invoice: String,
    issued: String,
    reason: String,
    total: String,
}

impl CreditNoteMail {
    /// Of a credit note.
    #[must_use]
    pub fn of(note: &CreditNote) -> Self {
        let invoice = &note.invoice;
        Self {
            shop: one_line(&invoice.seller.name, 200),
            customer: one_line(&invoice.customer.name, 200),
            order: invoice.order.to_string(),
            label: one_line(&note.label, 60),
            invoice: one_line(&invoice.label, 60),
            issued: words::date(note.issued_at, &invoice.zone),
            reason: note.reason.to_string(),
            total: words::money(invoice.total),
        }
    }

    /// Subject line.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("Credit note {} of {}", self.label, self.shop)
    }
}

bodies!(
    CreditNoteMail,
    "mail/credit_note.html",
    "mail/credit_note.txt"
);
