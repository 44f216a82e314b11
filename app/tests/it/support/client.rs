//! A client that sees connections as they are: refused, reset, closed.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Writes a new self-signed certificate for localhost, as the box makes one.
pub fn write_certificate(dir: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(dir.join("privkey.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(dir.join("fullchain.pem"), made.cert.pem()).unwrap();
}

#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
    address: SocketAddr,
}

impl Client {
    /// Trusts the certificate in a directory and no other.
    pub fn new(address: SocketAddr, dir: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(dir.join("fullchain.pem")).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A resumed session would not show the server's certificate.
        config.resumption = rustls::client::Resumption::disabled();
        Self {
            tls: TlsConnector::from(Arc::new(config)),
            address,
        }
    }

    /// The same, speaking only this protocol.
    pub fn speaking(address: SocketAddr, dir: &Path, protocol: &[u8]) -> Self {
        let client = Self::new(address, dir);
        let mut config = (**client.tls.config()).clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        Self {
            tls: TlsConnector::from(Arc::new(config)),
            address,
        }
    }

    pub async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        self.tls
            .connect(ServerName::try_from("localhost").unwrap(), stream)
            .await
    }

    /// One request on one connection.
    pub async fn get(&self, path: &str) -> io::Result<String> {
        let mut stream = self.connect().await?;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        read_to_end(&mut stream).await
    }
}

/// Everything until the other side closes properly.
pub async fn read_to_end(stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<String> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One answer of a connection that stays open; the body has a known length.
pub async fn read_answer(stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            let closed = io::ErrorKind::UnexpectedEof;
            return Err(io::Error::new(
                closed,
                String::from_utf8_lossy(&bytes).into_owned(),
            ));
        }
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse::<usize>().unwrap());
        if body.len() >= length {
            return Ok(text);
        }
    }
}
