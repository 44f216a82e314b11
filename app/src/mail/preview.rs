//! Every template with sample data, to be looked at in the back office. The
//! samples are hard on the templates: names that must be escaped, long lists.

use super::templates::Bodies;
use super::templates::alert::Alert;
use super::templates::credit_note::CreditNoteMail;
use super::templates::import_finished::ImportFinished;
use super::templates::invitation::Invitation;
use super::templates::invoice::InvoiceMail;
use super::templates::order_confirmation::{Line, OrderConfirmation};
use super::templates::password_reset::PasswordReset;
use super::templates::test_mail::TestMail;
use crate::domain::ids::OrderId;
use crate::domain::money::{Currency, Money};
use crate::domain::order::OrderStatus;
use crate::domain::zone::Zone;
use crate::pdf::credit_note::CreditNote;
use crate::pdf::invoice::{Invoice, Party};
use time::macros::datetime;

/// A template with sample data.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Subject line.
    pub subject: String,
    /// Both bodies.
    pub bodies: Bodies,
}

/// Name and purpose of every template.
pub const ALL: [(&str, &str); 8] = [
    ("order_confirmation", "To a customer whose order was placed"),
    ("invoice", "To a customer, with the invoice as a PDF file"),
    (
        "credit_note",
        "To a customer whose order was called off, with the credit note as a PDF file",
    ),
    ("password_reset", "To someone who forgot their password"),
    ("invitation", "To someone for whom an account was made"),
    ("import_finished", "To the one whose import had errors"),
    (
        "test_mail",
        "To an administrator who wants to see mail arrive",
    ),
    (
        "alert",
        "To the operator, when something is wrong with the box",
    ),
];

const SHOP: &str = "Müller & Söhne <Books>";
const LINK: &str = "https://shop.example.com/admin/password/0123456789abcdef";

/// The sample of a template; `None` when there is none of that name.
///
/// # Errors
/// When a template cannot be rendered.
pub fn sample(name: &str) -> Result<Option<Sample>, askama::Error> {
    let (subject, bodies) = match name {
        "order_confirmation" => {
            let mail = order_confirmation();
            (mail.subject(), mail.render()?)
        }
        "invoice" => {
            let mail = InvoiceMail::of(&invoice());
            (mail.subject(), mail.render()?)
        }
        "credit_note" => {
            let mail = CreditNoteMail::of(&CreditNote {
                label: "CN-INV-000007".to_owned(),
                issued_at: datetime!(2026-11-25 09:30 UTC),
                reason: OrderStatus::Refunded,
                invoice: invoice(),
            });
            (mail.subject(), mail.render()?)
        }
        "password_reset" => {
            let mail = PasswordReset {
                name: "Zoë O'Neill".to_owned(),
                email: "zoe@example.com".to_owned(),
                link: LINK.to_owned(),
                valid: "one hour",
            };
            (mail.subject(), mail.render()?)
        }
        "invitation" => {
            let mail = Invitation {
                name: "Zoë O'Neill".to_owned(),
                email: "zoe@example.com".to_owned(),
                shop: SHOP.to_owned(),
                link: LINK.to_owned(),
                valid: "seven days",
            };
            (mail.subject(), mail.render()?)
        }
        "import_finished" => {
            let mail = import_finished();
            (mail.subject(), mail.render()?)
        }
        "test_mail" => {
            let mail = TestMail {
                email: "admin@example.com".to_owned(),
                asked: "24 November 2026, 10:05 UTC".to_owned(),
                host: "shop.example.com".to_owned(),
                transport: "smtp".to_owned(),
            };
            (mail.subject(), mail.render()?)
        }
        "alert" => {
            let mail = Alert {
                subject: "[shop.example.com] wrong: disks".to_owned(),
                lines: vec![
                    "/var has 7 % of its room left, since 24 November 2026, 10:05 UTC.".to_owned(),
                    "`boxctl doctor` on the box says what to do.".to_owned(),
                ],
            };
            (mail.subject.clone(), mail.render()?)
        }
        _ => return Ok(None),
    };
    Ok(Some(Sample { subject, bodies }))
}

fn order_confirmation() -> OrderConfirmation {
    let line = |name: &str, sku: &str, quantity, price: &str, amount: &str| Line {
        name: name.to_owned(),
        sku: sku.to_owned(),
        quantity,
        price: price.to_owned(),
        amount: amount.to_owned(),
    };
    OrderConfirmation {
        shop: SHOP.to_owned(),
        customer: "Zoë O'Neill".to_owned(),
        order: "10042".to_owned(),
        placed: "24 November 2026".to_owned(),
        lines: vec![
            line("Teapot “Blümchen”, 1.2 l", "TEA-12", 1, "€34.90", "€34.90"),
            line("Cup <blue> & saucer", "CUP-3", 4, "€7.50", "€30.00"),
        ],
        total: "€64.90".to_owned(),
    }
}

fn invoice() -> Invoice {
    let party = |name: &str| Party {
        name: name.to_owned(),
        address: String::new(),
        vat_id: String::new(),
    };
    Invoice {
        label: "INV-1007".to_owned(),
        issued_at: datetime!(2026-11-24 10:00 UTC),
        zone: Zone::utc(),
        order: OrderId(10_042),
        seller: party(SHOP),
        customer: party("Zoë O'Neill"),
        lines: Vec::new(),
        total: Money::new(6_490, Currency::EUR),
        vat_rate_bp: 1_700,
    }
}

fn import_finished() -> ImportFinished {
    ImportFinished {
        shop: SHOP.to_owned(),
        what: "products".to_owned(),
        source: "https://feeds.example.com/products.csv".to_owned(),
        ended: "finished",
        created: 118,
        updated: 2_204,
        failed: 2,
        error: String::new(),
        problems: vec![
            "row 17, price: \"<free>\" is no amount".to_owned(),
            "row 204, sku: is missing".to_owned(),
        ],
        link: "https://shop.example.com/admin/imports".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_a_sample_in_both_forms() {
        for (name, purpose) in ALL {
            let sample = sample(name).unwrap().expect(name);
            assert!(!purpose.is_empty() && !sample.subject.is_empty());
            assert!(sample.bodies.html.starts_with("<!doctype html>"), "{name}");
            assert!(
                !sample.bodies.text.contains('<') || !sample.bodies.text.contains("</"),
                "{name}"
            );
            assert!(sample.bodies.text.len() > 80, "{name}");
        }
        assert!(sample("nothing").unwrap().is_none());
    }

    #[test]
    fn what_comes_from_outside_is_escaped_in_html_and_not_in_text() {
        let sample = sample("order_confirmation").unwrap().unwrap();
        assert!(!sample.bodies.html.contains("<Books>"));
        assert!(!sample.bodies.html.contains("<blue>"));
        assert!(sample.bodies.text.contains("Müller & Söhne <Books>"));
        assert!(
            sample
                .bodies
                .text
                .contains("4 × Cup <blue> & saucer (CUP-3), €7.50 each: €30.00")
        );
    }
}
