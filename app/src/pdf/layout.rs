//! What stands where on the pages of an invoice or a credit note. Units are
//! points from the upper left corner; nothing is drawn here.

use super::PdfError;
use super::fonts::{Face, Fonts};
use super::invoice::{Invoice, Line, Party};
use crate::domain::money::Money;
use crate::domain::words;
use crate::mail::message::one_line;
use time::OffsetDateTime;

/// A4.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;

const LEFT: f32 = 50.0;
const RIGHT: f32 = WIDTH - 50.0;
const TOP: f32 = 56.0;
/// Below here only the footer stands.
const BOTTOM: f32 = HEIGHT - 72.0;
const FOOTER: f32 = HEIGHT - 40.0;

const BODY: f32 = 9.0;
const SMALL: f32 = 7.5;
const TITLE: f32 = 18.0;
const LINE: f32 = 12.5;

/// Right edges of the columns of numbers, and the width of the first.
const QUANTITY: f32 = RIGHT - 195.0;
const PRICE: f32 = RIGHT - 100.0;
const ARTICLE_WIDTH: f32 = QUANTITY - 45.0 - LEFT;

/// Longest text that is printed of one field.
const LONGEST: usize = 400;
/// Most lines of one address.
const ADDRESS_LINES: usize = 8;

/// Something on a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    Text {
        x: f32,
        y: f32,
        size: f32,
        face: Face,
        text: String,
    },
    Rule {
        y: f32,
        from: f32,
        to: f32,
    },
}

pub(super) type Page = Vec<Mark>;

/// What the kinds of documents say differently about a sale.
pub(super) struct Heading<'a> {
    /// What it is.
    pub(super) kind: &'static str,
    /// Its number, with prefix.
    pub(super) label: &'a str,
    /// When it was given.
    pub(super) issued_at: OffsetDateTime,
    /// What stands above the customer.
    pub(super) to: &'static str,
    /// What it refers to, if anything.
    pub(super) reference: Option<String>,
    /// What stands beside the total.
    pub(super) total: &'static str,
}

struct Pen<'a> {
    fonts: &'a Fonts,
    heading: &'a Heading<'a>,
    invoice: &'a Invoice,
    pages: Vec<Page>,
    page: Page,
    y: f32,
}

pub(super) fn document(
    invoice: &Invoice,
    heading: &Heading<'_>,
    fonts: &Fonts,
) -> Result<Vec<Page>, PdfError> {
    let mut pen = Pen {
        fonts,
        heading,
        invoice,
        pages: Vec::new(),
        page: Page::new(),
        y: TOP,
    };
    pen.head();
    pen.table_head();
    for line in &invoice.lines {
        pen.line(line)?;
    }
    pen.totals()?;
    Ok(pen.finish())
}

impl Pen<'_> {
    fn text(&mut self, x: f32, size: f32, face: Face, text: &str) {
        if text.is_empty() {
            return;
        }
        self.page.push(Mark::Text {
            x,
            y: self.y,
            size,
            face,
            text: text.to_owned(),
        });
    }

    fn text_right(&mut self, edge: f32, size: f32, face: Face, text: &str) {
        let x = edge - self.fonts.width(face, size, text);
        self.text(x, size, face, text);
    }

    fn rule(&mut self, from: f32) {
        self.page.push(Mark::Rule {
            y: self.y,
            from,
            to: RIGHT,
        });
    }

    /// Both parties, the title and the dates: on the first page only.
    fn head(&mut self) {
        let invoice = self.invoice;
        let half = (RIGHT - LEFT) / 2.0 - 10.0;
        let start = self.y;
        self.party(LEFT, half, &invoice.seller);
        let left = std::mem::replace(&mut self.y, start);
        let to = self.heading.to;
        self.text(LEFT + half + 20.0, SMALL, Face::Regular, to);
        self.y += LINE;
        self.party(LEFT + half + 20.0, half, &invoice.customer);
        self.y = self.y.max(left) + 30.0;

        let label = one_line(self.heading.label, LONGEST);
        let title = format!("{} {label}", self.heading.kind);
        for line in self.fonts.wrap(Face::Bold, TITLE, &title, RIGHT - LEFT) {
            self.text(LEFT, TITLE, Face::Bold, &line);
            self.y += TITLE * 1.3;
        }
        let facts = format!(
            "Date: {}   Order: {}",
            words::date(self.heading.issued_at, &invoice.zone),
            invoice.order
        );
        self.text(LEFT, BODY, Face::Regular, &facts);
        if let Some(reference) = &self.heading.reference {
            let reference = one_line(reference, LONGEST);
            for line in self
                .fonts
                .wrap(Face::Regular, BODY, &reference, RIGHT - LEFT)
            {
                self.y += LINE;
                self.text(LEFT, BODY, Face::Regular, &line);
            }
        }
        self.y += 2.0 * LINE;
    }

    fn party(&mut self, x: f32, width: f32, party: &Party) {
        let name = one_line(&party.name, LONGEST);
        for line in self.fonts.wrap(Face::Bold, BODY + 1.0, &name, width) {
            self.text(x, BODY + 1.0, Face::Bold, &line);
            self.y += LINE;
        }
        let mut lines: Vec<String> = party
            .address
            .lines()
            .map(|line| one_line(line, LONGEST))
            .flat_map(|line| self.fonts.wrap(Face::Regular, BODY, &line, width))
            .take(ADDRESS_LINES)
            .collect();
        if !party.vat_id.is_empty() {
            let id = format!("VAT {}", one_line(&party.vat_id, LONGEST));
            lines.extend(self.fonts.wrap(Face::Regular, BODY, &id, width));
        }
        for line in lines {
            self.text(x, BODY, Face::Regular, &line);
            self.y += LINE;
        }
    }

    fn table_head(&mut self) {
        self.text(LEFT, SMALL, Face::Bold, "Article");
        self.text_right(QUANTITY, SMALL, Face::Bold, "Quantity");
        self.text_right(PRICE, SMALL, Face::Bold, "Price");
        self.text_right(RIGHT, SMALL, Face::Bold, "Amount");
        self.y += 5.0;
        self.rule(LEFT);
        self.y += LINE;
    }

    /// Begins a new page unless so much fits on this one.
    fn need(&mut self, height: f32) {
        if self.y + height <= BOTTOM {
            return;
        }
        self.pages.push(std::mem::take(&mut self.page));
        self.y = TOP;
        let label = one_line(self.heading.label, 60);
        let again = format!("{} {label}, continued", self.heading.kind);
        self.text(LEFT, SMALL, Face::Regular, &again);
        self.y += 2.0 * LINE;
        self.table_head();
    }

    fn line(&mut self, line: &Line) -> Result<(), PdfError> {
        let name = one_line(&line.name, LONGEST);
        let mut names = self.fonts.wrap(Face::Regular, BODY, &name, ARTICLE_WIDTH);
        if names.is_empty() {
            names.push(String::new());
        }
        let sku = one_line(&line.sku, LONGEST);
        let skus = self.fonts.wrap(Face::Regular, SMALL, &sku, ARTICLE_WIDTH);
        let rows = names.len() + skus.len();
        self.need(LINE * rows as f32);
        self.text_right(QUANTITY, BODY, Face::Regular, &line.quantity.to_string());
        self.text_right(PRICE, BODY, Face::Regular, &words::money(line.price));
        self.text_right(RIGHT, BODY, Face::Regular, &words::money(line.amount()?));
        for name in names {
            self.text(LEFT, BODY, Face::Regular, &name);
            self.y += LINE;
        }
        self.y -= 2.0;
        for sku in skus {
            self.text(LEFT, SMALL, Face::Regular, &sku);
            self.y += LINE - 1.0;
        }
        self.y += 5.0;
        Ok(())
    }

    fn totals(&mut self) -> Result<(), PdfError> {
        self.need(7.0 * LINE);
        self.rule(LEFT);
        self.y += LINE;
        let beside = self.invoice.beside_lines()?;
        if beside.minor != 0 {
            self.total("Other charges and discounts", beside, Face::Regular);
        }
        self.total("Net", self.invoice.net(), Face::Regular);
        let tax = format!("VAT {}", words::percent(self.invoice.vat_rate_bp));
        self.total(&tax, self.invoice.tax(), Face::Regular);
        self.y -= LINE - 5.0;
        self.rule(PRICE - 120.0);
        self.y += LINE;
        self.total(self.heading.total, self.invoice.total, Face::Bold);
        Ok(())
    }

    fn total(&mut self, what: &str, amount: Money, face: Face) {
        self.text_right(PRICE, BODY, face, what);
        self.text_right(RIGHT, BODY, face, &words::money(amount));
        self.y += LINE;
    }

    fn finish(mut self) -> Vec<Page> {
        self.pages.push(self.page);
        let of = self.pages.len();
        for (index, page) in self.pages.iter_mut().enumerate() {
            let text = format!("Page {} of {of}", index + 1);
            page.push(Mark::Text {
                x: RIGHT - self.fonts.width(Face::Regular, SMALL, &text),
                y: FOOTER,
                size: SMALL,
                face: Face::Regular,
                text,
            });
        }
        self.pages
    }
}
