//! Requests whose end two servers might see in different places. Whatever the
//! answer is, what hides in a body must never be taken for a request.

use crate::support::edge::{Server, start};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wizamart::edge::limits::Limits;

fn server() -> Server {
    start(Limits {
        header_read: Duration::from_millis(400),
        ..Limits::default()
    })
}

/// Sends bytes and gives everything that comes back.
async fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answers = Vec::new();
    let read = stream.read_to_end(&mut answers);
    let closed = tokio::time::timeout(Duration::from_secs(20), read).await;
    let _reset = closed.expect("the connection is closed");
    String::from_utf8_lossy(&answers).into_owned()
}

/// Refused as malformed: one answer, 400, and the end of the connection.
#[tokio::test]
async fn what_is_malformed_is_refused_and_ends_the_connection() {
    let server = server();
    let cases = [
        (
            "two lengths",
            "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\nabc",
        ),
        (
            "a list of lengths",
            "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 3, 5\r\n\r\nabc",
        ),
        (
            "a signed length",
            "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: +3\r\n\r\nabc",
        ),
        (
            "a negative length",
            "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: -3\r\n\r\nabc",
        ),
        (
            "a hexadecimal length",
            "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 0x3\r\n\r\nabc",
        ),
        (
            "an endless length",
            "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\nabc",
        ),
        (
            "a folded field",
            "GET / HTTP/1.1\r\nhost: x\r\nx: a\r\n b\r\n\r\n",
        ),
        (
            "a folded transfer-encoding",
            "POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "a space before the colon",
            "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length : 3\r\n\r\nabc",
        ),
        (
            "a space in a name",
            "GET / HTTP/1.1\r\nhost: x\r\nfoo bar: y\r\n\r\n",
        ),
        ("no name", "GET / HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n"),
        (
            "NUL in a value",
            "GET / HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n",
        ),
        (
            "NUL in a name",
            "GET / HTTP/1.1\r\nhost: x\r\nx\0: a\r\n\r\n",
        ),
        (
            "a bare CR in a value",
            "GET / HTTP/1.1\r\nhost: x\r\nx: a\rcontent-length: 5\r\n\r\n",
        ),
        (
            "an unknown coding",
            "POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "chunked not last",
            "POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        ),
        (
            "chunked in HTTP/1.0",
            "POST /read HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        ("two hosts", "GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n"),
        ("no host", "GET / HTTP/1.1\r\nx: y\r\n\r\n"),
        (
            "another host in the target",
            "GET http://a.example/ HTTP/1.1\r\nhost: b.example\r\n\r\n",
        ),
        ("an unknown version", "GET / HTTP/3.7\r\nhost: x\r\n\r\n"),
        (
            "a space in the target",
            "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
        ),
        ("HTTP/0.9", "GET /\r\n\r\n"),
    ];
    for (name, request) in cases {
        let smuggled = format!("{request}GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n");
        let answers = exchange(&server, smuggled.as_bytes()).await;
        assert!(!answers.contains("asked /smuggled"), "{name}: {answers}");
        assert_eq!(answers.matches("HTTP/1.").count(), 1, "{name}: {answers}");
        assert!(answers.starts_with("HTTP/1.1 400 "), "{name}: {answers}");
    }
}

/// Understood in the one way the standard allows (RFC 9112, section 6.3):
/// the coding counts and not the length, and the connection ends.
#[tokio::test]
async fn a_length_beside_a_coding_does_not_count_and_ends_the_connection() {
    let server = server();
    let hidden = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    for fields in [
        "content-length: 6\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 6",
        "transfer-encoding: CHUNKED\r\ncontent-length: 4000",
    ] {
        let request =
            format!("POST /read HTTP/1.1\r\nhost: x\r\n{fields}\r\n\r\n0\r\n\r\n{hidden}");
        let answers = exchange(&server, request.as_bytes()).await;
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
        assert!(answers.ends_with("read 0"), "{answers}");
    }
}

#[tokio::test]
async fn chunks_that_are_not_ones_end_the_request() {
    let server = server();
    for (name, chunks) in [
        ("no digits", "zz\r\nabc\r\n0\r\n\r\n"),
        ("a sign", "+3\r\nabc\r\n0\r\n\r\n"),
        ("a prefix", "0x3\r\nabc\r\n0\r\n\r\n"),
        ("an overflow", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
        ("too long", "3\r\nabcGET /smuggled HTTP/1.1\r\n\r\n"),
        ("a bare LF after the size", "3\nabc\r\n0\r\n\r\n"),
        ("nothing after the data", "3\r\nabc0\r\n\r\n"),
    ] {
        let head = "POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        let request = format!("{head}{chunks}GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n");
        let answers = exchange(&server, request.as_bytes()).await;
        assert!(!answers.contains("asked /smuggled"), "{name}: {answers}");
        assert!(!answers.contains(" 200 "), "{name}: {answers}");
    }
}

#[tokio::test]
async fn a_body_nobody_reads_is_no_request() {
    let server = server();
    let hidden = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
    let request = format!(
        "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{hidden}GET /next HTTP/1.1\r\nhost: x\r\n\r\n",
        hidden.len()
    );
    let answers = exchange(&server, request.as_bytes()).await;
    assert!(
        answers.contains("here") && !answers.contains("asked /smuggled"),
        "{answers}"
    );
}

#[tokio::test]
async fn http2_is_not_spoken_where_it_was_not_agreed() {
    let server = server();
    let answers = exchange(&server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(answers, "");
}

#[tokio::test]
async fn requests_one_after_the_other_are_answered_in_their_order() {
    let server = server();
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let answers = exchange(&server, (one("/a") + &one("/b") + &one("/c")).as_bytes()).await;
    let at = |text: &str| {
        answers
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {answers}"))
    };
    assert!(at("asked /a") < at("asked /b") && at("asked /b") < at("asked /c"));
}
