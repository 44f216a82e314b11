//! A server with the edge and a few endpoints, and nothing behind them.

use axum::Router;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{DefaultBodyLimit, Request};
use axum::routing::{any, get, post};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinHandle;
use wizamart::cloudflare::Cloudflare;
use wizamart::edge::Peer;
use wizamart::edge::acme::Proofs;
use wizamart::edge::counters::Counters;
use wizamart::edge::limits::Limits;
use wizamart::edge::serve::{Service, serve};
use wizamart::edge::statics::Statics;
use wizamart::edge::tls::{Certificates, Tls};
use wizamart::lifecycle::{self, Trigger};

pub struct Server {
    pub address: SocketAddr,
    pub trigger: Trigger,
    pub running: JoinHandle<std::io::Result<()>>,
    pub counters: Counters,
}

/// Plain HTTP.
pub fn start(limits: Limits) -> Server {
    run(limits, None, Statics::new(None))
}

/// With the certificates of a directory, and proofs for authorities in
/// `acme` below it.
pub fn start_tls(limits: Limits, dir: &Path) -> Server {
    let certificates = Certificates::new(dir);
    certificates.reload().unwrap();
    run(
        limits,
        Some(Tls::new(certificates, Proofs::below(&dir.join("acme"))).unwrap()),
        Statics::new(None),
    )
}

/// With static files, answered at the door when they are in memory.
pub fn start_static(dir: &Path) -> Server {
    let statics = Statics::new(Some(dir.to_owned()));
    run(Limits::default(), None, statics)
}

fn run(limits: Limits, tls: Option<Tls>, statics: Statics) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (trigger, shutdown) = lifecycle::shutdown();
    let counters = Counters::default();
    let service = Service {
        router: router(&limits, statics.clone()),
        tls,
        limits,
        statics,
        counters: counters.clone(),
        cloudflare: Cloudflare::default(),
        hold: wizamart::hold::Hold::default(),
    };
    let running = tokio::spawn(serve(listener, service, shutdown));
    Server {
        address,
        trigger,
        running,
        counters,
    }
}

fn router(limits: &Limits, statics: Statics) -> Router {
    let file = async move |request: Request| {
        let name = request
            .uri()
            .path()
            .trim_start_matches("/static/")
            .to_owned();
        statics.clone().serve(name, request).await
    };
    Router::new()
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
        )
        .route("/much", get(async || vec![b'm'; 64 * 1024 * 1024]))
        .route(
            "/read",
            post(async |body: String| format!("read {}", body.len())),
        )
        .route("/static/{*path}", get(file))
        .route("/echo", any(echo))
        // Says what it was asked, so that a request nobody sent is seen.
        .fallback(async |request: Request| format!("asked {}", request.uri().path()))
        .layer(DefaultBodyLimit::max(limits.body_bytes))
}

async fn echo(upgrade: WebSocketUpgrade) -> axum::response::Response {
    upgrade.on_upgrade(async |mut socket| {
        while let Some(Ok(message)) = socket.recv().await {
            if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
                break;
            }
        }
    })
}
