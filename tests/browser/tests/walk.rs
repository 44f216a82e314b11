//! From the login to the job dashboard, as an administrator walks it; then the
//! same pages in the dark and on a telephone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use onebox_browser_tests::browser::{Browser, Look};
use onebox_browser_tests::{Feed, Site};
use std::path::Path;

/// Pages of a shop and of the platform.
const PAGES: &[&str] = &[
    "/admin",
    "/admin/products",
    "/admin/products/new",
    "/admin/orders",
    "/admin/customers",
    "/admin/invoices",
    "/admin/credit-notes",
    "/admin/imports",
    "/admin/reports",
    "/admin/settings",
    "/admin/billing",
    "/admin/users",
    "/admin/audit",
    "/admin/vendors",
    "/admin/flags",
    "/admin/jobs",
    "/admin/mail",
    "/admin/account",
    "/",
    FOUND,
];

/// The shelf with the one product that has a picture.
const FOUND: &str = "/?q=lamp+from+the+feed";

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

async fn look_at_everything(browser: &Browser, look: &str, more: &[String]) {
    for path in PAGES.iter().copied().chain(more.iter().map(String::as_str)) {
        browser.open(path).await;
        let name = match path {
            "/" => "shop".to_owned(),
            FOUND => "found".to_owned(),
            path => path.trim_matches('/').replace('/', "-"),
        };
        browser.picture(&format!("{look}-{name}")).await;
        browser.nothing_to_complain(path).await;
        browser.accessible(path).await;
    }
}

/// Gives the lamp a picture and imports a file; gives the lamp's page.
async fn a_picture_and_a_file(browser: &Browser, files: &Path) -> String {
    browser.open("/admin/products?q=lamp+from+the+feed").await;
    browser.follow("main tbody a").await;
    let page = browser.path().await;
    let picture = files.join("evening.png");
    std::fs::write(&picture, browser.drawing(1600, 900).await).unwrap();
    browser.fill("#alt", "The sun behind the sea").await;
    browser.choose_file("#file", &picture).await;
    browser.follow("#pictures form[enctype] button").await;
    browser
        .reload_until("the small versions are made", |text| {
            text.contains("The sun behind the sea") && !text.contains("are being made")
        })
        .await;
    browser.sees("#pictures img").await;
    browser.picture("light-product-pictures").await;
    browser
        .nothing_to_complain("the pictures of a product")
        .await;
    // A file that is none comes back with its reason.
    let text = files.join("list.csv");
    std::fs::write(&text, "sku,name,price\nFILE-1,From a file,3\n").unwrap();
    browser.choose_file("#file", &text).await;
    browser.follow("#pictures form[enctype] button").await;
    let refused = browser.text("#file-error").await;
    assert!(refused.contains("text/plain"), "{refused}");
    browser.accessible("a picture that was refused").await;
    browser.refusal_is_meant().await;

    browser.open("/admin/imports").await;
    browser.choose_file("#file", &text).await;
    browser.follow("#file-form button").await;
    browser
        .reload_until("the file is imported", |text| text.contains("done"))
        .await;
    let import = browser.text("main").await;
    assert!(import.contains("list.csv"), "{import}");
    page
}

/// Turns a feature off for everybody, and on again.
async fn a_flag(browser: &Browser) {
    for (turn, now) in [("off", "off"), ("on", "on")] {
        browser.open("/admin/flags").await;
        let form = "main section:first-of-type tbody tr:first-child";
        browser
            .follow(&format!("{form} button[value='{turn}']"))
            .await;
        assert_eq!(browser.text(&format!("{form} td")).await, now);
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
    browser.follow("#feed-form button").await;
    browser
        .reload_until("the import ends", |text| text.contains("done"))
        .await;
    let import = browser.text("main").await;
    assert!(import.contains("Rows that failed"), "{import}");
    browser.picture("light-import").await;
    browser.nothing_to_complain("an import").await;

    let files = tempfile::tempdir().unwrap();
    let own = a_picture_and_a_file(&browser, files.path()).await;
    a_flag(&browser).await;

    // A customer finds it, sees it, and orders it.
    browser.open(FOUND).await;
    browser.sees(".shelf img").await;
    browser.follow(".shelf a").await;
    let front = browser.path().await;
    browser.sees("img.picture").await;
    browser.picture("light-product").await;
    browser
        .nothing_to_complain("a product with its picture")
        .await;
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

    let more = [own, front];
    look_at_everything(&browser, "light", &more).await;
    browser.close().await;
    for (look, name) in [(Look::Dark, "dark"), (Look::Phone, "phone")] {
        let browser = Browser::start(&site.base, look).await;
        log_in(&browser, &site).await;
        choose_a_shop(&browser).await;
        look_at_everything(&browser, name, &more).await;
        browser.close().await;
    }
    site.stop().await;
}
