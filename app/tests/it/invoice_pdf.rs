//! Invoices as PDF files, read back with another program.

use crate::support::app::TestApp;
use crate::support::mail_shop::{Item, pdf_text, shop};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use time::macros::datetime;
use wizamart::domain::ids::OrderId;
use wizamart::domain::money::{Currency, Money};
use wizamart::domain::words;
use wizamart::domain::zone::Zone;
use wizamart::pdf::invoice::{Invoice, Line, Party};

fn invoice(lines: Vec<Line>) -> Invoice {
    let total = lines
        .iter()
        .map(|line| line.amount().unwrap().minor)
        .sum::<i64>();
    Invoice {
        label: "INV-2026-0042".to_owned(),
        issued_at: datetime!(2026-11-24 10:00 UTC),
        zone: Zone::utc(),
        order: OrderId(10_042),
        seller: Party {
            name: "Müller & Söhne".to_owned(),
            address: "Großgasse 7\nL-1234 Luxemburg".to_owned(),
            vat_id: "LU12345678".to_owned(),
        },
        customer: Party {
            name: "Zoë Weiß-Łukasz".to_owned(),
            address: "Rue du Café 3\n75001 Paris\nFR".to_owned(),
            vat_id: String::new(),
        },
        lines,
        total: Money::new(total, Currency::EUR),
        vat_rate_bp: 1_700,
    }
}

fn line(sku: &str, name: &str, quantity: i64, cents: i64) -> Line {
    Line {
        sku: sku.to_owned(),
        name: name.to_owned(),
        quantity,
        price: Money::new(cents, Currency::EUR),
    }
}

/// A line of text with single blanks.
fn rows(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn the_text_of_the_file_is_the_invoices_data() {
    let one = invoice(vec![
        line("TEA-12", "Teekanne „Blümchen“ 1,2 l", 1, 3_490),
        line("CUP-3", "Чашка & saucer", 4, 750),
        line("BIG-1", "Ångström ruler", 12, 123_456_789),
    ]);
    let text = pdf_text(&one.render().unwrap());
    let rows = rows(&text);
    let expected = [
        "Invoice INV-2026-0042".to_owned(),
        "Date: 24 November 2026 Order: 10042".to_owned(),
        "Article Quantity Price Amount".to_owned(),
        "Teekanne „Blümchen“ 1,2 l 1 €34.90 €34.90".to_owned(),
        "TEA-12".to_owned(),
        "Чашка & saucer 4 €7.50 €30.00".to_owned(),
        "CUP-3".to_owned(),
        "Ångström ruler 12 €1,234,567.89 €14,814,814.68".to_owned(),
        "BIG-1".to_owned(),
        format!("Net {}", words::money(one.net())),
        format!("VAT 17% {}", words::money(one.tax())),
        "Total €14,814,879.58".to_owned(),
        "Page 1 of 1".to_owned(),
    ];
    let start = rows
        .iter()
        .position(|row| *row == expected[0])
        .expect(&text);
    assert_eq!(rows[start..], expected);
    let head = rows[..start].join(" | ");
    for part in [
        "Müller & Söhne",
        "Großgasse 7",
        "L-1234 Luxemburg",
        "VAT LU12345678",
        "Zoë Weiß-Łukasz",
        "Rue du Café 3",
        "75001 Paris",
        "FR",
    ] {
        assert!(head.contains(part), "{part} in {head}");
    }
}

#[test]
fn a_thousand_lines_go_on_over_pages_and_add_up() {
    let lines = (0..1000)
        .map(|n| {
            line(
                &format!("SKU-{n:04}"),
                &format!("Article number {n:04}"),
                1 + n % 7,
                199 + n,
            )
        })
        .collect();
    let one = invoice(lines);
    let text = pdf_text(&one.render().unwrap());
    let pages: Vec<&str> = text
        .split('\u{c}')
        .filter(|page| !page.trim().is_empty())
        .collect();
    assert!(pages.len() > 20, "{}", pages.len());
    for (index, page) in pages.iter().enumerate() {
        let rows = rows(page);
        assert!(
            rows.iter()
                .any(|row| row == "Article Quantity Price Amount"),
            "{page}"
        );
        let number = format!("Page {} of {}", index + 1, pages.len());
        assert_eq!(rows.last(), Some(&number));
    }
    let all = rows(&text);
    for (n, line) in one.lines.iter().enumerate() {
        let row = format!(
            "Article number {n:04} {} {} {}",
            line.quantity,
            words::money(line.price),
            words::money(line.amount().unwrap())
        );
        assert_eq!(
            all.iter().filter(|found| **found == row).count(),
            1,
            "{row}"
        );
    }
    let total = format!("Total {}", words::money(one.total));
    assert_eq!(all.iter().filter(|row| **row == total).count(), 1);
}

#[test]
fn names_of_any_length_and_script_stay_readable_by_others() {
    let long = "Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüssel".repeat(5);
    for name in [
        "",
        "\u{0}\u{7}\r\n",
        "שלום עולם",
        "日本語の名前",
        "🫖 emoji",
        "a\u{301}\u{200d}",
        &long,
    ] {
        let one = invoice(vec![line("S", name, 1, 100)]);
        let text = pdf_text(&one.render().unwrap());
        assert!(
            text.contains("Total") && text.contains("€1.00"),
            "{name:?}: {text}"
        );
    }
}

const ITEMS: [Item<'static>; 1] = [("TEA-12", "Teapot", 2, 3_490)];

#[tokio::test]
async fn only_the_shop_itself_gets_its_invoice() {
    let app = TestApp::new().await.with_admin().await;
    let pool = &app.database.pool;
    let one = shop(pool, "one", Some("zoe@example.org"), &ITEMS).await;
    let two = shop(pool, "two", Some("ann@example.org"), &ITEMS).await;
    let token = app.token().await;
    let path = |shop: &crate::support::mail_shop::Shop, vendor| {
        format!("/api/v1/invoices/{}/pdf?vendor={vendor}", shop.invoice)
    };
    let answer = app.get_as(&token, &path(&one, one.vendor)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"INV-7.pdf\""
    );
    assert!(answer.header("cache-control").contains("no-store"));
    let crossed = app.get_as(&token, &path(&two, one.vendor)).await;
    assert_eq!(crossed.status, 404);
    assert_eq!(app.get(&path(&one, one.vendor)).await.status, 401);
    let bytes = bytes(&app, &token, &path(&two, two.vendor)).await;
    let text = pdf_text(&bytes);
    assert!(
        text.contains("Zoë <Ö> Weiß") && text.contains("€69.80"),
        "{text}"
    );
}

async fn bytes(app: &TestApp, token: &str, path: &str) -> Vec<u8> {
    let request = Request::get(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let body = app.response(request).await.into_body();
    body.collect().await.unwrap().to_bytes().to_vec()
}
