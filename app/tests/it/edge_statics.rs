//! Static files over a real connection and through the router.

use crate::support::client::read_to_end;
use crate::support::edge::{Server, start_static};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

async fn get(server: &Server, path: &str, fields: &str) -> (String, Vec<u8>) {
    ask(server, "GET", path, fields).await
}

async fn ask(server: &Server, method: &str, path: &str, fields: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut bytes)
        .await
        .unwrap();
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    (head, bytes[end + 4..].to_vec())
}

fn write(dir: &Path, name: &str, content: &[u8], age: u64) {
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(age))
        .unwrap();
}

#[tokio::test]
async fn a_file_is_sent_with_its_length_type_tag_and_the_security_headers() {
    let dir = tempfile::tempdir().unwrap();
    let css = "a { color: red }\n".repeat(1000);
    write(dir.path(), "app.css", css.as_bytes(), 100);
    let server = start_static(dir.path());
    for _ in 0..2 {
        let (head, body) = get(&server, "/static/app.css", "").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(body, css.as_bytes());
        for field in [
            &format!("content-length: {}", css.len())[..],
            "content-type: text/css; charset=utf-8",
            "etag: \"",
            "vary: accept-encoding",
            "x-content-type-options: nosniff",
            "content-security-policy: ",
        ] {
            assert!(head.contains(field), "{field}: {head}");
        }
    }
    // The second one came from memory.
    assert_eq!(server.counters.snapshot().from_memory, 1);
    let (head, body) = ask(&server, "HEAD", "/static/app.css", "").await;
    assert!(head.contains(&format!("content-length: {}", css.len())) && body.is_empty());
    let (head, body) = get(
        &server,
        "/static/app.css",
        "accept-encoding: gzip, br, zstd\r\n",
    )
    .await;
    assert!(
        head.contains("content-encoding: ") && body.len() < css.len() / 10,
        "{head}"
    );
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
    let tag = head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap();
    let (head, body) = get(
        &server,
        "/static/app.css",
        &format!("if-none-match: {tag}\r\n"),
    )
    .await;
    assert!(
        head.starts_with("HTTP/1.1 304 ") && body.is_empty(),
        "{head}"
    );
}

#[tokio::test]
async fn a_file_that_changes_or_goes_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.txt", b"old", 100);
    let server = start_static(dir.path());
    assert_eq!(get(&server, "/static/a.txt", "").await.1, b"old");
    write(dir.path(), "a.txt", b"new", 50);
    crate::support::eventually("the new file is sent", || async {
        get(&server, "/static/a.txt", "").await.1 == b"new"
    })
    .await;
    std::fs::remove_file(dir.path().join("a.txt")).unwrap();
    crate::support::eventually("the file is gone", || async {
        get(&server, "/static/a.txt", "")
            .await
            .0
            .starts_with("HTTP/1.1 404 ")
    })
    .await;
}

#[tokio::test]
async fn what_is_outside_of_the_directory_or_hidden_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("static");
    std::fs::create_dir_all(inside.join("sub")).unwrap();
    write(dir.path(), "secret.txt", b"secret", 0);
    write(&inside, ".env", b"secret", 0);
    write(&inside, "sub/a b.txt", b"plain", 0);
    let server = start_static(&inside);
    assert_eq!(get(&server, "/static/sub/a%20b.txt", "").await.1, b"plain");
    for path in [
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/sub/../../secret.txt",
        "/static/.env",
        "/static/%2eenv",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/sub",
        "/static/sub/",
        "/static/nothing.txt",
        "/static/a%00b",
    ] {
        let (head, body) = get(&server, path, "").await;
        assert!(head.starts_with("HTTP/1.1 404 "), "{path}: {head}");
        assert!(
            !String::from_utf8_lossy(&body).contains("secret\n"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_large_file_is_streamed_and_knows_ranges() {
    let dir = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..2_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
    write(dir.path(), "film.mp4", &content, 100);
    let server = start_static(dir.path());
    let (head, body) = get(&server, "/static/film.mp4", "").await;
    assert!(
        head.contains("content-length: 2000000") && body == content,
        "{head}"
    );
    let (head, body) = get(&server, "/static/film.mp4", "range: bytes=1000-1999\r\n").await;
    assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
    assert_eq!(body, content[1000..2000]);
}

#[tokio::test]
async fn the_pages_own_files_are_packed_and_immutable() {
    let app = crate::support::app::TestApp::new().await;
    let home = app.get("/").await;
    let start = home.body.find("/assets/app-").expect("a style sheet");
    let path = home.body[start..].split('"').next().unwrap().to_owned();
    let request = axum::http::Request::get(&path).header("accept-encoding", "br");
    let answer = app
        .send(request.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-encoding"), "br");
    assert!(answer.header("cache-control").contains("immutable"));
    let request = axum::http::Request::get(&path).header("if-none-match", answer.header("etag"));
    let again = app
        .send(request.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(again.status, 304);
    assert_eq!(app.get("/static/nothing.css").await.status, 404);
}

#[tokio::test]
async fn a_path_that_is_none_ends_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_static(dir.path());
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /static/%zz HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let both = read_to_end(&mut stream).await.unwrap();
    assert!(both.contains("404") && both.contains("here"), "{both}");
}
