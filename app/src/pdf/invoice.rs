//! An invoice: its data, and the file it becomes.

use super::fonts::Fonts;
use super::layout::Heading;
use super::{PdfError, layout, write};
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::zone::Zone;
use time::OffsetDateTime;

/// Everything that is printed on an invoice.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// The number with its prefix.
    pub label: String,
    /// When it was given.
    pub issued_at: OffsetDateTime,
    /// Whose date is printed.
    pub zone: Zone,
    /// The order it is for.
    pub order: OrderId,
    /// Who sells.
    pub seller: Party,
    /// Who buys.
    pub customer: Party,
    /// What was bought.
    pub lines: Vec<Line>,
    /// What is to be paid, tax included.
    pub total: Money,
    /// Tax rate in basis points.
    pub vat_rate_bp: u32,
}

/// One side of the sale.
#[derive(Clone, Debug)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// Its address, on as many lines as it has.
    pub address: String,
    /// Its tax number; may be empty.
    pub vat_id: String,
}

/// One line of an invoice.
#[derive(Clone, Debug)]
pub struct Line {
    /// Article number.
    pub sku: String,
    /// Article.
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// Price of one, tax included.
    pub price: Money,
}

impl Invoice {
    /// The tax in the total.
    #[must_use]
    pub fn tax(&self) -> Money {
        self.total.tax_included(self.vat_rate_bp)
    }

    /// The total without the tax.
    #[must_use]
    pub fn net(&self) -> Money {
        Money::new(self.total.minor - self.tax().minor, self.total.currency)
    }

    /// What the total has beside the lines, such as postage or a discount of
    /// an imported order.
    ///
    /// # Errors
    /// When the lines do not add up.
    pub fn beside_lines(&self) -> Result<Money, PdfError> {
        let mut rest = self.total;
        for line in &self.lines {
            rest = rest.plus(line.amount()?.times(-1)?)?;
        }
        Ok(rest)
    }

    /// Name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        file_name(&self.label)
    }

    /// The PDF file.
    ///
    /// # Errors
    /// When the amounts make no sense.
    pub fn render(&self) -> Result<Vec<u8>, PdfError> {
        let heading = Heading {
            kind: "Invoice",
            label: &self.label,
            issued_at: self.issued_at,
            to: "Invoice to",
            reference: None,
            total: "Total",
        };
        render(self, &heading)
    }
}

/// The file of a document about a sale.
pub(super) fn render(sale: &Invoice, heading: &Heading<'_>) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::load()?;
    let pages = layout::document(sale, heading, &fonts)?;
    let title = format!("{} {}", heading.kind, heading.label);
    write::write(&pages, &fonts, &title, &sale.seller.name, heading.issued_at)
}

/// The name of the file of a document.
pub(super) fn file_name(label: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = label
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    format!("{}.pdf", name.trim_matches(['.', '-']))
}

impl Line {
    /// Price of all.
    ///
    /// # Errors
    /// When it is too large.
    pub fn amount(&self) -> Result<Money, PdfError> {
        Ok(self.price.times(self.quantity)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn invoice(text: &str, lines: usize) -> Invoice {
        let party = || Party {
            name: text.to_owned(),
            address: text.to_owned(),
            vat_id: text.to_owned(),
        };
        let price = Money::new(250, Currency::EUR);
        Invoice {
            label: text.to_owned(),
            issued_at: datetime!(2026-11-24 10:00 UTC),
            zone: Zone::utc(),
            order: OrderId(1),
            seller: party(),
            customer: party(),
            lines: (0..lines)
                .map(|_| Line {
                    sku: text.to_owned(),
                    name: text.to_owned(),
                    quantity: 2,
                    price,
                })
                .collect(),
            total: Money::new(500 * i64::try_from(lines).unwrap(), Currency::EUR),
            vat_rate_bp: 1_700,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_breaks_the_file(text in any::<String>(), lines in 0_usize..4) {
            let bytes = invoice(&text, lines).render().unwrap();
            prop_assert!(bytes.starts_with(b"%PDF-"));
            prop_assert!(bytes.trim_ascii_end().ends_with(b"%%EOF"));
        }

        #[test]
        fn no_label_breaks_the_file_name(label in any::<String>()) {
            let name = invoice(&label, 0).file_name();
            prop_assert!(name.is_ascii() && name.ends_with(".pdf") && !name.contains(['/', '"', '\\']));
        }
    }

    #[test]
    fn the_same_invoice_gives_the_same_bytes() {
        let one = invoice("Müller", 3).render().unwrap();
        assert_eq!(one, invoice("Müller", 3).render().unwrap());
    }

    #[test]
    fn what_is_beside_the_lines_is_told() {
        let mut one = invoice("x", 2);
        assert_eq!(one.beside_lines().unwrap().minor, 0);
        one.total = Money::new(1_490, Currency::EUR);
        assert_eq!(one.beside_lines().unwrap().minor, 490);
        one.lines[0].price = Money::new(i64::MAX, Currency::EUR);
        assert!(one.render().is_err());
    }

    #[test]
    fn net_and_tax_make_the_total() {
        let one = invoice("x", 7);
        assert_eq!(one.net().plus(one.tax()).unwrap(), one.total);
    }
}
