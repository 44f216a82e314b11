//! One GET over TLS to this machine, as small as that can be.

use super::pin::Pinned;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, StreamOwned};
use std::io::{self, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// For connecting and for each read; answers come from this very machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer about readiness is far smaller.
const MOST: u64 = 64 * 1024;

/// An HTTP answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// There was no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nothing to compare the served certificate with.
    #[error("no stored certificate in {}: {why}; run `boxd prepare`", path.display())]
    Stored {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Another certificate is served.
    #[error("serves another certificate than the stored one; the application has not loaded it")]
    OtherCertificate,
    /// TLS can't be set up.
    #[error("TLS failed: {0}")]
    Tls(#[from] rustls::Error),
    /// The connection failed.
    #[error("no answer: {0}")]
    Io(io::Error),
    /// Something else listens there.
    #[error("the answer is not HTTP")]
    NotHttp,
}

impl From<io::Error> for ProbeError {
    /// rustls reports through the stream's errors; the one that matters here
    /// gets its own words.
    fn from(error: io::Error) -> Self {
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )) => Self::OtherCertificate,
            Some(tls) => Self::Tls(tls.clone()),
            None => Self::Io(error),
        }
    }
}

/// Whether the first certificate in the file `chain` is the one that is served.
///
/// # Errors
/// When it is not, or nothing answers.
pub(crate) fn serves(address: SocketAddr, chain: &Path) -> Result<(), ProbeError> {
    let mut stream = connect(address, chain)?;
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    stream.conn.send_close_notify();
    // The other side has shown what it has; what it makes of the end is its own.
    let _gone = stream.conn.complete_io(&mut stream.sock);
    Ok(())
}

/// A connection that trusts the first certificate in the file `chain` only.
fn connect(
    address: SocketAddr,
    chain: &Path,
) -> Result<StreamOwned<ClientConnection, TcpStream>, ProbeError> {
    let config = Arc::new(config(chain)?);
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let connection = ClientConnection::new(config, ServerName::from(address.ip()))?;
    Ok(StreamOwned::new(connection, stream))
}

/// Asks for `path`, trusting the first certificate in the file `chain` only.
pub(super) fn get(address: SocketAddr, path: &str, chain: &Path) -> Result<Answer, ProbeError> {
    let mut stream = connect(address, chain)?;
    // 1.0: the body ends where the connection ends, no chunks to put together.
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    parse(&read_all(stream)?).ok_or(ProbeError::NotHttp)
}

fn config(chain: &Path) -> Result<ClientConfig, ProbeError> {
    let leaf = CertificateDer::from_pem_file(chain).map_err(|error| ProbeError::Stored {
        path: chain.to_owned(),
        why: error.to_string(),
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Arc::new(Pinned::new(leaf, Arc::clone(&provider)));
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

fn read_all(stream: impl Read) -> Result<Vec<u8>, ProbeError> {
    let mut bytes = Vec::new();
    match stream.take(MOST).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        // Closed without TLS' farewell: what came is what there is.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !bytes.is_empty() => {
            Ok(bytes)
        }
        Err(error) => Err(error.into()),
    }
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(end)?;
    let head = std::str::from_utf8(head).ok()?;
    let mut first = head.lines().next()?.split(' ');
    let is_http = first.next()?.starts_with("HTTP/1.");
    let status = first.next()?.parse().ok()?;
    is_http.then(|| Answer {
        status,
        body: body.get(4..).unwrap_or_default().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = parse(b"HTTP/1.1 503 Service Unavailable\r\nA: b\r\n\r\n{}").unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (503, b"{}".as_slice())
        );
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        for text in [
            "",
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 x\r\n\r\n",
            "HTTP/1.1 200 OK\r\n",
        ] {
            assert!(parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
