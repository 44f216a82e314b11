//! Behind Cloudflare: whose word is believed, and where the list of its
//! networks comes from.

use crate::support::app::{Answer, EMAIL, PASSWORD, TestApp};
use crate::support::http::Served;
use crate::support::jobs::put;
use crate::support::process::Env;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use onebox_model::Config;
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::process::Output;
use wizamart::cloudflare::list::List;
use wizamart::edge::Peer;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::job::Job;
use wizamart::queue::jobs::refresh_cloudflare::RefreshCloudflare;
use wizamart::queue::outcome::Outcome;

/// Addresses of Cloudflare's.
const INSIDE: [&str; 3] = ["173.245.48.9", "2606:4700::9", "::ffff:104.16.0.9"];
/// Addresses of others, some of them close by or in disguise.
const OUTSIDE: [&str; 7] = [
    "192.0.2.9",
    "127.0.0.1",
    "104.28.0.9",
    "2001:db8::9",
    "2606:4701::9",
    "::ffff:192.0.2.9",
    "::104.16.0.9",
];

async fn behind(change: impl FnOnce(&mut Config)) -> TestApp {
    let mut config = Config::default();
    config.cloudflare.enabled = true;
    change(&mut config);
    TestApp::configured(config).await.with_admin().await
}

fn come_from(request: &mut Request<Body>, peer: &str) {
    let address: IpAddr = peer.parse().unwrap();
    let peer = SocketAddr::new(address, 40_000);
    request.extensions_mut().insert(Peer(peer));
}

async fn ask(app: &TestApp, peer: &str, fields: &[(&str, &str)]) -> Answer {
    let mut request = Request::get("/api/v1/nothing");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    come_from(&mut request, peer);
    app.send(request).await
}

/// Whose bucket a request is counted in: the limit is one an hour, so a second
/// request from `whom`, straight to the box, is refused.
async fn counts_for(app: &TestApp, whom: &str) -> bool {
    ask(app, whom, &[]).await.status == 429
}

/// Logs in over a connection from `peer` and tells where from, as the list of
/// sessions says.
async fn seen_from(app: &TestApp, peer: &str, fields: &[(&str, &str)]) -> String {
    let mut request =
        Request::post("/api/v1/auth/login").header("content-type", "application/json");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let body = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    let mut request = request.body(Body::from(body)).unwrap();
    come_from(&mut request, peer);
    let answer = app.send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let sessions = app.get_as(&token, "/api/v1/auth/sessions").await.json();
    let mut items = sessions["items"].as_array().unwrap().iter();
    let current = items.find(|item| item["current"] == true).unwrap();
    current["address"].as_str().unwrap().to_owned()
}

fn canonical(text: &str) -> String {
    let address: IpAddr = text.parse().unwrap();
    address.to_canonical().to_string()
}

#[tokio::test]
async fn the_visitor_is_believed_from_cloudflares_networks_and_from_nowhere_else() {
    let app = behind(|_| ()).await;
    for visitor in ["198.51.100.7", "2001:db8::7"] {
        let fields = [("cf-connecting-ip", visitor), ("cf-ipcountry", "LU")];
        for peer in INSIDE {
            assert_eq!(seen_from(&app, peer, &fields).await, visitor, "{peer}");
        }
        for peer in OUTSIDE {
            let seen = seen_from(&app, peer, &fields).await;
            assert_eq!(seen, canonical(peer), "{peer}");
        }
    }
    let mapped = [("cf-connecting-ip", "::ffff:198.51.100.7")];
    assert_eq!(seen_from(&app, INSIDE[0], &mapped).await, "198.51.100.7");
}

#[tokio::test]
async fn while_it_is_off_nobody_is_believed() {
    let app = TestApp::new().await.with_admin().await;
    let fields = [("cf-connecting-ip", "198.51.100.7"), ("cf-ipcountry", "LU")];
    for peer in INSIDE.iter().chain(&OUTSIDE) {
        let seen = seen_from(&app, peer, &fields).await;
        assert_eq!(seen, canonical(peer), "{peer}");
    }
}

#[tokio::test]
async fn what_is_not_one_address_is_not_believed() {
    let app = behind(|_| ()).await;
    let peer = INSIDE[0];
    let twice = [
        ("cf-connecting-ip", "198.51.100.7"),
        ("cf-connecting-ip", "198.51.100.8"),
    ];
    assert_eq!(seen_from(&app, peer, &twice).await, peer);
    for garbage in [
        "198.51.100.7, 198.51.100.8",
        "198.51.100.7 ",
        "198.51.100.7:443",
        "198.51.100.300",
        "127.0.0.1",
        "\u{fffd}",
        "",
    ] {
        let fields = [("cf-connecting-ip", garbage)];
        assert_eq!(seen_from(&app, peer, &fields).await, peer, "{garbage:?}");
    }
    // Other proxies' fields say nothing here.
    for other in [
        "x-forwarded-for",
        "x-real-ip",
        "true-client-ip",
        "forwarded",
    ] {
        let seen = seen_from(&app, peer, &[(other, "198.51.100.7")]).await;
        assert_eq!(seen, peer, "{other}");
    }
}

#[tokio::test]
async fn limits_count_the_visitor_and_not_the_server_that_carries_it() {
    let app = behind(|config| config.limits.public_per_address = 1).await;
    let from = |visitor| [("cf-connecting-ip", visitor)];
    let carried = ask(&app, INSIDE[0], &from("198.51.100.7")).await;
    assert_eq!(carried.status, 404);
    assert!(counts_for(&app, "198.51.100.7").await);
    // The same server carries others, and the same visitor comes by another.
    let other = ask(&app, INSIDE[0], &from("198.51.100.8")).await;
    assert_eq!(other.status, 404);
    let again = ask(&app, INSIDE[1], &from("198.51.100.7")).await;
    assert_eq!(again.status, 429);
    // A spoofed field empties nobody else's bucket, and fills no new one.
    let spoofed = ask(&app, "192.0.2.9", &from("198.51.100.9")).await;
    assert_eq!(spoofed.status, 404);
    assert!(counts_for(&app, "192.0.2.9").await);
    assert!(!counts_for(&app, "198.51.100.9").await);
    let next = ask(&app, "192.0.2.9", &from("198.51.100.10")).await;
    assert_eq!(next.status, 429);
}

#[tokio::test]
async fn failed_logins_are_held_against_the_visitor() {
    let app = behind(|_| ()).await;
    let guess = async |peer: &str, visitor: &str| {
        let body = json!({"email": EMAIL, "password": "wrong horse"}).to_string();
        let mut request = Request::post("/api/v1/auth/login")
            .header("content-type", "application/json")
            .header("cf-connecting-ip", visitor)
            .body(Body::from(body))
            .unwrap();
        come_from(&mut request, peer);
        app.send(request).await.status
    };
    let mut last = StatusCode::OK;
    for _ in 0..20 {
        last = guess(INSIDE[0], "198.51.100.7").await;
        if last == 429 {
            break;
        }
        assert_eq!(last, 401);
    }
    assert_eq!(last, 429);
    // Who comes through the same server is not held up.
    assert_eq!(guess(INSIDE[0], "198.51.100.8").await, 401);
}

#[tokio::test]
async fn the_audit_log_and_the_checkout_know_the_country() {
    let app = behind(|_| ()).await;
    let token = app.token().await;
    let mut request = Request::post("/api/v1/vendors")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("cf-connecting-ip", "198.51.100.7")
        .header("cf-ipcountry", "LU")
        .body(Body::from(r#"{"slug":"cat","name":"Cat"}"#))
        .unwrap();
    come_from(&mut request, INSIDE[0]);
    let answer = app.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let acts = app.get_as(&token, "/api/v1/audit").await.json();
    let act = &acts["items"][0];
    assert_eq!(act["address"], "198.51.100.7");
    assert_eq!(act["detail"]["country"], "LU", "{act}");

    let cart = async |peer: &str, country: &str| {
        let mut request = Request::get("/cart")
            .header("cf-connecting-ip", "198.51.100.7")
            .header("cf-ipcountry", country)
            // Something is in it, or there is no form.
            .header("cookie", cart_of_one(&app).await)
            .body(Body::empty())
            .unwrap();
        come_from(&mut request, peer);
        app.send(request).await.body
    };
    assert!(cart(INSIDE[0], "LU").await.contains(r#"value="LU""#));
    assert!(!cart(INSIDE[0], "T1").await.contains(r#"value="T1""#));
    assert!(!cart("192.0.2.9", "LU").await.contains(r#"value="LU""#));
}

/// The cookie of a visitor who has put one thing into the cart.
async fn cart_of_one(app: &TestApp) -> String {
    let product: i64 = sqlx::query_scalar(
        "INSERT INTO products (vendor_id, sku, name, price_cents, stock)
         SELECT id, gen_random_uuid()::text, 'Thing', 100, 5 FROM vendors LIMIT 1
         RETURNING id",
    )
    .fetch_one(&app.database.pool)
    .await
    .unwrap();
    let sent = [
        ("product", product.to_string()),
        ("quantity", "1".to_owned()),
    ];
    let sent = [
        (sent[0].0, sent[0].1.as_str()),
        (sent[1].0, sent[1].1.as_str()),
    ];
    let answer = app.form("/cart", "", &sent).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let set = answer.header("set-cookie").to_owned();
    set.split(';').next().unwrap().to_owned()
}

// The list.

/// Cloudflare's API with one answer.
async fn api(status: u16, body: String) -> Served {
    let answer = get(move || async move {
        let status = StatusCode::from_u16(status).unwrap();
        (status, body).into_response()
    });
    Served::start(Router::new().route("/client/v4/ips", answer)).await
}

fn listed(v4: &[&str], v6: &[&str]) -> Value {
    json!({
        "success": true, "errors": [], "messages": [],
        "result": {"ipv4_cidrs": v4, "ipv6_cidrs": v6, "etag": "38f79d050aa027e3be3865e495dcc9bc"},
    })
}

fn wizamart(api: &str, env: &Env, args: &[&str]) -> Output {
    let state = env.dir.path().to_str().unwrap();
    env.command(&[&["cloudflare"], args, &["--state-dir", state]].concat())
        .env("ONEBOX_CLOUDFLARE__URL", api)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(both).unwrap()
}

fn env() -> Env {
    let nowhere = "postgres://nobody@localhost/x?host=/nonexistent";
    Env::new(nowhere, "redis://127.0.0.1:1")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_shows_and_refreshes_the_list() {
    let env = env();
    let new = listed(&["104.16.0.0/13", "8.8.8.0/24"], &["2400:cb00::/32"]);
    let api = api(200, new.to_string()).await;
    let run = |args: &[&str]| {
        let output = tokio::task::block_in_place(|| wizamart(&api.url(), &env, args));
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |args: &[&str]| -> Value { serde_json::from_str(&run(args)).unwrap() };

    let shown = json(&["show", "--json"]);
    assert_eq!(shown["enabled"], false);
    assert_eq!(shown["file"], Value::Null);
    assert_eq!(shown["ipv4"].as_array().unwrap().len(), 15);
    assert!(run(&["show"]).contains("shipped with the program"));

    let dry = run(&["refresh", "--dry-run"]);
    assert!(
        dry.contains("+ 8.8.8.0/24") && dry.contains("- 2a06:98c0::/29"),
        "{dry}"
    );
    assert!(!List::file(env.dir.path()).exists());

    let refreshed = json(&["refresh", "--json"]);
    assert_eq!(refreshed["added"], json!(["8.8.8.0/24"]));
    assert_eq!(refreshed["removed"].as_array().unwrap().len(), 20);
    let shown = json(&["show", "--json"]);
    assert_eq!(shown["ipv4"], json!(["8.8.8.0/24", "104.16.0.0/13"]));
    assert_eq!(shown["source"], format!("{}/client/v4/ips", api.url()));
    assert_eq!(shown["age_days"], 0);
    assert!(run(&["refresh"]).contains("the networks are the same"));

    std::fs::write(List::file(env.dir.path()), "{").unwrap();
    let shown = run(&["show"]);
    assert!(
        shown.contains("is not used") && shown.contains("shipped"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_sound_changes_nothing() {
    let env = env();
    let good = listed(&["104.16.0.0/13"], &["2400:cb00::/32"]);
    let before = api(200, good.to_string()).await;
    let run = |url: &str, args: &[&str]| tokio::task::block_in_place(|| wizamart(url, &env, args));
    assert!(run(&before.url(), &["refresh"]).status.success());
    let kept = std::fs::read(List::file(env.dir.path())).unwrap();

    let failed = json!({"success": false, "errors": [{"code": 1}], "messages": [], "result": null});
    let mut without = good.clone();
    without["result"]
        .as_object_mut()
        .unwrap()
        .remove("ipv6_cidrs");
    let bad = [
        (500, good.to_string()),
        (204, String::new()),
        (200, String::new()),
        (200, "<html>".to_owned()),
        (200, failed.to_string()),
        (200, without.to_string()),
        (200, listed(&[], &["2400:cb00::/32"]).to_string()),
        (200, listed(&["104.16.0.0/13"], &[]).to_string()),
        (
            200,
            listed(&["104.16.0.0/13", "0.0.0.0/0"], &["2400:cb00::/32"]).to_string(),
        ),
        (
            200,
            listed(&["104.16.0.0/13", "192.168.0.0/16"], &["2400:cb00::/32"]).to_string(),
        ),
        (200, listed(&["104.16.0.0/13"], &["::/0"]).to_string()),
        (200, listed(&["104.16.0.0/13"], &["fc00::/32"]).to_string()),
        (
            200,
            listed(&["104.16.0.0/13", "nonsense"], &["2400:cb00::/32"]).to_string(),
        ),
        (200, format!("{good}{}", " ".repeat(70_000))),
    ];
    for (status, body) in bad {
        let api = api(status, body.clone()).await;
        let output = run(&api.url(), &["refresh"]);
        let short: String = body.chars().take(200).collect();
        assert!(!output.status.success(), "{short}: {}", text(&output));
        let now = std::fs::read(List::file(env.dir.path())).unwrap();
        assert_eq!(now, kept, "{short}");
    }
    // Nobody there, and a redirect to elsewhere.
    assert!(!run("http://127.0.0.1:1", &["refresh"]).status.success());
    let target = format!("{}/client/v4/ips", before.url());
    let elsewhere = Router::new().route(
        "/client/v4/ips",
        get(move || async move { axum::response::Redirect::temporary(&target) }),
    );
    let elsewhere = Served::start(elsewhere).await;
    let output = run(&elsewhere.url(), &["refresh"]);
    assert!(text(&output).contains("answered 307"), "{}", text(&output));
}

#[tokio::test]
async fn the_weekly_job_refreshes_the_list_and_the_site_goes_by_it() {
    let api = api(
        200,
        listed(&["8.8.8.0/24"], &["2001:4860::/32"]).to_string(),
    )
    .await;
    let app = behind(|config| config.cloudflare.url = api.url()).await;
    let fields = [("cf-connecting-ip", "198.51.100.7")];
    assert_eq!(seen_from(&app, "8.8.8.8", &fields).await, "8.8.8.8");
    run_job(&app).await;
    app.state.services.cloudflare.look();
    assert_eq!(seen_from(&app, "8.8.8.8", &fields).await, "198.51.100.7");
    assert_eq!(seen_from(&app, INSIDE[0], &fields).await, INSIDE[0]);

    // It is off: nothing is asked.
    let off = TestApp::new().await;
    run_job(&off).await;
    assert!(!List::file(&off.state.services.state_dir).exists());
}

async fn run_job(app: &TestApp) {
    let job = NewJob::of(&RefreshCloudflare {}).unwrap();
    put(&app.database.pool, &*app.clock, job).await;
    assert_eq!(app.run_jobs(RefreshCloudflare::KIND).await, [Outcome::Done]);
}
