//! Imports of products, from the request to the rows.

use crate::support::app::{Answer, PASSWORD, TestApp};
use crate::support::feeds::{Feeds, Served};
use crate::support::jobs::put;
use onebox_model::{Config, QueueName};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::io::Write;
use std::sync::Arc;
use uuid::Uuid;
use wizamart::domain::ids::VendorId;
use wizamart::queue::enqueue::NewJob;
use wizamart::queue::feedback;
use wizamart::queue::jobs::import_products::ImportProducts;
use wizamart::queue::registry::Registry;
use wizamart::queue::worker::{Worker, WorkerOptions};

pub fn open_config() -> Config {
    let mut config = Config::default();
    config.imports.allow_private_networks = true;
    config
}

/// A shop and the token of its owner.
pub async fn shop(app: &TestApp, slug: &str) -> (VendorId, String) {
    let pool = &app.database.pool;
    let vendor: VendorId =
        sqlx::query_scalar("INSERT INTO vendors (slug, name) VALUES ($1, $1) RETURNING id")
            .bind(slug)
            .fetch_one(pool)
            .await
            .unwrap();
    let passwords = &app.state.auth.passwords;
    let hash = passwords.hash(PASSWORD.to_owned()).await.unwrap();
    let email = format!("{slug}@example.org");
    sqlx::query(
        "INSERT INTO users (id, email, password_hash, role, vendor_id) VALUES ($1, $2, $3, 'owner', $4)",
    )
    .bind(Uuid::now_v7())
    .bind(&email)
    .bind(hash)
    .bind(vendor)
    .execute(pool)
    .await
    .unwrap();
    let answer = app.try_login("192.0.2.1", &email, PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    (vendor, token)
}

pub async fn start(app: &TestApp, token: &str, kind: &str, url: &str) -> Answer {
    let body = json!({"kind": kind, "source_url": url});
    app.post_as(token, "/api/v1/imports", &body).await
}

/// Starts an import and gives its path.
pub async fn started(app: &TestApp, token: &str, kind: &str, url: &str) -> String {
    let answer = start(app, token, kind, url).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.header("location").to_owned()
}

/// A worker that does what a process of its own would.
pub fn worker(app: &TestApp, queue: QueueName) -> Worker {
    let options = WorkerOptions::new(vec![queue], 1);
    Worker::new(
        app.state.services.clone(),
        Arc::new(Registry::standard()),
        options,
    )
}

pub async fn work(app: &TestApp) {
    worker(app, QueueName::Imports).run_due().await.unwrap();
}

/// Works off an import of this text and shows it.
async fn imported(app: &TestApp, token: &str, feed: Served) -> (String, Value) {
    let feeds = Feeds::serve([feed]).await;
    let path = started(app, token, "products", &feeds.url).await;
    work(app).await;
    let shown = app.get_as(token, &path).await.json();
    (path, shown)
}

pub fn counts(shown: &Value) -> [i64; 4] {
    ["created_rows", "updated_rows", "same_rows", "failed_rows"]
        .map(|name| shown[name].as_i64().unwrap())
}

async fn errors(app: &TestApp, token: &str, path: &str) -> Vec<(i64, String, String)> {
    let answer = app
        .get_as(token, &format!("{path}/errors?limit=1000"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let json = answer.json();
    json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            (
                e["row_number"].as_i64().unwrap(),
                text(e, "field"),
                text(e, "detail"),
            )
        })
        .collect()
}

async fn product(pool: &PgPool, sku: &str) -> (String, i64, i32, String, i32) {
    sqlx::query_as("SELECT name, price_cents, stock, brand, revision FROM products WHERE sku = $1")
        .bind(sku)
        .fetch_one(pool)
        .await
        .unwrap()
}

const FEED: &str = "\u{feff}ID;Title;Description;Price;Quantity;GTIN;Brand;image_link\n\
    A-1;Käse;\"Hard; \"\"old\"\"\";12,50 EUR;7;4006381333931;Alp;https://x.example/a.jpg\n\
    A-2;Brot;;3.00;0;;;\n";

#[tokio::test]
async fn a_feed_becomes_products_and_a_second_time_changes_nothing() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let (_, shown) = imported(&app, &token, Served::text(FEED)).await;
    assert_eq!(shown["state"], "done", "{shown}");
    assert_eq!(counts(&shown), [2, 0, 0, 0]);
    assert_eq!(shown["read_bytes"], FEED.len());
    let pool = &app.database.pool;
    assert_eq!(
        product(pool, "A-1").await,
        ("Käse".into(), 1250, 7, "Alp".into(), 1)
    );
    let (_, shown) = imported(&app, &token, Served::text(FEED)).await;
    assert_eq!(counts(&shown), [0, 0, 2, 0]);
    assert_eq!(product(pool, "A-1").await.4, 1, "nothing was written");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM import_skus")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_change_is_written_and_what_the_feed_does_not_say_is_kept() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    imported(&app, &token, Served::text(FEED)).await;
    let less = "sku,name,price\nA-1,Käse,13.00\nA-2,Brot,3.00\n";
    let (_, shown) = imported(&app, &token, Served::text(less)).await;
    assert_eq!(counts(&shown), [0, 1, 1, 0]);
    assert_eq!(
        product(&app.database.pool, "A-1").await,
        ("Käse".into(), 1300, 7, "Alp".into(), 2)
    );
}

#[tokio::test]
async fn packed_feeds_are_unpacked_however_they_are_announced() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(FEED.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let announced = Served::text(packed.clone()).header("content-encoding", "gzip");
    let (_, shown) = imported(&app, &token, announced).await;
    assert_eq!(counts(&shown), [2, 0, 0, 0], "{shown}");
    let file = Served::text(packed).header("content-type", "application/gzip");
    let (_, shown) = imported(&app, &token, file).await;
    assert_eq!(counts(&shown), [0, 0, 2, 0], "{shown}");
}

#[tokio::test]
async fn bad_rows_are_told_and_stop_nothing() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let feed = b"sku\tname\tprice\tquantity\n\
        A-1\tK\xe4se\t1.00\t1\n\
        A-2\t\tcheap\t1\n\
        A-1\tagain\t2.00\t1\n\
        A-3\tfine\t2.00 USD\t1\n\
        A-4\tfine\t2.00\t-1\n\
        A-5\tfine\t2.00\t5\n";
    let (path, shown) = imported(&app, &token, Served::text(&feed[..])).await;
    assert_eq!(shown["state"], "done");
    assert_eq!(counts(&shown), [2, 0, 0, 4]);
    assert_eq!(product(&app.database.pool, "A-1").await.0, "Käse");
    let errors = errors(&app, &token, &path).await;
    let places: Vec<_> = errors
        .iter()
        .map(|(row, field, _)| (*row, field.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            (3, "name"),
            (3, "price"),
            (4, "sku"),
            (5, "price"),
            (6, "stock")
        ]
    );
    assert!(errors[2].2.contains("row 2"), "{errors:?}");
    let after = app
        .get_as(&token, &format!("{path}/errors?after=4&limit=1"))
        .await
        .json();
    assert_eq!(after["items"][0]["row_number"], 5);
    assert_eq!(
        (
            &after["failed_rows"],
            after["items"].as_array().unwrap().len()
        ),
        (&json!(4), 1)
    );
}

#[tokio::test]
async fn of_many_errors_the_first_thousand_are_kept() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let rows: String = (0..1_700).map(|n| format!("S-{n},x,free\n")).collect();
    let feed = format!("sku,name,price\n{rows}");
    let (path, shown) = imported(&app, &token, Served::text(feed)).await;
    assert_eq!(counts(&shown), [0, 0, 0, 1_700]);
    let errors = errors(&app, &token, &path).await;
    assert_eq!((errors.len(), errors[999].0), (1_000, 1_001));
}

#[tokio::test]
async fn a_feed_that_is_none_fails_and_says_why() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    for (feed, expected) in [
        (
            Served::text("colour,size\nred,1\n"),
            "headings are colour, size",
        ),
        (Served::text(""), "empty"),
        (Served::text(&b"\xff\xfes\0k\0u\0\n\0"[..]), "UTF-16"),
        (Served::status(404), "404"),
        (Served::status(403), "403"),
    ] {
        let (_, shown) = imported(&app, &token, feed).await;
        assert_eq!(shown["state"], "failed", "{shown}");
        assert!(
            shown["error"].as_str().unwrap().contains(expected),
            "{shown}"
        );
        assert!(shown["finished_at"].is_string());
    }
}

#[tokio::test]
async fn one_import_of_a_kind_runs_at_a_time() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let (_, other) = shop(&app, "blue").await;
    let feeds = Feeds::serve([Served::text(FEED)]).await;
    let path = started(&app, &token, "products", &feeds.url).await;
    let second = start(&app, &token, "products", &feeds.url).await;
    assert_eq!(second.status, 409);
    assert!(second.body.contains(&path), "{}", second.body);
    // Another kind and another shop are not in the way.
    started(&app, &token, "orders", &feeds.url).await;
    started(&app, &other, "products", &feeds.url).await;
    // A job that was removed by hand does not block the shop for ever.
    sqlx::query("DELETE FROM jobs")
        .execute(&app.database.pool)
        .await
        .unwrap();
    started(&app, &token, "products", &feeds.url).await;
    assert_eq!(app.get_as(&token, &path).await.json()["state"], "failed");
}

#[tokio::test]
async fn no_shop_sees_or_ends_what_another_imports() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let (_, other) = shop(&app, "blue").await;
    let feeds = Feeds::serve([Served::text(FEED)]).await;
    let path = started(&app, &token, "products", &feeds.url).await;
    for answer in [
        app.get_as(&other, &path).await,
        app.get_as(&other, &format!("{path}/errors")).await,
        app.post_as(&other, &format!("{path}/cancel"), &json!({}))
            .await,
        app.get_as(&other, &format!("{path}?vendor=1")).await,
    ] {
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
    let listed = app.get_as(&other, "/api/v1/imports").await.json();
    assert_eq!(listed["items"], json!([]));
    let own = app
        .get_as(&token, "/api/v1/imports?kind=products")
        .await
        .json();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.get("/api/v1/imports").await.status, 401);
}

#[tokio::test]
async fn an_import_that_waits_or_runs_can_be_cancelled() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    let rows: String = (0..5_000)
        .map(|n| format!("S-{n},Name {n},1.00\n"))
        .collect();
    let feed = Served::text(format!("sku,name,price\n{rows}")).hold_at(40_000);
    let feeds = Feeds::serve([feed]).await;
    let path = started(&app, &token, "products", &feeds.url).await;
    let cancel = format!("{path}/cancel");
    let watch = async {
        crate::support::eventually("rows are written", || async {
            app.get_as(&token, &path).await.json()["created_rows"].as_i64() > Some(0)
        })
        .await;
        let job = app.get_as(&token, &path).await.json()["job_id"].clone();
        let job: Uuid = serde_json::from_value(job).unwrap();
        let known = feedback::read(&app.state.services, job).await;
        let progress = known.progress.expect("it tells how far it is");
        assert!(progress.text.contains("products"), "{}", progress.text);
        assert!(Some(progress.done) < progress.total);
        let answer = app.post_as(&token, &cancel, &json!({})).await;
        assert_eq!(answer.json()["state"], "cancelled", "{}", answer.body);
        feeds.go_on();
    };
    tokio::join!(work(&app), watch);
    let shown = app.get_as(&token, &path).await.json();
    assert_eq!(shown["state"], "cancelled");
    let written: i64 = sqlx::query_scalar("SELECT count(*) FROM products")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(Some(written), shown["created_rows"].as_i64());
    assert!(written < 5_000);
    assert_eq!(app.post_as(&token, &cancel, &json!({})).await.status, 409);

    let waiting = started(&app, &token, "products", &feeds.url).await;
    let answer = app
        .post_as(&token, &format!("{waiting}/cancel"), &json!({}))
        .await;
    assert_eq!(answer.status, 200);
    let asked = feeds.asked().len();
    work(&app).await;
    assert_eq!(feeds.asked().len(), asked, "a cancelled import asks nobody");
}

#[tokio::test]
async fn addresses_of_the_inside_are_refused_when_they_are_given() {
    let app = TestApp::new().await;
    let (_, token) = shop(&app, "green").await;
    for url in [
        "http://127.0.0.1:5432/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/",
        "http://localhost/feed.csv",
        "file:///etc/passwd",
        "https://u:p@shop.example/",
        "feed.csv",
    ] {
        let answer = start(&app, &token, "products", url).await;
        assert_eq!(answer.status, 422, "{url}");
        assert_eq!(answer.json()["errors"][0]["field"], "source_url");
    }
    let wrong = start(&app, &token, "customers", "https://shop.example/").await;
    assert_eq!(wrong.json()["errors"][0]["field"], "kind");
    assert_eq!(
        app.get_as(&token, "/api/v1/imports?limit=0").await.status,
        422
    );
    assert_eq!(
        app.get_as(&token, "/api/v1/imports?kind=x").await.status,
        422
    );
}

/// A name that leads inside is found out when it is connected to: it is the
/// resolver that refuses, so a name that changes in between gains nothing.
#[tokio::test]
async fn a_name_that_resolves_to_the_inside_is_not_connected_to() {
    let app = TestApp::new().await;
    let feeds = Feeds::serve([Served::text(FEED)]).await;
    // Resolves to this machine on every Debian, and is no local name by form.
    let host = rustix::system::uname()
        .nodename()
        .to_str()
        .unwrap()
        .to_owned();
    let url = feeds.url.replace("127.0.0.1", &host);
    let client = app.state.services.outbound.guarded().unwrap();
    let error = client.get(&url).send().await.unwrap_err();
    let text = format!("{:?}", wizamart::imports::fetch::failure(&error));
    assert!(feeds.asked().is_empty());
    if tokio::net::lookup_host((host.as_str(), 80)).await.is_ok() {
        assert!(text.contains("private network"), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_to_the_inside_is_not_followed() {
    use wizamart::outbound::{Outbound, Reach};
    let inside = Feeds::serve([Served::text(FEED)]).await;
    let away = Served::status(302).header("location", &inside.url);
    let outside = Feeds::serve([away.clone()]).await;
    // Everything may be reached: the redirect is followed.
    let open = Outbound::new(Reach::Everywhere);
    let answer = open
        .guarded()
        .unwrap()
        .get(&outside.url)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), FEED);
    assert_eq!(inside.asked().len(), 1);
    // The client for configured addresses follows none.
    let trusted = open
        .trusted()
        .unwrap()
        .get(&outside.url)
        .send()
        .await
        .unwrap();
    assert_eq!(trusted.status(), 302);
    // One that leads in a circle ends.
    let circle = Feeds::serve([Served::status(302).header("location", "/feed")]).await;
    let error = open
        .guarded()
        .unwrap()
        .get(&circle.url)
        .send()
        .await
        .unwrap_err();
    assert!(error.is_redirect());
    assert!(circle.asked().len() < 10);
}

async fn mails(app: &TestApp) -> Vec<(String, String, String)> {
    crate::support::secrets::mails(&app.database.pool).await
}

#[tokio::test]
async fn who_asked_is_told_once_by_mail_when_not_all_was_taken() {
    let app = TestApp::configured(open_config()).await;
    let (vendor, token) = shop(&app, "green").await;
    let feed = "sku,name,price\nA-1,Good,1.00\nA-2,Bad,free\n";
    let (path, shown) = imported(&app, &token, Served::text(feed)).await;
    assert_eq!(counts(&shown), [1, 0, 0, 1]);
    // A run that is given to another worker after its end changes nothing.
    let again = ImportProducts {
        vendor,
        import: shown["id"].as_str().unwrap().parse().unwrap(),
    };
    put(&app.database.pool, &*app.clock, NewJob::of(&again).unwrap()).await;
    work(&app).await;
    worker(&app, QueueName::Emails).run_due().await.unwrap();
    let sent = mails(&app).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    let (to, subject, text) = &sent[0];
    assert_eq!(to, "green@example.org");
    assert_eq!(
        subject,
        "The import of products has finished: one row was not taken"
    );
    let page = path.replace("/api/v1/", "/admin/");
    for words in ["row 3, price \"free\": ", "New: 1", "Not taken: 1", &page] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn a_feed_that_cannot_be_read_is_told_by_mail_and_a_good_one_is_not() {
    let app = TestApp::configured(open_config()).await;
    let (_, token) = shop(&app, "green").await;
    imported(&app, &token, Served::text(FEED)).await;
    worker(&app, QueueName::Emails).run_due().await.unwrap();
    assert_eq!(mails(&app).await, []);
    let (_, shown) = imported(&app, &token, Served::text("colour,size\nred,1\n")).await;
    assert_eq!(shown["state"], "failed");
    worker(&app, QueueName::Emails).run_due().await.unwrap();
    let sent = mails(&app).await;
    assert_eq!(sent[0].1, "The import of products has stopped");
    assert!(sent[0].2.contains("no column for sku"), "{sent:?}");
}

#[tokio::test]
async fn rows_beyond_the_plan_are_errors_and_those_that_are_there_are_changed() {
    let app = TestApp::configured(open_config()).await;
    let (vendor, token) = shop(&app, "green").await;
    let pool = &app.database.pool;
    for sql in [
        "INSERT INTO subscriptions (vendor_id, plan_code) SELECT id, 'scale' FROM vendors",
        "UPDATE plans SET max_products = 2 WHERE code = 'scale'",
        "INSERT INTO products (vendor_id, sku, name, price_cents, currency) SELECT id, 'A-3', 'Old', 5, 'EUR' FROM vendors",
    ] {
        sqlx::query(sql).execute(pool).await.unwrap();
    }
    let feed = "sku,name,price\nA-1,One,1.00\nA-2,Two,2.00\nA-3,Three,3.00\nA-4,Four,4.00\n";
    let (path, shown) = imported(&app, &token, Served::text(feed)).await;
    assert_eq!(shown["state"], "done");
    assert_eq!(counts(&shown), [1, 1, 0, 2]);
    let skus: Vec<String> =
        sqlx::query_scalar("SELECT sku FROM products WHERE vendor_id = $1 ORDER BY sku")
            .bind(vendor)
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(skus, ["A-1", "A-3"]);
    assert_eq!(product(pool, "A-3").await.0, "Three");
    let wrong = errors(&app, &token, &path).await;
    let rows: Vec<i64> = wrong.iter().map(|(row, ..)| *row).collect();
    assert_eq!(rows, [3, 5]);
    for (_, field, detail) in wrong {
        assert_eq!(field, "sku");
        assert!(detail.contains("allows 2 products"), "{detail}");
        assert!(detail.contains("larger plan"), "{detail}");
    }
}
