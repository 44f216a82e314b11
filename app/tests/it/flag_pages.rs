//! The page of feature flags.

use crate::back_office::{clean, get, post};
use crate::support::market::Shop;
use wizamart::domain::ids::VendorId;
use wizamart::flags;

const PAGE: &str = "/admin/flags";

async fn is_on(shop: &Shop, vendor: i64) -> bool {
    flags::is_enabled(&shop.app.state.services, VendorId(vendor), "new_look")
        .await
        .unwrap()
}

async fn send(shop: &Shop, form: &str) -> u16 {
    let answer = post(shop, &shop.admin, PAGE, form).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn a_flag_is_switched_for_everybody_a_plan_and_a_shop() {
    let shop = Shop::new().await;
    let (ann, bob) = (shop.ann.vendor, shop.bob.vendor);
    let new = "name=new_look&description=Rounder+corners&enabled=off";
    assert_eq!(send(&shop, new).await, 303);
    let page = get(&shop, &shop.admin, PAGE).await;
    clean(PAGE, &page);
    assert!(page.body.contains("Rounder corners") && page.body.contains("as for everybody"));
    assert!(!is_on(&shop, ann).await);

    assert_eq!(send(&shop, "name=new_look&enabled=on").await, 303);
    assert!(is_on(&shop, ann).await);
    let kept = get(&shop, &shop.admin, PAGE).await;
    assert!(kept.body.contains("Rounder corners"), "its words are gone");

    let form = "name=new_look&plan=scale&enabled=off";
    assert_eq!(send(&shop, form).await, 303);
    assert!(!is_on(&shop, ann).await && !is_on(&shop, bob).await);

    let form = "name=new_look&exception=true&vendor=bob&enabled=on";
    assert_eq!(send(&shop, form).await, 303);
    assert!(!is_on(&shop, ann).await && is_on(&shop, bob).await);
    let page = get(&shop, &shop.admin, PAGE).await;
    assert!(page.body.contains("shop Bob"), "{}", page.body);

    let form = format!("name=new_look&vendor={bob}&enabled=unset");
    assert_eq!(send(&shop, &form).await, 303);
    assert!(!is_on(&shop, bob).await);
    assert_eq!(
        send(&shop, "name=new_look&plan=scale&enabled=unset").await,
        303
    );
    assert!(is_on(&shop, ann).await);

    let acts: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_log WHERE action = 'flag.set' AND subject = 'new_look'",
    )
    .fetch_one(&shop.app.database.pool)
    .await
    .unwrap();
    assert_eq!(acts, 6);
}

#[tokio::test]
async fn what_is_wrong_with_a_flag_comes_back_in_its_form() {
    let shop = Shop::new().await;
    for (form, mark) in [
        ("name=New+Look&enabled=on&description=Words", "name-error"),
        (
            "name=New+Look&enabled=on&description=Words",
            "value=\"Words\"",
        ),
        (
            "name=sales_reports&exception=true&vendor=nobody&enabled=on",
            "names no shop",
        ),
        (
            "name=sales_reports&exception=true&vendor=999999&enabled=on",
            "names no vendor",
        ),
        (
            "name=sales_reports&exception=true&vendor=&enabled=on",
            "is missing",
        ),
        (
            "name=sales_reports&enabled=maybe",
            "must be on, off or unset",
        ),
    ] {
        let answer = post(&shop, &shop.admin, PAGE, form).await;
        assert_eq!(answer.status, 422, "{form}: {}", answer.body);
        assert!(answer.body.contains(mark), "{form}: {}", answer.body);
    }
}

#[tokio::test]
async fn only_administrators_see_and_switch_flags() {
    let shop = Shop::new().await;
    for token in [&shop.ann.owner, &shop.ann.staff] {
        assert_eq!(get(&shop, token, PAGE).await.status, 403);
        let form = "name=sales_reports&enabled=off";
        assert_eq!(post(&shop, token, PAGE, form).await.status, 403);
        assert!(!get(&shop, token, "/admin").await.body.contains(PAGE));
    }
    assert_eq!(
        get(&shop, "", PAGE).await.header("location"),
        "/admin/login"
    );
    let on: bool =
        sqlx::query_scalar("SELECT enabled FROM feature_flags WHERE name = 'sales_reports'")
            .fetch_one(&shop.app.database.pool)
            .await
            .unwrap();
    assert!(on);
}
