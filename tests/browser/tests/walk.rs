//! From the login to the job dashboard, as an administrator walks it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use onebox_browser_tests::Site;
use onebox_browser_tests::browser::{Browser, Look};

async fn log_in(browser: &Browser, site: &Site) {
    browser.open("/admin").await;
    assert_eq!(browser.path().await, "/admin/login");
    browser.fill("#email", &site.email).await;
    browser.fill("#password", &site.password).await;
    browser.follow("main form button").await;
    assert_eq!(browser.path().await, "/admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn walk() {
    let site = Site::start().await;
    let browser = Browser::start(&site.base, Look::Light).await;
    log_in(&browser, &site).await;
    browser.picture("dashboard-light").await;
    browser.nothing_to_complain("/admin").await;
    browser.accessible("/admin").await;
    browser.close().await;
    site.stop().await;
}
