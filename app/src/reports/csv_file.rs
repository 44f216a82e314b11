//! A report as CSV: one line for each day and product.

use super::ReportError;
use crate::domain::money::{Currency, Money};
use crate::storage::sales::Sales;
use std::fs::File;
use tokio::sync::mpsc::Receiver;

pub(super) fn write(
    file: File,
    currency: Currency,
    mut lines: Receiver<Sales>,
) -> Result<(), ReportError> {
    let mut table = csv::Writer::from_writer(file);
    table.write_record([
        "date", "sku", "product", "orders", "items", "revenue", "currency",
    ])?;
    while let Some(line) = lines.blocking_recv() {
        table.write_record([
            line.day.map(|day| day.to_string()).unwrap_or_default(),
            plain(&line.sku),
            plain(&line.name),
            line.orders.to_string(),
            line.items.to_string(),
            Money::new(line.revenue_cents, currency).amount(),
            currency.to_string(),
        ])?;
    }
    table.flush()?;
    Ok(())
}

/// Text that a spreadsheet would take for a formula gets an apostrophe before
/// it, which makes it text again: names come from feeds, and a formula can
/// send what else is in the sheet to a stranger.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(plain(text), format!("'{text}"));
        }
        assert_eq!(plain("Kettle = good"), "Kettle = good");
    }
}
