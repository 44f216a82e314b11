//! HTTP/2 spoken by hand, as attackers do. In each case other clients must
//! still be answered.

use crate::support::client::{Client, write_certificate};
use crate::support::edge::{Server, start_tls};
use crate::support::eventually;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use wizamart::edge::limits::Limits;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// GET, https, and the host localhost, in HPACK without Huffman coding.
const REQUEST: &[u8] = b"\x82\x87\x84\x41\x09localhost";

/// 0x48: a literal for the name of entry 8, `:status`; then three bytes of
/// Huffman's code: 011010 is 4, 011001 is 3, 00001 is 1, and ones to the end.
const STATUS_431: [u8; 5] = [0x48, 0x83, 0x69, 0x90, 0xff];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

struct Setup {
    server: Server,
    dir: tempfile::TempDir,
}

impl Setup {
    fn new(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_certificate(dir.path());
        let server = start_tls(limits, dir.path());
        Self { server, dir }
    }

    async fn attacker(&self) -> TlsStream<TcpStream> {
        let client = Client::speaking(self.server.address, self.dir.path(), b"h2");
        let mut stream = client.connect().await.unwrap();
        stream.write_all(PREFACE).await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        stream
    }

    async fn others_are_answered(&self) {
        for _ in 0..3 {
            let mut other = self.attacker().await;
            let get = frame(HEADERS, END_STREAM | END_HEADERS, 1, REQUEST);
            other.write_all(&get).await.unwrap();
            let body = body_of(&mut other, 1).await;
            assert_eq!(body.as_deref(), Some(&b"here"[..]));
        }
    }
}

async fn next_frame(stream: &mut TlsStream<TcpStream>) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).await.ok()?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Some((head[3], head[4], id, payload))
}

/// The first data of a stream; none when the connection ends without.
async fn body_of(stream: &mut TlsStream<TcpStream>, id: u32) -> Option<Vec<u8>> {
    loop {
        let (kind, _, of, payload) = next_frame(stream).await?;
        if kind == DATA && of == id {
            return Some(payload);
        }
    }
}

/// Reads until the server says goodbye or closes; gives the code, if any.
async fn goodbye(stream: &mut TlsStream<TcpStream>) -> Option<u32> {
    let read = async {
        while let Some((kind, _, _, payload)) = next_frame(stream).await {
            if kind == GOAWAY {
                return Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
        }
        None
    };
    tokio::time::timeout(Duration::from_secs(30), read)
        .await
        .expect("the server ends the connection")
}

#[tokio::test]
async fn streams_opened_and_reset_at_once_end_the_connection() {
    let setup = Setup::new(Limits::default());
    let (mut read, mut write) = tokio::io::split(setup.attacker().await);
    let attack = tokio::spawn(async move {
        for id in (1..200_001u32).step_by(2) {
            let mut both = frame(HEADERS, END_STREAM | END_HEADERS, id, REQUEST);
            both.extend(frame(RESET, 0, id, &8u32.to_be_bytes()));
            if write.write_all(&both).await.is_err() {
                return true;
            }
        }
        false
    });
    setup.others_are_answered().await;
    let mut said = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(30), read.read_to_end(&mut said)).await;
    let _reset = closed.expect("the server ends the connection");
    assert!(attack.await.unwrap(), "all resets were taken");
    setup.others_are_answered().await;
}

#[tokio::test]
async fn a_head_without_an_end_ends_the_connection() {
    let setup = Setup::new(Limits::default());
    let mut stream = setup.attacker().await;
    let mut sent = stream
        .write_all(&frame(HEADERS, END_STREAM, 1, REQUEST))
        .await;
    // A literal field that is not indexed: its name, and a value of 16 bytes.
    let field = b"\x00\x01x\x10yyyyyyyyyyyyyyyy".repeat(500);
    for _ in 0..2000 {
        if sent.is_err() {
            break;
        }
        sent = stream.write_all(&frame(CONTINUATION, 0, 1, &field)).await;
    }
    assert!(sent.is_err(), "20 MB of one head were taken");
    setup.others_are_answered().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_with_431() {
    let setup = Setup::new(Limits::default());
    let mut stream = setup.attacker().await;
    let field = b"\x00\x01x\x10yyyyyyyyyyyyyyyy".repeat(700);
    let mut head = REQUEST.to_vec();
    head.extend(&field);
    let (first, rest) = head.split_at(8_000);
    let mut frames = frame(HEADERS, END_STREAM, 1, first);
    frames.extend(frame(CONTINUATION, END_HEADERS, 1, rest));
    stream.write_all(&frames).await.unwrap();
    loop {
        let (kind, _, id, payload) = next_frame(&mut stream).await.expect("an answer");
        if kind == HEADERS && id == 1 {
            assert_eq!(payload.get(..5), Some(&STATUS_431[..]), "{payload:x?}");
            break;
        }
        assert_ne!(kind, GOAWAY, "the connection ended");
    }
    setup.others_are_answered().await;
}

#[tokio::test]
async fn floods_of_settings_and_pings_do_not_hold_up_others() {
    let setup = Setup::new(Limits::default());
    for flood in [frame(SETTINGS, 0, 0, &[]), frame(PING, 0, 0, &[7; 8])] {
        let mut stream = setup.attacker().await;
        let many = flood.repeat(1000);
        let attack = tokio::spawn(async move {
            // It never reads; when its buffers are full the server lets go.
            for _ in 0..2000 {
                if stream.write_all(&many).await.is_err() {
                    break;
                }
            }
        });
        setup.others_are_answered().await;
        attack.abort();
    }
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused() {
    let setup = Setup::new(Limits::default());
    let mut stream = setup.attacker().await;
    // POSTs whose bodies never come.
    let post = b"\x83\x87\x04\x05/read\x41\x09localhost";
    let mut all = Vec::new();
    for id in (1..601u32).step_by(2) {
        all.extend(frame(HEADERS, END_HEADERS, id, post));
    }
    stream.write_all(&all).await.unwrap();
    let mut refused = 0;
    while refused == 0 {
        let (kind, _, _, payload) = next_frame(&mut stream).await.expect("a reset");
        // REFUSED_STREAM is 7.
        refused += u32::from(kind == RESET && payload == 7u32.to_be_bytes());
    }
    setup.others_are_answered().await;
}

#[tokio::test]
async fn a_window_that_stays_closed_ends_the_connection() {
    let setup = Setup::new(Limits {
        write: Duration::from_millis(400),
        ..Limits::default()
    });
    let mut stream = setup.attacker().await;
    // SETTINGS_INITIAL_WINDOW_SIZE = 0.
    stream
        .write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]))
        .await
        .unwrap();
    let get = frame(HEADERS, END_STREAM | END_HEADERS, 1, REQUEST);
    stream.write_all(&get).await.unwrap();
    eventually("the server lets go", || async {
        let counted = setup.server.counters.snapshot();
        counted.opened > 0 && counted.open == 0
    })
    .await;
    setup.others_are_answered().await;
}

#[tokio::test]
async fn a_connection_without_requests_is_let_go() {
    let setup = Setup::new(Limits {
        idle: Duration::from_millis(300),
        ..Limits::default()
    });
    let mut stream = setup.attacker().await;
    let _code = goodbye(&mut stream).await;
    eventually("the server lets go", || async {
        let counted = setup.server.counters.snapshot();
        counted.opened > 0 && counted.open == 0
    })
    .await;
}
