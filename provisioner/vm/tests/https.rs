//! The client against a real TLS server: pinned, unpinned, and one that hangs.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use onebox_vm::https::Client;
use onebox_vm::pin::Trust;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Serves one answer a connection; returns the port and the certificate.
fn serve(answer: &'static str) -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = made.cert.pem();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(tls, stream.unwrap());
            let mut request = [0; 4096];
            // A client that refuses the certificate ends here.
            if stream.read(&mut request).is_ok() && stream.write_all(answer.as_bytes()).is_ok() {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (port, pem)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                  Content-Length: 18\r\n\r\n{\"status\":\"ready\"}";

#[test]
fn the_pinned_certificate_is_accepted() {
    let (port, pem) = serve(OK);
    let client = Client::new(port, Trust::pin(&pem, "test").unwrap()).unwrap();
    let response = client.get("/ready", None).unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["status"], "ready");
    assert_eq!(response.header("content-type"), Some("application/json"));
}

#[test]
fn another_certificate_is_refused() {
    let (port, _) = serve(OK);
    let (_, other) = serve(OK);
    let client = Client::new(port, Trust::pin(&other, "test").unwrap()).unwrap();
    let error = client.get("/ready", None).unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    let unpinned = Client::new(port, Trust::Reachability).unwrap();
    assert_eq!(unpinned.get("/ready", None).unwrap().status, 200);
}

#[test]
fn a_cut_answer_is_an_error() {
    let (port, _) = serve("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    let client = Client::new(port, Trust::Reachability).unwrap();
    assert!(client.get("/", None).is_err());
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let limit = Duration::from_millis(300);
    let client = Client::new(port, Trust::Reachability).unwrap().limit(limit);
    let begun = Instant::now();
    assert!(client.get("/", None).is_err());
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn something_that_is_no_certificate_cannot_be_pinned() {
    let error = Trust::pin("hello", "/some/file").unwrap_err().to_string();
    assert!(error.contains("/some/file"), "{error}");
}
