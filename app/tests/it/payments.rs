//! Paying for the platform: checkout, webhooks in any order, comparison.

use crate::support::app::{Answer, TestApp};
use crate::support::shop::Shop;
use crate::support::stripe::{StripeServer, WEBHOOK, WEBHOOK_OLD, signed};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use time::OffsetDateTime;
use wizamart::clock::Clock;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::jobs::sync_subscription::SyncSubscriptions;
use wizamart::queue::outcome::Outcome;

struct Case {
    stripe: StripeServer,
    app: TestApp,
    shop: Shop,
}

impl Case {
    async fn new() -> Self {
        let stripe = StripeServer::start().await;
        let app = TestApp::configured(stripe.config()).await;
        sqlx::query("UPDATE plans SET stripe_price_id = 'price_' || code WHERE price_minor > 0")
            .execute(&app.database.pool)
            .await
            .unwrap();
        let shop = Shop::open(&app, "one").await;
        Self { stripe, app, shop }
    }

    /// A vendor who went to the checkout once and is customer `cus_1`.
    async fn with_customer() -> Self {
        let case = Self::new().await;
        assert_eq!(case.checkout("business").await.status, 200);
        case
    }

    async fn checkout(&self, plan: &str) -> Answer {
        let body = json!({"plan": plan});
        self.shop
            .post(&self.app, "/api/v1/billing/checkout", &body)
            .await
    }

    async fn billing(&self) -> Value {
        self.shop.get(&self.app, "/api/v1/billing").await.json()
    }

    async fn state(&self) -> (String, String) {
        let billing = self.billing().await;
        let text = |name: &str| billing[name].as_str().unwrap().to_owned();
        (text("plan"), text("status"))
    }

    fn now(&self) -> OffsetDateTime {
        self.app.clock.now()
    }

    async fn deliver(&self, body: &str, signature: &str) -> Answer {
        let request = Request::post("/webhooks/stripe")
            .header("content-type", "application/json")
            .header("stripe-signature", signature);
        self.app
            .send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    /// An event as Stripe sends it, some seconds from now.
    async fn event(&self, id: &str, kind: &str, seconds: i64, object: &Value) -> Vec<Outcome> {
        let created = self.now().unix_timestamp() + seconds;
        let body = json!({"id": id, "object": "event", "type": kind, "created": created,
            "data": {"object": object}})
        .to_string();
        let answer = self
            .deliver(&body, &signed(WEBHOOK, &body, self.now()))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.app.run_jobs("stripe_event").await
    }
}

fn subscription(id: &str, status: &str, price: &str) -> Value {
    json!({"id": id, "object": "subscription", "customer": "cus_1", "status": status,
        "cancel_at_period_end": false, "created": 1_795_000_000,
        "items": {"object": "list", "data": [
            {"id": "si_1", "price": {"id": price, "object": "price"}, "current_period_end": 1_800_000_000}]}})
}

fn invoice(id: &str, status: &str) -> Value {
    json!({"id": id, "object": "invoice", "customer": "cus_1", "status": status, "total": 4900,
        "currency": "eur", "hosted_invoice_url": format!("https://invoice.stripe.com/{id}"),
        "created": 1_795_000_000})
}

#[tokio::test]
async fn without_a_key_payments_are_off_and_say_so() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let shown = shop.get(&app, "/api/v1/billing").await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert_eq!(shown.json()["payments_enabled"], false);
    assert_eq!(shown.json()["plan"], "starter");
    let body = json!({"plan": "business"});
    for path in ["/api/v1/billing/checkout", "/api/v1/billing/portal"] {
        let answer = shop.post(&app, path, &body).await;
        assert_eq!(answer.status, 409, "{path}");
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains("not set up")
        );
    }
    let request = Request::post("/webhooks/stripe")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(app.send(request).await.status, 503);
}

#[tokio::test]
async fn a_checkout_makes_one_customer_and_gives_the_page() {
    let case = Case::new().await;
    let first = case.checkout("business").await;
    assert_eq!(first.status, 200, "{}", first.body);
    let url = first.json()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://checkout.stripe.com/") && url.ends_with("price_business"));
    // Two clicks are one request.
    assert_eq!(case.checkout("business").await.json()["url"], url.as_str());
    case.app.clock.advance(time::Duration::minutes(2));
    assert_ne!(case.checkout("business").await.json()["url"], url.as_str());
    let calls = case.stripe.calls();
    assert_eq!(
        calls
            .iter()
            .filter(|call| *call == "POST /v1/customers")
            .count(),
        1
    );
    assert_eq!(case.state().await, ("starter".into(), "active".into()));
    let portal = case
        .shop
        .post(&case.app, "/api/v1/billing/portal", &json!({}))
        .await;
    assert!(
        portal.json()["url"]
            .as_str()
            .unwrap()
            .starts_with("https://billing.stripe.com/")
    );
}

#[tokio::test]
async fn what_cannot_be_bought_is_refused_and_staff_buys_nothing() {
    let case = Case::new().await;
    for plan in ["starter", "nonsense"] {
        let answer = case.checkout(plan).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (422, &json!("plan"))
        );
    }
    let portal = case
        .shop
        .post(&case.app, "/api/v1/billing/portal", &json!({}))
        .await;
    assert_eq!(portal.status, 409, "nothing was bought yet");
    case.stripe.set_away(true);
    let away = case.checkout("business").await;
    assert_eq!(away.status, 503);
    case.stripe.set_away(false);
    sqlx::query("UPDATE users SET role = 'staff'")
        .execute(&case.app.database.pool)
        .await
        .unwrap();
    let staff = Shop {
        vendor: case.shop.vendor,
        token: relogin(&case).await,
    };
    let body = json!({"plan": "business"});
    for path in ["checkout", "portal"] {
        let answer = staff
            .post(&case.app, &format!("/api/v1/billing/{path}"), &body)
            .await;
        assert_eq!(answer.status, 403);
    }
    assert_eq!(
        staff
            .get(&case.app, "/api/v1/billing/invoices")
            .await
            .status,
        403
    );
}

async fn relogin(case: &Case) -> String {
    let login = case.app.try_login(
        "192.0.2.10",
        "one@example.org",
        crate::support::app::PASSWORD,
    );
    login.await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_subscription_goes_through_its_life_by_events() {
    let case = Case::with_customer().await;
    let active = subscription("sub_1", "active", "price_business");
    case.stripe.put(&active);
    case.stripe.set_time(case.now());
    let done = json!({"id": "cs_1", "object": "checkout.session", "subscription": "sub_1"});
    assert_eq!(
        case.event("evt_1", "checkout.session.completed", 0, &done)
            .await,
        [Outcome::Done]
    );
    assert_eq!(case.state().await, ("business".into(), "active".into()));
    assert_eq!(
        case.billing().await["current_period_end"],
        "2027-01-15T08:00:00Z"
    );
    assert_eq!(
        case.checkout("scale").await.status,
        409,
        "there is one already"
    );

    let larger = subscription("sub_1", "active", "price_scale");
    case.event("evt_2", "customer.subscription.updated", 10, &larger)
        .await;
    assert_eq!(case.state().await.0, "scale");
    let late = subscription("sub_1", "past_due", "price_scale");
    case.event("evt_3", "customer.subscription.updated", 20, &late)
        .await;
    assert_eq!(case.state().await, ("scale".into(), "past_due".into()));
    let ended = subscription("sub_1", "canceled", "price_scale");
    case.event("evt_4", "customer.subscription.deleted", 30, &ended)
        .await;
    assert_eq!(case.state().await, ("starter".into(), "canceled".into()));
    assert_eq!(
        case.checkout("business").await.status,
        200,
        "one may come back"
    );
}

#[tokio::test]
async fn an_event_that_comes_twice_counts_once() {
    let case = Case::with_customer().await;
    let active = subscription("sub_1", "active", "price_business");
    assert_eq!(
        case.event("evt_1", "customer.subscription.created", 0, &active)
            .await,
        [Outcome::Done]
    );
    assert!(
        case.event("evt_1", "customer.subscription.created", 0, &active)
            .await
            .is_empty()
    );
    let (count, done): (i64, i64) =
        sqlx::query_as("SELECT count(*), count(processed_at) FROM webhook_events")
            .fetch_one(&case.app.database.pool)
            .await
            .unwrap();
    assert_eq!((count, done), (1, 1));
}

#[tokio::test]
async fn in_whatever_order_events_come_the_newest_word_stays() {
    let events = [
        (0, "incomplete", "starter"),
        (5, "active", "business"),
        (9, "past_due", "business"),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let case = Case::with_customer().await;
        for at in order {
            let (seconds, status, _) = events[at];
            let object = subscription("sub_1", status, "price_business");
            let id = format!("evt_{at}");
            let ended = case
                .event(&id, "customer.subscription.updated", seconds, &object)
                .await;
            assert_eq!(ended, [Outcome::Done]);
        }
        assert_eq!(
            case.state().await,
            ("business".into(), "past_due".into()),
            "{order:?}"
        );
    }
}

#[tokio::test]
async fn of_two_words_of_one_second_neither_is_believed_but_stripe_itself() {
    let case = Case::with_customer().await;
    let paid = subscription("sub_1", "active", "price_business");
    case.stripe.put(&paid);
    case.stripe
        .set_time(case.now() + time::Duration::seconds(3));
    case.event("evt_1", "customer.subscription.updated", 0, &paid)
        .await;
    let before = subscription("sub_1", "incomplete", "price_business");
    case.event("evt_2", "customer.subscription.created", 0, &before)
        .await;
    assert_eq!(case.state().await, ("business".into(), "active".into()));
    assert!(
        case.stripe
            .calls()
            .contains(&"GET /v1/subscriptions/sub_1".to_owned())
    );
}

#[tokio::test]
async fn the_end_of_an_old_subscription_does_not_end_the_new_one() {
    let case = Case::with_customer().await;
    let new = subscription("sub_2", "active", "price_business");
    case.event("evt_1", "customer.subscription.created", 0, &new)
        .await;
    let old = subscription("sub_1", "canceled", "price_scale");
    case.event("evt_2", "customer.subscription.deleted", 9, &old)
        .await;
    assert_eq!(case.state().await, ("business".into(), "active".into()));
}

#[tokio::test]
async fn only_stripes_own_fresh_words_are_believed() {
    let case = Case::with_customer().await;
    let body = json!({"id": "evt_1", "object": "event", "type": "customer.created",
        "created": case.now().unix_timestamp(), "data": {"object": {}}})
    .to_string();
    let now = case.now();
    let long_ago = now - time::Duration::minutes(6);
    let other = body.replace("evt_1", "evt_2");
    for (name, sent, signature) in [
        ("unsigned", &body, String::new()),
        ("another's", &body, signed("whsec_other", &body, now)),
        ("changed", &other, signed(WEBHOOK, &body, now)),
        ("expired", &body, signed(WEBHOOK, &body, long_ago)),
        (
            "of tomorrow",
            &body,
            signed(WEBHOOK, &body, now + time::Duration::DAY),
        ),
    ] {
        let answer = case.deliver(sent, &signature).await;
        assert_eq!(answer.status, 400, "{name}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let no_event = "[]";
    assert_eq!(
        case.deliver(no_event, &signed(WEBHOOK, no_event, now))
            .await
            .status,
        400
    );
    let count = "SELECT count(*) FROM webhook_events";
    let kept: i64 = sqlx::query_scalar(count)
        .fetch_one(&case.app.database.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    // While the secret is replaced, both are good.
    assert_eq!(
        case.deliver(&body, &signed(WEBHOOK_OLD, &body, now))
            .await
            .status,
        200
    );
    assert_eq!(
        case.deliver(&other, &signed(WEBHOOK, &other, now))
            .await
            .status,
        200
    );
    // A kind that means nothing to us is kept and done with.
    assert_eq!(
        case.app.run_jobs("stripe_event").await,
        [Outcome::Done, Outcome::Done]
    );
    let kept: i64 = sqlx::query_scalar(count)
        .fetch_one(&case.app.database.pool)
        .await
        .unwrap();
    assert_eq!(kept, 2);
}

#[tokio::test]
async fn an_event_waits_for_stripe_to_come_back() {
    let case = Case::with_customer().await;
    case.stripe.set_away(true);
    let done = json!({"id": "cs_1", "object": "checkout.session", "subscription": "sub_1"});
    let ended = case
        .event("evt_1", "checkout.session.completed", 0, &done)
        .await;
    assert!(matches!(&ended[..], [Outcome::Retry { .. }]), "{ended:?}");
}

#[tokio::test]
async fn invoices_are_shown_to_their_vendor_only() {
    let case = Case::with_customer().await;
    case.event("evt_1", "invoice.paid", 5, &invoice("in_1", "paid"))
        .await;
    case.event("evt_2", "invoice.finalized", 1, &invoice("in_1", "open"))
        .await;
    let shown = case
        .shop
        .get(&case.app, "/api/v1/billing/invoices")
        .await
        .json();
    assert_eq!(
        shown["items"],
        json!([{"id": "in_1", "status": "paid", "total_minor": 4900,
        "currency": "EUR", "url": "https://invoice.stripe.com/in_1",
        "created_at": "2026-11-18T11:06:40Z"}])
    );
    let two = Shop::open(&case.app, "two").await;
    let others = two.get(&case.app, "/api/v1/billing/invoices").await.json();
    assert_eq!(others["items"], json!([]));
    let named = format!("/api/v1/billing/invoices?vendor={}", case.shop.vendor);
    assert_eq!(two.get(&case.app, &named).await.status, 404);
    for path in ["/api/v1/billing", "/api/v1/billing/invoices"] {
        assert_eq!(case.app.get(path).await.status, 401);
    }
}

#[tokio::test]
async fn a_comparison_finds_what_no_event_told() {
    let case = Case::with_customer().await;
    case.event(
        "evt_1",
        "customer.subscription.created",
        0,
        &subscription("sub_1", "active", "price_business"),
    )
    .await;
    case.stripe
        .put(&subscription("sub_1", "canceled", "price_business"));
    let mut newer = subscription("sub_2", "trialing", "price_scale");
    newer["created"] = json!(1_795_000_100);
    case.stripe.put(&newer);
    case.stripe.put(&invoice("in_1", "open"));
    case.stripe.set_time(case.now() + time::Duration::hours(1));
    let job = NewJob::of(&SyncSubscriptions {}).unwrap();
    let run = async || {
        crate::support::jobs::put(&case.app.database.pool, &*case.app.clock, job.clone()).await;
        case.app.run_jobs("sync_subscriptions").await
    };
    for _ in 0..2 {
        assert_eq!(run().await, [Outcome::Done]);
        assert_eq!(case.state().await, ("scale".into(), "trialing".into()));
    }
    let shown = case
        .shop
        .get(&case.app, "/api/v1/billing/invoices")
        .await
        .json();
    assert_eq!(shown["items"][0]["status"], "open");
    // What happened before the comparison and comes after it is no news.
    case.event(
        "evt_2",
        "customer.subscription.updated",
        60,
        &subscription("sub_2", "past_due", "price_scale"),
    )
    .await;
    assert_eq!(case.state().await.1, "trialing");
    case.stripe.set_away(true);
    assert!(matches!(&run().await[..], [Outcome::Retry { .. }]));
}
