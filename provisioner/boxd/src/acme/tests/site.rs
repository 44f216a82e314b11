//! Stands in for the application: answers on a port for HTTP and one for HTTPS
//! from the files that the keeper writes, and reads its pair again when told.
//! (The application's own edge is tested with the application.)

use axum::Router;
use axum::extract::Path as UrlPath;
use axum::http::StatusCode;
use axum::routing::get;
use onebox_model::paths;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub(super) struct Site {
    pub(super) http: SocketAddr,
    pub(super) https: SocketAddr,
    served: Arc<Served>,
    /// How often it was told to read its pair again.
    pub(super) reloads: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Served {
    root: PathBuf,
    pair: Mutex<Option<Arc<CertifiedKey>>>,
}

fn read(dir: &Path) -> Option<Arc<CertifiedKey>> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(dir.join("fullchain.pem"))
            .ok()?
            .collect::<Result<_, _>>()
            .ok()?;
    let key = PrivateKeyDer::from_pem_file(dir.join("privkey.pem")).ok()?;
    let key = aws_lc_rs::sign::any_supported_type(&key).ok()?;
    Some(Arc::new(CertifiedKey::new(chain, key)))
}

impl ResolvesServerCert for Served {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut offered = hello.alpn().into_iter().flatten();
        if offered.next() == Some(b"acme-tls/1") {
            let below = paths::under(&self.root, paths::ACME_TLS_ALPN01);
            return read(&below.join(hello.server_name()?));
        }
        self.pair.lock().unwrap().clone()
    }
}

impl Site {
    pub(super) async fn start(root: &Path) -> Self {
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let https = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served = Arc::new(Served {
            root: root.to_owned(),
            pair: Mutex::default(),
        });
        let site = Self {
            http: http.local_addr().unwrap(),
            https: https.local_addr().unwrap(),
            served: Arc::clone(&served),
            reloads: Arc::default(),
        };
        let below = paths::under(root, paths::ACME_HTTP01);
        let answer = async move |UrlPath(token): UrlPath<String>| {
            std::fs::read_to_string(below.join(token)).map_err(|_| StatusCode::NOT_FOUND)
        };
        let router = Router::new().route("/.well-known/acme-challenge/{token}", get(answer));
        tokio::spawn(async move { axum::serve(http, router).await });
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(served);
        config.alpn_protocols = [b"http/1.1".as_slice(), b"acme-tls/1"]
            .map(<[u8]>::to_vec)
            .to_vec();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            loop {
                let (stream, _) = https.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        let mut request = [0; 1024];
                        let _read = stream.read(&mut request).await;
                        let answer = b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nhere";
                        let _written = stream.write_all(answer).await;
                        let _closed = stream.shutdown().await;
                    }
                });
            }
        });
        site
    }

    /// What the application does when it is told to.
    pub(super) fn reload(&self) -> crate::acme::real::Reload {
        let (served, reloads) = (Arc::clone(&self.served), Arc::clone(&self.reloads));
        Arc::new(move || {
            let dir = paths::under(&served.root, paths::TLS_DIR);
            *served.pair.lock().unwrap() = read(&dir);
            reloads.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(()) })
        })
    }
}
