//! Uploads as vendors and their shoppers see them.

use crate::support::app::{Answer, PASSWORD, TestApp};
use crate::support::pictures::{bomb, encode, halves, moving, turned};
use crate::support::shop::Shop;
use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use image::{GenericImageView, ImageFormat};
use onebox_model::Config;
use onebox_model::config::Storage;
use serde_json::json;
use std::path::Path;
use wizamart::queue::enqueue::{NewJob, enqueue};
use wizamart::queue::jobs::file_retention::FileRetention;
use wizamart::queue::outcome::Outcome;

const NOTE: &str = "Dear diary,\n";

fn stored(app: &TestApp) -> Vec<String> {
    fn walk(folder: &Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else {
                into.push(path.display().to_string());
            }
        }
    }
    let mut files = Vec::new();
    walk(&app.state.services.state_dir.join("files"), &mut files);
    files
}

async fn asked(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers
        .iter()
        .fold(Request::get(path), |request, (name, value)| {
            request.header(*name, *value)
        });
    app.send(request.body(Body::empty()).unwrap()).await
}

/// Uploads a file and shows it at a product; gives its path.
async fn shown(app: &TestApp, shop: &Shop, bytes: Vec<u8>) -> String {
    let upload = shop.upload(app, "a.png", bytes).await.json();
    let product = shop.product(app, "A-1").await;
    let body = json!({"upload_id": upload["id"], "alt": "Halves"});
    let path = format!("/api/v1/products/{product}/images");
    assert_eq!(shop.post(app, &path, &body).await.status, 201);
    upload["path"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_is_known_by_its_bytes_and_not_by_its_name() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let created = shop.upload(&app, "..%2Fphoto.jpg", NOTE).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let upload = created.json();
    assert_eq!(upload["file_name"], "photo.jpg");
    assert_eq!(upload["content_type"], "text/plain; charset=utf-8");
    assert_eq!(upload["size_bytes"], NOTE.len());
    assert_eq!(
        upload["sha256"],
        wizamart::random::sha256_hex(NOTE.as_bytes())
    );
    assert_eq!(
        shop.get(&app, created.header("location")).await.json(),
        upload
    );
    assert_eq!(std::fs::read_to_string(&stored(&app)[0]).unwrap(), NOTE);
    assert!(app.run_jobs("thumbnails").await.is_empty());
}

#[tokio::test]
async fn a_form_is_taken_as_well_and_its_other_fields_are_passed_over() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let send = async |body: &'static str| {
        let request = Request::post("/api/v1/uploads")
            .header("authorization", format!("Bearer {}", shop.token))
            .header("content-type", "multipart/form-data; boundary=X");
        app.send(request.body(Body::from(body)).unwrap()).await
    };
    let good = send(
        "--X\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
         --X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\
         Content-Type: image/png\r\n\r\na;b\r\n1;2\r\n--X--\r\n",
    )
    .await;
    assert_eq!(good.status, 201, "{}", good.body);
    assert_eq!(good.json()["file_name"], "list.csv");
    assert_eq!(good.json()["size_bytes"], 8);

    let none =
        send("--X\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n--X--\r\n").await;
    assert_eq!(
        (none.status.as_u16(), &none.json()["errors"][0]["field"]),
        (422, &json!("file"))
    );
    let half = send("--X\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf").await;
    assert_eq!(half.status, 400, "{}", half.body);
    assert_eq!(stored(&app).len(), 1, "nothing is left of the broken one");
}

#[tokio::test]
async fn too_large_a_file_is_refused_announced_or_not_and_leaves_nothing() {
    let storage = Storage {
        max_upload_bytes: 100_000,
        ..Storage::default()
    };
    let app = TestApp::configured(Config {
        storage,
        ..Config::default()
    })
    .await;
    let shop = Shop::open(&app, "one").await;
    let announced = Request::post("/api/v1/uploads")
        .header("authorization", format!("Bearer {}", shop.token))
        .header("content-length", "200000");
    let answer = app.send(announced.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 413);
    let pieces = (0..20).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![7; 10_000])));
    let streamed = Body::from_stream(futures_util::stream::iter(pieces));
    let answer = shop.upload(&app, "a", streamed).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
    assert!(stored(&app).is_empty());
    assert_eq!(
        shop.get(&app, "/api/v1/uploads").await.json()["items"],
        json!([])
    );
    assert_eq!(shop.upload(&app, "a", vec![7; 100_000]).await.status, 201);
}

#[tokio::test]
async fn a_sender_that_stops_half_way_leaves_nothing() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let broken = [Ok(Bytes::from("x")), Err(std::io::Error::other("gone"))];
    let body = Body::from_stream(futures_util::stream::iter(broken));
    assert_eq!(shop.upload(&app, "a", body).await.status, 400);
    assert!(stored(&app).is_empty());
}

#[tokio::test]
async fn the_list_is_read_in_pages_newest_first() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    for name in ["a", "b", "c"] {
        shop.upload(&app, name, NOTE).await;
    }
    let names = |answer: &Answer| -> Vec<String> {
        let json = answer.json();
        let items = json["items"].as_array().unwrap().iter();
        items
            .map(|item| item["file_name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = shop.get(&app, "/api/v1/uploads?limit=2").await;
    assert_eq!(names(&first), ["c", "b"]);
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let second = shop
        .get(&app, &format!("/api/v1/uploads?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(names(&second), ["a"]);
    assert_eq!(second.json()["next_cursor"], json!(null));
    assert_eq!(shop.get(&app, "/api/v1/uploads?limit=0").await.status, 422);
    assert_eq!(shop.get(&app, "/api/v1/uploads?cursor=7").await.status, 400);
}

#[tokio::test]
async fn no_vendor_reaches_anothers_files() {
    let app = TestApp::new().await.with_admin().await;
    let (one, two) = (Shop::open(&app, "one").await, Shop::open(&app, "two").await);
    let upload = one
        .upload(&app, "a", encode(&halves(4, 4, 255), ImageFormat::Png))
        .await
        .json();
    let path = format!("/api/v1/uploads/{}", upload["id"].as_str().unwrap());
    let own = two.product(&app, "A-1").await;
    let others = one.product(&app, "A-1").await;
    let body = json!({"upload_id": upload["id"]});

    assert_eq!(
        two.get(&app, "/api/v1/uploads").await.json()["items"],
        json!([])
    );
    assert_eq!(two.get(&app, &path).await.status, 404);
    assert_eq!(two.get(&app, &format!("{path}/url")).await.status, 404);
    assert_eq!(two.delete(&app, &path).await.status, 404);
    assert_eq!(
        two.get(&app, &format!("{path}?vendor={}", one.vendor))
            .await
            .status,
        404
    );
    let attach = |product| format!("/api/v1/products/{product}/images");
    assert_eq!(two.post(&app, &attach(own), &body).await.status, 422);
    assert_eq!(two.post(&app, &attach(others), &body).await.status, 422);
    let picture = encode(&halves(4, 4, 255), ImageFormat::Png);
    let mine = two.upload(&app, "b", picture).await.json();
    let body = json!({"upload_id": mine["id"]});
    assert_eq!(two.post(&app, &attach(others), &body).await.status, 404);

    for answer in [
        app.get("/api/v1/uploads").await,
        app.get(&path).await,
        app.get(&format!("{path}/url")).await,
        app.post_as("", "/api/v1/uploads", &json!({})).await,
        app.post_as("", &attach(own), &body).await,
    ] {
        assert_eq!(answer.status, 401);
    }
    let admin = app.token().await;
    let named = format!("{path}?vendor={}", one.vendor);
    assert_eq!(app.get_as(&admin, &named).await.status, 200);
    assert_eq!(one.get(&app, &path).await.status, 200, "it is still there");
}

#[tokio::test]
async fn a_private_file_opens_to_a_signed_address_until_its_end() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let upload = shop.upload(&app, "diary.txt", NOTE).await.json();
    let path = upload["path"].as_str().unwrap();
    assert_eq!(app.get(path).await.status, 404);
    let id = upload["id"].as_str().unwrap();
    let signed = shop
        .get(&app, &format!("/api/v1/uploads/{id}/url"))
        .await
        .json();
    let url = signed["url"].as_str().unwrap();
    let answer = app.get(url).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, NOTE));
    assert_eq!(answer.header("cache-control"), "private, max-age=300");
    assert_eq!(
        answer.header("content-disposition"),
        "inline; filename=\"diary.txt\"; filename*=UTF-8''diary.txt"
    );
    let (head, signature) = url.split_once("&signature=").unwrap();
    let turned: String = signature.chars().rev().collect();
    let later = url.replace("expires=1", "expires=2");
    for bad in [&format!("{head}&signature={turned}"), head, &later] {
        assert_eq!(app.get(bad).await.status, 404, "{bad}");
    }
    app.clock.advance(time::Duration::minutes(15));
    assert_eq!(app.get(url).await.status, 404);
}

#[tokio::test]
async fn what_could_run_a_script_is_saved_and_never_shown() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    for (name, page) in [
        (
            "logo.svg",
            "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        ),
        ("a.jpg", "<html><script>1</script>"),
    ] {
        let upload = shop.upload(&app, name, page).await.json();
        let id = upload["id"].as_str().unwrap();
        let signed = shop
            .get(&app, &format!("/api/v1/uploads/{id}/url"))
            .await
            .json();
        let answer = app.get(signed["url"].as_str().unwrap()).await;
        assert!(
            answer
                .header("content-disposition")
                .starts_with("attachment;"),
            "{name}"
        );
        assert!(answer.header("content-security-policy").contains("sandbox"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let product = shop.product(&app, name).await;
        let body = json!({"upload_id": id});
        let attach = format!("/api/v1/products/{product}/images");
        assert_eq!(shop.post(&app, &attach, &body).await.status, 422, "{name}");
    }
}

#[tokio::test]
async fn a_products_picture_is_everybodys_and_may_be_kept_for_ever() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let path = shown(&app, &shop, encode(&halves(4, 4, 255), ImageFormat::Png)).await;
    let answer = app.get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "image/png");
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let etag = answer.header("etag");
    let again = asked(
        &app,
        &path,
        &[("if-none-match", &format!("\"x\", W/{etag}"))],
    )
    .await;
    assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), etag);
    // A product that is taken off sale takes its pictures along.
    sqlx::query("UPDATE products SET is_active = false")
        .execute(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(app.get(&path).await.status, 404);
}

#[tokio::test]
async fn parts_of_a_file_are_given_as_the_standard_says() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let picture = encode(&halves(40, 40, 255), ImageFormat::Png);
    let size = picture.len();
    let path = shown(&app, &shop, picture).await;
    let etag = app.get(&path).await.header("etag").to_owned();
    let first = asked(&app, &path, &[("range", "bytes=1-3")]).await;
    assert_eq!((first.status.as_u16(), first.body.as_str()), (206, "PNG"));
    assert_eq!(first.header("content-range"), format!("bytes 1-3/{size}"));
    assert_eq!(first.header("content-length"), "3");
    let same = [("range", "bytes=1-3"), ("if-range", etag.as_str())];
    assert_eq!(asked(&app, &path, &same).await.status, 206);
    let other = [("range", "bytes=1-3"), ("if-range", "\"x\"")];
    assert_eq!(asked(&app, &path, &other).await.status, 200);
    let several = asked(&app, &path, &[("range", "bytes=0-1,3-4")]).await;
    assert_eq!(
        (several.status.as_u16(), several.header("content-length")),
        (200, size.to_string().as_str())
    );
    let behind = asked(&app, &path, &[("range", "bytes=999999-")]).await;
    assert_eq!(behind.status, 416);
    assert_eq!(behind.header("content-range"), format!("bytes */{size}"));
    let head = Request::head(&path).body(Body::empty()).unwrap();
    let head = app.send(head).await;
    assert_eq!(
        (head.status.as_u16(), head.header("content-length")),
        (200, size.to_string().as_str())
    );
}

#[tokio::test]
async fn no_path_leads_out_of_the_store() {
    let app = TestApp::new().await;
    for path in [
        "/uploads/../files.key",
        "/uploads/%2e%2e/files.key",
        "/uploads/..%2ffiles.key",
        "/uploads/v1//x",
        "/uploads/.unfinished/x",
        "/uploads/%00",
    ] {
        let status = app.get(path).await.status;
        assert_eq!(status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_deleted_file_goes_with_its_small_pictures() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let path = shown(
        &app,
        &shop,
        encode(&halves(900, 300, 255), ImageFormat::Jpeg),
    )
    .await;
    assert_eq!(app.run_jobs("thumbnails").await, [Outcome::Done]);
    assert_eq!(stored(&app).len(), 3);
    let listed = shop.get(&app, "/api/v1/uploads").await.json();
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        shop.delete(&app, &format!("/api/v1/uploads/{id}"))
            .await
            .status,
        204
    );
    assert_eq!(app.get(&path).await.status, 404);
    assert_eq!(app.run_jobs("delete_files").await, [Outcome::Done]);
    assert!(stored(&app).is_empty());
    assert_eq!(
        shop.delete(&app, &format!("/api/v1/uploads/{id}"))
            .await
            .status,
        404
    );
}

async fn bytes_of(app: &TestApp, path: &str) -> Vec<u8> {
    let key = path.strip_prefix("/uploads/").unwrap();
    std::fs::read(app.state.services.state_dir.join("files").join(key)).unwrap()
}

#[tokio::test]
async fn pictures_of_every_kind_get_small_versions_the_right_way_up() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let wide = halves(1000, 500, 255);
    let cases = [
        (encode(&wide, ImageFormat::Jpeg), "image/jpeg", (200, 100)),
        (encode(&wide, ImageFormat::Png), "image/jpeg", (200, 100)),
        (encode(&wide, ImageFormat::WebP), "image/jpeg", (200, 100)),
        (encode(&wide, ImageFormat::Gif), "image/jpeg", (200, 100)),
        (
            encode(&halves(1000, 500, 99), ImageFormat::Png),
            "image/png",
            (200, 100),
        ),
        (turned(&wide, 6), "image/jpeg", (100, 200)),
        (
            encode(&halves(50, 20, 255), ImageFormat::Png),
            "image/jpeg",
            (50, 20),
        ),
    ];
    for (bytes, kind, size) in cases {
        let upload = shop.upload(&app, "a", bytes).await.json();
        assert_eq!(app.run_jobs("thumbnails").await, [Outcome::Done]);
        let path = format!("/api/v1/uploads/{}", upload["id"].as_str().unwrap());
        let small = shop.get(&app, &path).await.json()["thumbnails"]["200"].clone();
        let bytes = bytes_of(&app, small.as_str().unwrap()).await;
        let picture = image::load_from_memory(&bytes).unwrap();
        assert_eq!(picture.dimensions(), size, "{upload}");
        assert_eq!(wizamart::files::sniff::content_type(&bytes), kind);
        let maker = b"SecretMaker";
        assert!(!bytes.windows(maker.len()).any(|part| part == maker));
        if size == (100, 200) {
            // What was left is above when the picture is turned clockwise.
            let (above, below) = (picture.get_pixel(50, 20).0, picture.get_pixel(50, 180).0);
            assert!(above[0] > 200 && below[2] > 200, "{above:?} {below:?}");
        }
    }
}

#[tokio::test]
async fn a_small_version_is_served_beside_its_picture() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let path = shown(
        &app,
        &shop,
        encode(&halves(900, 300, 255), ImageFormat::Png),
    )
    .await;
    assert_eq!(app.get(&format!("{path}-200")).await.status, 404);
    app.run_jobs("thumbnails").await;
    let small = app.get(&format!("{path}-200")).await;
    assert_eq!(
        (small.status.as_u16(), small.header("content-type")),
        (200, "image/jpeg")
    );
    assert!(small.header("etag").ends_with("-200\""));
    assert_eq!(app.get(&format!("{path}-300")).await.status, 404);
}

#[tokio::test]
async fn traps_and_damaged_pictures_end_their_job_with_words() {
    let app = TestApp::new().await;
    let shop = Shop::open(&app, "one").await;
    let whole = encode(&halves(64, 64, 255), ImageFormat::Jpeg);
    for (bytes, word) in [
        (bomb(30_000, 30_000), "40 million"),
        (bomb(100_000, 1), "40 million"),
        (bomb(6_000, 6_000), "damaged"),
        (whole[..whole.len() / 3].to_vec(), "damaged"),
        (moving(), "animated"),
    ] {
        let upload = shop.upload(&app, "a", bytes).await;
        assert_eq!(upload.status, 201);
        let ended = app.run_jobs("thumbnails").await;
        let [Outcome::Fail { error }] = &ended[..] else {
            panic!("{word}: {ended:?}");
        };
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(stored(&app).len(), 5, "no small pictures are left behind");
}

#[tokio::test]
async fn pictures_that_no_product_shows_end_after_a_while_and_nothing_else_does() {
    for (days, left) in [(30, 3), (0, 4)] {
        let storage = Storage {
            keep_unused_pictures_days: days,
            ..Storage::default()
        };
        let app = TestApp::configured(Config {
            storage,
            ..Config::default()
        })
        .await;
        let shop = Shop::open(&app, "one").await;
        let picture = || encode(&halves(4, 4, 255), ImageFormat::Png);
        shown(&app, &shop, picture()).await;
        shop.upload(&app, "forgotten.png", picture()).await;
        shop.upload(&app, "diary.txt", NOTE).await;
        app.run_jobs("thumbnails").await;
        app.clock.advance(time::Duration::days(31));
        let login = app
            .try_login("192.0.2.9", "one@example.org", PASSWORD)
            .await;
        let shop = Shop {
            token: login.json()["access_token"].as_str().unwrap().to_owned(),
            ..shop
        };
        let new = shop.upload(&app, "new.png", picture()).await;
        assert_eq!(new.status, 201);
        let job = NewJob::of(&FileRetention {}).unwrap();
        let mut connection = app.database.pool.acquire().await.unwrap();
        let now = wizamart::clock::Clock::now(&*app.clock);
        enqueue(&mut connection, &job, now).await.unwrap();
        drop(connection);
        assert_eq!(app.run_jobs("file_retention").await, [Outcome::Done]);
        app.run_jobs("delete_files").await;
        let names: Vec<String> = sqlx::query_scalar("SELECT file_name FROM uploads ORDER BY id")
            .fetch_all(&app.database.pool)
            .await
            .unwrap();
        assert_eq!(names.len(), left, "{names:?}");
        assert_eq!(names.contains(&"forgotten.png".to_owned()), days == 0);
    }
}
