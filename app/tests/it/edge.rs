//! The accept loop with a client that behaves as clients should not.

use crate::support::client::{read_answer, read_to_end};
use crate::support::edge::start;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wizamart::edge::limits::Limits;

fn short() -> Limits {
    Limits {
        header_read: Duration::from_millis(300),
        linger: Duration::from_millis(200),
        linger_fresh: Duration::from_millis(500),
        drain: Duration::from_secs(5),
        ..Limits::default()
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_client_that_sends_its_request_by_drops_is_cut_off() {
    let server = start(short());
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let started = Instant::now();
    for byte in b"GET / HTTP/1.1\r\nx: aaaaaaaaaaaaaaaaaaaaaaaaa" {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        if started.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
    let answer = tokio::time::timeout(Duration::from_secs(2), read_to_end(&mut stream)).await;
    let answer = answer
        .expect("the connection is closed")
        .unwrap_or_default();
    assert!(!answer.contains("here"));
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let server = start(short());
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(3), read_to_end(&mut stream)).await;
    assert!(closed.is_ok());
}

#[tokio::test]
async fn handlers_know_the_other_end() {
    let server = start(short());
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /peer HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let answer = read_answer(&mut stream).await.unwrap();
    assert!(
        answer.ends_with(&stream.local_addr().unwrap().to_string()),
        "{answer}"
    );
}

#[tokio::test]
async fn more_connections_than_allowed_wait_their_turn() {
    let server = start(Limits {
        connections: 1,
        ..short()
    });
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(GET).await.unwrap();
    read_answer(&mut first).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(GET).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), read_answer(&mut second)).await;
    assert!(early.is_err(), "the first still has the only slot");
    drop(first);
    assert!(read_answer(&mut second).await.unwrap().contains("here"));
}

#[tokio::test]
async fn a_request_under_way_is_answered_when_the_server_stops() {
    let server = start(short());
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.trigger.stop();
    let answer = read_to_end(&mut stream).await.unwrap();
    assert!(
        answer.contains("late") && answer.contains("connection: close"),
        "{answer}"
    );
    server.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_sent_after_the_stop_on_an_accepted_connection_is_answered() {
    // Patient, so that a busy machine does not look like a server in a hurry.
    let server = start(Limits {
        header_read: Duration::from_secs(30),
        linger_fresh: Duration::from_secs(10),
        ..short()
    });
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.trigger.stop();
    tokio::time::sleep(Duration::from_millis(150)).await;
    stream.write_all(GET).await.unwrap();
    let answer = read_to_end(&mut stream).await.unwrap();
    assert!(
        answer.contains("here") && answer.contains("connection: close"),
        "{answer}"
    );
    server.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_stop() {
    let server = start(Limits {
        header_read: Duration::from_secs(60),
        ..short()
    });
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    read_answer(&mut stream).await.unwrap();
    let started = Instant::now();
    server.trigger.stop();
    server.running.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_up_the_stop_for_ever() {
    let server = start(Limits {
        drain: Duration::from_millis(300),
        ..short()
    });
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    server.trigger.stop();
    server.running.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_millis(550));
}

/// Everything a client got before the other side closed, also by a reset.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let ended = tokio::time::timeout(Duration::from_secs(20), read).await;
    // A reset is a way to close.
    let _how = ended.expect("the connection is closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn slow_clients_do_not_keep_others_from_being_answered() {
    let server = start(Limits {
        header_read: Duration::from_secs(60),
        ..short()
    });
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nx-a: ").await.unwrap();
        slow.push(stream);
    }
    for _ in 0..20 {
        let mut other = TcpStream::connect(server.address).await.unwrap();
        other.write_all(GET).await.unwrap();
        assert!(read_answer(&mut other).await.unwrap().contains("here"));
        for stream in &mut slow {
            stream.write_all(b"b").await.unwrap();
        }
    }
}

#[tokio::test]
async fn one_address_has_its_share_and_others_are_still_let_in() {
    let server = start(Limits {
        per_network: 3,
        header_read: Duration::from_secs(60),
        ..short()
    });
    let from = |address: &str| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket
            .bind(format!("{address}:0").parse().unwrap())
            .unwrap();
        socket.connect(server.address)
    };
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = from("127.0.0.2").await.unwrap();
        stream.write_all(GET).await.unwrap();
        read_answer(&mut stream).await.unwrap();
        held.push(stream);
    }
    let mut fourth = from("127.0.0.2").await.unwrap();
    let _refused = fourth.write_all(GET).await;
    assert_eq!(until_closed(&mut fourth).await, "");
    assert_eq!(server.counters.snapshot().refused, 1);
    let mut other = from("127.0.0.3").await.unwrap();
    other.write_all(GET).await.unwrap();
    assert!(read_answer(&mut other).await.unwrap().contains("here"));
    drop(held.pop());
    crate::support::eventually("a slot is free again", || async {
        let mut again = from("127.0.0.2").await.unwrap();
        let sent = again.write_all(GET).await;
        sent.is_ok() && read_answer(&mut again).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_told_so() {
    let server = start(short());
    for (head, status) in [
        (
            format!(
                "GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
                "y".repeat(20_000)
            ),
            "431",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
                "y".repeat(200_000)
            ),
            "431",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nhost: x\r\n{}\r\n",
                "x: y\r\n".repeat(500)
            ),
            "431",
        ),
        (
            format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "y".repeat(9_000)),
            "414",
        ),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _reset = stream.write_all(head.as_bytes()).await;
        let answer = until_closed(&mut stream).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")) || answer.is_empty(),
            "{status}: {answer}"
        );
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "y".repeat(20_000)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = until_closed(&mut stream).await;
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("x-content-type-options"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_so() {
    let server = start(Limits {
        body_bytes: 1000,
        ..short()
    });
    for head in ["content-length: 2000", "transfer-encoding: chunked"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("POST /read HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let body = match head.starts_with('c') {
            true => "z".repeat(2000),
            false => format!("7d0\r\n{}\r\n0\r\n\r\n", "z".repeat(2000)),
        };
        let _closed = stream.write_all(body.as_bytes()).await;
        let answer = read_answer(&mut stream).await.unwrap();
        assert!(answer.starts_with("http/1.1 413 "), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_off() {
    let server = start(Limits {
        write: Duration::from_millis(300),
        ..short()
    });
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /much HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    // Its buffers fill, and it does not read.
    crate::support::eventually("the server lets go", || async {
        let counted = server.counters.snapshot();
        counted.opened > 0 && counted.open == 0
    })
    .await;
    let got = until_closed(&mut stream).await;
    assert!(
        got.len() < 64 * 1024 * 1024,
        "the answer was not sent whole"
    );
}

#[tokio::test]
async fn an_upgraded_connection_keeps_its_slot_until_it_ends() {
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;
    let server = start(Limits {
        connections: 1,
        ..short()
    });
    let url = format!("ws://{}/echo", server.address);
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(
        socket.next().await.unwrap().unwrap(),
        Message::text("hello")
    );
    let mut other = TcpStream::connect(server.address).await.unwrap();
    other.write_all(GET).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), read_answer(&mut other)).await;
    assert!(early.is_err(), "the only slot is taken");
    drop(socket);
    assert!(read_answer(&mut other).await.unwrap().contains("here"));
}
