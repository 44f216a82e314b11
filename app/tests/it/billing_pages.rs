//! The page on what a shop pays for the platform.

use crate::back_office::{clean, get, post};
use crate::support::app::TestApp;
use crate::support::market::{Seller, Shop};
use crate::support::stripe::StripeServer;

const PAGE: &str = "/admin/billing";

async fn selling() -> (StripeServer, Shop) {
    let stripe = StripeServer::start().await;
    let shop = Shop::on(TestApp::configured(stripe.config()).await).await;
    sqlx::query("UPDATE plans SET stripe_price_id = 'price_' || code WHERE price_minor > 0")
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
    (stripe, shop)
}

async fn billed(shop: &Shop, seller: &Seller, id: &str, url: &str) {
    sqlx::query(
        "INSERT INTO billing_invoices
             (stripe_invoice_id, vendor_id, status, total_minor, currency, hosted_url, created_at, provider_at)
         VALUES ($1, $2, 'paid', 4900, 'EUR', $3, '2026-11-01 12:00Z', '2026-11-01 12:00Z')",
    )
    .bind(id)
    .bind(seller.vendor)
    .bind(url)
    .execute(&shop.app.database.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn without_payments_the_page_says_so_and_sells_nothing() {
    let shop = Shop::new().await;
    let owner = &shop.ann.owner;
    let page = get(&shop, owner, PAGE).await;
    clean(PAGE, &page);
    assert!(page.body.contains("Payments are not set up"));
    assert!(page.body.contains("Scale") && page.body.contains("active"));
    assert!(!page.body.contains("/checkout") && !page.body.contains("/portal"));
    let answer = post(&shop, owner, "/admin/billing/checkout", "plan=business").await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert!(
        answer.body.contains("not set up on this platform"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn an_owner_is_led_to_the_checkout_and_to_the_portal() {
    let (stripe, shop) = selling().await;
    let owner = &shop.ann.owner;
    let page = get(&shop, owner, PAGE).await;
    clean(PAGE, &page);
    assert!(page.body.contains("Buy Business") && page.body.contains("49.00 EUR"));
    assert!(
        !page.body.contains("/admin/billing/portal"),
        "nothing was bought"
    );

    let leave = post(&shop, owner, "/admin/billing/checkout", "plan=business").await;
    clean("checkout", &leave);
    let to = leave.header("refresh").to_owned();
    assert!(to.starts_with("0;url=https://checkout.stripe.com/"), "{to}");
    assert!(leave.body.contains("href=\"https://checkout.stripe.com/"));

    let page = get(&shop, owner, PAGE).await;
    assert!(page.body.contains("/admin/billing/portal"));
    let portal = post(&shop, owner, "/admin/billing/portal", "csrf=").await;
    assert!(
        portal.header("refresh").starts_with("0;url=https://"),
        "{}",
        portal.body
    );
    assert!(
        stripe
            .calls()
            .iter()
            .any(|call| call.contains("billing_portal"))
    );

    // What is bought is changed in the portal.
    sqlx::query("UPDATE subscriptions SET stripe_subscription_id = 'sub_1' WHERE vendor_id = $1")
        .bind(shop.ann.vendor)
        .execute(&shop.app.database.pool)
        .await
        .unwrap();
    assert!(!get(&shop, owner, PAGE).await.body.contains("Buy Business"));
    let again = post(&shop, owner, "/admin/billing/checkout", "plan=business").await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("There is a subscription already"));
    let nothing = post(
        &shop,
        &shop.bob.owner,
        "/admin/billing/checkout",
        "plan=gold",
    )
    .await;
    assert_eq!(nothing.status, 409);
    assert!(nothing.body.contains("is no plan that can be bought"));
}

#[tokio::test]
async fn invoices_are_the_shops_own_and_lead_to_the_provider_only() {
    let (_stripe, shop) = selling().await;
    billed(
        &shop,
        &shop.ann,
        "in_ann",
        "https://invoice.stripe.com/in_ann",
    )
    .await;
    billed(&shop, &shop.ann, "in_odd", "javascript:alert(1)").await;
    billed(
        &shop,
        &shop.bob,
        "in_bob",
        "https://invoice.stripe.com/in_bob",
    )
    .await;
    let page = get(&shop, &shop.ann.owner, PAGE).await;
    clean(PAGE, &page);
    assert!(page.body.contains("2026-11-01") && page.body.contains("/in_ann"));
    assert!(!page.body.contains("in_bob") && !page.body.contains("alert(1)"));
}

#[tokio::test]
async fn billing_is_the_owners() {
    let (stripe, shop) = selling().await;
    let staff = &shop.ann.staff;
    assert_eq!(get(&shop, staff, PAGE).await.status, 403);
    assert!(!get(&shop, staff, "/admin").await.body.contains(PAGE));
    for path in ["/admin/billing/checkout", "/admin/billing/portal"] {
        let answer = post(&shop, staff, path, "plan=business").await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert!(stripe.calls().is_empty());
}
