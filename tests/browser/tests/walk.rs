//! From the login to the job dashboard, as an administrator walks it; then the
//! same pages in the dark and on a telephone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use onebox_browser_tests::browser::{Browser, Look};
use onebox_browser_tests::{Feed, Site};

/// Pages of a shop and of the platform.
const PAGES: [&str; 16] = [
    "/admin",
    "/admin/products",
    "/admin/products/new",
    "/admin/orders",
    "/admin/customers",
    "/admin/invoices",
    "/admin/imports",
    "/admin/reports",
    "/admin/settings",
    "/admin/users",
    "/admin/audit",
    "/admin/vendors",
    "/admin/jobs",
    "/admin/mail",
    "/admin/account",
    "/",
];

async fn log_in(browser: &Browser, site: &Site) {
    browser.open("/admin").await;
    assert_eq!(browser.path().await, "/admin/login");
    browser.fill("#email", &site.email).await;
    browser.fill("#password", &site.password).await;
    browser.follow("main form button").await;
    assert_eq!(browser.path().await, "/admin");
}

/// The first shop of the demo data.
async fn choose_a_shop(browser: &Browser) {
    browser.open("/admin/vendors").await;
    browser.follow("main tbody form button").await;
}

async fn look_at_everything(browser: &Browser, look: &str) {
    for path in PAGES {
        browser.open(path).await;
        let name = path.trim_matches('/').replace('/', "-");
        let name = if name.is_empty() { "shop" } else { &name };
        browser.picture(&format!("{look}-{name}")).await;
        browser.nothing_to_complain(path).await;
        browser.accessible(path).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn walk() {
    let site = Site::start().await;
    let browser = Browser::start(&site.base, Look::Light).await;

    // The login works by keyboard alone.
    browser.open("/admin/login").await;
    browser.accessible("/admin/login").await;
    browser.picture("light-login").await;
    browser.fill("#email", &site.email).await;
    browser.keys("\u{e004}").await;
    browser.keys(&site.password).await;
    browser.keys("\u{e004}").await;
    browser.follow_keys("\u{e007}").await;
    assert_eq!(browser.path().await, "/admin");
    choose_a_shop(&browser).await;

    let csv =
        "sku,name,price,quantity\nBROWSER-1,A lamp from the feed,12.50 EUR,7\nBROWSER-2,,x,1\n";
    let feed = Feed::serve(csv.to_owned()).await;
    browser.open("/admin/imports").await;
    browser.fill("#source_url", &feed.url).await;
    browser.follow("form.card button").await;
    browser
        .reload_until("the import ends", |text| text.contains("done"))
        .await;
    let import = browser.text("main").await;
    assert!(import.contains("Rows that failed"), "{import}");
    browser.picture("light-import").await;
    browser.nothing_to_complain("an import").await;

    // A customer finds it and orders it.
    browser.open("/?q=lamp+from+the+feed").await;
    browser.follow(".shelf a").await;
    browser.picture("light-product").await;
    browser.accessible("a product").await;
    browser.follow("form[action='/cart'] button").await;
    browser.fill("#name", "Cleo").await;
    browser.fill("#email", "cleo@example.org").await;
    browser.fill("#address", "2 Road").await;
    browser.accessible("the cart").await;
    browser.picture("light-cart").await;
    browser.follow("form[action='/checkout'] button").await;
    assert!(browser.path().await.starts_with("/thanks/"));

    // The shop sees the order and its invoice.
    browser.open("/admin/orders").await;
    browser.follow("main tbody a").await;
    let order = browser.text("main").await;
    assert!(
        order.contains("A lamp from the feed") && order.contains("12.50"),
        "{order}"
    );
    browser.follow("main form button[value='paid']").await;
    assert!(browser.text("h1").await.contains("paid"));
    browser.picture("light-order").await;
    let invoice = browser
        .run(
            "const answer = await fetch(document.querySelector(\"a[href$='/pdf']\").href);
             const bytes = new Uint8Array(await answer.arrayBuffer());
             return answer.headers.get('content-type') + ' ' + String.fromCharCode(...bytes.slice(0, 5));",
        )
        .await;
    assert_eq!(invoice, "application/pdf %PDF-");

    look_at_everything(&browser, "light").await;
    browser.close().await;
    for (look, name) in [(Look::Dark, "dark"), (Look::Phone, "phone")] {
        let browser = Browser::start(&site.base, look).await;
        log_in(&browser, &site).await;
        choose_a_shop(&browser).await;
        look_at_everything(&browser, name).await;
        browser.close().await;
    }
    site.stop().await;
}
