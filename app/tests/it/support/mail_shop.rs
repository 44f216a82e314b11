//! A shop with one invoiced order, for what is made of it.

use sqlx::PgPool;
use wizamart::domain::ids::{InvoiceId, OrderId, VendorId};

pub struct Shop {
    pub vendor: VendorId,
    pub order: OrderId,
    pub invoice: InvoiceId,
}

/// A line: article number, name, quantity, price in cents.
pub type Item<'a> = (&'a str, &'a str, i32, i64);

/// Without an address the order has no customer.
pub async fn shop(pool: &PgPool, slug: &str, email: Option<&str>, items: &[Item<'_>]) -> Shop {
    let vendor: VendorId = sqlx::query_scalar(
        "INSERT INTO vendors (slug, name, address, vat_id)
         VALUES ($1, 'Müller & Söhne', E'Großgasse 7\nL-1234 Luxemburg', 'LU12345678') RETURNING id",
    )
    .bind(slug)
    .fetch_one(pool)
    .await
    .unwrap();
    let mut customer: Option<i64> = None;
    if let Some(email) = email {
        let id = sqlx::query_scalar(
            "INSERT INTO customers (vendor_id, email, name, address, country)
             VALUES ($1, $2, 'Zoë <Ö> Weiß', E'Rue du Café 3\n75001 Paris', 'FR') RETURNING id",
        )
        .bind(vendor)
        .bind(email);
        customer = Some(id.fetch_one(pool).await.unwrap());
    }
    let total: i64 = items.iter().map(|item| i64::from(item.2) * item.3).sum();
    let order: OrderId = sqlx::query_scalar(
        "INSERT INTO orders (vendor_id, customer_id, total_cents, currency, placed_at)
         VALUES ($1, $2, $3, 'EUR', '2026-11-20 09:00Z') RETURNING id",
    )
    .bind(vendor)
    .bind(customer)
    .bind(total)
    .fetch_one(pool)
    .await
    .unwrap();
    for (sku, name, quantity, price) in items {
        sqlx::query(
            "INSERT INTO order_items (order_id, vendor_id, sku, name, quantity, price_cents)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(order)
        .bind(vendor)
        .bind(sku)
        .bind(name)
        .bind(quantity)
        .bind(price)
        .execute(pool)
        .await
        .unwrap();
    }
    let invoice: InvoiceId = sqlx::query_scalar(
        "INSERT INTO invoices (vendor_id, order_id, number, label, total_cents, vat_rate_bp, currency, issued_at)
         VALUES ($1, $2, 7, 'INV-7', $3, 1700, 'EUR', '2026-11-21 09:00Z') RETURNING id",
    )
    .bind(vendor)
    .bind(order)
    .bind(total)
    .fetch_one(pool)
    .await
    .unwrap();
    Shop {
        vendor,
        order,
        invoice,
    }
}

/// The text of a PDF file, as a reader would select it.
pub fn pdf_text(pdf: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = std::process::Command::new("pdftotext")
        .args(["-layout", "-enc", "UTF-8"])
        .arg(&path)
        .arg("-")
        .output()
        .expect("pdftotext (package poppler-utils) is needed");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
