//! A credit note: an invoice that is taken back as a whole.

use super::PdfError;
use super::invoice::{self, Invoice};
use super::layout::Heading;
use crate::domain::order::OrderStatus;
use crate::domain::words;
use time::OffsetDateTime;

/// Everything that is printed on a credit note.
#[derive(Clone, Debug)]
pub struct CreditNote {
    /// The number with its prefix.
    pub label: String,
    /// When it was given.
    pub issued_at: OffsetDateTime,
    /// What became of the order.
    pub reason: OrderStatus,
    /// What is taken back.
    pub invoice: Invoice,
}

impl CreditNote {
    /// Name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        invoice::file_name(&self.label)
    }

    /// The PDF file. It names the invoice that it corrects, as it must (Council
    /// Directive 2006/112/EC, article 219).
    ///
    /// # Errors
    /// When the amounts make no sense.
    pub fn render(&self) -> Result<Vec<u8>, PdfError> {
        let reference = format!(
            "Corrects invoice {} of {} in full: the order was {}.",
            self.invoice.label,
            words::date(self.invoice.issued_at, &self.invoice.zone),
            self.reason
        );
        let heading = Heading {
            kind: "Credit note",
            label: &self.label,
            issued_at: self.issued_at,
            to: "Credit to",
            reference: Some(reference),
            total: "Total credited",
        };
        invoice::render(&self.invoice, &heading)
    }
}
