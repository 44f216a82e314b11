//! What caches between the box and browsers may keep: every route is asked,
//! by a stranger, by a shop's owner and by an administrator with a cookie.

use crate::openapi::operations;
use crate::support::app::{Answer, TestApp};
use crate::support::market::Shop;
use axum::body::Body;
use axum::http::{Method, Request};
use onebox_model::Config;
use std::path::Path;

/// Whose answers are the same for everybody. All others must stay with the one
/// who asked; a new route that is for everybody is added here.
const PUBLIC: [&str; 8] = [
    "/",
    "/p/{id}",
    "/v/{slug}",
    "/api/v1/products",
    "/api/v1/products/{id}",
    "/api/v1/plans",
    "/api/v1/openapi.json",
    "/api/docs",
];

/// Public as well, and asked for by names that are there.
const FILES: [&str; 3] = ["/assets/{name}", "/static/{*path}", "/uploads/{*key}"];

/// Method and path of every route: the pages' from the sources, the API's from
/// its description.
async fn routes(app: &TestApp) -> Vec<(String, String)> {
    let document = app.get("/api/v1/openapi.json").await.json();
    let mut all: Vec<_> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/controllers");
    for text in sources(&folder) {
        for route in text.split(".route(").skip(1) {
            let path = route.split('"').nth(1).unwrap();
            for method in ["get", "post", "put", "patch", "delete"] {
                if route.contains(&format!("{method}(")) {
                    all.push((method.to_uppercase(), path.to_owned()));
                }
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn sources(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![std::fs::read_to_string(&path).unwrap()],
        })
        .collect()
}

/// A path of this form, of something that is there if it is one of a shop's.
fn filled(path: &str, product: i64) -> String {
    let part = |part: &str| match part {
        "{slug}" => "ann".to_owned(),
        part if part.starts_with('{') => product.to_string(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn is_public(answer: &Answer) -> bool {
    let kept = answer.header("cache-control");
    kept.split(',').any(|one| one.trim() == "public")
}

/// What holds for every answer.
fn check(name: &str, answer: &Answer) {
    let status = answer.status;
    let all = answer.headers.get_all("cache-control").iter().count();
    assert_eq!(
        all, 1,
        "{name}: {status}: caches are told {all} times what to do"
    );
    let kept = answer.header("cache-control");
    let stays = kept.contains("no-store") || kept.contains("private");
    assert!(stays != is_public(answer), "{name}: {status}: {kept}");
    if answer.headers.contains_key("set-cookie") {
        assert!(stays, "{name}: {status}: a cookie for everybody");
    }
    if !(status.is_success() || status == 304) {
        assert!(stays, "{name}: {status}: a refusal for everybody");
    }
}

struct Callers {
    shop: Shop,
    cookie: String,
}

impl Callers {
    async fn new(config: Config) -> Self {
        let app = TestApp::configured(config).await.with_admin().await;
        let cookie = app.log_in().await;
        let shop = Shop::on(app).await;
        Self { shop, cookie }
    }

    /// Answers to a stranger, an owner and an administrator.
    async fn ask(&self, method: &str, path: &str) -> [Answer; 3] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let empty = serde_json::json!({});
        let body = (method != Method::GET).then_some(&empty);
        let ask = async |token: &str, fields: &[(&str, &str)]| {
            self.shop
                .ask_with(method.clone(), token, path, body, fields)
                .await
        };
        [
            ask("", &[]).await,
            ask(&self.shop.ann.owner, &[]).await,
            ask("", &[("cookie", &self.cookie)]).await,
        ]
    }
}

#[tokio::test]
async fn only_what_is_everybodys_may_be_kept_for_everybody() {
    let callers = Callers::new(Config::default()).await;
    let product = callers.shop.product(&callers.shop.ann, "A", 100, 5).await;
    let (mut seen, mut public) = (0, Vec::new());
    let routes = routes(&callers.shop.app).await;
    // Reads first: a change may end the login that it is tried with.
    for (method, path) in routes.iter().filter(|(method, _)| method == "GET") {
        seen += 1;
        let name = format!("{method} {path}");
        let answers = callers.ask(method, &filled(path, product)).await;
        for answer in &answers {
            check(&name, answer);
        }
        let [stranger, known @ ..] = &answers;
        if PUBLIC.contains(&path.as_str()) {
            assert_eq!(stranger.status, 200, "{name}: {}", stranger.body);
            assert!(is_public(stranger), "{name}");
            for answer in known {
                assert_eq!(
                    answer.body, stranger.body,
                    "{name} differs for who is logged in"
                );
                let kept = answer.header("cache-control");
                assert_eq!(kept, stranger.header("cache-control"), "{name}");
            }
            public.push(path.as_str());
        } else if !FILES.contains(&path.as_str()) {
            for answer in &answers {
                assert!(
                    !is_public(answer),
                    "{name} is not among what is everybody's"
                );
            }
        }
    }
    public.sort_unstable();
    let mut expected = PUBLIC;
    expected.sort_unstable();
    assert_eq!(public, expected);
    for (method, path) in routes.iter().filter(|(method, _)| method != "GET") {
        seen += 1;
        for answer in callers.ask(method, &filled(path, product)).await {
            check(&format!("{method} {path}"), &answer);
            assert!(!is_public(&answer), "{method} {path}");
        }
    }
    assert!(seen > 100, "the routes are not where they were: {seen}");
    for (path, status) in [
        ("/nothing", 404),
        ("/api/v1/nothing", 404),
        ("/admin/nothing", 404),
    ] {
        for answer in callers.ask("GET", path).await {
            assert_eq!(answer.status, status, "{path}");
            check(path, &answer);
        }
    }
}

#[tokio::test]
async fn what_may_be_kept_says_that_encodings_differ_and_nothing_else() {
    let callers = Callers::new(Config::default()).await;
    let product = callers.shop.product(&callers.shop.ann, "A", 100, 5).await;
    for path in PUBLIC {
        let path = filled(path, product);
        for encoding in ["identity", "gzip", "br", "zstd"] {
            let fields = [("accept-encoding", encoding)];
            let app = &callers.shop;
            let answer = app.ask_with(Method::GET, "", &path, None, &fields).await;
            assert_eq!(answer.status, 200, "{path}");
            let vary = answer.headers.get_all("vary").iter();
            let vary: Vec<_> = vary.map(|value| value.to_str().unwrap()).collect();
            assert_eq!(vary, ["accept-encoding"], "{path} in {encoding}");
            let sent = answer.header("content-encoding");
            assert!(
                sent == encoding || sent.is_empty() && encoding == "identity",
                "{path}"
            );
        }
    }
    // Nobody is told what another one has left.
    let kept = callers.shop.app.get("/api/v1/plans").await;
    assert!(!kept.headers.contains_key("ratelimit-remaining"));
    let asked = callers.shop.app.get("/api/v1/products").await;
    assert!(asked.headers.contains_key("ratelimit-remaining"));
}

#[tokio::test]
async fn pages_of_the_shop_are_kept_for_a_moment_and_a_cart_never() {
    let callers = Callers::new(Config::default()).await;
    let product = callers.shop.product(&callers.shop.ann, "A", 100, 5).await;
    let app = &callers.shop.app;
    for path in [
        "/".to_owned(),
        "/?q=thing".to_owned(),
        "/v/ann".to_owned(),
        format!("/p/{product}"),
    ] {
        let page = app.get(&path).await;
        let kept = page.header("cache-control");
        assert_eq!(
            kept, "public, max-age=30, stale-while-revalidate=60",
            "{path}"
        );
        assert!(!page.headers.contains_key("set-cookie"), "{path}");
    }
    let id = product.to_string();
    let added = app
        .form("/cart", "", &[("product", &id), ("quantity", "1")])
        .await;
    assert!(added.headers.contains_key("set-cookie"));
    assert_eq!(added.header("cache-control"), "no-store");
    let cookie = added
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        app.page("/cart", &cookie).await.header("cache-control"),
        "no-store"
    );
    // With something in the cart the shelf is still everybody's.
    assert_eq!(app.page("/", &cookie).await.body, app.get("/").await.body);
}

#[tokio::test]
async fn files_with_a_digest_in_their_name_are_kept_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    for (name, size) in [
        ("app-3f9a1c0b.css", 4_000),
        ("film-3f9a1c0b.mp4", 700_000),
        ("logo.svg", 4_000),
        ("film.mp4", 700_000),
    ] {
        std::fs::write(dir.path().join(name), vec![b'a'; size]).unwrap();
    }
    let mut config = Config::default();
    config.web.static_dir = Some(dir.path().to_owned());
    let app = TestApp::configured(config).await;
    let page = app.get("/").await.body;
    let start = page.find("/assets/app-").unwrap();
    let style = page[start..].split('"').next().unwrap().to_owned();
    let (for_ever, hour) = (
        "public, max-age=31536000, immutable",
        "public, max-age=3600",
    );
    for (path, kept) in [
        (style.as_str(), for_ever),
        ("/static/app-3f9a1c0b.css", for_ever),
        ("/static/film-3f9a1c0b.mp4", for_ever),
        ("/static/logo.svg", hour),
        ("/static/film.mp4", hour),
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        check(path, &answer);
        assert_eq!(answer.header("cache-control"), kept, "{path}");
        let tag = answer.header("etag").to_owned();
        if !tag.is_empty() {
            let request = Request::get(path).header("if-none-match", tag);
            let again = app.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(again.status, 304, "{path}");
            assert_eq!(again.header("cache-control"), kept, "{path}");
        }
        let part = Request::get(path).header("range", "bytes=9999999-");
        check(path, &app.send(part.body(Body::empty()).unwrap()).await);
    }
    for missing in [
        "/static/none-3f9a1c0b.css",
        "/assets/app-000000000000.css",
        "/uploads/none",
    ] {
        let answer = app.get(missing).await;
        assert_eq!(answer.status, 404, "{missing}");
        check(missing, &answer);
    }
}
