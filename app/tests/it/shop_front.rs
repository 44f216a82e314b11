//! The shop as customers see it.

use crate::support::app::Answer;
use crate::support::market::Shop;
use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;

const CUSTOMER: &str = "name=Cleo&email=cleo%40example.org&address=2+Road&country=lu";

async fn get(shop: &Shop, path: &str, cookie: &str) -> Answer {
    let request = Request::get(path).header("cookie", cookie);
    shop.app.send(request.body(Body::empty()).unwrap()).await
}

fn form(path: &str, cookie: &str) -> Builder {
    Request::post(path)
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
}

async fn post(shop: &Shop, path: &str, cookie: &str, fields: &str) -> Answer {
    let request = form(path, cookie).body(Body::from(fields.to_owned()));
    shop.app.send(request.unwrap()).await
}

/// The token of the form that orders.
fn token(page: &Answer) -> &str {
    let mark = "name=\"token\" value=\"";
    let start = page.body.find(mark).expect("a form") + mark.len();
    page.body[start..].split('"').next().unwrap()
}

async fn cart_with(shop: &Shop, lines: &[(i64, i32)]) -> String {
    let mut cookie = String::new();
    for (product, quantity) in lines {
        let fields = format!("product={product}&quantity={quantity}");
        let answer = post(shop, "/cart", &cookie, &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        cookie = answer.cookie("__Host-wizamart-cart");
    }
    cookie
}

#[tokio::test]
async fn the_shelf_shows_what_is_on_sale_and_may_be_kept_for_everybody() {
    let shop = Shop::new().await;
    let product = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    shop.product(&shop.bob, "CHAIR", 9900, 0).await;
    let home = get(&shop, "/", "").await;
    assert!(home.body.contains("Thing LAMP") && home.body.contains("Thing CHAIR"));
    assert!(home.header("cache-control").starts_with("public"));
    assert!(home.headers.get("set-cookie").is_none());
    let found = get(&shop, "/?q=lamp", "").await;
    assert!(found.body.contains("Thing LAMP") && !found.body.contains("Thing CHAIR"));
    let ann = get(&shop, "/v/ann", "").await;
    assert!(ann.body.contains("Thing LAMP") && !ann.body.contains("Thing CHAIR"));
    assert_eq!(get(&shop, "/v/nobody", "").await.status, 404);
    let page = get(&shop, &format!("/p/{product}"), "").await;
    assert!(page.body.contains("12.50 EUR") && page.body.contains("/v/ann"));
    assert_eq!(get(&shop, "/p/999999", "").await.status, 404);
}

#[tokio::test]
async fn a_guest_orders_at_two_shops_at_once() {
    let shop = Shop::new().await;
    let lamp = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let chair = shop.product(&shop.bob, "CHAIR", 9900, 5).await;
    let cookie = cart_with(&shop, &[(lamp, 2), (chair, 1)]).await;
    let page = get(&shop, "/cart", &cookie).await;
    assert!(page.body.contains("25.00 EUR") && page.body.contains("99.00 EUR"));
    let fields = format!("token={}&{CUSTOMER}", token(&page));
    let ordered = post(&shop, "/checkout", &cookie, &fields).await;
    assert_eq!(ordered.status, 303, "{}", ordered.body);
    let thanks = ordered.header("location").to_owned();
    assert!(thanks.starts_with("/thanks/"), "{thanks}");
    assert_eq!(get(&shop, &thanks, "").await.status, 200);
    assert_eq!(shop.count("orders").await, 2);
    assert_eq!(shop.count("customers").await, 2);
    assert_eq!(shop.stock(lamp).await, 1);
    // Sent a second time, the same form orders nothing.
    let again = post(&shop, "/checkout", &cookie, &fields).await;
    assert_eq!(again.header("location"), "/cart");
    assert_eq!(shop.count("orders").await, 2);
}

#[tokio::test]
async fn what_one_shop_cannot_sell_stays_in_the_cart() {
    let shop = Shop::new().await;
    let lamp = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let chair = shop.product(&shop.bob, "CHAIR", 9900, 1).await;
    let cookie = cart_with(&shop, &[(lamp, 1), (chair, 2)]).await;
    let page = get(&shop, "/cart", &cookie).await;
    let fields = format!("token={}&{CUSTOMER}", token(&page));
    let answer = post(&shop, "/checkout", &cookie, &fields).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert!(answer.body.contains("Ordered already"), "{}", answer.body);
    assert!(answer.body.contains("Thing CHAIR") && !answer.body.contains("Thing LAMP"));
    assert!(
        answer.body.contains("value=\"Cleo\""),
        "the form came back empty"
    );
    assert_eq!(
        answer.cookie("__Host-wizamart-cart"),
        format!("__Host-wizamart-cart={chair}.2")
    );
    assert_eq!(shop.count("orders").await, 1);
}

#[tokio::test]
async fn a_customer_without_an_address_is_told_so() {
    let shop = Shop::new().await;
    let lamp = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let cookie = cart_with(&shop, &[(lamp, 1)]).await;
    let page = get(&shop, "/cart", &cookie).await;
    let fields = format!("token={}&name=Cleo&email=nobody", token(&page));
    let answer = post(&shop, "/checkout", &cookie, &fields).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("email-error"), "{}", answer.body);
    assert_eq!(shop.count("orders").await, 0);
    // The form that came back can be sent.
    let fields = format!("token={}&{CUSTOMER}", token(&answer));
    let ordered = post(&shop, "/checkout", &cookie, &fields).await;
    assert!(ordered.header("location").starts_with("/thanks/"));
}

#[tokio::test]
async fn another_sites_form_puts_nothing_into_the_cart() {
    let shop = Shop::new().await;
    let lamp = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let request = form("/cart", "").header("sec-fetch-site", "cross-site");
    let body = Body::from(format!("product={lamp}&quantity=1"));
    let answer = shop.app.send(request.body(body).unwrap()).await;
    assert_eq!(answer.status, 403);
    assert!(answer.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn pieces_can_be_changed_and_taken_out() {
    let shop = Shop::new().await;
    let lamp = shop.product(&shop.ann, "LAMP", 1250, 3).await;
    let cookie = cart_with(&shop, &[(lamp, 1), (lamp, 1)]).await;
    assert_eq!(cookie, format!("__Host-wizamart-cart={lamp}.2"));
    let fields = format!("product={lamp}&quantity=0&set=true");
    let emptied = post(&shop, "/cart", &cookie, &fields).await;
    assert_eq!(
        emptied.cookie("__Host-wizamart-cart"),
        "__Host-wizamart-cart="
    );
}
