//! The accept loop with a client that behaves as clients should not.

use crate::support::client::{read_answer, read_to_end};
use axum::Router;
use axum::routing::get;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use wizamart::edge::Peer;
use wizamart::edge::limits::Limits;
use wizamart::edge::serve::{Service, serve};
use wizamart::lifecycle::{self, Trigger};

struct Server {
    address: SocketAddr,
    trigger: Trigger,
    running: JoinHandle<std::io::Result<()>>,
}

fn start(limits: Limits) -> Server {
    let router = Router::new()
        .route("/", get(async || "here"))
        .route(
            "/peer",
            get(async |axum::Extension(Peer(peer)): axum::Extension<Peer>| peer.to_string()),
        )
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(Duration::from_millis(600)).await;
                "late"
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (trigger, shutdown) = lifecycle::shutdown();
    let service = Service {
        router,
        tls: None,
        limits,
    };
    let running = tokio::spawn(serve(listener, service, shutdown));
    Server {
        address,
        trigger,
        running,
    }
}

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
